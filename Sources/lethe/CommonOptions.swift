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
    warn("note: \(sentence)")
  }

  /// Runs the body of a command. An error becomes one line on standard error and an exit code.
  func reporting(_ body: () throws -> Void) throws {
    do {
      try accept("--threads", threads, .whole(0...Runtime.mostThreads))
      try accept("--batch", batch, .whole(0...65_536))
      Runtime.keepFreedMemory()
      if threads > 0 { Runtime.threads = threads }
      Runtime.batch = batch
      try body()
    } catch {
      Failure.report(error)
      throw Failure.exitCode(error)
    }
  }
}

/// Checks the number of an option, where one is given.
/// - Throws: ``LetheError`` of the kind `request` that names the option, the number and the accepted ones
func accept(_ option: String, _ value: Int?, _ bound: Bound) throws {
  if let value { try accept(option, JSON.int(value), bound) }
}

func accept(_ option: String, _ value: Double?, _ bound: Bound) throws {
  if let value { try accept(option, JSON.number(value), bound) }
}

private func accept(_ option: String, _ value: JSON, _ bound: Bound) throws {
  guard bound.allows(value) else {
    throw LetheError.badValue(option, "\(value.compact); accepted: \(bound.accepted)")
  }
}

extension Bound {
  /// Of a guidance scale.
  static let guidance = Bound.number(-10_000...10_000)
  /// Of denoising steps.
  static let steps = Bound.whole(1...1000)
}
