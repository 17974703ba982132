import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning
import WorkbenchSupport

@testable import Benchmarks
@testable import Workbench
@testable import Workflows

@Suite struct SeparabilityBenchmarkTests {
  static let judge = JudgeSpec("clip", Fixtures.url("tiny-clip").path)

  /// The scenes erase and give back on a tiny model. The same command gives the same numbers again.
  @Test func separabilityScenes() throws {
    try Fixtures.temporaryFolder { folder in
      let settings = [
        "sepme.tolerance=0.1", "sepme.training.steps=3", "sepme.trajectories=1",
        "sepme.trajectorySteps=3", "ablation.training.steps=3", "ablation.trajectories=1",
        "ablation.trajectorySteps=3", "ablation.guarding.limit=0",
      ]
      var options = try Tiny.benchmark(Tiny.model(folder), settings)
      options.evaluation.seeds = 1
      var bench = SeparabilityBenchmark(options)
      bench.methods = ["sepme", "ablation"]
      let run = try Run(folder.appendingPathComponent("bench"), seed: 0)
      let first = try Tiny.runner()(bench, in: run, on: .cpu)
      // Restored concepts have the original's pictures where all erasers are off.
      let restored = first.rows.filter {
        $0.axes.state == .restored && $0.metric == "largest-difference"
      }
      #expect(!restored.isEmpty && restored.allSatisfy { $0.value == 0 })
      #expect(Set(first.rows.map(\.method)) == ["original", "sepme", "ablation"])
      // Every method has the same prompts to keep, in captions that nothing is judged with.
      let cast = try SeparabilityCast(.object, options.model.themes(), seed: 0)
      let jobs = try FileManager.default.subpathsOfDirectory(atPath: run.folder.path)
        .filter { $0.contains("ablation-") && $0.hasSuffix("/job.json") }
        .map { try RunFolder(run.file($0).deletingLastPathComponent().path).job() }
      let judged = Set(
        try SampleSet(
          run.file("object/pictures").appendingPathComponent(
            #require(
              try FileManager.default.contentsOfDirectory(atPath: run.file("object/pictures").path)
                .first { $0.hasPrefix("original-") }))
        ).manifest.samples.filter { $0.caseNumber.hasPrefix("0-") }.map(\.prompt))
      #expect(!jobs.isEmpty && !judged.isEmpty)
      for job in jobs {
        #expect(judged.isDisjoint(with: job.preserve))
        let words = try job.forgotten(in: job.folder.listedThemes()).flatMap(\.prompts)
        #expect(judged.isDisjoint(with: words))
        // SepME shapes its basis for every everyday prompt that does not ask for the concept.
        let name = try #require(job.concepts.first)
        if let i = cast.concepts.firstIndex(of: name) {
          #expect(Set(cast.regular(for: i)).isSubset(of: job.preserve))
          #expect(!cast.regular(for: i).isEmpty)
        }
      }
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("S1 t1") && page.contains("data:image/png"))
      let again = try Tiny.runner()(bench, in: run, on: .cpu)
      #expect(again.rows == first.rows)

