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
    // As a file gives it back: 0.0 is 0 there.
    guard let difference = try ClaimDifference(.object(old), JSON(encoding: own)) else { return }
    throw LetheError.badValue(
      noun,
      "\(path) holds results of another request: \(difference.words(file(name).deletingPathExtension().lastPathComponent)); give what it was, or remove \(path)"
    )
  }
}
