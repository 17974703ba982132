import ArgumentParser
import Foundation
import Torch
import Training

/// The options of every command.
struct CommonOptions: ParsableArguments {
  @Option(help: "Device of the computation: cpu, cuda, cuda:N or mps.")
  var device = "cpu"
  @Option(help: "Threads of tensor operators, 1 or more. 0 takes one thread a core.")
  var threads = 0
  @Option(
    help:
      "Number of pictures that go through a network at once while pictures are drawn, 1 or more. 0 takes as many as fit into memory."
  )
  var batch = 0
  @Flag(name: .shortAndLong, help: "Silence: print no progress lines and no closing sentence.")
  var quiet = false

  func openDevice() throws -> Device { try Device(parsing: device) }

  /// A run in a folder, which other processes stay out of until this one ends.
  /// - Parameter shares: whether the process is one of several that work for a common parent
  func run(at folder: String, seed: UInt64, shares: Bool = false) throws -> Run {
    let run = try Run(URL(fileURLWithPath: folder), seed: seed)
    if !shares { try run.keepOthersOut() }
    if !quiet { run.onProgress = ProgressLine().show }
    run.onNote = Self.note
    return run
  }

  /// A sentence that the user should know although the command goes on.
  static func note(_ sentence: String) {
    FileHandle.standardError.write(Data("note: \(sentence)\n".utf8))
  }

  /// Runs the body of a command. An error becomes one line on standard error and an exit code.
  func reporting(_ body: () throws -> Void) throws {
    Runtime.keepFreedMemory()
    if threads > 0 { Runtime.threads = threads }
    Runtime.batch = batch
    do {
      guard batch >= 0 else {
        throw LetheError.badValue("--batch", "\(batch); accepted: 0, or 1 and more")
      }
      try body()
    } catch {
      Failure.report(error)
      throw Failure.exitCode(error)
    }
  }
}
