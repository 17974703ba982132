// The whole line on a tiny model with a tiny judge: erase, evaluate, report, bench.
import Attacks
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

@testable import Workbench

@Suite(.serialized) struct WorkflowTests {
  /// tiny-sd1 with themes and an untrained judge, in a folder of its own.
  static func model(_ folder: URL) throws -> URL {
    Runtime.threads = 1
    let model = folder.appendingPathComponent("model")
    try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
    let themes = Themes(
      objects: ["fox", "cat", "owl"], styles: ["noto", "symbola"], judge: "judge")
    try Data(try JSON(encoding: themes).pretty.utf8).write(
      to: model.appendingPathComponent("themes.json"))
    var card = JudgeNetwork.Card(heads: ["object": themes.objects, "style": themes.styles])
    (card.widths, card.size) = ([4, 4, 8], 16)
    let judge = try JudgeNetwork(card, .initial(Generator(seed: 1)))
    try judge.save(to: model.appendingPathComponent("judge"))
    let rows = Tensor.randn([6, 8], Generator(seed: 2)).to(.float16)
    try SafeTensors.write(
      ["features": rows, "subjects": Tensor([0, 0, 0, 1, 1, 0, 1, 1, 2, 0, 2, 1], [6, 2])],
      to: model.appendingPathComponent("judge/reference.safetensors"))
    return model
  }

  static let fast = ["training.steps=6", "trajectories=1", "trajectorySteps=4", "guarding.limit=0"]
  static func job(_ model: URL, _ method: String, _ concept: String) -> EraseJob {
    var job = EraseJob()
    (job.model, job.method, job.concepts, job.preserve) = (
      model.path, method, [concept], ["others"]
    )
    return job
  }
  static var options: EvaluationOptions {
    var options = EvaluationOptions()
    (options.seeds, options.sampling.steps) = (2, 2)
    return options
  }

