internal import Evaluation
internal import Foundation
internal import Torch

/// The page of `lethe bench relearning`.
struct RelearningBenchmarkPage {
  let results: Results

  init(_ results: Results) { self.results = results }

  private var rows: [ResultRow] { results.rows.filter { $0.method != "original" } }
  /// The rows of single fine-tunings.
  private var alone: [ResultRow] { rows.filter { $0.axes.seed != nil } }
  private var labels: [RowLabel] { rows.map(\.label).unique }
  private var steps: [Int] { alone.compactMap(\.axes.step).unique.sorted() }
  private var concepts: [String] { alone.map(\.subject).unique }
  private var last: Int { steps.last ?? 0 }

  var content: ReportContent {
    var content = ReportContent()
    content.title = "Relearning of erased concepts"
    content.subtitle = concepts.joined(separator: ", ")
    content.verdict = BenchVerdict.least(
      labels.compactMap { label in success(label, .concept, last).map { (label.description, $0) } },
      "After \(last.counted("step")) on the concept", "shows it in")
    content.tables = [relearned, kept, against, gains, byConcept].compactMap(\.self)
    content.charts = pairs.map(\.base).unique.map(chart)
    return content
  }

  // MARK: - Numbers

  /// Each label with the label that it is compared with, in order.
  var pairs: [(label: RowLabel, base: RowLabel)] {
    labels.compactMap { label in
      results.baselines[label].flatMap { labels.contains($0) ? (label, $0) : nil }
    }
  }

  /// The share of successes, pooled over fine-tunings, of one concept or of all.
  /// - Returns: nil without rows
  func success(
    _ label: RowLabel, _ set: TuningSet, _ step: Int, of concept: String? = nil
  ) -> MeasuredValue? {
    alone.filter {
      $0.label == label && $0.axes.trainedOn == set && $0.axes.step == step
        && concept ?? $0.subject == $0.subject
    }.overRepetitions("success")
  }

  /// The area under the curve for fine-tuning on the concept, averaged over concepts.
  func area(_ label: RowLabel) -> Double {
    rows.filter { $0.label == label && $0.axes.trainedOn == .concept }.of("area").map(\.value).mean
  }

  /// The mean over concepts of a loss after some steps on the concept. A higher loss means that the probed subjects
  /// are damaged.
  func loss(_ label: RowLabel, _ metric: String, after step: Int) -> Double {
    rows.filter {
      $0.label == label && $0.axes.trainedOn == .concept && $0.axes.step == step
        && $0.axes.seed == nil
    }.of(metric).map(\.value).mean
  }

  /// A label's successes on the concept divided by its base's. It is nil where the base has none.
  func ratio(_ pair: (label: RowLabel, base: RowLabel), _ step: Int) -> Double? {
    guard let own = success(pair.label, .concept, step)?.value,
      let base = success(pair.base, .concept, step)?.value, base > 0
    else { return nil }
    return own / base
  }

  private func of(_ label: RowLabel) -> [ResultRow] { rows.filter { $0.label == label } }

  // MARK: - Tables

  private var relearned: Table {
    let sample = labels.first.flatMap { success($0, .concept, 0)?.sample(of: "prompts") }
    let seeds = alone.compactMap(\.axes.seed).unique.count.counted("fine-tuning")
    return .pivot(
      rows, "Success of the prompts after fine-tuning",
      note:
        "\(concepts.joined(separator: ", ")). Share of \(sample ?? "0 prompts") whose picture shows the concept after the given steps "
        + "of fine-tuning on pictures of it, over \(seeds) of each model, in % with 95 % intervals (Wilson, with as many "
        + "trials as prompts). "
        + "The last column is after fine-tuning on benign pictures. The area under the curve is the mean over concepts.",
      corner: [""], down: { [$0.label.description] }, namesMethods: true,
      across: steps.map { step in
        .text("\(step.counted("step")) ↓") { rows in
          rows.first.flatMap { success($0.label, .concept, step)?.text() }
        }
      } + [
        .text("area ↓") { rows in
          rows.first.map { String(format: "%.3f", area($0.label)) }
        },
        .text("benign, \(last) ↓") { rows in
          rows.first.flatMap { success($0.label, .benign, last)?.text() }
        },
      ])
  }

  private var kept: Table {
    func loss(_ metric: String, _ step: Int, _ title: String) -> Table.Column {
      .text(title) { rows in
        rows.first.map { String(format: "%.4f", self.loss($0.label, metric, after: step)) }
      }
    }
    return .pivot(
      rows, "Quality of the other subjects",
      note:
        "UA, IRA, CRA and the Frechet distance are those of the erased model before fine-tuning. The other columns are "
        + "the training loss on unseen pictures of related and of unrelated subjects, before fine-tuning and after "
        + "\(last.counted("step")) on the concept.",
      corner: [""], down: { [$0.label.description] }, namesMethods: true,
      across: [
        .metric("ua", title: "UA ↑"), .metric("ira", title: "IRA ↑"),
        .metric("cra", title: "CRA ↑"), .text("Frechet ↓") { $0.over("frechet")?.plain() },
        loss("loss-related", 0, "related, before"), loss("loss-related", last, "after"),
        loss("loss-unrelated", 0, "unrelated, before"), loss("loss-unrelated", last, "after"),
      ])
  }

