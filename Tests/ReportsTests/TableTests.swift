import Evaluation
import Foundation
import TestSupport
import Testing
import Torch

@testable import Reports

struct TableTests {
  private let rows = [
    ResultRow("esd", "fox", .share("ua", 1, of: 4), seeds: 1),
    ResultRow("uce", "fox", .share("ua", 4, of: 4), seeds: 1),
    ResultRow("esd", "cat", .share("ua", 3, of: 6), seeds: 1),
    ResultRow("esd", "cat", MeasuredValue("frechet", 2, n: 6), seeds: 1),
  ]

  /// Lines are in order of appearance. Shares of one line are pooled.
  @Test func pivots() {
    let table = Table.pivot(
      rows, "Title", corner: ["method"], down: { $0.method == "none" ? nil : [$0.method] },
      across: [
        .metric("ua", title: "ua ↑"), .metric("frechet", title: "distance"),
        .text("n") { "\($0.count)" },
      ])
    #expect(table.header == ["method", "ua ↑", "distance", "n"])
    #expect(table.rows.map(\.labels) == [["esd"], ["uce"]])
    let pooled = MeasuredValue.share("ua", 4, of: 10)
    #expect(table.rows[0].cells.map(\.text) == [pooled.text(), "2.00", "3"])
    #expect(table.rows[1].cells.map(\.text) == ["100.0 [51.0, 100.0]", "", "1"])
  }

