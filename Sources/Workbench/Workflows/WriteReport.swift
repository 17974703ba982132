// `lethe report`: what a run's folder holds, as one page.
internal import Diffusion
internal import Editing
internal import Evaluation
package import Foundation
internal import Reports
internal import Torch
internal import Training
internal import Unlearning

package struct WriteReport {
  private let folder: URL

  package init(_ folder: URL) { self.folder = folder }

  /// Writes `report.html` into the folder and returns where it is.
  @discardableResult
  package func callAsFunction() throws -> URL {
    func file(_ name: String) -> URL { folder.appendingPathComponent(name) }
    guard FileManager.default.fileExists(atPath: file("job.json").path) else {
      throw LetheError.badValue(
        "report", "\(folder.path) has no job.json; give the folder of a `lethe erase` run")
    }
    let job: EraseJob = try JSON(contentsOf: file("job.json")).decoded()
    var content = ReportContent()
    let concept = job.concepts.joined(separator: ", ")
    content.title = "Forgetting “\(concept)”"
    let card = try Methods.named(job.method).card
    let modelName = URL(fileURLWithPath: job.model).lastPathComponent
    content.subtitle = "\(card.title) (\(card.paper)) on \(modelName)"
    if let results: Results = try? JSON(contentsOf: file("results.json")).decoded() {
      addMetrics(results, job, to: &content)
    }
    try addGrids(job, to: &content)
    addCharts(to: &content)
    content.commands =
      [job.command.joined(separator: " ")].filter { !$0.isEmpty }
      + ["lethe evaluate \(folder.lastPathComponent)", "lethe report \(folder.lastPathComponent)"]
    content.facts = facts(job)
    let target = file("report.html")
    try AtomicFile.write(Data(try content.html().utf8), to: target)
    return target
  }

  private func addMetrics(_ results: Results, _ job: EraseJob, to content: inout ReportContent) {
    for metric in Metrics.all {
      guard
        let before = results.rows.first(where: {
          $0.metric == metric.name && $0.method == "original"
        }),
        let after = results.rows.first(where: {
          $0.metric == metric.name && $0.method != "original"
        })
      else { continue }
      let change = after.value - before.value
      let isShare = metric.isShare
      let text =
        isShare ? String(format: "%+.1f points", 100 * change) : String(format: "%+.2f", change)
      let apart = after.lower > before.upper || after.upper < before.lower
      let better = (change > 0) == (metric.better == .higher)
      content.metrics.append(
        .init(
          title: metric.title, name: metric.name, direction: metric.better == .higher ? "↑" : "↓",
          original: ResultsTable.cell(before), erased: ResultsTable.cell(after), delta: text,
          n: "\(after.n)", verdict: apart ? (better ? "good" : "bad") : "even"))
    }
    func share(_ name: String) -> String? {
      results.rows.first { $0.metric == name && $0.method != "original" }
        .map { String(format: "%.0f %%", 100 * $0.value) }
    }
    if let ua = share("ua"), let ira = share("ira") {
      content.summary =
        "In \(ua) of the pictures asked for with it, the judge no longer sees it. Other subjects of "
        + "its kind are still seen in \(ira) of their pictures"
        + (share("cra").map { ", subjects of the other kind in \($0)." } ?? ".")
    }
    content.metricNote =
      "95 % intervals in brackets (Wilson for shares, bootstrap for distances). Coloured changes have "
      + "intervals that do not overlap. Steps \(results.sampling.steps), guidance \(results.sampling.guidance), "
      + "sampler \(results.sampling.sampler)."
    if results.quick {
      content.warning = "A quick run: few pictures, wide intervals. For looking, not for quoting."
    }
  }

  /// The forgotten subject with all its styles (or objects), and a few that should have stayed.
  private func addGrids(_ job: EraseJob, to content: inout ReportContent) throws {
    guard let before = try? SampleSet(folder.appendingPathComponent("original")),
      let after = try? SampleSet(folder.appendingPathComponent("erased")),
      let themes = try Themes.load(URL(fileURLWithPath: job.model))
    else { return }
    let gone = Set(job.concepts.compactMap { themes.find($0)?.name })
    func grid(_ title: String, _ samples: [SampleSet.Sample], rows: Int) throws {
      // Without styles the columns are the first pictures of each object.
      let columns =
        themes.styles.isEmpty
        ? (1...6).map { "\($0)" }
        : themes.styles.filter { style in samples.contains { $0.subjects["style"] == style } }
      var objects: [String] = []
      for sample in samples {
        if let object = sample.subjects["object"], !objects.contains(object) {
          objects.append(object)
        }
      }
      var found: [ReportContent.GridRow] = []
      for object in objects.spread(rows) {
        let cells = try columns.enumerated().compactMap {
          k, style -> (original: Data, erased: Data, prompt: String, seed: UInt64)? in
          guard
            let sample = samples.first(where: {
              themes.styles.isEmpty
                ? $0.subjects["object"] == object && $0.k == k
                : $0.subjects == Themes.subjects(object, style)
            }), after.manifest.samples.contains(sample)
          else { return nil }
          return (
            try Data(contentsOf: before.url(sample)), try Data(contentsOf: after.url(sample)),
            sample.prompt, sample.seed
          )
        }
        found.append(.init(object, cells))
      }
      if !found.isEmpty { content.grids.append(.init(title, columns: columns, rows: found)) }
    }
    let finished = before.manifest.samples.filter {
      FileManager.default.fileExists(atPath: before.url($0).path)
        && FileManager.default.fileExists(atPath: after.url($0).path)
    }
    let isGone: (SampleSet.Sample) -> Bool = { $0.subjects.values.contains(where: gone.contains) }
    try grid("What was to be forgotten", finished.filter(isGone), rows: 6)
    try grid("What was to stay", finished.filter { !isGone($0) }, rows: 8)
  }

  private func addCharts(to content: inout ReportContent) {
    guard let run = try? Run(folder) else { return }
    let events = run.events()
    for (stage, key, title) in [
      ("", "loss", "Training loss"),
      ("guard", "drift", "Drift on watched prompts (limit in the log)"),
    ] {
      let points = events.compactMap { e -> (x: Double, y: Double)? in
        guard let x = e["step"]?.number, let y = e[key]?.number,
          stage.isEmpty || e["stage"]?.string == stage
        else { return nil }
        return (x, y)
      }
      if points.count > 1 { content.charts.append(Chart(title, xLabel: "step", points)) }
    }
    if let message = events.last(where: { $0["collapsed"]?.bool == true })?["message"]?.string {
      content.warning = [content.warning, message].filter { !$0.isEmpty }.joined(separator: " ")
    }
  }

  private func facts(_ job: EraseJob) -> [(String, String)] {
    var facts: [(String, String)] = []
    if let p: JSON = try? JSON(contentsOf: folder.appendingPathComponent("provenance.json")) {
      facts += [
        ("Base model", "SHA-256 " + (p["base"]?.string ?? "")),
        (
          "Made with",
          "lethe \(p["lethe"]?.string ?? ""), libtorch \(p["libtorch"]?.string ?? ""), \(p["device"]?.string ?? ""), \(p["threads"]?.int ?? 0) threads"
        ),
        ("Date", p["date"]?.string ?? ""),
        (
          "Erasing took",
          String(
            format: "%.1f s, at most %.0f MB", p["seconds"]?.number ?? 0,
            (p["peakMemory"]?.number ?? 0) / 1e6)
        ),
      ]
    }
    facts.append(("Seed", "\(job.seed)"))
    facts.append(("Options", job.options.compact))
    if !job.preserve.isEmpty { facts.append(("Preserved", job.preserve.joined(separator: ", "))) }
    return facts
  }
}

extension Array {
  /// At most `count` members, spread evenly.
  fileprivate func spread(_ count: Int) -> [Element] {
    guard self.count > count else { return self }
    return (0..<count).map { self[$0 * self.count / count] }
  }
}
