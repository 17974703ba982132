// The owner of a run's folder, and the options of its results.
internal import Foundation
package import Torch

extension RunFolder {
  /// - Parameter option: the option that names the folder
  /// - Throws: ``LetheError`` of the kind `request` for a run, whose files those of another command would mix with
  package func refuseFiles(_ option: String) throws {
    guard !has("job.json") else {
      throw LetheError.badValue(
        option, "\(path) is a run of `lethe erase`; accepted: another folder")
    }
  }

  /// Whether options of an older version, which may have fewer at any depth, are these.
  private static func agrees(_ old: JSON, with own: JSON) -> Bool {
    guard let members = old.members else { return old == own }
    return members.allSatisfy { key, value in own[key].map { agrees(value, with: $0) } ?? false }
  }

  /// Records in the file `name` the options that the results beside it depend on. A file of an older version may have
  /// fewer of them.
  /// - Parameters:
  ///   - identity: the options, seeds and sampling
  ///   - noun: the command that the results come from, for the message
  /// - Throws: ``LetheError`` of the kind `request` where the file has other options
  package func claim(_ name: String, for identity: JSON, _ noun: String) throws {
    let own = try JSON(encoding: identity)
    try refuseOther(name, than: own, noun)
    try write(text: own.pretty, to: name)
  }

  /// - Throws: ``LetheError`` of the kind `request` where the file `name` has other options than `own`
  package func refuseOther(_ name: String, than own: JSON, _ noun: String) throws {
    let old = has(name) ? try JSON(contentsOf: file(name)).members ?? [:] : [:]
    guard Self.agrees(.object(old), with: own) else {
      throw LetheError.badValue(
        noun,
        "\(file(name).path) has another model or eraser, or other options, seeds or sampling than this command; give the same "
          + "ones, or remove \(path)"
      )
    }
  }
}
