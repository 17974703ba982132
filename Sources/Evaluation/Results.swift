public import Diffusion
public import Torch

/// A picture that a page of results shows.
public struct ResultPicture: Codable, Sendable, Hashable {
  /// The file, relative to the folder of the results.
  public var file: String
  public var method: String
  public var subject: String
  public var axes: ResultRow.Axes
  public var prompt: String
  public var caption: String
  /// Whether the judge sees in it the concept that was erased; nil where nobody was asked.
  public var showsConcept: Bool?

  package init(
    _ file: String, _ method: String, _ subject: String, prompt: String, caption: String,
    showsConcept: Bool? = nil, _ axes: (inout ResultRow.Axes) -> Void = { _ in }
  ) {
    (self.file, self.method, self.subject) = (file, method, subject)
    (self.prompt, self.caption, self.showsConcept) = (prompt, caption, showsConcept)
    self.axes = ResultRow.Axes()
    axes(&self.axes)
  }
}

/// The measurements of a command: the file `results.json`. It carries everything that the command's page shows.
public struct Results: Codable, Sendable, Hashable {
  /// The command that measured, which decides the page.
  public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
    case evaluation, audit, attack
    case relearning
    case benchMethods = "bench methods"
    case benchForgetting = "bench forgetting"
    case benchRobustness = "bench robustness"
    case benchRelearning = "bench relearning"
    case benchSeparability = "bench separability"
  }

  /// Nil in files of version 0.1.
  public var kind: Kind?
  public var rows: [ResultRow] = []
  public var pictures: [ResultPicture] = []
  /// Labels of methods, each with the method that it is held against.
  public var baselines: [String: String] = [:]
  /// Titles of methods by their names, where they have one.
  public var titles: [String: String] = [:]
  /// Sentences that belong below the tables: what a success is, what was fine-tuned.
  public var notes: [String] = []
  /// A run this small is for looking, not for quoting.
  public var quick = false
  /// Pictures of each prompt.
  public var seeds = 1
  public var sampling = SamplingOptions()
  /// Measurements of the judge itself, by name.
  public var judge: [String: JSON] = [:]
  /// The command line that measured.
  public var command: [String] = []

  package init(_ kind: Kind) { self.kind = kind }

  /// How the pictures were drawn, in words.
  public var drawing: String {
    "Steps \(sampling.steps), guidance \(sampling.guidance), sampler \(sampling.sampler)"
  }

  private enum Key: String, CodingKey {
    case kind, rows, pictures, baselines, titles, notes, quick, seeds, sampling, judge, command
  }

  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: Key.self)
    kind = try c.decodeIfPresent(Kind.self, forKey: .kind)
    rows = try c.decode([ResultRow].self, forKey: .rows)
    pictures = try c.decodeIfPresent([ResultPicture].self, forKey: .pictures) ?? []
    baselines = try c.decodeIfPresent([String: String].self, forKey: .baselines) ?? [:]
    titles = try c.decodeIfPresent([String: String].self, forKey: .titles) ?? [:]
    notes = try c.decodeIfPresent([String].self, forKey: .notes) ?? []
    quick = try c.decodeIfPresent(Bool.self, forKey: .quick) ?? false
    seeds = try c.decodeIfPresent(Int.self, forKey: .seeds) ?? 1
    sampling =
      try c.decodeIfPresent(SamplingOptions.self, forKey: .sampling) ?? SamplingOptions()
    judge = try c.decodeIfPresent([String: JSON].self, forKey: .judge) ?? [:]
    command = try c.decodeIfPresent([String].self, forKey: .command) ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Key.self)
    try c.encodeIfPresent(kind, forKey: .kind)
    try c.encode(rows, forKey: .rows)
    if !pictures.isEmpty { try c.encode(pictures, forKey: .pictures) }
    if !baselines.isEmpty { try c.encode(baselines, forKey: .baselines) }
    if !titles.isEmpty { try c.encode(titles, forKey: .titles) }
    if !notes.isEmpty { try c.encode(notes, forKey: .notes) }
    try c.encode(quick, forKey: .quick)
    try c.encode(seeds, forKey: .seeds)
    try c.encode(sampling, forKey: .sampling)
    try c.encode(judge, forKey: .judge)
    try c.encode(command, forKey: .command)
  }
}
