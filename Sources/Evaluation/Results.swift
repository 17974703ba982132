public import Diffusion
public import Torch

/// A picture that a page of results shows.
public struct ResultPicture: Codable, Sendable, Hashable {
  /// The file, relative to the folder of the results.
  public var file: String
  /// The method's name, or `original`.
  public var method: String
  /// The erased concepts.
  public var subject: String
  /// The other dimensions, as of a row.
  public var axes: ResultRow.Axes
  /// The prompt that it was drawn with.
  public var prompt: String
  /// The words below it on the page.
  public var caption: String
  /// Whether the judge sees the erased concept in the picture. It is nil where the picture was not judged.
  public var showsConcept: Bool?

  /// A picture of a method's model; `axes` sets the dimensions that apply.
  public init(
    _ file: String, _ method: String, _ subject: String, prompt: String, caption: String,
    showsConcept: Bool? = nil, _ axes: (inout ResultRow.Axes) -> Void = { _ in }
  ) {
    (self.file, self.method, self.subject) = (file, method, subject)
    (self.prompt, self.caption, self.showsConcept) = (prompt, caption, showsConcept)
    self.axes = ResultRow.Axes()
    axes(&self.axes)
  }
}

/// The measurements of a command: the file `results.json`. The command's page is made of it and of the pictures that
/// it names.
public struct Results: Codable, Sendable, Hashable {
  /// The command that wrote the results. It decides the page. Results of other kinds than these are read too; their
  /// page has the measures by subject and method.
  public struct Kind: RawRepresentable, Codable, Sendable, Hashable {
    /// The command in words, e.g. `bench methods`.
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let evaluation = Kind(rawValue: "evaluation")
    public static let audit = Kind(rawValue: "audit")
    public static let attack = Kind(rawValue: "attack")
    public static let comparison = Kind(rawValue: "comparison")
    public static let releaseAudit = Kind(rawValue: "release audit")
    public static let relearning = Kind(rawValue: "relearning")
    public static let benchMethods = Kind(rawValue: "bench methods")
    public static let benchForgetting = Kind(rawValue: "bench forgetting")
    public static let benchRobustness = Kind(rawValue: "bench robustness")
    public static let benchRelearning = Kind(rawValue: "bench relearning")
    public static let benchSeparability = Kind(rawValue: "bench separability")
  }

  /// The beginning of a note on the meaning of an attack, which pages have beside their table of attacks.
  package static let aboutAttack = "Attack "

  /// The command that wrote the results. It is nil in files of version 0.1.
  public var kind: Kind?
  /// The measurements.
  public var rows: [ResultRow] = []
  /// The pictures that the page shows.
  public var pictures: [ResultPicture] = []
  /// The trainings among those of the rows that their guard stopped.
  public var stopped: [StoppedTraining] = []
  /// For each label of a method, the label that it is compared with.
  public var baselines: [RowLabel: RowLabel] = [:]
  /// Titles of methods by name. Methods without a title are left out.
  public var titles: [String: String] = [:]
  /// Subjects of rows that do not count as tested: the model's options were chosen on them. Their rows are kept, and
  /// are in no mean.
  public var development: [String] = []
  /// Sentences below the tables, e.g. the criterion of a success.
  public var notes: [String] = []
  /// Whether the run was reduced with `--quick`. Its intervals are wide.
  public var quick = false
  /// Pictures of each prompt.
  public var seeds = 1
  /// The sampling options of the pictures.
  public var sampling = SamplingOptions()
  /// The measurements of the judge itself, by name.
  public var judge: [String: JSON] = [:]
  /// The judges with their measurement on the original's pictures; empty where only ``judge`` is known.
  package var judges: [JudgeRecord] = []
  /// The verdict of an audit.
  package var audit: AuditSummary?
  /// The command line of the run, argument by argument.
  public var command: [String] = []
  /// The commands before it, as a shell takes them: those that made what it measured.
  public var making: [String] = []
  /// Program, models and settings behind the results. It is nil in files of version 0.1.
  public var origin: Origin?
  /// The options in which the runs of a comparison differ.
  package var differences: [OptionDifference] = []
  /// The trials of a benchmark that are not finished. The numbers are then those of the others.
  public var unfinished = 0

  package init(_ kind: Kind) { self.kind = kind }

  /// The sampling options as text: `Steps 25, guidance 4.0, sampler ddim`.
  public var drawing: String {
    "Steps \(sampling.steps), guidance \(sampling.guidance), sampler \(sampling.sampler)"
  }

