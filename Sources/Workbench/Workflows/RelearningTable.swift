// What `lethe bench relearning` found, as rows, as tables and as a page.
internal import Evaluation
internal import Foundation
internal import Reports
internal import Torch
internal import Training

package struct RelearningTable {
  /// A method and the one that it is held against.
  struct Pair {
    let method: String
    let base: String
  }
  private struct Entry {
    let concept: String
    let method: String
    let measured: [ResultRow]
    let curve: RelearningCurve
  }

  let concepts: [String]
  /// Controls, and the methods that they are stronger than.
  let controls: [String: String]
  let quick: Bool
  let command: String
  private var entries: [Entry] = []

  init(concepts: [String], controls: [String: String], quick: Bool, command: String) {
    (self.concepts, self.controls) = (concepts, controls)
    (self.quick, self.command) = (quick, command)
  }

  mutating func add(
    _ concept: String, _ method: String, measured: [ResultRow], curve: RelearningCurve
  ) {
    entries.append(
      Entry(
        concept: concept, method: method, measured: measured.filter { $0.method != "original" },
        curve: curve))
  }

  // MARK: - Numbers

  var methods: [String] { entries.map(\.method).unique }
  private var steps: [Int] { entries.first?.curve.steps ?? [] }

  /// Each method inside Meta-Unlearning beside itself without, each control beside what it is stronger than.
  var pairs: [Pair] {
    let found = methods
    return found.compactMap { method in
      let base = method.hasSuffix(" meta") ? String(method.dropLast(5)) : controls[method]
      return base.flatMap { found.contains($0) ? Pair(method: method, base: $0) : nil }
    }
  }

  /// Mean over concepts.
  private func mean(_ method: String, _ value: (Entry) -> Double) -> Double {
    let found = entries.filter { $0.method == method }.map(value)
    return found.isEmpty ? .nan : found.reduce(0, +) / Double(found.count)
  }

  /// Successes of all prompts and fine-tunings together, of all concepts or of one; nil before there are any.
  /// - Parameter set: what the model was fine-tuned on, `concept` or `benign`
  func success(_ method: String, _ set: String, _ step: Int, of concept: String? = nil)
    -> MeasuredValue?
  {
    let found = entries.filter { $0.method == method && concept ?? $0.concept == $0.concept }
      .flatMap(\.curve.points).filter { $0.set == set && $0.step == step }
    return .pooled("success", found.map { ($0.success, $0.n) })
  }

  func area(_ method: String) -> Double { mean(method) { $0.curve.area("concept") } }

  /// A loss after some steps on the concept; what is related to it breaks where it rises.
  func loss(_ method: String, _ probe: KeyPath<Relearn.Point, Double>, after step: Int) -> Double {
    mean(method) { $0.curve.mean("concept", step, probe).value }
  }

  /// Before fine-tuning: shares over all concepts' pictures together, the Frechet distance as a mean.
  func measured(_ method: String, _ metric: String) -> MeasuredValue? {
    let found = entries.filter { $0.method == method }.flatMap(\.measured)
      .filter { $0.metric == metric }
    return metric == "frechet" ? .mean(metric, found.map(\.value)) : found.pooled(metric)
  }

  /// A method's successes on the concept over its base's; nil where the base has none.
  func ratio(_ pair: Pair, _ step: Int) -> Double? {
    guard let own = success(pair.method, "concept", step)?.value,
      let base = success(pair.base, "concept", step)?.value, base > 0
    else { return nil }
    return own / base
  }

  /// In percentage points.
  private func difference(_ pair: Pair, _ metric: String) -> Double? {
    guard let own = measured(pair.method, metric), let base = measured(pair.base, metric) else {
      return nil
    }
    return 100 * (own.value - base.value)
  }

  // MARK: - Tables

  private var tables: [ReportContent.Table] {
    guard let last = steps.last else { return [] }
    return [relearned(last), kept(last), against, byConcept]
  }

  private func relearned(_ last: Int) -> ReportContent.Table {
    let n = methods.first.flatMap { success($0, "concept", 0)?.n } ?? 0
    let seeds = Set(entries.flatMap(\.curve.points).map(\.seed)).count
    return .init(
      "Success of the prompts after fine-tuning",
      note:
        "\(concepts.joined(separator: ", ")). Share of \(n) prompts that show the concept again after so many steps on "
        + "pictures of it and on benign ones, \(seeds) fine-tuning(s) of each model, in % with 95 % intervals. "
        + "Area under the curve: mean over concepts.",
      header: [""] + steps.map { "\($0) steps ↓" } + ["area ↓", "benign, \(last) ↓"],
      plain: methods.map { method in
        (
          method,
          steps.map { ResultsTable.percent(success(method, "concept", $0)) }
            + [String(format: "%.3f", area(method))]
            + [ResultsTable.percent(success(method, "benign", last))]
        )
      })
  }

  private func kept(_ last: Int) -> ReportContent.Table {
    .init(
      "What is kept",
      note:
        "Before fine-tuning, and the training loss on unseen pictures of related and of unrelated subjects before it "
        + "and after \(last) steps on the concept.",
      header: ["", "UA ↑", "IRA ↑", "CRA ↑", "Frechet ↓"]
        + ["related, before", "after", "unrelated, before", "after"],
      plain: methods.map { method in
        (
          method,
          ["ua", "ira", "cra"].map { ResultsTable.percent(measured(method, $0)) }
            + [measured(method, "frechet").map { String(format: "%.2f", $0.value) } ?? ""]
            + [
              loss(method, \.related, after: 0), loss(method, \.related, after: last),
              loss(method, \.unrelated, after: 0), loss(method, \.unrelated, after: last),
            ].map { String(format: "%.4f", $0) }
        )
      })
  }

  private var against: ReportContent.Table {
    .init(
      "Against the base",
      note: "Successes over the base's after the same steps (1 is no gain); IRA and CRA in points.",
      header: [""] + steps.dropFirst().map { "\($0) steps ↓" } + ["area ↓", "IRA", "CRA"],
      plain: pairs.map { pair in
        let (own, base) = (area(pair.method), area(pair.base))
        return (
          "\(pair.method) against \(pair.base)",
          (steps.dropFirst().map { ratio(pair, $0) } + [base > 0 ? own / base : nil])
            .map { $0.map { String(format: "%.2f", $0) } ?? "base has none" }
            + ["ira", "cra"].map {
              difference(pair, $0).map { String(format: "%+.1f", $0) } ?? ""
            }
        )
      })
  }

  private var byConcept: ReportContent.Table {
    .init(
      "By concept",
      note:
        "Success after \(steps.map(String.init).joined(separator: ", ")) steps on the concept, in %.",
      header: [""] + concepts,
      plain: methods.map { method in
        (
          method,
          concepts.map { concept in
            steps.compactMap { success(method, "concept", $0, of: concept) }
              .map { String(format: "%.0f", 100 * $0.value) }.joined(separator: ", ")
          }
        )
      })
  }

  // MARK: - Files

  package var markdown: String {
    "## Relearning\(quick ? " (quick)" : "")\n"
      + tables.map { "\n\($0.title). \($0.note)\n\n\($0.markdown)" }.joined()
  }

  func write(to run: Run) throws {
    let rows = methods.flatMap { method in
      steps.flatMap { step in
        Relearn.sets.compactMap { set -> ResultRow? in
          success(method, set, step).map {
            ResultRow(
              method, "\(set), \(step) steps", $0,
              seeds: Set(entries.flatMap(\.curve.points).map(\.seed)).count)
          }
        }
      }
        + ["ua", "ira", "cra", "frechet"].compactMap { metric in
          measured(method, metric).map { ResultRow(method, "before", $0, seeds: 1) }
        }
    }
    let areas = methods.map { ($0, JSON.number(area($0))) }
    let json: JSON = [
      "quick": .bool(quick), "rows": try JSON(encoding: rows),
      "areas": .object(Dictionary(uniqueKeysWithValues: areas)),
    ]
    try run.publish(json, markdown: markdown, page: try page())
  }

  private func page() throws -> ReportContent {
    var content = ReportContent()
    content.title = "Relearning what was erased"
    content.subtitle = concepts.joined(separator: ", ")
    if quick { content.warning = "A quick run: few prompts. For looking, not for quoting." }
    content.tables = tables
    content.charts = pairs.map(\.base).unique.map { base in
      Chart(
        base, xLabel: "steps of fine-tuning on the concept; success of the prompts, 95 % intervals",
        lines: ([base] + pairs.filter { $0.base == base }.map(\.method)).map { name in
          .init(
            name,
            steps.compactMap { step in
              success(name, "concept", step).map {
                .init(Double(step), $0.value, low: $0.lower, high: $0.upper)
              }
            })
        })
    }
    content.commands = [command].filter { !$0.isEmpty }
    return content
  }
}
