import ArgumentParser
import Foundation
import Torch
import Training

/// Options that every command takes.
struct CommonOptions: ParsableArguments {
  @Option(help: "cpu, cuda, cuda:N or mps.")
  var device = "cpu"
  @Option(help: "Threads of tensor operators; 0 takes one a core.")
  var threads = 0
  @Flag(name: .shortAndLong, help: "No progress lines.")
  var quiet = false

  func openDevice() throws -> Device { try Device(parsing: device) }

  func run(at folder: String, seed: UInt64) throws -> Run {
    let run = try Run(URL(fileURLWithPath: folder), seed: seed)
    if !quiet { run.onProgress = ProgressLine().show }
    return run
  }

  /// Runs a command's body; an error becomes one line and an exit code.
  func reporting(_ body: () throws -> Void) throws {
    Runtime.keepFreedMemory()
    if threads > 0 { Runtime.threads = threads }
    do { try body() } catch {
      Failure.report(error)
      throw Failure.exitCode(error)
    }
  }
}
