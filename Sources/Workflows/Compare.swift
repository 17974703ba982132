// `lethe compare`: the results of several runs on one page. Nothing is drawn or judged again.
internal import Editing
public import Evaluation
internal import Foundation
internal import Torch
public import Training
public import Workbench

/// The command `lethe compare`.
public struct Compare {
  private let parts: [(label: String, name: String, folder: RunFolder, results: Results)]
  /// The command line, argument by argument.
  public var command: [String] = []

  /// - Throws: ``LetheError`` of the kind `request` for fewer than two runs, one that is named twice, and one without
  ///   measurements
  public init(_ runs: [String]) throws {
    let places = Set(runs.map { RunFolder($0).url.resolvingSymlinksInPath().path })
    guard places.count == runs.count, runs.count > 1 else {
      throw LetheError.badValue(
        "compare",
        "\(runs.count == 1 ? "one run" : "\(runs.count) runs, \(places.count) of them different"); accepted: two or more different ones"
      )
    }
    // The judges of the runs that were measured, for the command that measures another.
    let judges = runs.lazy.compactMap { path in
      try? RunFolder(path).results().judges.map(\.spec)
    }.first { !$0.isEmpty }
    let loaded = try runs.map { path -> (folder: RunFolder, results: Results) in
      let folder = RunFolder(path)
      try NamedPlace.requireFolder(path, option: "compare", "folders of runs")
      guard folder.has("results.json") else {
        throw LetheError.badValue(
          "compare",
          "\(path) has no results.json; `\(folder.measuring(path, like: judges).shellCommand)` measures it"
        )
      }
      let results = try folder.results()
      guard results.kind == nil || results.kind == .evaluation else {
        throw LetheError.badValue(
          "compare",
          "\(path) has results of '\(results.kind?.rawValue ?? "")'; accepted: runs of `lethe evaluate`"
        )
      }
      return (folder, results)
    }
    func method(_ results: Results) -> String {
      results.rows.first { $0.method != "original" }?.label.description ?? ""
    }
    func shareSubjects(_ a: Results, _ b: Results) -> Bool {
      !Set(a.rows.map(\.subject)).isDisjoint(with: b.rows.map(\.subject))
    }
    // Two runs of one method that have a concept in common are told apart by their folders, by their places where those have one name.
    let names = loaded.map(\.folder.url.lastPathComponent)
    parts = loaded.map { folder, results in
      let isAlone =
        loaded.count {
          method($0.results) == method(results) && shareSubjects($0.results, results)
        } == 1
      let own = folder.url.lastPathComponent
      let name = names.count { $0 == own } == 1 ? own : folder.url.path
      return (isAlone ? method(results) : "\(method(results)) (\(name))", name, folder, results)
    }
  }

  /// Writes `results.json`, `results.md` and `report.html`.
  @discardableResult
  public func callAsFunction(in run: Run, catalogs: Catalogs = .builtIn) throws -> Results {
    guard let first = parts.first?.results else { return Results(.comparison) }
    if run.runFolder.has("results.json"), try run.runFolder.results().kind != .comparison {
      throw LetheError.badValue(
        "--out",
        "\(run.folder.path) has the results of another command; choose another folder")
    }
    // The page of other runs stays where it is.
    let places = parts.map { JSON.string($0.folder.url.resolvingSymlinksInPath().path) }
    _ = try run.runFolder.claim(RunIdentity("compare", ["runs": .array(places)]))
    var results = Results(.comparison)
    (results.quick, results.seeds) = (parts.contains { $0.results.quick }, first.seeds)
    (results.sampling, results.judge, results.judges) = (first.sampling, first.judge, first.judges)
    results.command = command
    let jobs = try parts.map { $0.folder.has("job.json") ? try $0.folder.job() : nil }
    let trials = try parts.map { try Self.tried($0.folder) }
    results.making =
      zip(parts, zip(jobs, trials)).flatMap { part, own in
        (own.0?.making ?? [])
          + ([part.results.command] + own.1.commands).map(\.shellCommand).filter { !$0.isEmpty }
      }.unique
    // Judges are the same where their files are: a name alone does not say so.
    func versions(_ results: Results) -> [String] {
      results.judges.map { "\($0.spec) \($0.about.hash)" }
    }
    let hasSeveral = parts.map { versions($0.results) }.unique.count > 1
    let records = parts.flatMap(\.results.judges)
    /// A judge's name, with its version where another run has another one of that name.
    func named(_ judge: String, of own: Results) -> String {
      let same = records.filter { $0.spec.description == judge }
      guard same.map(\.about.hash).unique.count > 1,
        let record = own.judges.first(where: { $0.spec.description == judge })
      else { return judge }
      return "\(judge) \(record.about.hash.prefix(8))"
    }
    let originals = ComparedOriginals(parts.map { ($0.name, $0.results) })
    for (i, (label, _, folder, own)) in parts.enumerated() {
      let (original, tried) = (originals.names[i], trials[i])
      for row in own.rows {
        var row = row
        // The original has rows of its own by each judge.
        if hasSeveral, MeasuredPictures(named: row.metric) == nil {
          row.axes.judge = (row.axes.judge ?? own.judges.first?.spec.description).map {
            named($0, of: own)
          }
        }
        row.axes.original = original
        if row.method != "original" { (row.method, row.axes.inside) = (label, nil) }
        // Equal pictures of the original are counted once.
        let isThere = results.rows.contains {
          $0.method == "original" && $0.method == row.method && $0.subject == row.subject
            && $0.metric == row.metric && $0.axesOfOriginal == row.axesOfOriginal
        }
        if !isThere { results.rows.append(row) }
      }
      results.rows += tried.rows.map { row in
        var row = row
        (row.method, row.axes.inside) = (label, nil)
        return row
      }
      results.notes += (tried.notes + [tried.untried].compactMap(\.self)).map { "\(label): \($0)" }
      results.stopped += own.stopped.map {
        StoppedTraining(RowLabel(label), $0.subject, seed: $0.seed, $0.sentence)
      }
      results.titles[label] = "\(label), \(folder.url.lastPathComponent)"
    }
    results.notes = differences + results.notes
    results.differences = optionDifferences(jobs)
    var origin = Origin()
    let models = parts.compactMap { $0.results.origin?.model }.unique
    origin.model = models.count == 1 ? models[0] : nil
    origin.judges = first.origin?.judges ?? [:]
    origin.settings = parts.flatMap { label, _, _, own in
      (own.origin?.settings ?? []).filter { $0.source != "default" }
        .map { OptionSource("\(label): \($0.key)", $0.value, $0.source) }
    }
    results.origin = origin
    try run.publish(results, metrics: catalogs.metrics)
    return results
  }

