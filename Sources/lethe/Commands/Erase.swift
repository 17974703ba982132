import ArgumentParser
import Diffusion
import Editing
import Foundation
import Torch
import Training
import Unlearning
import Workbench

struct EraseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase",
    abstract: "Make a model forget a concept; the result is an eraser file.",
    discussion: """
      Examples:
        lethe erase Models/emoji --method esd --concept fox --out runs/esd-fox
        lethe erase Models/emoji --method uce --concept "symbola style" --preserve others --out runs/uce-symbola
        lethe erase Models/animals --method erasediff --concept zebra --data data/animals --out runs/zebra
        lethe erase ~/sd14 --method esd --concept "Van Gogh" --set parameters=xattn --export diffusers --out runs/vg

      The model is never changed. RUN/eraser.safetensors holds the differences of the changed \
      tensors; lay it on with `--with RUN`, or write a whole model with `--export diffusers`. \
      `lethe list methods --verbose` shows every option that --set takes.
      """)

  enum Export: String, ExpressibleByArgument, CaseIterable { case diffusers }

  @Argument(help: "A model folder in the diffusers layout.", completion: .directory)
  var model: String
  @Option(help: "esd, uce, sepme, ...; `lethe list methods`.")
  var method: String
  @Option(
    help: "What to forget: an object or style that the model lists, or any words; may be repeated.")
  var concept: [String]
  @Option(help: "What prompts of the concept should give instead.")
  var replaceWith: String?
  @Option(
    help: "A prompt to keep as it is, or 'others' for every other subject that the model lists.")
  var preserve: [String] = []
  @Option(
    help:
      "Folder of pictures with captions to forget, for methods that train on data; drawn from the model when left out.",
    completion: .directory)
  var forgetImages: String?
  @Option(help: "Folder of pictures with captions to keep.", completion: .directory)
  var retainImages: String?
  @Option(
    help: "One folder for both: pictures whose caption asks for the concept, and the others.",
    completion: .directory)
  var data: String?
  @Option(
    name: .customLong("set"),
    help: "An option of the method, e.g. training.steps=300; may be repeated.")
  var settings: [String] = []
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @Option(help: "Also write the whole edited model to RUN/model.")
  var export: Export?
  @Option(help: "The run's folder; an interrupted run goes on in it.")
  var out: String
  @Flag(help: "Print the resolved job and stop.")
  var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      var job = EraseJob()
      (job.model, job.method, job.concepts) = (model, method, concept)
      (job.replacement, job.preserve, job.seed) = (replaceWith, preserve, seed)
      guard data == nil || (forgetImages == nil && retainImages == nil) else {
        throw LetheError.badValue(
          "--data", "it stands for --forget-images and --retain-images; give it, or those")
      }
      (job.forgetImages, job.retainImages) = (forgetImages ?? data, retainImages ?? data)
      job.command = ["lethe"] + CommandLine.arguments.dropFirst()
      let erase = try Erase(job, settings: settings, exports: export == .diffusers)
      if dryRun {
        let erasure = try erase.erasure()
        print(try JSON(encoding: erase.job).pretty, terminator: "")
        print(
          "\(erasure.forget.flatMap(\.phrases).count) prompts to forget, \(erasure.preserve.count) to preserve"
        )
        if let memory = try erase.method.memory(for: { try ModelFolder(model).model() }) {
          print(memory)
        }
        return
      }
      let run = try common.run(at: out, seed: seed)
      let start = Date()
      let (eraser, verdict) = try erase(in: run, on: common.openDevice())
      if let message = verdict.warning {
        warn("warning: \(message)")
      }
      if !common.quiet {
        let size = Double(eraser.difference.count * 4) / 1e6
        print(
          "\(concept.joined(separator: ", ")): \(eraser.difference.tensors.count) tensors, "
            + String(format: "%.1f MB, %.1f s", size, Date().timeIntervalSince(start))
            + ", in \(out)/\(run.runFolder.eraserFile.lastPathComponent)")
      }
    }
  }
}

struct ApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Write a whole model with erasers laid on it.",
    discussion: """
      Examples:
        lethe apply Models/emoji --with runs/esd-fox --with runs/uce-cat --out runs/clean-model
        lethe apply Models/emoji --erasers runs/set --active fox,cat --out runs/clean-model
        lethe apply Models/emoji --erasers runs/set --lora runs/foxless.safetensors --rank 16
        lethe apply other-model --plug-in runs/advunlearn-fox --out runs/other-without-fox

      Erasers of one base add up. Leaving one out of the list gives its concept back. \
      A LoRA file is loaded in diffusers with pipe.load_lora_weights. \
      --plug-in moves an erased text encoder whole into another model, whose encoder must be of the same shape.
      """)

  @Argument(help: "The base model's folder.", completion: .directory)
  var model: String
  @Option(
    help: "An eraser file or a run's folder; may be repeated.")
  var with: [String] = []
  @Option(help: "A set of erasers (`lethe eraser`).")
  var erasers: String?
  @Option(help: "Erasers of the set to lay on, e.g. fox,cat; those switched on when left out.")
  var active: String?
  @Option(help: "A run that erased in the text encoder, which takes the place of this model's.")
  var plugIn: String?
  @Option(help: "Folder for the new model.")
  var out: String?
  @Option(help: "Write the change as a LoRA file instead of, or beside, a whole model.")
  var lora: String?
  @Option(help: "Largest rank of the LoRA file; as much as is exact when left out.")
  var rank: Int?
  @Flag(help: "Store weights in half precision.")
  var half = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      guard out != nil || lora != nil else {
        throw LetheError.badValue("apply", "give --out, --lora or both")
      }
      guard rank.map({ $0 >= 1 }) ?? true else {
        throw LetheError.badValue("--rank", "at least 1")
      }
      let apply = Apply(
        ModelFolder(model), erasers: with, set: erasers,
        active: active?.split(separator: ",").map(String.init), plugIn: plugIn)
      let done = try apply(
        to: out.map { URL(fileURLWithPath: $0) }, lora: lora.map { URL(fileURLWithPath: $0) },
        rank: rank, half: half, on: common.openDevice())
      guard !common.quiet else { return }
      let names = done.erasers.isEmpty ? "no erasers" : done.erasers.joined(separator: ", ")
      if let out { print("\(out): \(model) with \(names)") }
      if let lora, let (error, rank) = done.lora {
        print(
          "\(lora): LoRA of \(names), rank \(rank), largest relative error "
            + String(format: "%.1e", error) + (error > 1e-5 ? " (cut off)" : " (exact in float32)"))
      }
    }
  }
}
