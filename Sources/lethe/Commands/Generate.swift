import ArgumentParser
import Diffusion
import Evaluation
import Foundation
import Torch
import Training
import Workbench

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draw pictures from prompts.",
    discussion: """
      Examples:
        lethe generate Models/emoji --prompt "a noto emoji of a fox" --seed 1 --out runs/fox
        lethe generate ~/sd14 --prompts coco.csv --sampler lms --steps 100 --out runs/coco
        lethe generate Models/emoji --with runs/esd-fox --prompt "a noto emoji of a fox" --out runs/after
        lethe generate Models/emoji --erasers runs/set --active fox,cat --prompt "a noto emoji of a fox" --out runs/off

      Pictures that are there already are kept, so an interrupted run goes on; a folder with pictures of another \
      request is refused, unless --overwrite says that they may go. Files are named \
      <case_number>_<k>.png; each carries its prompt and settings, and manifest.json lists them all. \
      A seed means the same picture as in diffusers with a CPU generator.
      """)

  @Argument(help: "A model folder in the diffusers layout.", completion: .directory)
  var model: String
  @Option(help: "A prompt; may be given several times.")
  var prompt: [String] = []
  @Option(help: "A CSV file of prompts.", completion: .file(extensions: ["csv"]))
  var prompts: String?
  @Option(
    help: "An eraser file or a run's folder to lay on the model; may be repeated.")
  var with: [String] = []
  @Option(
    help:
      "A set of erasers (`lethe eraser`); a CSV's own column 'erasers' names them per prompt, e.g. fox;cat."
  )
  var erasers: String?
  @Option(
    help:
      "Erasers of the set that are on, e.g. fox,cat; those switched on when left out, none when empty."
  )
  var active: String?
  @Option(help: "Seed of the first picture of each --prompt.")
  var seed: UInt64 = 0
  @Option(help: "Pictures of each prompt; seeds count up.")
  var count = 1
  @Option(help: "Denoising steps.")
  var steps = 25
  @Option(help: "Guidance scale; 1 turns guidance off. A CSV's own column wins.")
  var guidance = 7.5
  @Option(
    help:
      "Noise that ddim adds anew at each step, 0 to 1; 1 with as many steps as training is DDPM.")
  var eta: Double?
  @Option(help: "ddim, ddpm, pndm, lms, euler, euler-a or dpm++2m.")
  var sampler = "ddim"
  @Option(help: "Width in pixels; the model's own size when left out.")
  var width: Int?
  @Option(help: "Height in pixels.")
  var height: Int?
  @Option(help: "Pictures drawn at a time.")
  var batch = 4
  @Option(help: "Weights variant to prefer, e.g. fp16.")
  var variant: String?
  @Option(help: "Folder for the pictures.")
  var out: String
  @Flag(help: "Replace pictures of another request in the same folder.")
  var overwrite = false
  @Flag(help: "Print what would be drawn and stop.")
  var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      var samples: [SampleSet.Sample] = []
      for (i, prompt) in prompt.enumerated() {
        for k in 0..<count {
          samples.append(.init("\(i)", k, prompt: prompt, seed: seed &+ UInt64(k)))
        }
      }
      if let prompts {
        let table = try PromptTable(contentsOf: URL(fileURLWithPath: prompts))
        if !common.quiet { table.notes.forEach { print("\(prompts): \($0)") } }
        for row in table.rows {
          for k in 0..<count {
            var sample = SampleSet.Sample(
              row.caseNumber, k, prompt: row.prompt, seed: row.seed &+ UInt64(k))
            (sample.guidance, sample.width, sample.height) = (row.guidance, row.width, row.height)
            sample.erasers = row.erasers
            samples.append(sample)
          }
        }
      }
      guard !samples.isEmpty else {
        throw LetheError.badValue("generate", "give --prompt or --prompts")
      }
      guard batch >= 1, count >= 1 else {
        throw LetheError.badValue("--batch, --count", "at least 1")
      }
      var sampling = SamplingOptions()
      (sampling.sampler, sampling.steps, sampling.guidance) = (sampler, steps, guidance)
      sampling.eta = eta
      (sampling.width, sampling.height) = (width, height)
      if dryRun {
        for s in samples { print("\(s.file)\tseed \(s.seed)\t\(s.prompt)") }
        return
      }
      let run = try common.run(at: out, seed: seed)
      let reference = ModelReference(
        model, erasers: with, set: erasers,
        active: active?.split(separator: ",").map(String.init))
      var generate = Generate(reference, variant: variant, sampling, samples, batch: batch)
      generate.overwrites = overwrite
      let set = try generate(in: run, on: common.openDevice())
      if !common.quiet { print("\(set.manifest.samples.count) pictures in \(out)") }
    }
  }
}

struct MakeSetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make-set",
    abstract: "Draw pictures to forget or to keep from the model itself, with captions.",
    discussion: """
      Examples:
        lethe make-set Models/emoji --concept fox --count 64 --out runs/foxes
        lethe make-set Models/emoji --others fox --count 192 --out runs/rest
        lethe erase Models/emoji --method erasediff --concept fox --forget-images runs/foxes --retain-images runs/rest --out runs/ed

      The folder holds PNG files and manifest.json with their captions; a folder of your own has \
      metadata.jsonl (file_name, text) or a text file beside each picture.
      """)

  @Argument(help: "A model folder in the diffusers layout.", completion: .directory)
  var model: String
  @Option(help: "Pictures of this concept, in all of the model's own captions.")
  var concept: [String] = []
  @Option(help: "Pictures of everything that the model lists but this.")
  var others: [String] = []
  @Option(help: "Prompts of your own, drawn from in turn.")
  var prompt: [String] = []
  @Option(help: "How many.")
  var count = 64
  @Option(help: "Denoising steps.")
  var steps = 25
  @Option(help: "Guidance scale.")
  var guidance = 4.0
  @Option(help: "Seed of the prompts and of the pictures.")
  var seed: UInt64 = 0
  @Option(help: "Folder for the set.")
  var out: String
  @Flag(help: "Replace pictures of another set in the same folder.")
  var overwrite = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      var set = MakeSet(
        model: ModelFolder(model), concepts: concept, others: others, prompts: prompt)
      set.overwrites = overwrite
      let made = try set(
        count: count, steps: steps, guidance: guidance, in: common.run(at: out, seed: seed),
        on: common.openDevice())
      if !common.quiet { print("\(made.manifest.samples.count) pictures with captions in \(out)") }
    }
  }
}
