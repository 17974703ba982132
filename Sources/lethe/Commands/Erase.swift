public import ArgumentParser
import Diffusion
public import Editing
import Foundation
import Torch
import Training
import Unlearning
import Workbench

struct EraseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase",
    abstract: "Make a model forget a concept, and write an eraser file.",
    discussion: """
      Examples:
        lethe erase Models/emoji --method esd --concept fox --out runs/esd-fox
        lethe erase Models/emoji --method uce --concept "symbola style" --preserve others --out runs/uce-symbola
        lethe erase Models/animals --method erasediff --concept zebra --data data/animals --out runs/zebra
        lethe erase ~/sd14 --method esd --concept "Van Gogh" --kind artist --export diffusers --out runs/vg

      The model's folder is never changed. RUN/eraser.safetensors has the change of each edited tensor. \
      `lethe generate --with RUN` adds it to the model. `--export diffusers` also writes the whole edited model. \
      `lethe list methods --verbose` lists every option that --set takes.
      """)

  @Argument(help: "Model folder in the diffusers layout.", completion: .directory)
  var model: String
  @Option(help: "Method: esd, uce, sepme, ... `lethe list methods` names them.")
  var method: String
  @Option(
    help:
      "Concept to forget: an object or style that the model lists, or any words. May be repeated."
  )
  var concept: [String]
  @Option(
    help:
      "Words that take the concept's place: its prompts give their pictures. The method's own target when left out."
  )
  var replaceWith: String?
  @Option(help: "The same as a whole caption, e.g. 'a photo of a pokemon'.")
  var replaceCaption: String?
  @OptionGroup var wording: WordingOptions
  @Option(
    help:
      "CSV file of prompts that ask for the concept, as --prompt. Rows with 'no' in a column 'forget' are preserved.",
    completion: .file(extensions: ["csv"]))
  var prompts: String?
  @Option(
    help:
      "Prompt whose pictures should stay, 'others' for every other subject that the model lists or of the --kind, or 'none'. 'others' when left out with --kind. May be repeated."
  )
  var preserve: [String] = []
  @Option(
    help:
      "Folder of captioned pictures to forget, for methods that train on data. Drawn from the model when left out.",
    completion: .directory)
  var forgetImages: String?
  @Option(
    help:
      "Folder of captioned pictures to retain. Drawn from the model by the --preserve prompts when left out.",
    completion: .directory)
  var retainImages: String?
  @Option(
    help:
      "Folder of captioned pictures in place of both: those with the concept in their caption are forgotten, the others retained.",
    completion: .directory)
  var data: String?
  @Option(
    name: .customLong("set"),
    help: "Option of the method, e.g. training.steps=300. May be repeated.")
  var settings: [String] = []
  @Option(help: "Seed of all random draws.")
  var seed: UInt64 = 0
  @Option(
    help:
      "Form of a whole edited model: 'diffusers' for a folder RUN/model, 'single' for RUN/model.safetensors. None when left out."
  )
  var export: ExportForm?
  @Option(
    help: "Element type of the exported model: float32, float16 or bfloat16.")
  var saveDtype: SaveDType?
  @OptionGroup var additions: ModelOptions
  @Option(help: "Folder of the run. The same command goes on with an interrupted run in it.")
  var out: String
  @Flag(help: "Preview: print the resolved job with all prompts, and stop.")
  var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      var job = EraseJob()
      (job.method, job.concepts) = (method, concept)
      job.folder = ModelFolder(model, additions.additions)
      (job.replacement, job.replacementCaption) = (replaceWith, replaceCaption)
      (job.preserve, job.seed, job.wording) = (preserve, seed, wording.wording)
      if let prompts {
        let rows = try PromptTable(contentsOf: URL(fileURLWithPath: prompts)).rows
        var words = job.wording ?? ConceptWording()
        words.prompts += rows.filter { $0.forgets != false }.map(\.prompt)
        job.preserve += rows.filter { $0.forgets == false }.map(\.prompt)
        job.wording = words
      }
      guard data == nil || (forgetImages == nil && retainImages == nil) else {
        throw LetheError.badValue(
          "--data",
          "it takes the place of --forget-images and --retain-images; give --data alone, or those two"
        )
      }
      (job.forgetImages, job.retainImages) = (forgetImages ?? data, retainImages ?? data)
      job.command = ["lethe"] + CommandLine.arguments.dropFirst()
      var erase = try Erase(
        job, settings: settings, exports: export.flatMap { Export(rawValue: $0.rawValue) })
      erase.dtype = saveDtype?.dtype
      if dryRun {
        print(try JSON(encoding: erase.job).pretty, terminator: "")
        for line in try erase.summary() { print(line) }
        if let memory = try erase.method.memory(for: { try job.folder.model() }) {
          print(memory)
        }
        return
      }
      let run = try common.run(at: out, seed: seed)
      let start = Date()
      let (eraser, verdict) = try erase(in: run, on: common.openDevice())
      if !common.quiet {
        let size = Double(eraser.vector.count * 4) / 1e6
        print(
          "\(concept.joined(separator: ", ")): \(eraser.vector.tensors.count) tensors, "
            + String(format: "%.1f MB, %.1f s", size, Date().timeIntervalSince(start))
            + ", in \(out)/\(run.runFolder.eraserFile.lastPathComponent)")
      }
      if let message = verdict.warning { throw LetheError(.collapsed, message) }
    }
  }
}

/// Options for concepts that a model does not list.
struct WordingOptions: ParsableArguments {
  @Option(
    help:
      "Kind of a concept that the model does not list: object, style, artist, person or content. It brings prompts, anchors and prompts to preserve."
  )
  var kind: ConceptKind?
  @Option(
    help:
      "Words in the concept's place in prompts without it, e.g. 'animal'. A whole prompt for styles and artists, e.g. 'a painting'."
  )
  var anchor: String?
  @Option(
    help:
      "Prompt that asks for the concept, in place of those of the kind; {concept} stands for the name, {a} for the name with its article. May be repeated."
  )
  var prompt: [String] = []
  @Option(
    help:
      "Subject near to the concept: kept, drawn from for wrong labels, and ruined by fine-tuning in Meta-Unlearning. May be repeated."
  )
  var related: [String] = []
  @Option(help: "Subject far from the concept, to keep. May be repeated.")
  var unrelated: [String] = []

  var wording: ConceptWording? {
    let wording = ConceptWording(
      kind: kind, anchor: anchor, prompts: prompt, related: related, unrelated: unrelated)
    return wording.isEmpty ? nil : wording
  }
}

extension ConceptKind: ExpressibleByArgument {}
