import ArgumentParser
import Diffusion
import Editing
import Foundation
import Torch
import TorchNN
import Training
import Workbench

/// Exit codes, one for each kind of bad day.
///
///   0 done · 1 anything else · 2 configuration · 3 out of memory · 4 the model or its files
///   5 disk or folder · 6 training diverged · 64 command line · 130 interrupted
enum Failure {
  static func exitCode(_ error: any Error) -> ExitCode {
    switch error {
    case is ConfigurationError, is EditingError: ExitCode(2)
    case let fault as Fault: ExitCode(fault.isOutOfMemory ? 3 : 1)
    case is ModelError, is CheckpointMismatch, is DeviceError: ExitCode(4)
    case let error as FileError:
      if case .unwritable = error { ExitCode(5) } else { ExitCode(4) }
    case is TrainingError: ExitCode(6)
    case is Interrupted: ExitCode(130)
    default: ExitCode(1)
    }
  }

  static func report(_ error: any Error) {
    FileHandle.standardError.write(Data("lethe: \(error)\n".utf8))
  }
}
