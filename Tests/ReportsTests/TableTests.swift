import Evaluation
import Reports
import Testing

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
      across: [.metric("ua"), .metric("frechet", title: "distance"), .text("n") { "\($0.count)" }])
    #expect(table.header == ["method", "ua ↑", "distance", "n"])
    #expect(table.rows.map(\.labels) == [["esd"], ["uce"]])
    let pooled = MeasuredValue.share("ua", 4, of: 10)
    #expect(table.rows[0].cells.map(\.text) == [pooled.text(), "2.00", "3"])
    #expect(table.rows[1].cells.map(\.text) == ["100.0 [51.0, 100.0]", "", "1"])
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
  }

  @Test func pageShowsLabelsAndOutcomes() throws {
    var content = ReportContent()
    content.tables = [
      Table("T", header: ["a", "b", "c"], rows: [.init(["x", "y"], [.init("1", .bad)])])
    ]
    let html = try content.html()
    #expect(html.contains("<th scope=\"row\">x</th><th scope=\"row\">y</th>"))
    #expect(html.contains("<td class=\"bad\">1</td>"))
  }
}
