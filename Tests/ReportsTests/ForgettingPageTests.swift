import Diffusion
import Evaluation
import Foundation
import Testing
import Torch
import Training

@testable import Reports

@Suite struct ForgettingPageTests {
  /// The page has means over seeds with their intervals, and the method nearest to the retrained model.
  @Test func forgettingStandsBesideRetraining() throws {
    var results = Results(.benchForgetting)
    for (method, ua, ira) in [
      ("original", [0, 0], [9, 9]), ("retrain", [10], [8]), ("a", [10, 10], [8, 6]),
      ("b", [2, 4], [8, 8]),
    ] {
      for (i, (gone, kept)) in zip(ua, ira).enumerated() {
        results.rows += [
          ResultRow(method, "fox", .share("ua", gone, of: 10), seeds: 1) { $0.seed = i + 1 },
          ResultRow(method, "fox", .share("ira", kept, of: 10), seeds: 1) { $0.seed = i + 1 },
        ]
      }
    }
    // The interval is the one of the results.
    for (method, metric, value, interval) in [
      ("a", "ua", 1.0, nil), ("a", "ira", 0.7, Interval(0.6, 0.8, .t95)),
      ("b", "ua", 0.3, nil), ("b", "ira", 0.8, nil), ("original", "ua", 0, nil),
      ("original", "ira", 0.9, nil), ("retrain", "ua", 1, nil), ("retrain", "ira", 0.8, nil),
    ] {
      results.rows.append(
        ResultRow(method, "fox", MeasuredValue(metric, value, .share, n: 20, interval), seeds: 2))
    }
    let old = ForgettingPage(results, .nowhere)
    #expect(abs((old.gap("a") ?? 1) - 0.05) < 1e-12 && old.gap("retrain") == nil)
    for method in ["original", "a", "b"] { results.baselines[RowLabel(method)] = "retrain" }
    let page = ForgettingPage(results, .nowhere)
    #expect(page.mean("a", "ira")?.text() == "70.0 [60.0, 80.0]")
    #expect(page.mean("retrain", "ira")?.text() == "80.0")
    // (|1 - 1| + |0.7 - 0.8|) / 2
    #expect(abs((page.gap("a") ?? 1) - 0.05) < 1e-12 && page.gap("retrain") == nil)
    // b has a UA below 0.95, so it is not compared.
    #expect(page.nearest == "a")
    let text = try page.content.markdown
    #expect(text.contains("nearest") || text.contains("Nearest to the retrained model"))
    #expect(text.contains("| a | +0.0 | -10.0 |"))
    #expect(try page.content.verdict?.sentence.hasSuffix("at least 95 %: a, at 0.050.") == true)
    #expect(try page.content.charts.isEmpty)
    // Rows within a training are in no mean; they are the curve of UA against IRA.
    for (step, ua, ira) in [(0, 0, 9), (50, 6, 9), (100, 10, 8)] {
      results.rows += [("ua", ua), ("ira", ira)].map { metric, hits in
        ResultRow("a", "fox", .share(metric, hits, of: 10), seeds: 1) {
          ($0.seed, $0.step) = (1, step)
        }
      }
    }
    let curved = ForgettingPage(results, .nowhere)
    let content = try curved.content
    #expect(content.tables.dropLast().map(\.markdown) == (try page.content.tables.map(\.markdown)))
    #expect(content.markdown.contains("| a | 0.0 / 90.0 | 60.0 / 90.0 | 100.0 / 80.0 |"))
    let points = try #require(content.charts.first?.lines.first?.points)
    #expect(points.map(\.x) == [0, 0.6, 1] && points.map(\.y) == [0.9, 0.9, 0.8])
    // Both intervals are drawn: that of IRA as a band, that of UA as a bar at every point.
    let ua = try #require(Interval.wilson(6, of: 10))
    #expect(points[1].left == ua.lower && points[1].right == ua.upper)
    let svg = try #require(content.charts.first?.svg)
    #expect(svg.components(separatedBy: "class=\"across c0\"").count == 4)
    #expect(svg.contains("class=\"band c0\""))
    // Steps of seeds that ended at different ones are averaged.
    for (seed, steps) in [(1, 100.0), (2, 60)] {
      results.rows += [
        ("erase-seconds", 9, MeasuredValue.Unit.seconds), ("erase-steps", steps, .steps),
        ("peak-memory", 2e6, .bytes),
      ].map { metric, value, unit in
        ResultRow("a", "fox", MeasuredValue(metric, value, unit, n: 1), seeds: 1) {
          $0.seed = seed
        }
      }
    }
    #expect(try ForgettingPage(results, .nowhere).content.markdown.contains("9 s, 80, 2 MB"))
  }
}