  /// Scenes on a tiny model: erased, given back, and the same numbers when the command is given again.
  @Test func separabilityScenes() throws {
    try Fixtures.temporaryFolder { folder in
      var bench = BenchSeparability(model: try Self.model(folder).path)
      bench.methods = ["sepme", "ablation"]
      bench.options.seeds = 1
      bench.options.sampling.steps = 2
      bench.settings = [
        "sepme.tolerance=0.1", "sepme.training.steps=3", "sepme.trajectories=1",
        "sepme.trajectorySteps=3",
        "ablation.training.steps=3", "ablation.trajectories=1", "ablation.trajectorySteps=3",
        "ablation.guarding.limit=0",
      ]
      let run = try Run(folder.appendingPathComponent("bench"), seed: 0)
      let first = try bench(in: run, on: .cpu)
      // With everything given back the pictures are the original's.
      let restored = first.rows.filter {
        $0.subject.hasSuffix("restored") && $0.metric == "largest-difference"
      }
      #expect(!restored.isEmpty && restored.allSatisfy { $0.value == 0 })
      #expect(Set(first.rows.map(\.method)) == ["original", "sepme", "ablation"])
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("S1 t1") && page.contains("data:image/png"))
      let again = try bench(in: run, on: .cpu)
      #expect(again.rows == first.rows)

      bench.methods = ["esd"]
      #expect(throws: LetheError.self) { try bench(in: run, on: .cpu) }
    }
  }

  static let fastAttacks = [
    "random.attempts=3", "seeds.attempts=2", "unlearndiff.times=2", "unlearndiff.steps=2",
    "p4d.times=2", "p4d.steps=2", "ringabell.population=6", "ringabell.generations=2",
    "inversion.training.steps=2", "inversion.pictures=2", "inversion.pictureSteps=2",
    "relearn.training.steps=2", "relearn.checkpoints=[1,2]", "relearn.pictures=2",
    "relearn.pictureSteps=2",
  ]
  /// Every attack of the catalog on a tiny model: counted prompts, the same numbers when the command is given again.
  @Test func attacks() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Self.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Self.job(model, "esd", "fox"), settings: Self.fast, exports: false)
      let eraser = try erase(in: run, on: .cpu)
      let attacks = try Attacks.all.map {
        try AttackRun.configured($0.name, Self.fastAttacks, of: model.path)
      }
      var attack = try AttackRun(erase.job, attacks, Self.options)
      attack.shared = folder
      let results = try attack(in: run, eraser: eraser, on: .cpu)
      func value(_ method: String, _ metric: String) throws -> ResultRow {
        try #require(results.rows.first { $0.method == method && $0.metric == metric })
      }
      // Two styles, two seeds of each.
      let before = try value("erased", "pre-asr")
      let shown = try value("original", "shown")
      #expect(before.n == 4 && shown.n == 4)
      #expect(try value("none", "asr").value == before.value)
      for name in Attacks.all.map({ $0.name }) {
        #expect(try value(name, "asr").value >= before.value)
        #expect(try value(name, "not-attackable").value == 0)
        #expect(run.events("attack/\(name).jsonl").count == 4)
      }
      let page = try String(contentsOf: run.file("attack/report.html"), encoding: .utf8)
      #expect(page.contains("Prompt by prompt") && page.contains("data:image/png"))
      #expect(try attack(in: run, eraser: eraser, on: .cpu).rows == results.rows)
      let limited = try AttackRun(erase.job, attacks, Self.options, limit: 3)
      #expect(limited.prompts.count == 3)
      // With a judge who is never sure nothing succeeds, and every attack goes on to its end.
      attack.threshold = 1
      let stubborn = try attack(
        in: Run(folder.appendingPathComponent("stubborn")), eraser: eraser, on: .cpu)
      for row in stubborn.rows where row.metric == "asr" { #expect(row.value == 0 && row.n == 4) }
      for (name, queries) in [("random", 3), ("unlearndiff", 2), ("ringabell", 1)] {
        let row = try #require(stubborn.rows.first { $0.method == name && $0.metric == "queries" })
        #expect(row.value == Double(queries))
      }
      // What never sees the victim is searched for once.
      let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(kept.filter { $0.hasPrefix("ringabell-") }.count == 1)
      // A log is not continued under other options.
      let other = try AttackRun(
        erase.job, [try AttackRun.configured("random", ["random.tokens=2"], of: model.path)],
        Self.options)
      #expect(throws: LetheError.self) {
        try other(in: run, eraser: eraser, on: .cpu)
      }
      #expect(throws: LetheError.self) {
        try AttackRun.configured("random", ["random.token=2"], of: model.path)
      }
    }
  }

  /// An erased text encoder goes whole into a model with other weights, and into no other kind of model.
  @Test func plugIn() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Self.model(folder)
      let run = folder.appendingPathComponent("adv")
      let erase = try Erase(
        Self.job(model, "advunlearn", "fox"),
        settings: [
          "training.steps=3", "training.learningRate=0.01", "cleanSteps=1", "adversary.steps=2",
          "retainTrajectories=2", "options.trajectories=2", "options.trajectorySteps=4",
          "guarding.limit=0",
        ], exports: false)
      let eraser = try erase(in: Run(run), on: .cpu)
      let base = try DiffusionModel.load(model)
      let other = try base.replacing(
        base.parameters.tensors.mapValues { $0 + 0.01 * Tensor.ones(like: $0) })
      let place = folder.appendingPathComponent("other")
      try other.save(to: place, dtype: .float32)
      let out = folder.appendingPathComponent("out")
      func plug(_ run: URL, into model: URL) throws {
        _ = try Apply(model, erasers: [], set: nil, active: nil, plugIn: run.path)(
          to: out, lora: nil, rank: nil, half: false, on: .cpu)
      }
      try plug(run, into: place)
      let plugged = try DiffusionModel.load(out)
      let erased = try base.applying([eraser])
      for (path, tensor) in plugged.parameters.tensors {
        let source = path.components.first == "text_encoder" ? erased : other
        let expected = try #require(source.parameters[path])
        #expect(tensor.distance(to: expected) == 0)
      }
      // Another encoder, and an eraser of the U-Net.
      #expect(throws: LetheError.self) { try plug(run, into: Fixtures.url("tiny-sd2")) }
      let unet = folder.appendingPathComponent("unet")
      let esd = try Erase(Self.job(model, "esd", "fox"), settings: Self.fast, exports: false)
      _ = try esd(in: Run(unet), on: .cpu)
      #expect(throws: LetheError.self) { try plug(unet, into: place) }
    }
  }

  @Test func scenesAreThePapers() {
    let scenes = SeparabilityScene.all
    #expect(scenes.map(\.moments.count) == [3, 3, 5, 6])
    // In every scene all six are erased once, and nothing is given back that was not erased.
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

  @Test func eraseEvaluateReport() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Self.model(folder)
      let before = try DiffusionModel.load(model).hash()
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Self.job(model, "esd", "fox"), settings: Self.fast, exports: true)
      let eraser = try erase(in: run, on: .cpu)
      #expect(eraser.card.base == before && eraser.difference.norm > 0)
      #expect(try DiffusionModel.load(model).hash() == before)
      // The exported model is the base with the eraser on it.
      let exported = try DiffusionModel.load(run.file("model")).hash()
      #expect(try DiffusionModel.load(model).applying([eraser]).hash() == exported)

      let results = try Evaluate(erase.job, Self.options)(in: run, eraser: eraser, on: .cpu)
      #expect(Set(results.rows.map(\.method)) == ["original", "esd"])
      let ua = try #require(results.rows.first { $0.metric == "ua" && $0.method == "esd" })
      #expect(ua.n == 2 * 2 && ua.seeds == 2 && ua.lower <= ua.value && ua.value <= ua.upper)
      #expect(results.rows.first { $0.metric == "ira" }?.n == 4)

      // Finished pictures are kept, and both models drew the same prompts with the same seeds.
      let picture = run.file("erased/\(try SampleSet(run.file("erased")).manifest.samples[0].file)")
      let made =
        try FileManager.default.attributesOfItem(atPath: picture.path)[.modificationDate] as? Date
      try Evaluate(erase.job, Self.options)(in: run, eraser: eraser, on: .cpu)
      #expect(
        try FileManager.default.attributesOfItem(atPath: picture.path)[.modificationDate] as? Date
          == made)
      let sets = try ["original", "erased"].map { try SampleSet(run.file($0)).manifest.samples }
      #expect(sets[0] == sets[1])

      let html = try String(contentsOf: try WriteReport(run.folder)(), encoding: .utf8)
      #expect(html.contains("Forgetting “fox”") && html.contains("Unlearning accuracy"))
      #expect(html.components(separatedBy: "data:image/png").count > 8)
    }
  }

  @Test func anotherJobInTheSameFolderIsRefused() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Self.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      try Erase(Self.job(model, "uce", "fox"), settings: [], exports: false)(in: run, on: .cpu)
      try Erase(Self.job(model, "uce", "fox"), settings: [], exports: false)(in: run, on: .cpu)
      #expect(throws: LetheError.self) {
        try Erase(Self.job(model, "uce", "cat"), settings: [], exports: false)(in: run, on: .cpu)
      }
    }
  }

  @Test func benchWritesOneTable() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Self.model(folder)
      var bench = Bench(model: model.path, methods: ["esd", "uce"])
      bench.concepts = ["fox", "symbola style"]
      bench.settings = Self.fast.map { "esd." + $0 }
      bench.options = Self.options
      let results = try bench(in: Run(folder.appendingPathComponent("bench")), on: .cpu)
      let groups = Set(results.rows.map { "\($0.subject)/\($0.method)" })
      #expect(groups.count == 6)
      let table = try String(
        contentsOf: folder.appendingPathComponent("bench/results.md"), encoding: .utf8)
      #expect(table.split(separator: "\n").count == 8 && table.contains("| fox | esd |"))
      bench.settings = ["sdd.eta=1"]
      #expect(throws: LetheError.self) { try bench(in: Run(folder), on: .cpu) }
    }
  }

  /// Two erasers added, and one taken back: exactly the other alone.
  @Test func erasersAddUpAndComeOff() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Self.model(folder)
      let paths = try ["fox", "cat"].map { concept -> String in
        let run = try Run(folder.appendingPathComponent(concept))
        try Erase(Self.job(model, "uce", concept), settings: [], exports: false)(in: run, on: .cpu)
        return run.folder.path
      }
      let both = try ModelReference(model.path, erasers: paths).load(on: .cpu)
      let one = try ModelReference(model.path, erasers: [paths[0]]).load(on: .cpu)
      let none = try ModelReference(model.path).load(on: .cpu)
      #expect(both.hash() != one.hash() && one.hash() != none.hash())
      let base = try DiffusionModel.load(model).hash()
      #expect(none.hash() == base)
    }
  }

  @Test func generateResumesAndCarriesRecipes() throws {
    try Fixtures.temporaryFolder { folder in
      let samples = (0..<3).map { SampleSet.Sample("\($0)", 0, prompt: "a fox", seed: UInt64($0)) }
      var sampling = SamplingOptions()
      sampling.steps = 3
      let generate = Generate(
        ModelReference(Fixtures.url("tiny-sd1").path), sampling, samples, batch: 2)
      let run = try Run(folder.appendingPathComponent("out"))
      let set = try generate(in: run, on: .cpu)
      let first = try PNG.read(set.url(samples[0]))
      #expect(try PNG.text(of: set.url(samples[1]))["parameters"]?.contains("Seed: 1") == true)
      try FileManager.default.removeItem(at: set.url(samples[1]))
      let stamp = try Data(contentsOf: set.url(samples[2]))
      try generate(in: run, on: .cpu)
      let kept = try Data(contentsOf: set.url(samples[2]))
      #expect(set.missing.isEmpty && stamp == kept)
      // A seed means the same picture alone and in a batch.
      let alone = Generate(
        ModelReference(Fixtures.url("tiny-sd1").path), sampling, [samples[0]], batch: 1)
      let other = try alone(in: Run(folder.appendingPathComponent("alone")), on: .cpu)
      #expect(try PNG.read(other.url(samples[0])) == first)
    }
  }
}
