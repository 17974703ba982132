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

  enum Export: String, ExpressibleByArgument, CaseIterable { case diffusers }

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
  @Option(help: "Format of a whole edited model in RUN/model. Left out, none is written.")
  var export: Export?
  @Option(help: "Folder of the run. The same command goes on with an interrupted run in it.")
  var out: String
  @Flag(help: "Preview: print the resolved job with all prompts, and stop.")
  var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      var job = EraseJob()
      (job.model, job.method, job.concepts) = (model, method, concept)
      (job.replacement, job.replacementCaption) = (replaceWith, replaceCaption)
      (job.preserve, job.seed, job.wording) = (preserve, seed, wording.wording)
      guard data == nil || (forgetImages == nil && retainImages == nil) else {
        throw LetheError.badValue(
          "--data",
          "it takes the place of --forget-images and --retain-images; give --data alone, or those two"
        )
      }
      (job.forgetImages, job.retainImages) = (forgetImages ?? data, retainImages ?? data)
      job.command = ["lethe"] + CommandLine.arguments.dropFirst()
      let erase = try Erase(job, settings: settings, exports: export == .diffusers)
      if dryRun {
        print(try JSON(encoding: erase.job).pretty, terminator: "")
        for line in try erase.summary() { print(line) }
        if let memory = try erase.method.memory(for: { try ModelFolder(model).model() }) {
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
    help: "Prompt that asks for the concept, in place of those of the kind. May be repeated.")
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

struct ApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Add erasers to a model and write the result as a whole model or as a LoRA file.",
    discussion: """
      Examples:
        lethe apply Models/emoji --with runs/esd-fox --with runs/uce-cat --out runs/clean-model
        lethe apply Models/emoji --erasers runs/set --active fox,cat --out runs/clean-model
        lethe apply Models/emoji --erasers runs/set --lora runs/foxless.safetensors --rank 16
        lethe apply other-model --plug-in runs/advunlearn-fox --out runs/other-without-fox

      Erasers of one base model are added up. A model written without an eraser has its concept again. \
      diffusers loads a LoRA file with pipe.load_lora_weights. \
      --plug-in replaces the model's text encoder with the erased one of another run. Both encoders need the same \
      shapes and the same tokenizer.
      """)

  @Argument(help: "Folder of the base model.", completion: .directory)
  var model: String
  @Option(
    help: "Eraser file, or folder of a run of `lethe erase`, to add. May be repeated.")
  var with: [String] = []
  @Option(help: "Folder of a set of erasers (`lethe eraser`).")
  var erasers: String?
  @Option(
    help: "Erasers of the set to add, e.g. fox,cat. Those that are switched on when left out.")
  var active: String?
  @Option(help: "Folder of a run whose erased text encoder replaces this model's.")
  var plugIn: String?
  @Option(help: "Folder for the new model. --out or --lora is needed.")
  var out: String?
  @Option(help: "LoRA file for the change of the weights, in place of a whole model or beside it.")
  var lora: String?
  @Option(
    help: "Largest rank of the LoRA file, at least 1. The rank at which it is exact when left out.")
  var rank: Int?
  @Flag(help: "Half precision (float16) for the weights of the new model. float32 otherwise.")
  var half = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      guard out != nil || lora != nil else {
        throw LetheError.badValue("apply", "no output is named; give --out, --lora or both")
      }
      try accept("--rank", rank, .whole(1...65_536))
      let apply = Apply(
        ModelFolder(model), erasers: with, set: erasers,
        active: active?.split(separator: ",").map(String.init), plugIn: plugIn)
      let done = try apply(
        to: out.map { URL(fileURLWithPath: $0) }, lora: lora.map { URL(fileURLWithPath: $0) },
        rank: rank, half: half, on: common.openDevice())
      guard !common.quiet else { return }
      let names = done.erasers.isEmpty ? "no erasers" : done.erasers.joined(separator: ", ")
      if let out {
        print("\(out): \(model) " + (done.erasers.isEmpty ? "with no erasers" : "without \(names)"))
      }
      if let lora, let (error, rank) = done.lora {
        print(
          "\(lora): LoRA of \(names), rank \(rank), largest relative error "
            + String(format: "%.1e", error)
            + (error > 1e-5 ? " (cut off at the rank)" : " (exact in float32)"))
      }
    }
  }
}