  /// The attacks and fine-tunings of a run.
  private struct Tried {
    /// Success rates.
    var rows: [ResultRow]
    var notes: [String]
    var commands: [[String]]
    /// A sentence on a run that was not attacked or not fine-tuned; nil for one that was both.
    var untried: String?
  }

  private static func tried(_ folder: RunFolder) throws -> Tried {
    func results(_ place: String, _ kind: Results.Kind) throws -> Results? {
      guard folder.has("\(place)/results.json") else { return nil }
      let found = try RunFolder(folder.own(place)).results()
      return found.kind == kind ? found : nil
    }
    let attacks = try results("attack", .attack)
    let tunings = try results("relearn", .relearning)
    let untried: String? =
      switch (attacks == nil, tunings == nil) {
      case (true, true):
        "nothing tried to bring the concept back: the run was not attacked, and not fine-tuned."
      case (true, false): "the run was not attacked."
      case (false, true): "the run was not fine-tuned."
      case (false, false): nil
      }
    return Tried(
      rows: (attacks?.rows ?? []).filter { $0.axes.attack != nil }
        + (tunings?.rows ?? []).filter { $0.metric == "success" && $0.axes.seed != nil },
      notes: ((attacks?.notes ?? []) + (tunings?.notes ?? [])).filter {
        $0.contains("below its full budget") || $0.contains("cannot tell")
      },
      commands: [attacks, tunings].compactMap { $0?.command }, untried: untried)
  }

  /// The options in which the erasures differ, of those that two runs or more have.
  private func optionDifferences(_ jobs: [EraseJob?]) -> [OptionDifference] {
    let options = zip(parts, jobs).map { part, job -> [(key: String, value: JSON)] in
      let request: [(String, JSON)] =
        job.map { job in
          [
            ("--seed", JSON(job.seed)), ("--preserve", .array(job.preserve.map(JSON.string))),
            ("--replace-with", job.replacement.map(JSON.string) ?? .null),
            ("--kind", job.wording?.kind.map { .string($0.rawValue) } ?? .null),
          ]
        } ?? []
      // Versions before 0.2 kept no settings.
      return request
        + (part.results.origin?.settings ?? []).map { ("--set \($0.key)", $0.value) }
    }
    return options.flatMap { $0.map(\.key) }.unique.compactMap { key in
      let values = options.map { own in own.first { $0.key == key }?.value }
      guard values.compactMap(\.self).unique.count > 1 else { return nil }
      return OptionDifference(
        key,
        Dictionary(
          zip(parts, values).map { part, value in
            (
              part.label,
              value.map { $0 == .null ? "not given" : $0.string ?? $0.compact } ?? "none"
            )
          }, uniquingKeysWith: { first, _ in first }))
    }
  }

  /// Differences between the runs, in sentences: numbers beside each other are then not of one measurement.
  private var differences: [String] {
    func values(_ name: String, _ value: (Results) -> String?) -> String? {
      let found = parts.map { value($0.results) ?? "not known" }
      guard found.unique.count > 1 else { return nil }
      let list = zip(parts, found).map { "\($0.folder.url.lastPathComponent): \($1)" }
      return "The runs differ in \(name): \(list.joined(separator: "; "))."
    }
    func concepts(_ results: Results) -> [String] {
      results.rows.filter { $0.method != "original" }.map(\.subject).unique.sorted()
    }
    let isOneTask = parts.map { concepts($0.results) }.unique.count == 1
    let tasks = parts.map { part in
      "\(part.label) \(concepts(part.results).joined(separator: ", "))"
    }
    return [
      isOneTask
        ? nil
        : "The runs forgot different concepts, and their numbers do not compare methods: "
          + "\(tasks.joined(separator: "; ")).",
      values("sampling") { $0.drawing },
      values("the pictures drawn of each prompt for the concept") { "\($0.seeds)" },
      values("size") { $0.quick ? "quick" : "full" },
      values("the model") { $0.origin?.model.map { String($0.prefix(12)) } },
      values("the judges") { results in
        results.judges.isEmpty
          ? nil
          : results.judges.map { "\($0.spec) \($0.about.hash.prefix(12))" }.unique
            .joined(separator: ", ")
      },
    ].compactMap(\.self)
  }
}
