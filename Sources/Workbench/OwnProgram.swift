package import Foundation

/// The program of this process, which starts others of its kind.
package enum OwnProgram {
  package static var url: URL {
    Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
  }
}
