public import Editing
package import Evaluation
package import Foundation
public import Torch
package import Training

/// The request of an erasure: the file `job.json`.
public struct EraseJob: Codable, Sendable, Hashable {
  /// The model's folder.
  public var model = ""
  /// Files that are added to the model's own weights, or stand for some of them; nil for none.
  public var additions: ModelAdditions? {
    didSet { if additions == ModelAdditions() { additions = nil } }
  }
  /// The method's name.
  public var method = ""
  /// The method's options after `methods.json` and `--set`.
  public var options = JSON.object([:])
  /// The concepts to forget.
  public var concepts: [String] = []
  /// Words that take the concepts' place. Nil takes the method's own target.
  public var replacement: String?
  /// A whole caption for the prompts and pictures to forget, in the place of words.
  public var replacementCaption: String?
  /// Kind, prompts, anchors and neighbours of concepts that the model does not list. Nil leaves all to the model.
  public var wording: ConceptWording?
  /// Prompts whose pictures should stay. `others` stands for every other subject that the model lists, or of the
  /// concept's kind; `none` for no prompt.
  public var preserve: [String] = []
  /// A folder of captioned pictures to forget.
  public var forgetImages: String?
  /// A folder of captioned pictures to retain.
  public var retainImages: String?
  /// The places of both folders.
  package var pictures: (forget: URL?, retain: URL?) {
    func place(_ path: String?) -> URL? { path.map { $0.filePlace } }
    return (place(forgetImages), place(retainImages))
  }
  /// Whether the caption that pictures are judged with is left out of training, where the model lists others; true in
  /// benchmarks.
  public var holdsOutJudgedCaption: Bool?
  /// The seed of all random draws.
  public var seed: UInt64 = 0
  /// The command line, argument by argument.
  public var command: [String] = []
  /// The erasers that the run is the sum of; nil for a run of `lethe erase`.
  package var sum: [Addend]?
  /// An empty request.
  public init() {}

  /// An eraser of a sum.
  package struct Addend: Codable, Sendable, Hashable {
    /// The file, folder or set, as the command line names it.
    package var eraser: String
    /// Method and concepts in words.
    package var words: String
    /// The command that made it, argument by argument; empty where that is not known.
    package var command: [String]
    /// Whether nothing was preserved when it was made; nil where that is not known.
    package var preservesNothing: Bool?

    package init(
      _ eraser: String, _ words: String, command: [String] = [], preservesNothing: Bool? = nil
    ) {
      (self.eraser, self.words, self.command) = (eraser, words, command)
      self.preservesNothing = preservesNothing
    }
  }

  /// A benchmark's request: one concept to forget, and every other subject preserved.
  public init(
    _ model: ModelFolder, _ method: String, _ concept: String, preserve: [String] = ["others"],
    seed: UInt64, command: [String]
  ) {
    (self.method, concepts) = (method, [concept])
    folder = model
    (self.preserve, self.seed, self.command) = (preserve, seed, command)
  }

  /// The model's folder with its additions.
  public var folder: ModelFolder {
    get { ModelFolder(model, additions ?? ModelAdditions()) }
    set {
      model = newValue.path
      additions = newValue.additions == ModelAdditions() ? nil : newValue.additions
    }
  }

  /// The subjects that the model lists, with the captions that a training may see.
  package func trainedThemes(_ themes: Themes?) -> Themes? {
    holdsOutJudgedCaption == true ? themes?.withoutJudgedCaption : themes
  }

  /// The concepts, and the prompts that take the place of theirs.
  /// - Throws: ``LetheError`` of the kind `request` for a kind or a prompt that is none of the concept's
  package func forgotten(in themes: Themes?) throws -> [Concept] {
    let themes = trainedThemes(themes)
    return try concepts.map { name in
      var concept = try Concept.resolve(
        name, in: themes, replacement: replacement, wording ?? ConceptWording())
      guard let replacementCaption else { return concept }
      concept.isReplaced = true
      for i in concept.phrases.indices {
        (concept.phrases[i].anchor, concept.phrases[i].broader) = (replacementCaption, nil)
      }
      return concept
    }
  }

  /// The command that measures this request's run, with a judge where the model names none that could see the concepts.
  package func measuring(_ path: String, judges: [JudgeSpec] = []) -> [String] {
    let themes = (try? folder.listedThemes()) ?? nil
    let isListed = concepts.allSatisfy { themes?.find($0) != nil }
    return ["evaluate", path] + (isListed || !judges.isEmpty ? [] : ["--judge", "clip:FOLDER"])
  }

  /// The command that usually comes after the erasure. On words that the model does not list beside its own subjects no
  /// judge of its kind tells: its list comes first.
  package func next(_ path: String, judges: [JudgeSpec]) -> [String] {
    let themes = (try? folder.listedThemes()) ?? nil
    let isForeign =
      themes != nil && wording == nil && judges.isEmpty
      && concepts.contains { themes?.find($0) == nil }
    return isForeign ? ["show", model] : measuring(path, judges: judges)
  }

  /// The eraser's name in the manifest of the erased model's pictures.
  package var pictured: [String] { [method] + concepts + ["\(seed)"] }

  /// The concepts in one string, as results name them.
  public var subject: String { concepts.joined(separator: " + ") }
}

/// The origin of a result: versions, machine, base model, cost.
package struct Provenance: Codable, Sendable {
  package var lethe = Version.current
  package var libtorch = Runtime.version
  package var threads = Runtime.threads
  package var device: String
  /// The SHA-256 of the base model.
  package var base: String
  /// Wall-clock time of the erasure.
  package var seconds: Double
  /// Peak memory in bytes.
  package var peakMemory: Int
  /// The end of the erasure (ISO 8601).
  package var date: String
  /// The machine: processor, cores, system. Nil in files of version 0.1.
  package var machine: String?
  /// The method's options, each with where its value comes from. Nil in files of version 0.1.
  package var settings: [OptionSource]?

  package init(base: String, seconds: Double, device: Device, settings: [OptionSource]? = nil) {
    (machine, self.settings) = (Origin.machine, settings)
    (self.base, self.seconds, self.device) = (base, seconds, device.description)
    peakMemory = device.peakMemory
    date = ISO8601DateFormatter().string(from: Date())
  }
}
