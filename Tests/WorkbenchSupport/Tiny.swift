// The smallest requests that run a whole command, for the suites of Workbench and the modules above it.
internal import Diffusion
package import Editing
package import Evaluation
package import Foundation
internal import TestSupport
internal import Torch
internal import TorchNN
package import Training
package import Workbench
internal import Workflows

package enum Tiny {
  /// tiny-sd1 with themes and an untrained judge, in a folder of its own.
  package static func model(_ folder: URL) throws -> ModelFolder {
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
    try judge.save(to: model.appendingPathComponent("judge"), card: card)
    let rows = Tensor.randn([6, 8], Generator(seed: 2)).to(.float16)
    try SafeTensors.write(
      ["features": rows, "subjects": Tensor([0, 0, 0, 1, 1, 0, 1, 1, 2, 0, 2, 1], [6, 2])],
      to: model.appendingPathComponent("judge/reference.safetensors"))
    return ModelFolder(model)
  }

  /// tiny-sd1 as anybody's model: without themes, options and judge.
  package static func plainModel(_ folder: URL) throws -> ModelFolder {
    Runtime.threads = 1
    let model = folder.appendingPathComponent("model")
    try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
    return ModelFolder(model)
  }

  /// A judge of random weights for words of any kind.
  package static let clipJudge = JudgeSpec("clip", Fixtures.url("tiny-clip").path)

  package static let esd = [
    "training.steps=6", "trajectories=1", "trajectorySteps=4", "guarding.limit=0",
  ]

  package static let attacks = [
    "random.attempts=3", "seeds.attempts=2", "unlearndiff.times=2", "unlearndiff.steps=2",
    "p4d.times=2", "p4d.steps=2", "ringabell.population=6", "ringabell.generations=2",
    "inversion.training.steps=2", "inversion.pictures=2", "inversion.pictureSteps=2",
    "relearn.training.steps=2", "relearn.checkpoints=[1,2]", "relearn.pictures=2",
    "relearn.pictureSteps=2",
  ]

  package static func job(_ model: ModelFolder, _ method: String, _ concept: String) -> EraseJob {
    EraseJob(model, method, concept, seed: 0, command: [])
  }

  /// An eraser of some concepts of the tiny model by UCE, with its run in `run`.
  package static func erased(
    _ concepts: [String], in folder: URL
  ) throws -> (job: EraseJob, run: Run, eraser: Eraser) {
    let run = try Run(folder.appendingPathComponent("run"))
    var job = Tiny.job(try model(folder), "uce", concepts.first ?? "")
    job.concepts = concepts
    let erase = try Erase(job, settings: [])
    return (erase.job, run, try erase(in: run, on: .cpu).eraser)
  }

  package static var evaluation: EvaluationOptions {
    var options = EvaluationOptions()
    (options.seeds, options.sampling.steps) = (2, 2)
    return options
  }
}
