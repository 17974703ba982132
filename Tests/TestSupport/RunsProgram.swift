// The program as its users see it.
package import Foundation

/// The built program, run with arguments.
package protocol RunsProgram {}

/// The program for suites that hold it.
package struct TestedProgram: RunsProgram {
  package init() {}
}

extension RunsProgram {
  package static var program: URL {
    Fixtures.package.appendingPathComponent(".build/debug/lethe")
  }
  package var model: String { Fixtures.url("tiny-sd1").path }

  package func lethe(_ arguments: String...) throws -> (code: Int32, out: String, error: String) {
    try run(arguments)
  }

  /// - Parameters:
  ///   - columns: the width of the terminal; nil for that of the tests
  ///   - changes: variables of the environment; nil removes one
  ///   - folder: the working directory
  package func run(
    _ arguments: [String], columns: Int? = nil, _ changes: [String: String?] = [:],
    in folder: URL = Fixtures.package, as program: URL = Self.program
  ) throws -> (code: Int32, out: String, error: String) {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment
    for (name, value) in changes { environment[name] = value }
    if let columns { environment["COLUMNS"] = "\(columns)" }
    process.environment = environment
    process.currentDirectoryURL = folder
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

  /// Runs a script of bash with the program as $LETHE and the tiny model as $MODEL.
  /// - Parameter arguments: $0, $1 and so on
  /// - Returns: the script's standard output, after the last of its children has ended
  package func shell(
    _ script: String, _ arguments: [String] = []
  ) throws -> (code: Int32, text: String) {
    let done = try run(
      ["-c", script] + arguments,
      ["LETHE": Self.program.path, "MODEL": model, "SWIFT_BACKTRACE": "enable=no"],
      as: URL(fileURLWithPath: "/bin/bash"))
    return (done.code, done.out)
  }
}
