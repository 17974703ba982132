/// The pictures that a model was fine-tuned on.
public import Torch

/// The pictures that a model was fine-tuned on.
public enum TuningSet: String, Choice {
  /// Pictures of the concept that was erased.
  case concept
  /// As many pictures of other subjects.
  case benign
}

/// The state of a concept at one moment of a scene.
public enum ConceptState: String, Choice {
  /// Its eraser is on.
  case forgotten
  /// Its eraser was on before and is off now.
  case restored
  /// It has had no eraser so far.
  case untouched
}

/// A row of `results.json`: a measured value with the method, the subject and the axes that it belongs to.
public struct ResultRow: Sendable, Hashable {
  /// The dimensions of a measurement beside method and subject. A dimension that does not apply is nil.
  public struct Axes: Codable, Sendable, Hashable {
    /// The wrapping method around the row's method, e.g. `meta`.
    public var inside: String?
    /// The attack that was run on the erased model.
    public var attack: String?
    /// The pictures that the erased model was fine-tuned on.
    public var trainedOn: TuningSet?
    /// Steps of fine-tuning before the measurement.
    public var step: Int?
    /// The kind of the subject, `object` or `style`, where a benchmark or a request has both.
    public var kind: String?
    /// The moment of a scene of erasers that are switched on and off.
    public var moment: SceneMoment?
    /// The state of the concept at that moment.
    public var state: ConceptState?
    /// The judge, where several gave answers.
    public var judge: String?
    /// The definition of the measure with the version of its network or judge; nil in results of before 0.2, and for
    /// numbers of neither pictures nor answers.
    public var profile: MeasureProfile?
    /// The wrapping method whose rate is taken from that of ``inside``, for rows of differences.
    public var against: String?
    /// The distance from the forgotten concept, for rows on subjects to keep.
    public var distance: Distance?
    /// The concepts that were measured together, for a row on one of them alone; the row on all of them has nil.
    public var among: String?
    /// In a comparison whose runs have different pictures of the original, the runs that have this row's.
    public var original: String?
    /// The number of the repetition, from 1. It is nil for rows over all repetitions.
    public var seed: Int?
    /// No dimension beside method and subject.
    public init() {}
  }

  /// The subject of rows over all subjects.
  package static let allSubjects = "all"

  /// The method's name, or `original` for the model before the erasure.
  public var method: String
  /// The erased concepts, or `all`.
  public var subject: String
  /// The other dimensions of the measurement.
  public var axes: Axes
  /// The metric with its value, unit, n and interval.
  public var measured: MeasuredValue
  /// Seeds behind the value: pictures of each prompt, or repetitions.
  public var seeds: Int

  /// A row; `axes` sets the dimensions that apply.
  public init(
    _ method: String, _ subject: String, _ measured: MeasuredValue, seeds: Int,
    _ axes: (inout Axes) -> Void = { _ in }
  ) {
    (self.method, self.subject, self.measured, self.seeds) = (method, subject, measured, seeds)
    self.axes = Axes()
    axes(&self.axes)
  }

  /// The metric's name.
  public var metric: String { measured.metric }
  /// The value in its unit.
  public var value: Double { measured.value }
  /// Count of the pictures, prompts or repetitions behind the value.
  public var n: Int { measured.n }

  /// The method, and the wrapping method where there is one; of one of several originals, the runs that have it.
  public var label: RowLabel {
    RowLabel(method, inside: axes.inside, runs: method == "original" ? axes.original : nil)
  }

  /// A copy with changed axes.
  package func with(_ change: (inout Axes) -> Void) -> ResultRow {
    var row = self
    change(&row.axes)
    return row
  }
}

// The file has one flat object a row: the labels, the measured value's keys and the axes.
extension ResultRow: Codable {
  private enum Key: String, CodingKey { case method, subject, seeds }

  public func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Key.self)
    try c.encode(method, forKey: .method)
    try c.encode(subject, forKey: .subject)
    try c.encode(seeds, forKey: .seeds)
    try measured.encode(to: encoder)
    try axes.encode(to: encoder)
  }

  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: Key.self)
    method = try c.decode(String.self, forKey: .method)
    subject = try c.decode(String.self, forKey: .subject)
    seeds = try c.decodeIfPresent(Int.self, forKey: .seeds) ?? 1
    measured = try MeasuredValue(from: decoder)
    axes = try Axes(from: decoder)
  }
}

// MARK: - Many rows

extension [ResultRow] {
  /// The value of the first row of a metric. It is nil where no row has the metric.
  public func value(_ metric: String) -> MeasuredValue? { first { $0.metric == metric }?.measured }

  /// The rows of each kind of subject, where there are several kinds; else all rows.
  package var groupsOfKinds: [[ResultRow]] {
    let kinds = compactMap(\.axes.kind).unique
    return kinds.count > 1 ? kinds.map { kind in filter { $0.axes.kind == kind } } : [self]
  }

  /// The rows of drawn and judged pictures alone, without those of attacks and of fine-tunings.
  package var ofEvaluation: [ResultRow] {
    filter { $0.axes.attack == nil && $0.axes.trainedOn == nil }
  }

  /// The rows without those on one of several concepts that were measured together.
  package var pooled: [ResultRow] { filter { $0.axes.among == nil } }

  /// The rows on each of several concepts that were measured together; empty where one was measured.
  /// - Parameter pooled: the rows on all of them
  package func concepts(of pooled: [ResultRow]) -> [(name: String, rows: [ResultRow])] {
    let (all, kinds) = (Set(pooled.map(\.subject)), Set(pooled.map(\.axes.kind)))
    let own = filter { row in
      row.axes.among.map(all.contains) == true && kinds.contains(row.axes.kind)
    }
    return own.map(\.subject).unique.map { name in (name, own.filter { $0.subject == name }) }
  }

  /// A share over repetitions and subjects: the repetitions of one subject share their prompts, and subjects are added up.
  /// - Returns: nil where no row has the metric
  package func overRepetitions(_ metric: String) -> MeasuredValue? {
    let each = map(\.subject).unique.compactMap { subject in
      MeasuredValue.repeated(filter { $0.subject == subject }.of(metric))
    }
    return each.count == 1 ? each[0] : .pooled(metric, each)
  }

  /// The profiles of the rows of a metric, in their order; nil among them for rows without one.
  package func profiles(of metric: String) -> [MeasureProfile?] {
    filter { $0.metric == metric }.map(\.axes.profile).unique
  }

  /// The values of all rows of a metric, in their order.
  public func of(_ metric: String) -> [MeasuredValue] {
    filter { $0.metric == metric }.map(\.measured)
  }

  /// A metric over all rows. Shares are pooled over their trials, other values are averaged.
  /// - Returns: nil where no row has the metric
  public func over(_ metric: String) -> MeasuredValue? {
    let found = of(metric).filter { $0.n > 0 }
    guard let first = found.first else { return nil }
    // One value keeps its own interval.
    if found.count == 1 { return first }
    // Trials of one prompt are not independent: shares over prompts whose count is not known are averaged.
    let areTrials = found.allSatisfy {
      $0.unit == .share && ($0.interval?.kind == .wilson95 || $0.prompts != nil)
    }
    return areTrials
      ? .pooled(metric, found)
      : .mean(
        metric, found.map(\.value), first.unit, most: first.unit == .share ? 1 : .infinity)
  }
}

extension Sequence where Element: Hashable {
  /// The distinct elements, in the order of their first appearance.
  package var unique: [Element] {
    var seen = Set<Element>()
    return filter { seen.insert($0).inserted }
  }
}