  /// A training that its guard stopped is marked wherever its row is, by name or title, and its sentence stands below.
  @Test func stoppedTrainingsAreMarked() throws {
    var results = Results(.benchMethods)
    results.rows = rows + [ResultRow("original", "fox", .share("ua", 0, of: 4), seeds: 1)]
    results.titles = ["esd": "Erased Stable Diffusion"]
    results.stopped = [StoppedTraining("esd", "cat", seed: 2, "stopped at step 5")]
    func marked(
      _ rows: [(labels: [String], keys: [Table.Key])], about method: String? = nil
    ) -> (labels: [[String]], marks: String) {
      var table = Table("T", header: [], rows: rows.map { .init($0.labels, [], of: $0.keys) })
      table.about = method
      table = table.marked(by: results)
      return (table.rows.map(\.labels), table.marks)
    }
    let sentence = "† esd, cat, seed 2: stopped at step 5."
    let (byMethod, note) = marked([
      (["esd"], [.init("esd")]), (["uce"], [.init("uce")]),
      (["Erased Stable Diffusion"], [.init("esd", of: "cat")]),
      (["esd inside meta"], [.init("esd inside meta")]), (["esd"], []),
    ])
    #expect(
      byMethod == [
        ["esd †"], ["uce"], ["Erased Stable Diffusion †"], ["esd inside meta"], ["esd"],
      ])
    #expect(note == sentence)
    let bySubject = marked([
      (["fox", "esd"], [.init("esd", of: "fox")]), (["cat", "esd"], [.init("esd", of: "cat")]),
    ])
    #expect(bySubject.labels == [["fox", "esd"], ["cat", "esd †"]])
    let pair = marked([(["a against b"], [.init("esd"), .init("uce")]), (["uce"], [.init("uce")])])
    #expect(pair.labels == [["a against b †"], ["uce"]])
    #expect(marked([(["S1 t0"], [])], about: "esd").marks == sentence)
    #expect(marked([(["S1 t0"], [])], about: "esd").labels == [["S1 t0"]])
    #expect(marked([(["S1 t0"], [])], about: "uce").marks.isEmpty)
    #expect(marked([(["uce"], [.init("uce")])]).marks.isEmpty)
    var twice = [Table("T", header: [], rows: []), Table("U", header: [], rows: [])]
    twice[0].marks = sentence
    twice[1].marks = sentence
    #expect(
      twice.sayingMarksOnce.map(\.marks) == [
        sentence, "† The guard stopped trainings, as said above.",
      ])
    twice[1].marks = "† another."
    #expect(twice.sayingMarksOnce.map(\.marks) == [sentence, "† another."])
    let measured = ResultsPage.metrics(results)
    #expect(measured.plain.contains(sentence) && measured.plain.contains("esd †"))
    results.rows.removeAll { $0.method == "uce" }
    #expect(marked([(["erased (pre-asr)"], [])]).marks == sentence)
    let page = try ResultsPage.content(of: results, in: Fixtures.folder)
    let html = try page.html()
    #expect(page.markdown.contains(sentence) && html.contains(sentence))
    #expect(try JSON(encoding: results).decoded(as: Results.self) == results)
  }

  @Test func oneTableInFourForms() {
    let table = Table(
      "T", header: ["a", "b"],
      rows: [.init(["x|y"], [.init("1, 2")]), .init(["long name"], [.init("\"q\"", .good)])])
    #expect(
      table.markdown
        == "| a | b |\n| --- | --- |\n| x\\|y | 1, 2 |\n| long name | \"q\" |\n")
    #expect(table.csv == "a,b\r\nx|y,\"1, 2\"\r\nlong name,\"\"\"q\"\"\"\r\n")
    #expect(table.plain == "a          b\nx|y        1, 2\nlong name  \"q\"\n")
    // The lines of a cell stand below each other, and nothing steers the terminal.
    let lines = Table(
      "", header: ["", "", ""],
      rows: [
        .init(["one"], [.init("a\nb\u{1B}"), .init("3")]), .init(["three"], [.init("c")]),
      ])
    #expect(lines.plainRows == ["one    a        3\n       b\\u{1B}", "three  c"])
  }

  @Test func pageShowsLabelsAndOutcomes() throws {
    var content = ReportContent()
    content.tables = [
      Table("T", header: ["a", "b", "c"], rows: [.init(["x", "y"], [.init("1", .bad)])])
    ]
    let html = try content.html()
    #expect(html.contains("<th scope=\"row\">x</th><th scope=\"row\">y</th>"))
    #expect(html.contains("<td class=\"bad\">1</td>"))
    // Sentences break into lines, and intervals do not.
    let sentence = String(repeating: "a word ", count: 8)
    content.tables[0].rows = [
      .init(["x", sentence], [.init("97.5 [93.1, 99.2]"), .init(sentence)])
    ]
    let long = try content.html()
    #expect(long.contains("<th scope=\"row\" class=\"long\">\(sentence)</th>"))
    #expect(long.contains("<td class=\"even long\">\(sentence)</td>"))
    #expect(long.contains("<td class=\"even\">97.5 [93.1, 99.2]</td>"))
  }

  /// The line below a printed table has the columns that it shows, and every measure that matters most.
  @Test func columnsAreExplained() {
    let legend = Definitions.legend(["ua", "ira", "seconds"])
    #expect(
      legend.hasPrefix("ua: pictures of the concept in which the judge does not see it; ira: "))
    #expect(legend.contains("[ ]: 95 % interval; n: pictures, and of how many prompts"))
    #expect(!legend.contains("cra"))
    for name in Definitions.main {
      #expect(Definitions.legend([name]).hasPrefix("\(name): "), "\(name)")
    }
    var results = Results(.evaluation)
    results.rows = [
      ResultRow("uce", "fox", .share("ua", 1, of: 2), seeds: 1),
      ResultRow("uce", "fox", .share("ira", 1, of: 2), seeds: 1),
      ResultRow("uce", "fox", .share("shown", 1, of: 2), seeds: 1),
    ]
    // "shown" is folded on the page, and no column of the printed table.
    #expect(ResultsPage.legend(results, .builtIn) == Definitions.legend(["ua", "ira"]))
    // Measures of other samples are told apart, and what is folded has no part in n.
    var clustered = MeasuredValue.share("ua", 15, of: 15)
    clustered.prompts = 5
    results.rows = [
      ResultRow("uce", "fox", clustered, seeds: 3),
      ResultRow("uce", "fox", .share("ira", 40, of: 40), seeds: 3),
      ResultRow("uce", "fox", .share("cra", 40, of: 40), seeds: 3),
      ResultRow("uce", "fox", .share("recall", 44, of: 44), seeds: 3),
    ]
    let n = "| 15 of 5 prompts (ua), 40 (ira, cra) |"
    #expect(ResultsPage.main(results).markdown.contains(n), "\(ResultsPage.main(results).markdown)")
    results.rows.removeLast(3)
    #expect(ResultsPage.main(results).markdown.contains("| 15 of 5 prompts |"))
  }

  /// Pictures that stand beside each other are told apart in words too.
  @Test func picturesInWords() throws {
    var content = ReportContent()
    content.cards = [
      .init(
        "C",
        [
          .init(
            [(Data(), "original: a fox"), (Data(), "erased: a fox")], text: "t", detail: "d",
            state: "")
        ])
    ]
    content.galleries = [
      .init(
        "G", columns: ["original", "erased"],
        rows: [
          ("a fox", [(Data(), "a fox", ""), (Data(), "a fox", "")]), ("S1", [(Data(), "cat", "")]),
        ])
    ]
    let html = try content.html()
    for alt in ["original: a fox", "erased: a fox", "original, S1: cat"] {
      #expect(html.contains("alt=\"\(alt)\""), "\(alt)")
    }
    let alts = html.matches(of: /alt="([^"]*)"/).map { String($0.1) }
    #expect(alts.count == 5 && Set(alts).count == 3)
  }
}
