// The program as its users see it.
import Foundation
import TestSupport
import Testing

/// The built program, run with arguments.
protocol RunsProgram {}

/// The program for suites that hold it.
struct TestedProgram: RunsProgram {}

extension RunsProgram {
  static var program: URL { Fixtures.package.appendingPathComponent(".build/debug/lethe") }
  var model: String { Fixtures.url("tiny-sd1").path }

  func lethe(_ arguments: String...) throws -> (code: Int32, out: String, error: String) {
    try run(arguments)
  }

  func run(
    _ arguments: [String], columns: Int? = nil
  ) throws -> (code: Int32, out: String, error: String) {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = arguments
    if let columns {
      process.environment = ProcessInfo.processInfo.environment
        .merging(["COLUMNS": "\(columns)"]) { $1 }
    }
    process.currentDirectoryURL = Fixtures.package
    let (out, error) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (out, error)
    try process.run()
    let text = out.fileHandleForReading.readDataToEndOfFile()
    let fault = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: text, as: UTF8.self),
      String(decoding: fault, as: UTF8.self)
    )
  }
}