  private enum Key: String, CodingKey {
    case kind, rows, pictures, stopped, baselines, titles, notes, quick, seeds, sampling, judge
    case judges, audit, command, making, origin, unfinished, development, differences
  }

  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: Key.self)
    kind = try c.decodeIfPresent(Kind.self, forKey: .kind)
    rows = try c.decode([ResultRow].self, forKey: .rows)
    pictures = try c.decodeIfPresent([ResultPicture].self, forKey: .pictures) ?? []
    stopped = try c.decodeIfPresent([StoppedTraining].self, forKey: .stopped) ?? []
    baselines = try c.decodeIfPresent([RowLabel: RowLabel].self, forKey: .baselines) ?? [:]
    titles = try c.decodeIfPresent([String: String].self, forKey: .titles) ?? [:]
    notes = try c.decodeIfPresent([String].self, forKey: .notes) ?? []
    quick = try c.decodeIfPresent(Bool.self, forKey: .quick) ?? false
    seeds = try c.decodeIfPresent(Int.self, forKey: .seeds) ?? 1
    sampling =
      try c.decodeIfPresent(SamplingOptions.self, forKey: .sampling) ?? SamplingOptions()
    judge = try c.decodeIfPresent([String: JSON].self, forKey: .judge) ?? [:]
    judges = try c.decodeIfPresent([JudgeRecord].self, forKey: .judges) ?? []
    audit = try c.decodeIfPresent(AuditSummary.self, forKey: .audit)
    command = try c.decodeIfPresent([String].self, forKey: .command) ?? []
    making = try c.decodeIfPresent([String].self, forKey: .making) ?? []
    origin = try c.decodeIfPresent(Origin.self, forKey: .origin)
    differences = try c.decodeIfPresent([OptionDifference].self, forKey: .differences) ?? []
    unfinished = try c.decodeIfPresent(Int.self, forKey: .unfinished) ?? 0
    development = try c.decodeIfPresent([String].self, forKey: .development) ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Key.self)
    try c.encodeIfPresent(kind, forKey: .kind)
    try c.encode(rows, forKey: .rows)
    if !pictures.isEmpty { try c.encode(pictures, forKey: .pictures) }
    if !stopped.isEmpty { try c.encode(stopped, forKey: .stopped) }
    if !baselines.isEmpty { try c.encode(baselines, forKey: .baselines) }
    if !titles.isEmpty { try c.encode(titles, forKey: .titles) }
    if !development.isEmpty { try c.encode(development, forKey: .development) }
    if !notes.isEmpty { try c.encode(notes, forKey: .notes) }
    try c.encode(quick, forKey: .quick)
    try c.encode(seeds, forKey: .seeds)
    try c.encode(sampling, forKey: .sampling)
    try c.encode(judge, forKey: .judge)
    if !judges.isEmpty { try c.encode(judges, forKey: .judges) }
    try c.encodeIfPresent(audit, forKey: .audit)
    try c.encode(command, forKey: .command)
    if !making.isEmpty { try c.encode(making, forKey: .making) }
    try c.encodeIfPresent(origin, forKey: .origin)
    if !differences.isEmpty { try c.encode(differences, forKey: .differences) }
    if unfinished > 0 { try c.encode(unfinished, forKey: .unfinished) }
  }
}

/// An option that runs of a comparison were given other values of.
package struct OptionDifference: Codable, Sendable, Hashable {
  package var option: String
  /// By the label of the run: the value as text, `not given`, or `none` for a method without the option.
  package var values: [String: String]

  package init(_ option: String, _ values: [String: String]) {
    (self.option, self.values) = (option, values)
  }
}

/// A judge of a command, as results name it.
package struct JudgeRecord: Codable, Sendable, Hashable {
  package var spec: JudgeSpec
  package var about: JudgeDescription
  /// Its measurement on the original's pictures; nil for a judge that gives no answers, and for one of the other kind.
  package var quality: JudgeQuality?
  /// The measurement of a judge that sees subjects of the other kind alone.
  package var otherKind: OtherKindQuality?

  /// Whether it can be relied upon; nil where it was not measured.
  package var standing: JudgeQuality.Standing? { quality?.standing ?? otherKind?.standing }

  package init(_ spec: JudgeSpec, _ about: JudgeDescription, _ quality: JudgeQuality?) {
    (self.spec, self.about, self.quality) = (spec, about, quality)
  }
}

extension Results {
  /// Whether a judge's `unrecognised` counts pictures of other subjects that are unlike every picture of the original.
  /// A judge of Lethe's own has real pictures instead, and counts all that are unlike those.
  /// - Parameter judge: as rows name it; nil for rows of a single judge
  package func isHeldToOriginal(_ judge: String?) -> Bool {
    let record = judges.first { $0.spec.description == judge } ?? judges.first
    return record.map { $0.spec.scheme != JudgeNetwork.scheme } ?? false
  }

  /// The judges of the rows of a measure.
  package func judges(of metric: String) -> [String?] {
    rows.filter { $0.metric == metric }.map(\.axes.judge).unique
  }

  /// Whether a row's subject is a ``development`` concept.
  package func isDevelopment(_ subject: String) -> Bool {
    // Results of version 0.1 and of the first builds of 0.2 list a style without the word.
    development.contains { subject == $0 || subject == "\($0) style" }
  }

  /// The results on test concepts, and those on ``development`` concepts. Without any test concept the first are all of
  /// them.
  package var counted: (tested: Results, development: Results?) {
    let subjects = Set(rows.map(\.subject)).subtracting([ResultRow.allSubjects])
    let own = subjects.filter(isDevelopment)
    guard !own.isEmpty, own.count < subjects.count else { return (self, nil) }
    func only(_ isKept: (String) -> Bool) -> Results {
      var copy = self
      copy.rows = rows.filter { isKept($0.subject) }
      copy.pictures = pictures.filter { isKept($0.subject) }
      return copy
    }
    return (only { !own.contains($0) }, only { own.contains($0) })
  }
}
