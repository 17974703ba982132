import Evaluation
import Foundation
import Testing

@testable import Reports

struct ChartTests {
  @Test(
    arguments: [
      ([0, 97], [0, 20, 40, 60, 80, 100]), ([0.012, 0.047], (2...10).map { 0.005 * Double($0) }),
      ([3, 3], [2.4, 2.6, 2.8, 3.0, 3.2, 3.4, 3.6]), ([-7, 12], [-10, -5, 0, 5, 10, 15]),
      ([0, 1e6], [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]),
    ] as [([Double], [Double])])
  func ticksAreRound(_ values: [Double], _ expected: [Double]) {
    let axis = Axis(values)
    #expect(
      zip(axis.ticks, expected).allSatisfy { abs($0 - $1) < 1e-9 * max(1, abs($1)) },
      "\(axis.ticks)")
    #expect(axis.ticks.count == expected.count || values[0] == values[1])
    #expect(axis.low <= values[0] && axis.high >= values[1])
    let texts = axis.ticks.map(axis.text)
    #expect(Set(texts).count == texts.count)
    #expect(
      zip(texts, axis.ticks).allSatisfy { abs((Double($0) ?? .nan) - $1) < 1e-9 * max(1, abs($1)) })
  }

  /// The relative luminance of the web's guidelines (WCAG 2.2), and the contrast of two colours.
  private func contrast(_ a: String, _ b: String) -> Double {
    func luminance(_ hex: String) -> Double {
      let value = Int(hex.dropFirst(), radix: 16) ?? 0
      let bytes: [Int] = [value >> 16, (value >> 8) & 255, value & 255]
      let parts: [Double] = bytes.map { byte in
        let c = Double(byte) / 255
        return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
    let (x, y) = (luminance(a), luminance(b))
    return (max(x, y) + 0.05) / (min(x, y) + 0.05)
  }

  @Test func textCanBeReadOnBothPages() {
    #expect(abs(contrast("#000000", "#ffffff") - 21) < 1e-9)
    func colour(_ name: String) -> (light: String, dark: String) {
      let found = Palette.colours.first { $0.name == name }
      return (found?.light ?? "", found?.dark ?? "")
    }
    for ground in ["paper", "raised"].map(colour) {
      for name in Palette.text {
        #expect(contrast(colour(name).light, ground.light) >= 4.5, "\(name)")
        #expect(contrast(colour(name).dark, ground.dark) >= 4.5, "\(name)")
      }
      for name in (0..<Palette.lines).map({ "c\($0)" }) {
        #expect(contrast(colour(name).light, ground.light) >= 3, "\(name)")
        #expect(contrast(colour(name).dark, ground.dark) >= 3, "\(name)")
      }
    }
  }

  private func attribute(_ name: String, _ svg: String) -> [Double] {
    svg.split(separator: "\(name)=\"").dropFirst().compactMap {
      Double($0.prefix { $0 != "\"" })
    }
  }

  /// A line's corners, its band, the limit and the titles of both axes; nothing leaves the drawing.
  @Test func linesAndLimits() throws {
    var chart = Chart(
      "Loss", xLabel: "step", yLabel: "loss",
      lines: [.init("a <b>", [.init(0, 0, low: 0, high: 1), .init(100, 4, low: 3, high: 5)])])
    chart.limit = ("limit", 2)
    let svg = chart.svg
    #expect(
      svg.contains(">step</text>") && svg.contains(">loss</text>") && svg.contains("a &lt;b&gt;"))
    #expect(svg.contains("class=\"limit\"") && svg.contains("class=\"band c0\""))
    // 0 to 6 from y 196 up to 30: 4 stands at 2 / 6 below the top.
    let axis = Axis([0, 5, 4, 0, 2], about: 4)
    let y = axis.place(4, 196, 30)
    #expect(svg.contains("620.0,\(SVG.number(y))"), "\(svg)")
    for (name, most) in [
      ("x1", 640.0), ("x2", 640), ("y1", 240), ("y2", 240), ("x", 640), ("y", 240),
    ] {
      #expect(attribute(" \(name)", svg).allSatisfy { (0...most).contains($0) })
    }
    let smooth = Chart.smoothed(
      "l", xLabel: "x", yLabel: "y", (0..<20).map { (Double($0), $0 < 10 ? 0 : 1) })
    #expect(smooth.lines.map(\.isRaw) == [true, false])
    #expect(abs(smooth.lines[1].points[10].y - 0.1) < 1e-12 && smooth.lines[0].points[10].y == 1)
  }

  /// Dots stand at their values with their intervals, a line for each method and a panel for each measure.
  @Test func dotPlots() throws {
    let rows = [
      ResultRow("original", "fox", .share("ua", 0, of: 4), seeds: 1),
      ResultRow("esd", "fox", .share("ua", 4, of: 4), seeds: 1),
      ResultRow("esd", "fox", MeasuredValue("frechet", 3, n: 4), seeds: 1),
    ]
    let plot = DotPlot.methods(rows, ["ua", "ira", "frechet"])
    #expect(
      plot.names == ["original", "esd"] && plot.panels.map(\.title) == ["ua ↑, %", "frechet ↓"])
    let dots = attribute("cx", plot.svg)
    let left = attribute(" x1", plot.svg).min() ?? 0
    // 0 % at the left end of the panel, 100 % at its right end, 174 pixels on.
    #expect(dots.count == 3 && abs(dots[1] - dots[0] - 174) < 0.11 && abs(dots[0] - left) < 0.11)
    #expect(plot.svg.contains("esd: 100.0 % [51.0, 100.0], n 4"))
    #expect(DotPlot("t", [], []).svg.isEmpty)
  }

  @Test func scatters() throws {
    let rows = [("a", 4, 1), ("b", 2, 4)].flatMap { name, ua, ira in
      [
        ResultRow(name, "fox", .share("ua", ua, of: 4), seeds: 1),
        ResultRow(name, "fox", .share("ira", ira, of: 4), seeds: 1),
      ]
    }
    let svg = Scatter.forgottenAgainstKept(rows).svg
    let (x, y) = (attribute("cx", svg), attribute("cy", svg))
    #expect(x == [520, 291] && y == [233, 14], "\(x) \(y)")
    #expect(svg.contains(">a</text>") && svg.contains("UA, %"))
    #expect(Scatter.forgottenAgainstKept(Array(rows.prefix(2))).svg.isEmpty)
  }

  @Test func emptyChartsAreLeftOut() {
    #expect(
      Chart("x", xLabel: "y", []).svg.isEmpty && Chart("x", xLabel: "y", [(1, 1)]).svg.isEmpty)
  }
}
