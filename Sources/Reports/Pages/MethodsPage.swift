internal import Evaluation

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
    content.subtitle = results.rows.pooled.map(\.subject).unique.joined(separator: ", ")
    let others = results.rows.filter { $0.method != "original" }
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
          return .init(verdict.word.rawValue, colour[verdict.state] ?? .even)
        }, of: [.init(label)])
    }
    let all = ResultsPage.metrics(results, "Measured", catalog)
    let main = ResultsPage.main(results, catalog)
    if !verdicts.isEmpty {
      content.tables.append(
        Table(
          "In words",
          note: RunVerdict.rule,
          header: ["method"] + subjects, rows: verdicts))
    }
    content.tables.append(main)
    if main.header.count < all.header.count {
      var folded = all
      (folded.title, folded.isFolded) = ("All measures", true)
      content.tables.append(folded)
    }
    content.figures = [
      .init(
        "Measures",
        note: "Dots are measured values, over all concepts, and lines their 95 % intervals."
          + (subjects.count > 1
            ? " The original's pictures serve several concepts, so that its means have no interval."
            : ""),
        DotPlot.methods(results.rows.pooled, Definitions.plotted, catalog).svg),
      .init(
        "Forgotten against kept", note: "A good method is at the upper right.",
        Scatter.forgottenAgainstKept(others.pooled).svg),
    ]
    return content
  }
}
