// A request of `lethe erase` in a JSON file: the `job.json` of a run, or one that somebody wrote.
internal import Editing
package import Foundation
package import Torch
internal import Training

extension EraseJob {
  /// The keys of a request.
  private static let keys = [
    "model", "additions", "method", "options", "concepts", "replacement", "replacementCaption",
    "wording", "preserve", "forgetImages", "retainImages", "holdsOutJudgedCaption", "seed",
    "command",
  ]

  /// Reads a request. Keys that it does not name have their defaults.
  /// - Parameter given: the file's contents, where it is not JSON
  /// - Returns: the request without options, and its options
  /// - Throws: ``LetheError`` of the kind `request` for a key that no request has, `model` for a file that cannot be
  ///   read
  package static func read(
    _ file: URL, _ given: JSON? = nil
  ) throws -> (job: EraseJob, options: Settings) {
    let given = try given ?? JSON(contentsOf: file)
    guard given["sum"] == nil else {
      throw LetheError.badValue(
        file.path,
        "it is the record of a sum of erasers, which `lethe evaluate MODEL --with ERASER --with ERASER --out RUN` makes again; accepted: the job.json of `lethe erase`"
      )
    }
    for key in (given.members ?? [:]).keys.sorted() where !keys.contains(key) {
      throw LetheError.unknown("key", key, known: keys, in: file.path, key: key)
    }
    guard given["options"].map({ $0 == .null || $0.members != nil }) ?? true else {
      throw Checked(given, file.path, .request)["options"].refused(
        "an object with the method's options, e.g. {\"training\": {\"steps\": 100}}")
    }
    var merged = try JSON(encoding: EraseJob()).members ?? [:]
    merged.merge(given.members ?? [:]) { $1 }
    merged["options"] = [:]
    var job: EraseJob = try Checked(.object(merged), file.path, .request).decoded()
    job.folder = job.folder  // Without additions there is no key for them.
    guard !job.model.isEmpty, !job.method.isEmpty else {
      throw LetheError.badValue(
        file.path,
        "'\(job.model.isEmpty ? "model" : "method")' is missing; accepted: a model and a method")
    }
    return (job, Settings(stated(given["options"] ?? [:]), from: file.path))
  }

  /// Takes the concepts of a command line. Words that the request has for other concepts go with those:
  /// their replacement, their kind, prompts and neighbours, their pictures, and prompts to preserve that ask for the
  /// new ones.
  /// - Returns: a sentence on what goes; nil where nothing does
  package mutating func take(concepts new: [String]) -> String? {
    let themes = try? folder.listedThemes()
    func known(_ names: [String]) -> [String] {
      names.map { themes?.find($0)?.name ?? Concept.name(of: $0, in: themes) }
    }
    let (old, own) = (concepts, known(new))
    concepts = new
    guard !old.isEmpty, Set(known(old)) != Set(own) else { return nil }
    var gone: [String] = []
    if let words = replacement { gone.append("the replacement '\(words)'") }
    if let caption = replacementCaption { gone.append("the replacement '\(caption)'") }
    if wording?.isEmpty == false { gone.append("kind, anchor, prompts and neighbours") }
    (replacement, replacementCaption, wording) = (nil, nil, nil)
    // A folder of both is divided by its captions.
    if let images = forgetImages, images != retainImages {
      gone.append("the pictures in \(images)")
      forgetImages = nil
    }
    let asking = preserve.filter { prompt in own.contains { prompt.mentions($0) } }
    if !asking.isEmpty {
      gone.append("the prompts to preserve '\(asking.joined(separator: "', '"))'")
      preserve.removeAll(where: asking.contains)
    }
    return gone.isEmpty
      ? nil
      : "--concept: the request is on '\(old.joined(separator: "', '"))', and its words on that are left out: "
        + gone.joined(separator: "; ")
  }

  /// The members that have a value: null is none.
  private static func stated(_ value: JSON) -> JSON {
    guard let members = value.members else { return value }
    return .object(members.filter { $0.value != .null }.mapValues(stated))
  }
}
