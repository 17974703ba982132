import ArgumentParser
import Torch
import Workbench

struct EnvCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "env",
    abstract: "Print the paths with which a package that uses the library is built and started.",
    help: """
      Examples:
        lethe env
        eval "$(lethe env)" && swift build $LETHE_SWIFT_FLAGS
        lethe env --json

      The lines are exports of a shell. PKG_CONFIG_PATH leads the build to headers and libraries, LETHE_SWIFT_FLAGS puts \
      their run path into the program, and LD_LIBRARY_PATH (DYLD_LIBRARY_PATH on macOS) starts one that was built \
      without it.
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let paths = try LibraryPaths()
      if common.json { return print(paths.json.pretty, terminator: "") }
      for (name, value) in paths.variables {
        let rest = name.hasSuffix("_PATH") ? "${\(name):+:$\(name)}" : ""
        print("export \(name)=\(value.shellQuoted)\(rest)")
      }
      paths.faults.forEach { warn("warning: \($0)") }
    }
  }
}
