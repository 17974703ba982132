// The way of a DDPM from pictures to a table: training, judge, erasures and measurements, all tiny.
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Benchmarks
@testable import Recipes
@testable import Workbench
@testable import Workflows

@Suite struct ForgettingTests {
  /// Three classes of 8 x 8: a square at the left, in the middle, at the right.
  private func data(_ folder: URL) throws {
    let count = 30
    var pixels = [UInt8](repeating: 0, count: count * 64)
    for i in 0..<count {
      for y in 2..<6 {
        for x in 0..<3 { pixels[i * 64 + y * 8 + x + (i % 3) * 2] = 200 + UInt8(i) }
      }
    }
    try Run.makeFolder(folder)
    try NPY.write(Tensor(pixels, [count, 8, 8]), to: folder.appendingPathComponent("images.npy"))
    try NPY.write(
      Tensor((0..<count).map { $0 % 3 }, [count]), to: folder.appendingPathComponent("labels.npy"))
    try Data("left\nmiddle\nright\n".utf8).write(to: folder.appendingPathComponent("classes.txt"))
  }

  private var recipe: DDPMRecipe {
    var recipe = DDPMRecipe()
    (recipe.name, recipe.data.folder, recipe.data.heldOutEvery) = ("squares", "data", 5)
    recipe.unet = [
      "sample_size": 8, "in_channels": 1, "out_channels": 1, "block_out_channels": [8, 16],
      "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 8, "dropout": 0.1,
      "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
      "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    ]
    recipe.scheduler = ["_class_name": "DDIMScheduler", "beta_schedule": "linear"]
    recipe.training.steps = 40
    (recipe.training.batch, recipe.training.learningRate) = (8, 3e-3)
    (recipe.training.averaging, recipe.training.logEvery, recipe.training.saveEvery) = (0.9, 1, 10)
    recipe.sampleEvery = 20
    return recipe
  }

  /// A run that copies its folder after some steps, as a power cut would leave it.
  private func cutting(_ folder: URL, after steps: Int, to copy: URL, seed: UInt64) throws -> Run {
    let run = try Run(folder, seed: seed)
    run.onProgress = { p in
      if p.stage == "ddpm", p.done == steps {
        try? FileManager.default.copyItem(at: folder, to: copy)
      }
    }
    return run
  }

  /// A training that was cut off ends with the same weights, to the bit, and writes a model with classes.
  @Test func trainingGoesOn() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try data(folder.appendingPathComponent("data"))
      let cut = folder.appendingPathComponent("cut")
      let whole = try cutting(
        folder.appendingPathComponent("whole"), after: 13, to: cut, seed: recipe.seed)
      try TrainDDPM(recipe, whole, on: .cpu)(dataRoot: folder)
      let part = try Run(cut, seed: recipe.seed)
      #expect(part.events().count == 13)
      try TrainDDPM(recipe, part, on: .cpu)(dataRoot: folder)
      let (a, b) = (
        try DiffusionModel.load(whole.file("model")), try DiffusionModel.load(part.file("model"))
      )
      #expect(a.hash() == b.hash() && a.classes == ["left", "middle", "right"])
      #expect(part.events().filter { $0["stage"]?.string == "ddpm" }.count == 40)
      #expect(FileManager.default.fileExists(atPath: whole.file("samples/000040.png").path))
      #expect(try Themes.load(whole.file("model"))?.objects == a.classes)
    }
  }

  @Test func aRecipeThatHoldsOutAllIsRefused() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try data(folder.appendingPathComponent("data"))
      var all = recipe
      all.data.heldOutEvery = 1
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      let error = #expect(throws: LetheError.self) {
        try TrainDDPM(all, run, on: .cpu)(dataRoot: folder)
      }
      #expect(error?.sentence.contains("data.heldOutEvery: 1 leaves no picture") == true)
    }
  }

  /// The CIFAR-10 recipe of the literature has the published network. At a quarter of the width it starts, logs and goes
  /// on for two small steps.
  @Test func cifarRecipe() throws {
    Runtime.threads = 1
    let file = Fixtures.package.appendingPathComponent("Models/cifar10/recipe.json")
    var recipe = try JSON(contentsOf: file).laid(over: DDPMRecipe(), in: "recipe")
    #expect(recipe.training.steps == 800_000 && recipe.training.batch == 128)
    #expect(recipe.training.averaging == 0.9999 && recipe.emptyShare == 0.1)
    (recipe.training.steps, recipe.training.batch, recipe.training.logEvery) = (2, 1, 1)
    recipe.training.saveEvery = 1
    let published = recipe
    recipe.unet["block_out_channels"] = [32, 64, 64, 64]
    try Fixtures.temporaryFolder { folder in
      let place = folder.appendingPathComponent(recipe.data.folder)
      try Run.makeFolder(place)
      var records: [UInt8] = []
      for k in 0..<10 {
        records.append(UInt8(k))
        for i in 0..<3072 { records.append(UInt8((i * 7 + k * 25) % 256)) }
      }
      try Data(records).write(to: place.appendingPathComponent("data_batch_1.bin"))
      let cut = folder.appendingPathComponent("cut")
      try TrainDDPM(
        recipe,
        cutting(folder.appendingPathComponent("run"), after: 2, to: cut, seed: recipe.seed),
        on: .cpu)(dataRoot: folder)
      let run = try Run(cut, seed: recipe.seed)
      try TrainDDPM(recipe, run, on: .cpu)(dataRoot: folder)
      #expect(run.events().compactMap { $0["step"]?.int } == [0, 1])
      let model = try DiffusionModel.load(run.file("model"))
      #expect(model.classes.count == 10)
      let full = try TrainDDPM(published, run, on: .cpu).initialModel(classes: model.classes)
      #expect(full.parameters.count == 38_632_323)
    }
  }

  /// The benchmark has a row for every method and for the retrained model. The same command gives the same table again.
  @Test func bench() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try data(folder.appendingPathComponent("data"))
      let trained = try Run(folder.appendingPathComponent("trained"), seed: 1)
      try TrainDDPM(recipe, trained, on: .cpu)(dataRoot: folder)
      var judging = JudgeRecipe()
      (judging.name, judging.data.folder, judging.data.styles) = ("squares", "data", [])
      (judging.widths, judging.heldOutEvery) = ([4, 8, 8], 5)
      (judging.training.steps, judging.training.batch) = (30, 8)
      let judge = try Run(folder.appendingPathComponent("judging"), seed: 1)
      try TrainJudge(judging, judge, on: .cpu)(dataRoot: folder)
      try Run.makeFolder(trained.file("judges"))
      try FileManager.default.moveItem(
        at: judge.file("judge"), to: trained.file("judges/squares"))
      let model = trained.file("model").path
      try Data("{\"erasediff\":{\"training\":{\"steps\":4,\"batch\":4}}}".utf8).write(
        to: URL(fileURLWithPath: model).appendingPathComponent("methods.json"))

      var options = Tiny.benchmark(
        ModelFolder(model), ["retrain.training.steps=4", "finetune.training.steps=4"])
      (options.evaluation.seeds, options.evaluation.retainSeeds) = (4, 2)
      var bench = ForgettingBenchmark(
        options, concept: "left", data: folder.appendingPathComponent("data").path)
      bench.methods = ["retrain", "erasediff", "finetune"]
      (bench.seeds, bench.retrainSeeds, bench.heldOutEvery) = (2, 1, 5)
      let run = try Run(folder.appendingPathComponent("bench"), seed: 0)
      let results = try Tiny.runner()(bench, in: run, on: .cpu)
      func mean(_ method: String, _ metric: String) -> ResultRow? {
        results.rows.first {
          $0.method == method && $0.metric == metric && $0.axes.seed == nil
        }
      }
      #expect(
        results.rows.map(\.method).unique == ["original", "retrain", "erasediff", "finetune"])
      #expect(mean("erasediff", "ua")?.seeds == 2 && mean("retrain", "ua")?.seeds == 1)
      #expect(mean("erasediff", "ua")?.measured.interval?.kind == .t95)
      #expect(mean("retrain", "ua")?.measured.interval?.kind == .wilson95)
      #expect(mean("original", "mia")?.seeds == 2)
      // The retrained model is what the others are held against. The original's pictures are there once.
      #expect(Set(results.baselines.keys) == ["original", "erasediff", "finetune"])
      #expect(Set(results.baselines.values) == ["retrain"])
      #expect(
        Set(results.pictures.filter { $0.method == "original" }.map(\.file)).count
          == results.pictures.count { $0.method == "finetune" })
      // Each repetition has a seed of its own, and its training uses it.
      let seeds = try (1...2).map { try RunFolder(run.file("finetune-\($0)")).job().seed }
      #expect(seeds == [0, 1])
      let erasers = try (1...2).map { try RunFolder(run.file("finetune-\($0)")).eraser() }
      let weights = erasers.map { $0.vector.tensors.sorted { $0.key < $1.key }.map(\.value) }
      #expect(zip(weights[0], weights[1]).contains { $0.distance(to: $1) > 0 })
      // The job has the options of methods.json.
      let job = try RunFolder(run.file("erasediff-1")).job()
      #expect(job.options["training"]?["steps"]?.int == 4)
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("EraseDiff") && page.contains("data:image/png"))
      #expect(try Tiny.runner()(bench, in: run, on: .cpu).rows == results.rows)
      #expect(try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8) == page)

      bench.options.settings = ["esd.eta=1"]
      #expect(throws: LetheError.self) { try bench.trials() }
      bench.options.settings = []
      bench.concept = "up"
      #expect(throws: LetheError.self) { try bench.trials() }
    }
  }

  /// The embedded model's pictures show the class of their prompt as often as its card says.
  @Test func animals() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      var options = EvaluationOptions()
      (options.retainSeeds, options.sampling.guidance, options.batch) = (2, 1.5, 20)
      options.sampling.steps = 12
      let results = try AuditModel(
        ModelFolder(Fixtures.package.appendingPathComponent("Models/animals")), options)(
          in: Run(folder), on: .cpu)
      let accuracy = try #require(results.rows.first { $0.metric == "object-accuracy" })
      // The card has 96 % of 500. The bound for 20 pictures is three standard errors lower.
      #expect(accuracy.n == 20 && accuracy.value >= 0.83)
      let judge = results.judge["heldOut.object"]?["value"]?.number
      #expect((judge ?? 0) >= 0.97)
    }
  }
}