      bench.methods = ["esd"]
      #expect(throws: LetheError.self) { try Tiny.runner()(bench, in: run, on: .cpu) }
    }
  }

  /// SepME trains on no caption that pictures are judged with, and keeps none.
  @Test func judgedCaptionsAreHeldOut() throws {
    var themes = Themes(objects: ["fox", "owl", "cat"], styles: ["noto", "symbola"], judge: "")
    themes.captions.both = ["a {style} emoji of {object}", "{object} in {style} style"]
    let cast = try SeparabilityCast(.object, themes, seed: 0)
    let samples = cast.samples([0, 1, 2], seeds: 1)
    let judged = Set(samples.filter { $0.caseNumber.hasPrefix("0-") }.map(\.prompt))
    let trained = Set(samples.filter { $0.caseNumber.hasPrefix("1-") }.map(\.prompt))
    #expect(judged.count == 6 && trained.count == 6)
    let words = Set(cast.entries.flatMap { $0.prompts + $0.paraphrases } + cast.everyday)
    #expect(judged.isDisjoint(with: words) && trained.isSubset(of: words))
  }

  /// A model without themes, words of the user's own, and a CLIP that judges.
  @Test func freeWords() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      // The separable method has its entry of methods.json too, under the command's settings.
      try Data(
        #"{"sepme": {"tolerance": 0.1, "training": {"steps": 99}, "walks": 1, "rho": 0.25}}"#.utf8
      ).write(to: model.file("methods.json"))
      var options = try Tiny.benchmark(
        model,
        [
          "sepme.training.steps=2", "sepme.trajectorySteps=2", "esd.training.steps=2",
          "esd.trajectories=1", "esd.trajectorySteps=2", "esd.guarding.limit=0",
        ])
      (options.evaluation, options.judges) = (.quickly, [Self.judge])
      options.evaluation.sampling.steps = 1
      options.request.templates = ["{a} by the sea", "a line emoji of {a}"]
      options.request.related = ["cat", "owl"]
      var bench = SeparabilityBenchmark(options)
      (bench.methods, bench.concepts) = (["sepme", "esd"], ["a fox"])
      let run = try Run(folder.appendingPathComponent("bench"), seed: 0)
      let results = try Tiny.runner()(bench, in: run, on: .cpu)
      #expect(results.rows.map(\.subject).unique == ["fox", "cat", "owl"])
      let settings = try #require(results.origin?.settings)
      for (key, value, source) in [
        ("rho", 0.25, "methods.json"), ("tolerance", 0.1, "methods.json"),
        ("trajectories", 1, "methods.json"), ("training.steps", 2, "--set"),
        ("trajectorySteps", 2, "--set"),
      ] as [(String, JSON, String)] {
        #expect(settings.contains(OptionSource("sepme.\(key)", value, source)), "\(key)")
      }
      let erasers = try FileManager.default.contentsOfDirectory(
        at: run.file("object/erasers"), includingPropertiesForKeys: nil)
      for file in erasers {
        let card = try Eraser(contentsOf: file).card
        #expect(card.options["rho"] == 0.25 && card.options["training"]?["steps"] == 2)
      }
      #expect(!erasers.isEmpty)
      #expect(results.rows.allSatisfy { $0.axes.judge == Self.judge.description })
      #expect(results.rows.contains { $0.metric == "frechet-to-original" && $0.method == "sepme" })
      // A distance in a network of `lethe train` is none in a CLIP.
      #expect(!results.rows.contains { $0.metric == "perceptual" })
      // Judged prompts are distinct, and no training has them; those to keep are what the kind trains on.
      let original = try #require(
        FileManager.default.subpathsOfDirectory(atPath: run.folder.path)
          .first { $0.hasPrefix("object/pictures/original-") && $0.hasSuffix("manifest.json") })
      let samples = try SampleSet(run.file(original).deletingLastPathComponent()).manifest.samples
      let judged = samples.filter { $0.caseNumber.hasPrefix("0-") }.map(\.prompt)
      #expect(judged.count == 15 && Set(judged).count == 15)
      #expect(judged.prefix(2) == ["a fox by the sea", "a line emoji of a fox"])
      let job = try RunFolder(run.file("object/esd-fox").path).job()
      #expect(job.wording?.kind == .object && Set(job.preserve).isDisjoint(with: judged))
      bench.options.judges = []
      #expect { try bench.trials() } throws: { "\($0)".contains("clip:FOLDER") }
      bench.options.judges = [JudgeSpec("none")]
      #expect { try bench.trials() } throws: { "\($0)".contains("names no object") }
      (bench.options.judges, bench.concepts) = ([Self.judge], [])
      #expect { try bench.trials() } throws: { "\($0)".contains("--concept") }
      bench.concepts = ["fox", " "]
      #expect { try bench.trials() } throws: { "\($0)".contains("an empty text names nothing") }
      (bench.concepts, bench.options.request.related) = (["fox"], ["cat"])
      #expect { try bench.trials() } throws: { "\($0)".contains("three to nine") }
    }
  }

  /// A judge that does not know the original's pictures apart has no rates.
  @Test func aJudgeThatCannotTellHasNoRates() throws {
    try Fixtures.temporaryFolder { folder in
      var options = try Tiny.benchmark(
        try Tiny.plainModel(folder),
        [
          "sepme.tolerance=0.1", "sepme.training.steps=1", "sepme.trajectories=1",
          "sepme.trajectorySteps=2",
        ])
      (options.evaluation.seeds, options.judges) = (3, [Self.judge])
      options.evaluation.sampling.steps = 1
      options.request.related = ["cat", "owl"]
      options.evaluation.quick = false
      var bench = SeparabilityBenchmark(options)
      (bench.methods, bench.concepts) = (["sepme"], ["fox"])
      let results = try Tiny.runner()(
        bench, in: Run(folder.appendingPathComponent("bench"), seed: 0), on: .cpu)
      #expect(results.notes.count == 1 && results.notes[0].hasPrefix("This judge cannot tell"))
      #expect(!results.rows.contains { $0.metric.hasSuffix("accuracy") })
      #expect(results.rows.contains { $0.metric == "largest-difference" })
      // Concepts that the model lists come first where they are named.
      let model = try Tiny.model(folder.appendingPathComponent("listed"))
      let cast = try SeparabilityCast(.object, model.themes(), naming: ["owl"], seed: 0)
      #expect(cast.concepts.first == "owl" && Set(cast.concepts) == ["owl", "fox", "cat"])
      bench = try SeparabilityBenchmark(Tiny.benchmark(model))
      (bench.concepts, bench.options.conceptKind) = (["owl"], .style)
      #expect { try bench.trials() } throws: {
        "\($0)".contains("accepted: object, the kind of 'owl'")
      }
      bench.concepts = ["owl", "dragon"]
      #expect { try bench.trials() } throws: { "\($0)".contains("none of them") }
    }
  }

  @Test func scenesAreThePapers() {
    let scenes = SeparabilityScene.all
    #expect(scenes.map(\.moments.count) == [3, 3, 5, 6])
    // Every scene erases each of the six concepts once, and gives back erased concepts only.
    for scene in scenes {
      var active: Set<Int> = []
      for moment in scene.moments {
        active.formUnion(moment.erase)
        #expect(active.isSuperset(of: moment.restore))
        active.subtract(moment.restore)
      }
      #expect(Set(scene.moments.flatMap(\.erase)) == Set(0..<6))
    }
    #expect(scenes[1].limited(to: 3).moments.count == 1)
  }
}
