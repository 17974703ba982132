import ArgumentParser
import Diffusion
import Editing
import Evaluation
import Foundation
import Torch
import Training
import Workbench
import Workflows

struct MakeSetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make-set",
    abstract: "Draw captioned pictures with the model, to forget or to retain.",
    help: """
      Examples:
        lethe make-set Models/emoji --concept fox --count 64 --out runs/foxes
        lethe make-set Models/emoji --others fox --count 192 --out runs/rest
        lethe make-set ~/sd14 --concept church --kind object --count 200 --out runs/churches
        lethe erase Models/emoji --method erasediff --concept fox --forget-images runs/foxes --retain-images runs/rest --out runs/ed

      The folder gets PNG files, and manifest.json with their captions. A folder of your own pictures needs \
      metadata.jsonl (file_name, text) or a text file beside each picture.
      """)

  @Argument(help: "Model folder in the diffusers layout.", completion: .directory)
  var model: String
  @Option(
    help: "Concept to draw, in all captions that the model lists for it. May be repeated.",
    completion: .concepts)
  var concept: [String] = []
  @Option(
    help: "Concept to leave out: everything else that the model lists is drawn. May be repeated.",
    completion: .concepts)
  var others: [String] = []
  @Option(help: "Prompt of your own to draw. May be repeated.")
  var prompt: [String] = []
  @Option(
    help: "Kind of the concepts that the model does not list. It brings their prompts and siblings."
  )
  var kind: ConceptKind?
  @Option(help: "Number of pictures, at least 1.")
  var count = 64
  @Option(help: "Number of denoising steps, 1 to 1000.")
  var steps = 25
  @Option(help: "Guidance scale. 1 turns guidance off.")
  var guidance = SamplingOptions.trialGuidance
  @Option(
    help: "Seed of the prompts' order and of the first picture. Each picture has the next seed.")
  var seed: UInt64 = 0
  @Option(help: "Folder for the pictures and manifest.json.")
  var out: String
  @OptionGroup var additions: ModelOptions
  @Flag(help: "Replace pictures of another set in the same folder.")
  var overwrite = false
  @OptionGroup var preview: PreviewOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting(shares: true) {
      ComputeType.drawsOnly = true
      try accept("--count", count, .whole(1...1_000_000))
      try accept("--steps", steps, .steps)
      try accept("--guidance", guidance, .guidance)
      let folder = ModelFolder(model, additions.additions)
      var set = MakeSet(
        model: folder, concepts: try CommonOptions.spelled(concept, in: folder),
        others: try CommonOptions.spelled(others, in: folder), prompts: prompt)
      (set.overwrites, set.kind) = (overwrite, kind)
      if preview.dryRun {
        try CommonOptions.writable(out)
        let (plan, samples) = try set.plan(
          in: RunFolder(out), count: count, steps: steps, guidance: guidance, seed: seed,
          on: common.openDevice())
        return common.preview(
          plan,
          [
            "model": .string(model), "out": .string(out), "seed": JSON(seed),
          ], try common.previewed(samples: samples))
      }
      let made = try set(
        count: count, steps: steps, guidance: guidance, in: common.run(at: out, seed: seed),
        on: common.openDevice())
      try common.show(
        [
          "folder": .string(out),
          "pictures": .array(made.manifest.samples.map { .string($0.file) }),
        ]
      ) { print("\(made.manifest.samples.count.counted("picture")) with captions in \(out)") }
      common.next(
        "erase", model.pathWord, "--method", "erasediff", "--concept", concept.first ?? "CONCEPT",
        "--forget-images", out.pathWord, "--out", "RUN")
    }
  }
}
