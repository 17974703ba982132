import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Reports

struct PagesTests {
  private let nowhere = URL(fileURLWithPath: "/nowhere")

  /// The interval is of the successes and prompts of all concepts together.
  @Test func robustnessIsPooled() throws {
    var results = Results(.benchRobustness)
    for (concept, hits, n) in [("x", 1, 4), ("y", 3, 6)] {
      results.rows += [
        ResultRow("original", concept, .share("ira", n, of: n), seeds: 1),
        ResultRow("m", concept, .share("ira", hits, of: n), seeds: 1),
        ResultRow("m", concept, .share("pre-asr", 0, of: n), seeds: 1),
        ResultRow("m", concept, .share("asr", hits, of: n), seeds: 1) { $0.attack = "a" },
        ResultRow("m", concept, .share("asr", n, of: n), seeds: 1) { $0.attack = "b" },
        ResultRow("m", concept, MeasuredValue("queries", Double(hits), .count, n: n), seeds: 1) {
          $0.attack = "a"
        },
        ResultRow("m", concept, MeasuredValue("seconds", 1, .seconds, n: n), seeds: 1) {
          $0.attack = "a"
        },
      ]
    }
    let text = try ResultsPage.content(of: results, in: nowhere).markdown
    let share = MeasuredValue.share("asr", 4, of: 10).text()
    #expect(text.contains("| m | 0.0 [0.0, 27.8] | \(share) | 100.0 [72.2, 100.0] |  | \(share)"))
    #expect(text.contains("| x | m | 1 of 4 | 4 of 4 |"))
    #expect(text.contains("| y | m | 3 of 6 | 6 of 6 |"))
    #expect(
      text.contains(
        "Under its strongest attack m shows the concept in 100 % [72, 100] of the prompts (n 10).")
    )
    results.rows += [
      ResultRow("u", "x", .share("pre-asr", 0, of: 4), seeds: 1),
      ResultRow("u", "x", .share("asr", 1, of: 4), seeds: 1) { $0.attack = "a" },
    ]
    let both = try #require(try ResultsPage.content(of: results, in: nowhere).verdict?.sentence)
    #expect(both.hasPrefix("Under its strongest attack u shows the concept in 25 % ["))
    #expect(both.hasSuffix(", the least of 2; m in 100 % [72, 100], the most."), "\(both)")
    // The mean over prompts: (4 * 1 + 6 * 3) / 10.
    #expect(text.contains("| m | 2.2, 1.0 s |  |"))
  }

  /// Successes are pooled over concepts and divided by those of the base. A control is compared with its weaker form.
  @Test func relearningRatios() throws {
    var results = Results(.benchRelearning)
    results.baselines = ["esd-u-1 inside meta": "esd-u-1", "esd-u-3": "esd-u-1"]
    func add(
      _ concept: String, _ method: String, inside: String? = nil, _ successes: [Int], ira: Int
    ) {
      func row(_ m: MeasuredValue, _ step: Int?, seed: Int?) -> ResultRow {
        ResultRow(method, concept, m, seeds: 1) {
          ($0.trainedOn, $0.step, $0.seed, $0.inside) = (.concept, step, seed, inside)
        }
      }
      results.rows.append(
        ResultRow(method, concept, .share("ira", ira, of: 50), seeds: 1) { $0.inside = inside })
      for (step, hits) in zip([0, 50, 100], successes) {
        results.rows += [
          row(.share("success", hits, of: 10), step, seed: 1),
          row(MeasuredValue("loss-related", 0.5, n: 10), step, seed: nil),
        ]
      }
      let area = Double(successes[2]) / 10 / 4
      results.rows.append(row(MeasuredValue("area", area, n: 10), nil, seed: nil))
    }
    for (concept, plain, meta) in [("fox", 2, 1), ("key", 6, 3)] {
      add(concept, "esd-u-1", [0, 0, plain], ira: 50)
      add(concept, "esd-u-1", inside: "meta", [0, 0, meta], ira: 49)
      add(concept, "esd-u-3", [0, 0, plain], ira: 40)
    }
    let page = RelearningBenchmarkPage(results)
    #expect(page.pairs.map(\.label) == ["esd-u-1 inside meta", "esd-u-3"])
    #expect(page.pairs.map(\.base) == ["esd-u-1", "esd-u-1"])
    #expect(page.success("esd-u-1", .concept, 100)?.n == 20)
    #expect(page.success("esd-u-1", .concept, 100)?.value == 0.4)
    #expect(page.success("esd-u-1", .concept, 100, of: "fox")?.value == 0.2)
    #expect(page.ratio(page.pairs[0], 100) == 0.5 && page.ratio(page.pairs[1], 100) == 1)
    #expect(page.ratio(page.pairs[0], 50) == nil)
    #expect(abs(page.area("esd-u-1") - 0.1) < 1e-12)
    #expect(page.loss("esd-u-1", "loss-related", after: 100) == 0.5)
    let text = page.content.markdown
    #expect(text.contains("After 100 steps on the concept esd-u-1 inside meta shows it in 20 % ["))
    #expect(
      text.contains(
        "| esd-u-1 inside meta against esd-u-1 | base has none | 0.50 | 0.50 | -2.0 |"))
    #expect(text.contains("| esd-u-3 against esd-u-1 | base has none | 1.00 | 1.00 | -20.0 |"))
    #expect(text.contains("| esd-u-1 | 0, 0, 20 | 0, 0, 60 |"))
  }

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
    let old = ForgettingPage(results, nowhere)
    #expect(abs((old.gap("a") ?? 1) - 0.05) < 1e-12 && old.gap("retrain") == nil)
    for method in ["original", "a", "b"] { results.baselines[method] = "retrain" }
    let page = ForgettingPage(results, nowhere)
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
  }

  @Test func separabilityByConceptAndState() throws {
    var results = Results(.benchSeparability)
    func add(
      _ method: String, _ moment: String, _ concept: String, _ state: ConceptState, _ right: Int
    ) {
      let measured = [
        MeasuredValue.share("accuracy", right, of: 10),
        MeasuredValue("frechet-to-original", 1.5, n: 10), MeasuredValue("perceptual", 0.25, n: 10),
        MeasuredValue("largest-difference", Double(10 - right), .levels, n: 10),
      ]
      results.rows += measured.map { m in
        ResultRow(method, concept, m, seeds: 1) {
          ($0.kind, $0.moment, $0.state) = ("object", moment, state)
        }
      }
    }
    add("original", "original", "fox", .untouched, 10)
    add("original", "original", "cat", .untouched, 10)
    add("sepme", "S1 t0", "fox", .forgotten, 0)
    add("sepme", "S1 t0", "cat", .restored, 9)
    add("sepme", "alone", "fox", .forgotten, 0)
    let text = try ResultsPage.content(of: results, in: nowhere).markdown
    #expect(text.contains("| S1 t0 | ✗ 1.5 / 0 / 0.250 | ✓ 1.5 / 90 / 0.250 ±1 |"))
    #expect(text.contains("| S1 t0 | 1.5 / 0.0 / 0.250 | 1.5 / 90.0 / 0.250 |  | 1 |"))
    #expect(text.contains("| alone | 1.5 / 0.0 / 0.250 |"))
    #expect(
      text.contains(
        "The judge sees concepts in their pictures - sepme: 0 % erased, 90 % given back."))
  }

  @Test func quickRunsAreMarked() throws {
    var results = Results(.attack)
    results.quick = true
    results.rows = [
      ResultRow("esd", "fox", .share("pre-asr", 0, of: 4), seeds: 1),
      ResultRow("esd", "fox", .share("asr", 1, of: 4), seeds: 1) { $0.attack = "p4d" },
    ]
    let content = try ResultsPage.content(of: results, in: nowhere)
    #expect(content.warning.contains("quick") && content.markdown.contains("(quick)"))
    #expect(content.markdown.contains("| p4d (asr) | 25.0 % [4.6, 69.9] | 4 |"))
    #expect(content.markdown.contains("| erased (pre-asr) | 0.0 % [0.0, 49.0] | 4 |"))
  }

  /// A page of a stranger's results embeds pictures of their folder and no other file.
  @Test(arguments: ["../secret.png", "link.png", "text.png", "out/secret.png"])
  func pagesEmbedPicturesOfTheirFolder(_ file: String) throws {
    try Fixtures.temporaryFolder { folder in
      let own = folder.appendingPathComponent("own")
      try Run.makeFolder(own)
      let picture = Image(width: 1, height: 1, pixels: [1, 2, 3])
      try PNG.write(picture, to: folder.appendingPathComponent("secret.png"))
      try PNG.write(picture, to: own.appendingPathComponent("own.png"))
      try Data("root:x:0".utf8).write(to: own.appendingPathComponent("text.png"))
      for (name, target) in ["link.png": "../secret.png", "out": ".."] {
        try FileManager.default.createSymbolicLink(
          atPath: own.appendingPathComponent(name).path, withDestinationPath: target)
      }
      func page(_ file: String) throws -> ReportContent {
        var results = Results(.attack)
        results.rows = [ResultRow("m", "x", .share("asr", 1, of: 1), seeds: 1) { $0.attack = "a" }]
        results.pictures = [ResultPicture(file, "original", "x", prompt: "p", caption: "c")]
        return try ResultsPage.content(of: results, in: own)
      }
      #expect(try page("own.png").html().contains("data:image/png;base64,"))
      let error = #expect(throws: LetheError.self) { try page(file) }
      #expect(error?.kind == .model)
    }
  }

  /// The page of a run does so too, of the pictures that its manifests name.
  @Test func runPagesEmbedPicturesOfTheRun() throws {
    try Fixtures.temporaryFolder { folder in
      let secret = folder.appendingPathComponent("secret.png")
      try PNG.write(Image(width: 1, height: 1, pixels: [1, 2, 3]), to: secret)
      let run = folder.appendingPathComponent("run")
      let sample = SampleSet.Sample(
        "fox", 0, prompt: "a fox", seed: 1, subjects: ["object": "fox"])
      for name in ["original", "erased"] {
        let set = try SampleSet.create(
          run.appendingPathComponent(name),
          .init(sampling: .init(), model: "m", erasers: [], samples: [sample]))
        try FileManager.default.createSymbolicLink(
          at: set.folder.appendingPathComponent(sample.file), withDestinationURL: secret)
      }
      var page = RunPage(run)
      page.gone = ["fox"]
      #expect(throws: LetheError.self) { try page.content }
    }
  }
}
