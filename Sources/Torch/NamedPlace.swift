// Folders and files that a person names: the kind of thing that stands there instead, and the nearest existing name.
internal import Foundation

package enum NamedPlace {
  /// Names of a folder that are compared; a folder of very many pictures has no misspelled one.
  private static let most = 10_000

  /// The place whose name is a misspelling away from a path that leads to nothing; nil where there is none.
  package static func nearest(to path: String) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    guard !parts.isEmpty, parts.count < 64 else { return nil }
    var place = path.hasPrefix("/") ? "/" : ""
    for part in parts {
      let next = place + part
      if !FileManager.default.fileExists(atPath: next) {
        let names =
          (try? FileManager.default.contentsOfDirectory(atPath: place.isEmpty ? "." : place)) ?? []
        let near = names.prefix(most).filter { !$0.hasPrefix(".") && part.isMisspelling(of: $0) }
        guard let name = near.min(by: { (slips(part, $0), $0) < (slips(part, $1), $1) }) else {
          return nil
        }
        place += name + "/"
      } else {
        place = next + "/"
      }
    }
    return String(place.dropLast())
  }

  /// - Parameters:
  ///   - option: the option that names the file
  ///   - accepted: the file that is needed
  /// - Throws: ``LetheError`` of the kind `request` for a path that leads to nothing, to a folder, or to a device,
  ///   a pipe or a socket
  package static func requireFile(_ path: String, _ option: String, _ accepted: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      // A link that leads nowhere has its own sentence where it is opened.
      guard !InputFile.isListed(path.filePlace) else { return }
      throw LetheError.badValue(
        option, "there is no file \(path); \(meant(path))accepted: \(accepted)")
    }
    guard !isFolder.boolValue else {
      throw LetheError.badValue(option, "\(path) is a folder; accepted: \(accepted)")
    }
    if let kind = FileKind.special(path.filePlace) {
      throw LetheError.badValue(
        option, "\(path) is \(kind), which is not a regular file; accepted: \(accepted)")
    }
  }

  /// - Parameters:
  ///   - option: the option that names the folder
  ///   - accepted: the folder that is needed
  /// - Throws: ``LetheError`` of the kind `request` for a path that leads to nothing, or to a file
  package static func requireFolder(
    _ path: String, option: String? = nil, _ accepted: String
  ) throws {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard isThere, isFolder.boolValue else {
      throw LetheError.noFolder(path, option, accepted: accepted)
    }
  }

  fileprivate static func meant(_ path: String) -> String {
    nearest(to: path).map { "did you mean '\($0)'? " } ?? ""
  }
}

extension LetheError {
  /// A folder that a person named, where there is none: nothing, or a file.
  package static func noFolder(
    _ path: String, _ option: String? = nil, accepted: String
  ) -> LetheError {
    if FileManager.default.fileExists(atPath: path) {
      let kind =
        FileKind.words(path.filePlace).map { "\($0)," }
        ?? FileKind.special(path.filePlace).map { "\($0), no regular file and" } ?? "a file,"
      return .init(.request, in: option, "\(path) is \(kind) no folder; accepted: \(accepted)")
    }
    return .init(
      .request, in: option,
      "there is no folder \(path); \(NamedPlace.meant(path))accepted: \(accepted)")
  }
}