  private var against: Table {
    typealias Pair = (label: RowLabel, base: RowLabel)
    func times(_ ratio: Double?) -> Table.Cell {
      .init(ratio.map { String(format: "%.2f", $0) } ?? "base has none")
    }
    func change(_ metric: String) -> (Pair) -> Table.Cell {
      { pair in
        guard let own = of(pair.label).over(metric), let base = of(pair.base).over(metric) else {
          return .init("")
        }
        return .init(own.difference(to: base))
      }
    }
    func areas(_ pair: Pair) -> Table.Cell {
      let base = area(pair.base)
      return times(base > 0 ? area(pair.label) / base : nil)
    }
    var columns: [(title: String, cell: (Pair) -> Table.Cell)] = []
    for step in steps.dropFirst() {
      columns.append(("\(step.counted("step")) ↓", { times(ratio($0, step)) }))
    }
    columns += [("area ↓", areas), ("IRA", change("ira")), ("CRA", change("cra"))]
    return .list(
      pairs, "Against the base",
      note:
        "Successes divided by those of the base after the same steps; 1 is no gain. IRA and CRA are changes in percentage "
        + "points.",
      corner: [("", { (pair: Pair) in "\(pair.label) against \(pair.base)" })], across: columns,
      of: { [.init($0.label), .init($0.base)] })
  }

  /// A method against its control, over all concepts or on one of them.
  private struct Gain: Hashable {
    let label: RowLabel
    let control: RowLabel
    let subject: String
  }

  /// nil without controls that were measured on the same prompts.
  private var gains: Table? {
    let measured = rows.filter {
      $0.metric == MeasuredValue.beyondControl && $0.axes.trainedOn == .concept
    }
    let all = measured.compactMap { row in
      row.axes.against.map {
        Gain(
          label: row.label, control: RowLabel(row.method, inside: $0), subject: row.subject)
      }
    }.unique
    // One concept needs no line for all of them.
    let several = Set(all.map(\.subject)).subtracting([ResultRow.allSubjects]).count > 1
    let lines =
      (several ? all.filter { $0.subject == ResultRow.allSubjects } : [])
      + all.filter { $0.subject != ResultRow.allSubjects }
    guard !lines.isEmpty else { return nil }
    let alone = rows.filter {
      $0.metric == MeasuredValue.withoutPartner && $0.axes.trainedOn == .concept
    }
    let unpaired =
      alone.isEmpty
      ? ""
      : " Prompts of a fine-tuning that one side alone has are left out: "
        + "\(Int(bounded: alone.map(\.measured.value).reduce(0, +), 0...1_000_000_000)) of "
        + "\(alone.map(\.measured.n).reduce(0, +))."
    func at(_ step: Int) -> (title: String, cell: (Gain) -> Table.Cell) {
      (
        "\(step.counted("step")) ↓",
        { gain in
          .init(
            measured.first {
              $0.label == gain.label && $0.subject == gain.subject && $0.axes.step == step
                && $0.axes.against == gain.control.inside
            }?.measured.text(digits: 0) ?? "")
        }
      )
    }
    return .list(
      lines, "Against the controls",
      note:
        "Successes less those of the control after the same steps on the concept, in percentage points; below 0 less comes back. "
        + "Both are paired by concept and prompt. The 95 % intervals resample prompts, each with all of its pictures and "
        + "fine-tunings (Student's t below \(ClusterBootstrap.fewest) prompts), and are at least those of no change in as many trials as "
        + "prompts. An interval that contains 0 tells nothing of the part that the control lacks. "
        + "The prompts of a concept share one erasure by each method, so that no interval, that of all concepts included, "
        + "covers other trainings or other concepts." + unpaired,
      corner: [
        ("", { (gain: Gain) in "\(gain.label) less \(gain.control.inside ?? "")" }),
        ("concept", { (gain: Gain) in gain.subject }),
      ], across: steps.map(at), of: { [.init($0.label), .init($0.control)] })
  }

  private var byConcept: Table {
    .pivot(
      rows, "By concept",
      note:
        "Success after \(steps.map(String.init).inWords) steps of fine-tuning on the concept, in %.",
      corner: [""], down: { [$0.label.description] }, namesMethods: true,
      across: concepts.map { concept in
        .text(concept) { rows in
          guard let label = rows.first?.label else { return nil }
          return steps.compactMap { success(label, .concept, $0, of: concept)?.plain(digits: 0) }
            .joined(separator: ", ")
        }
      })
  }

  private func chart(_ base: RowLabel) -> Chart {
    Chart(
      base.description, xLabel: "steps of fine-tuning on the concept; the bands are 95 % intervals",
      yLabel: "share of the prompts",
      lines: ([base] + pairs.filter { $0.base == base }.map(\.label)).map { label in
        .init(
          label.description,
          steps.compactMap { step in
            success(label, .concept, step).map {
              .init(Double(step), $0.value, low: $0.interval?.lower, high: $0.interval?.upper)
            }
          })
      })
  }
}
