import ArgumentParser
import Diffusion
import Editing
import Evaluation
import Foundation
import Torch
import Training
import Workbench
import Workflows

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draw pictures from prompts.",
    help: """
      Examples:
        lethe generate Models/emoji --prompt "a noto emoji of a fox" --seed 1 --out runs/fox
        lethe generate ~/sd14 --prompts coco.csv --sampler lms --steps 100 --out runs/coco
        lethe generate Models/emoji --with runs/esd-fox --prompt "a noto emoji of a fox" --out runs/after
        lethe generate Models/emoji --with runs/esd-fox --prompt "a noto emoji of a fox" --count 4 --grid strength,seed --out runs/grid
        lethe generate Models/emoji --erasers runs/set --active fox,cat --prompt "a noto emoji of a fox" --out runs/off

      Finished pictures are kept, so an interrupted run goes on; a folder with pictures of another request is refused, \
      unless --overwrite is given. Files are named <case_number>_<k>.png. Each has its \
      prompt and settings in the PNG chunk `parameters`, as web interfaces read them, and in the chunk `prompt` as a graph \
      that ComfyUI opens. manifest.json lists all of them. A seed gives the same picture as in diffusers with a CPU generator.
      """)

  @Argument(help: "Model folder in the diffusers layout.", completion: .directory)
  var model: String
  @Option(help: "Prompt of a picture. May be repeated.")
  var prompt: [String] = []
  @Option(
    help:
      "CSV file of prompts, with a column 'prompt'; '-' reads prompts from standard input, one a line.",
    completion: .file(extensions: ["csv"]))
  var prompts: String?
  @Option(
    help:
      "Eraser file, or folder of a run of `lethe erase`, to add to the model, perhaps with a strength: runs/fox:0.5. May be repeated."
  )
  var with: [String] = []
  @Option(
    help:
      "Folder of a set of erasers (`lethe eraser`). A CSV's column 'erasers' chooses them for each prompt, e.g. fox;cat."
  )
  var erasers: String?
  @Option(
    help:
      "Erasers of the set that are on, e.g. fox,cat. Those that are switched on when left out, none when empty."
  )
  var active: String?
  @Option(help: "Seed of the first picture of each --prompt.")
  var seed: UInt64 = 0
  @Option(help: "Number of pictures of each prompt, at least 1. Each has the next seed.")
  var count = 1
  @Option(help: "Number of denoising steps, 1 to 1000.")
  var steps = 25
  @Option(
    help:
      "Guidance scale. 1 turns guidance off. When left out, \(SamplingOptions.trialGuidance) for a model with themes.json and \(SamplingOptions().guidance) for others. A CSV's column 'guidance' overrides it."
  )
  var guidance: Double?
  @Option(
    help: "Prompt that guidance pushes away from. None when left out.")
  var negative: String?
  @Option(
    help:
      "Share, 0 to 1, by which guidance keeps the spread of the prompt's own prediction. 0 when left out."
  )
  var guidanceRescale: Double?
  @Option(
    help:
      "Noise, 0 to 1, that the sampler ddim adds at each step. 0 when left out. 1, with as many steps as in training, is DDPM."
  )
  var eta: Double?
  @Option(
    help:
      "Sampler: 'model' for the model's own, or a name of `lethe list samplers`. When left out, ddim for a model with themes.json and 'model' for others.",
    completion: .samplers)
  var sampler: String?
  @Option(
    help:
      "Page grid.html. ROWS,COLUMNS are two of prompt, eraser, strength, seed."
  )
  var grid: String?
  @Option(
    help: "Strengths of the erasers for a grid, separated by commas. 0,0.5,1 when left out.")
  var strengths: String?
  @Option(help: "Width in pixels. The model's own when left out.")
  var width: Int?
  @Option(help: "Height in pixels. The model's own when left out.")
  var height: Int?
  @OptionGroup var additions: ModelOptions
  @Option(help: "Folder for the pictures and manifest.json.")
  var out: String
  @Flag(help: "Replace pictures of another request in the same folder.")
  var overwrite = false
  @Flag(
    help:
      "Preview: check the model and all options, print the request as JSON with each picture's prompt and seed, and stop."
  )
  var dryRun = false
  @OptionGroup var offloading: OffloadOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting(shares: true) {
      try RunFolder(out).refuseFiles("--out")
      try accept("--count", count, .whole(1...1_000_000))
      try accept("--steps", steps, .steps)
      try accept("--guidance", guidance, .guidance)
      try accept("--eta", eta, .share)
      try accept("--width", width, .whole(1...16_384))
      try accept("--height", height, .whole(1...16_384))
      try Limit.check(prompts: prompt + [negative].compactMap(\.self))
      guard strengths == nil || grid != nil else {
        throw LetheError.badValue("--strengths", "it belongs to --grid, and has no effect without")
      }
      let (samples, table) = try self.samples()
      var sampling = SamplingOptions()
      sampling.sampler = sampler ?? ModelFolder(model).usualSampler
      (sampling.steps, sampling.guidance) = (steps, guidance ?? ModelFolder(model).usualGuidance)
      sampling.eta = eta
      (sampling.negative, sampling.rescale) = (negative, guidanceRescale)
      (sampling.width, sampling.height) = (width, height)
      if let marked = samples.first(where: { $0.prompt.contains("<lora:") }) {
        CommonOptions.note(
          "'\(marked.prompt)' names a LoRA in the way of web interfaces, which has no effect here; give it with --lora"
        )
      }
      if let themes = try? ModelFolder(model).listedThemes(), !themes.styles.isEmpty,
        let note = themes.strangeNote(samples.map(\.prompt).unique)
      {
        CommonOptions.note(note)
      }
      let reference = ModelReference(
        ModelFolder(model, additions.additions), erasers: with, set: erasers,
        active: active?.split(separator: ",").map(String.init))
      if dryRun { try CommonOptions.writable(out) }
      if let grid, dryRun {
        let pictures = try gridOf(grid, samples).check(
          reference, sampling, on: offloading.openDevice(common))
        let request: JSON = [
          "grid": .string(grid), "sampling": try JSON(encoding: sampling), "pictures": pictures,
          "out": .string(out),
        ]
        return print(request.pretty, terminator: "")
      }
      if let grid {
        let page = try gridOf(grid, samples)(
          reference, sampling, overwrites: overwrite, in: common.run(at: out, seed: seed),
          on: offloading.openDevice(common))
        return try common.show(["page": .string(page.path)]) { print(page.path) }
      }
      var generate = Generate(reference, sampling, samples, batch: 4)
      (generate.overwrites, generate.table) = (overwrite, table)
      if dryRun {
        let memory = try generate.check(
          RunFolder(out).url, on: offloading.openDevice(common))
        if !common.isQuiet { memory.forEach(warn) }
        let request = JSON.object([
          "model": try JSON(encoding: reference), "sampling": try JSON(encoding: sampling),
          "samples": try JSON(encoding: samples), "out": .string(out),
        ])
        return print(request.pretty, terminator: "")
      }
      // Files that do not exist, and options that exclude each other, leave no folder behind.
      let set = try generate(in: common.run(at: out, seed: seed), on: offloading.openDevice(common))
      try common.show(
        ["folder": .string(out), "pictures": .array(set.manifest.samples.map { .string($0.file) })]
      ) {
        let count = set.manifest.samples.count
        print("\(count) picture\(count == 1 ? "" : "s") in \(out)")
      }
      if let first = set.manifest.samples.first {
        common.next("show", "\(out.pathWord)/\(first.file)")
      }
    }
  }
}
