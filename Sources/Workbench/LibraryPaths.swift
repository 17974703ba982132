// The paths that a package of somebody else needs to be built with this library and to be started.
package import Foundation
package import Torch

/// Where libtorch and the C libraries lie that this program runs with.
package struct LibraryPaths {
  /// The folder of the .pc files.
  package let packages: String
  /// Folders of shared libraries: the run path of a program that is linked with them.
  package let libraries: [String]
  /// Missing files, in sentences.
  package let faults: [String]

  /// - Parameter program: the program beside or above which set-up laid the libraries; nil is this one
  /// - Throws: ``LetheError`` where no libtorch is found
  package init(besides program: URL? = nil) throws {
    let files = FileManager.default
    let own = program ?? Bundle.main.executableURL
    // Above the program in a checkout, beside it in an installation.
    var places: [URL] = []
    var place = own?.resolvingSymlinksInPath().deletingLastPathComponent()
    while let folder = place, folder.path != "/" {
      places += [folder.appendingPathComponent(".deps"), folder.appendingPathComponent("deps")]
      place = folder.deletingLastPathComponent()
    }
    func holdsTorch(_ root: URL) -> Bool {
      ["so", "dylib"].contains {
        files.fileExists(
          atPath: root.appendingPathComponent("libtorch/lib/libtorch_cpu.\($0)").path)
      }
    }
    guard let root = places.first(where: holdsTorch) else {
      throw LetheError(
        .other,
        "no libtorch is found near \(own?.path ?? "the program"); `make setup` in a checkout of lethe brings it"
      )
    }
    packages = root.path
    libraries = ["libtorch/lib", "lib"].map { root.appendingPathComponent($0).path }
      .filter { files.fileExists(atPath: $0) }
    faults = ["libtorch", "libpng", "libturbojpeg", "libcrypto"]
      .map { "\(root.path)/\($0).pc" }.filter { !files.fileExists(atPath: $0) }
      .map { "\($0) is missing; `make setup` writes it" }
  }

  /// Flags of `swift build` that put the run path into a program.
  package var flags: [String] {
    libraries.flatMap { ["-Xlinker", "-rpath", "-Xlinker", $0] }
  }

  /// Variables of the environment: for the build, for programs without the run path, and the flags.
  package var variables: [(name: String, value: String)] {
    #if os(macOS)
      let name = "DYLD_LIBRARY_PATH"
    #else
      let name = "LD_LIBRARY_PATH"
    #endif
    return [
      ("PKG_CONFIG_PATH", packages), (name, libraries.joined(separator: ":")),
      ("LETHE_SWIFT_FLAGS", flags.joined(separator: " ")),
    ]
  }

  package var json: JSON {
    .object(
      Dictionary(
        variables.map { ($0.name, JSON.string($0.value)) }, uniquingKeysWith: { a, _ in a }))
  }
}
