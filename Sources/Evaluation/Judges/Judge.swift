internal import Foundation
package import Processes
public import Torch
internal import Training

/// Names the subjects of pictures: a network, or judgements that were made elsewhere. A new judge is a file of its own
/// and a line in ``JudgeCatalog``, or no line, from another package.
public protocol Judge: AnyObject, SendableMetatype {
  /// The word before the colon of `--judge`.
  static var scheme: String { get }
  /// The judge in lists.
  static var title: String { get }
  /// The part after the colon.
  static var argument: JudgeArgument { get }
  /// - Parameters:
  ///   - argument: the text behind the colon
  ///   - question: the classes that pictures are asked about
  /// - Throws: ``LetheError`` for files that cannot be read, and of the kind `request` for a judge that has no class
  ///   for a forgotten subject
  static func open(_ argument: String, asked question: JudgeQuestion, on device: Device) throws
    -> any Judge

  /// Whether distances of its features tell pictures that are like nothing else. Then pictures of other subjects that
  /// are far from all of the original's are counted as unrecognised.
  static var hasDistances: Bool { get }
  /// The classes that it chooses among, by kind of subject: object: [fox, cat, ...].
  var classes: [String: [String]] { get }
  /// Its description for results.
  var about: JudgeDescription { get }
  /// Pictures [N, 3, H, W] in [-1, 1] -> features [N, D]
  /// - Parameter files: the pictures' files, each with its folder; none where nothing was written
  func features(_ pictures: Tensor, of files: [String]) throws -> Tensor
  /// Features [N, D] -> logits [N, classes] of one kind
  func logits(_ features: Tensor, _ kind: String) -> Tensor
}

/// The question about pictures that a judge answers.
public struct JudgeQuestion: Codable, Sendable, Hashable {
  /// The subjects that were erased.
  public var forgotten: Forgotten
  /// The classes to choose among, by kind; those of the forgotten kind hold the forgotten.
  public var classes: [String: [String]]
  /// Ways to name a class of a kind in words: `{a}` is the name with its article, `{name}` the name.
  public var templates: [String: [String]] = [:]
  /// Names that take no article.
  public var plurals: [String] = []

  /// A question without templates.
  public init(_ forgotten: Forgotten, classes: [String: [String]]) {
    (self.forgotten, self.classes) = (forgotten, classes)
  }
}

/// The description of a judge for results and pages; a judge's folder has some of it in `judge.json`.
public struct JudgeDescription: Codable, Sendable, Hashable {
  /// The judge's name for people.
  public var name: String
  /// The word before the colon of `--judge`, e.g. `clip`.
  public var scheme: String
  /// The kinds of things it sees, in words.
  public var sees: String?
  /// The licence of its weights.
  public var licence: String?
  /// The probability that a success needs; nil for none.
  public var threshold: Double?
  /// The pixels that it looks at.
  public var preprocessing: String?
  /// The name and version of the set of templates that a judge of words uses.
  public var templates: String?
  /// Measurements that came with it.
  public var measured: [String: JSON] = [:]
  /// SHA-256 over the files that decide its answers.
  public var hash = ""

  /// A judge of which nothing more is known.
  public init(_ name: String, _ scheme: String) { (self.name, self.scheme) = (name, scheme) }

  /// Takes what a `judge.json` says.
  mutating func add(_ json: JSON?) {
    guard let json else { return }
    sees = json["sees"]?.string ?? sees
    licence = json["licence"]?.string ?? licence
    threshold = json["threshold"]?.number ?? threshold
    measured = json["measured"]?.members ?? measured
  }
}

extension Judge {
  public static var hasDistances: Bool { false }

