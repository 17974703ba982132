import ArgumentParser
import Foundation
import Torch

/// Exit codes, one for each kind of failure. ``LetheError/Kind`` has most of them.
///
///   0 done · 1 anything else · 2 configuration · 3 out of memory · 4 the model or its files
///   5 disk or folder · 6 training diverged · 7 training stopped by its guard · 64 command line · 130 interrupted
enum Failure {
  static func exitCode(_ error: any Error) -> ExitCode {
    switch error {
    case let error as LetheError: ExitCode(error.kind.rawValue)
    case let fault as Fault where fault.isOutOfMemory: ExitCode(3)
    default: ExitCode(1)
    }
  }

  static func report(_ error: any Error) {
    warn("lethe: \(error)")
  }
}
