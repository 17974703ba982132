internal import Evaluation
internal import Torch

/// The page of an evaluation and of a comparison of methods: methods side by side.
struct MethodsPage {
  let results: Results
  let catalog: MetricCatalog

  init(_ results: Results, _ catalog: MetricCatalog) {
    (self.results, self.catalog) = (results, catalog)
  }

  var content: ReportContent {
    var content = ReportContent()
    content.title = "Methods side by side"
    content.verdict = BenchVerdict.forgetting(results)
    content.notices = BenchVerdict.warnings(results)
    let rows = results.rows.ofEvaluation
    content.subtitle = rows.pooled.map(\.subject).unique.joined(separator: ", ")
    let others = rows.filter { $0.method != "original" }
    let split = Set(others.compactMap(\.axes.among))
    let subjects = others.map(\.subject).unique.filter { !split.contains($0) }
    let verdicts = BenchVerdict.words(results).map { label, verdicts in
      Table.Row(
        [label.description],
        subjects.map { subject in
          guard let verdict = verdicts.first(where: { $0.subject == subject })?.verdict else {
            return .init("")
          }
          let colour: [String: Table.Outcome] = ["away": .good, "back": .bad]
          // A comparison has no other sentence on other subjects.
          let loss =
            results.kind == .comparison ? verdict.loss.map { "; \($0.rawValue)" } ?? "" : ""
          let outcome = colour[verdict.state] ?? .even
          return .init(
            verdict.word.rawValue + loss, outcome == .good && !loss.isEmpty ? .even : outcome)
        }, of: [.init(label)])
    }
    let all = ResultsPage.metrics(results, "Measured", catalog)
    let main = ResultsPage.main(results, catalog)
    if !verdicts.isEmpty {
      content.tables.append(
        Table(
          "In words",
          note: RunVerdict.rule
            + (verdicts.contains { $0.cells.contains { $0.text.hasSuffix("lost") } }
              ? " \(RunVerdict.ruleOfOthers)" : ""),
          header: ["method"] + subjects, rows: verdicts))
    }
    content.tables.append(main)
    if main.header.count < all.header.count {
      var folded = all
      (folded.title, folded.isFolded) = ("All measures", true)
      content.tables.append(folded)
    }
    content.tables += [attacks, relearning, differences].filter { !$0.rows.isEmpty }
    // Shares of objects and of styles are no shares of one thing.
    content.figures = rows.pooled.groupsOfKinds.flatMap { group -> [ReportContent.Figure] in
      let kind = group.first?.axes.kind
      let title = kinds(rows) > 1 ? kind.map { ": \($0)s" } ?? "" : ""
      let concepts = group.filter { $0.method != "original" }.map(\.subject).unique
      return [
        .init(
          "Measures" + title,
          note:
            "Dots are measured values, over \(concepts.count > 1 ? "all of \(concepts.inWords)" : concepts.inWords), and lines "
            + "their 95 % intervals."
            + (concepts.count > 1
              ? " The original's pictures serve several concepts, so that its means have no interval."
              : ""),
          DotPlot.methods(group, Definitions.plotted, catalog).svg),
        .init(
          "Forgotten against kept" + title, note: "A good method is at the upper right.",
          Scatter.forgottenAgainstKept(group.filter { $0.method != "original" }).svg),
      ]
    }
    return content
  }

  private func kinds(_ rows: [ResultRow]) -> Int { rows.pooled.groupsOfKinds.count }

  /// The options in which compared runs differ.
  private var differences: Table {
    let labels = results.differences.flatMap(\.values.keys).unique.sorted()
    var table = Table.list(
      results.differences, "Options that differ",
      note:
        "Options of the erasures that two runs or more have, with other values. none: the method has no such option.",
      corner: [("option", \.option)],
      across: labels.map { label in (label, { .init($0.values[label] ?? "none") }) })
    table.isFolded = table.rows.count > 12
    return table
  }

  /// The success rates of the attacks on each run, beside those of their control.
  private var attacks: Table {
    let rows = results.rows.filter { $0.axes.attack != nil }
    return .pivot(
      rows, "Attacks",
      note:
        "asr: share of the prompts that show the concept under the attack. random tokens: their rate on the same model within the "
        + "attack's most queries. An attack that wins by less than the 95 % interval of the difference is no stronger than chance."
        + rows.judged("asr"),
      corner: ["subject", "method", "attack"],
      down: { [subject($0), $0.label.description, $0.axes.attack ?? ""] },
      across: rows.byProfile(
        of: "asr",
        [
          .metric("asr", title: "asr ↓", hasUnit: true), .text("n") { $0.value("asr")?.size },
          .text("random tokens") { $0.value("chance")?.text(hasUnit: true) },
          .text("beyond random tokens") { $0.value(MeasuredValue.beyondChance)?.againstChance },
          .text("queries") { $0.value("queries")?.plain(digits: 1) },
        ]))
  }

  /// The success of the prompts after fine-tuning, with the control on benign pictures.
  private var relearning: Table {
    let rows = results.rows.filter { $0.axes.trainedOn != nil && $0.metric == "success" }
    let steps = rows.compactMap(\.axes.step).unique.sorted()
    return .pivot(
      rows, "Relearning",
      note:
        "Share of the prompts that show the concept after so many steps of fine-tuning, over all fine-tunings."
        + rows.judged("success"),
      corner: ["subject", "method", "trained on"],
      down: { [subject($0), $0.label.description, $0.axes.trainedOn?.rawValue ?? ""] },
      across: rows.byProfile(
        of: "success",
        steps.map { step in
          .text("\(step.counted("step")) ↓") { rows in
            MeasuredValue.repeated(rows.filter { $0.axes.step == step }.of("success"))?
              .text(hasUnit: true)
          }
        } + [
          .text("n") { rows in
            let first = rows.first?.axes.step
            return MeasuredValue.repeated(rows.filter { $0.axes.step == first }.of("success"))?
              .size
          }
        ]))
  }

  /// A subject, of which several were attacked together or alone.
  private func subject(_ row: ResultRow) -> String {
    let isWhole = results.rows.contains { $0.axes.among == row.subject && $0.label == row.label }
    return row.subject + (row.axes.among == nil && isWhole ? " (pooled)" : "")
  }
}