  /// The judge's answers for pictures, computed 64 at a time, or fewer where memory is short.
  /// - Parameters:
  ///   - pictures: [N, 3, H, W], values in [-1, 1]
  ///   - asked: N dictionaries: the subjects that each picture was asked to show, by kind. Those that the judge has no
  ///     class for are left out of its answers.
  ///   - ranks: the processes that share the pictures
  ///   - progress: told the number of pictures that are looked at, and of all
  /// - Returns: features [N, D] on the CPU, first choices and probabilities in the order of the pictures
  package func judged(
    _ pictures: Tensor, asked: [[String: String]], of files: [String] = [],
    by ranks: Ranks = .alone, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> JudgedSet {
    let count = pictures.size(0)
    let passes = pictures.passes(atMost: 64)
    progress(0, count)
    let features = try withoutGradients {
      Tensor.concatenate(
        try ranks.map(
          passes.count,
          progress: { progress($0 < passes.count ? passes[$0].lowerBound : count, count) }
        ) { i -> Tensor in
          try Interrupt.check()
          return try self.features(
            pictures.rows(passes[i]), of: files.isEmpty ? [] : Array(files[passes[i]]))
        })
    }
    var seen = [[String: String]](repeating: [:], count: asked.count)
    var beliefs = [[String: [String: Double]]](repeating: [:], count: asked.count)
    for (kind, classes) in classes {
      let logits = withoutGradients { self.logits(features, kind) }
      for (i, answer) in logits.argmax(1).ints.enumerated() { seen[i][kind] = classes[answer] }
      let rows = logits.inFloat64().softmax(1).doubles.chunked(classes.count)
      for (i, row) in rows.enumerated() {
        // Two labels of one name are one class.
        beliefs[i][kind] = Dictionary(zip(classes, row), uniquingKeysWith: +)
      }
    }
    // A subject without a class says nothing: the judge would be wrong on every picture of it.
    let names = classes.mapValues(Set.init)
    let known = asked.map { $0.filter { names[$0.key]?.contains($0.value) == true } }
    // Measures draw rows of the features by numbers of the CPU, and compare them with features of files.
    return JudgedSet(asked: known, seen: seen, features: features.to(.cpu), beliefs: beliefs)
  }

  /// The judge's answers on a set's pictures, and how many of them it is not asked about, because they have no finite
  /// numbers.
  package func judged(
    _ set: SampleSet, by ranks: Ranks = .alone, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> (seen: JudgedSet, samples: [SampleSet.Sample]) {
    let whole = try set.parted().whole
    guard !whole.isEmpty else {
      return (JudgedSet(asked: [], seen: [], features: Tensor.zeros([0, 1])), [])
    }
    let folder = set.folder.lastPathComponent
    let parts = SampleSet.bySize(whole)
    var done = 0
    let sets = try parts.map { picks -> JudgedSet in
      let some = picks.map { whole[$0] }
      let found = try judged(
        set.load(some), asked: some.map(\.subjects), of: some.map { "\(folder)/\($0.file)" },
        by: ranks
      ) { looked, _ in progress(done + looked, whole.count) }
      done += some.count
      return found
    }
    var seen = JudgedSet(joining: sets)
    if sets.count > 1 {
      // Back in the order of the samples.
      let places = parts.joined().enumerated().sorted { $0.element < $1.element }.map(\.offset)
      seen = seen.at(places)
    }
    seen.prompts = whole.map(\.prompt)
    return (seen, whole)
  }

  /// Whether the judge sees nothing of the forgotten kind, and the other subjects of its own kind: it measures what was
  /// kept of those (`cra`) alone.
  package func seesOnlyOthers(_ question: JudgeQuestion) -> Bool {
    guard !classes.isEmpty, classes[question.forgotten.kind] == nil else { return false }
    return question.classes.contains { kind, names in
      kind != question.forgotten.kind && names.count { classes[kind]?.contains($0) == true } > 1
    }
  }

  /// - Throws: ``LetheError`` of the kind `request` for a forgotten subject that the judge has no class for, unless it
  ///   sees other subjects of another kind
  public func check(_ question: JudgeQuestion, _ spec: String) throws {
    if !seesOnlyOthers(question) { try check(question.forgotten, spec) }
  }

  /// - Throws: ``LetheError`` of the kind `request` for a forgotten subject that the judge has no class for
  public func check(_ forgotten: Forgotten, _ spec: String) throws {
    let own = classes[forgotten.kind] ?? []
    for name in forgotten.names where !own.contains(name) {
      let near = own.nearest(to: name).map { "; its nearest is '\($0)'" } ?? ""
      throw LetheError.badValue(
        "--judge",
        "\(spec) has no class '\(name)' among its \(own.count) classes of the kind '\(forgotten.kind)'\(near); choose a "
          + "judge that can see it")
    }
  }
}

extension Array {
  func chunked(_ size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
