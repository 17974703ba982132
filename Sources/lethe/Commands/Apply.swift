import ArgumentParser
import Editing
import Foundation
import Torch
import Training
import Workbench
import Workflows

struct ApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Add erasers to a model and write the result as a whole model or as a LoRA file.",
    help: """
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
  var erasers: Place?
  @Option(
    help: "Erasers of the set to add, e.g. fox,cat. Those that are switched on when left out.")
  var active: String?
  @Option(help: "Folder of a run whose erased text encoder replaces this model's.")
  var plugIn: String?
  @Option(
    help:
      "Folder for the new model, or a name that ends with .safetensors for a single file. --out or --lora is needed."
  )
  var out: Place?
  @Option(help: "LoRA file for the change of the weights, in place of a whole model or beside it.")
  var lora: Place?
  @Option(
    help: "Largest rank of the LoRA file, at least 1. The rank at which it is exact when left out.")
  var rank: Int?
  @Option(
    help:
      "Spelling of the LoRA file: 'kohya' for A1111, ComfyUI, Forge and diffusers, 'peft' for PEFT and diffusers."
  )
  var loraFormat = LoRASpelling.kohya
  @Option(
    help:
      "LoRA file to lay under the erasers, with a weight after a colon, e.g. style.safetensors:0.8. May be repeated."
  )
  var baseLora: [String] = []
  @Option(
    help:
      "Textual inversion to write into the model, with its token after a colon, e.g. toy.safetensors:<toy>. May be repeated."
  )
  var embedding: [String] = []
  @Option(
    help: "Other model of the same shapes to add the erasers to.", completion: .directory)
  var onto: String?
  @Option(
    help:
      "Element type of the written weights: float32, float16 or bfloat16. When left out, float16 for a single file, float32 otherwise."
  )
  var saveDtype: FloatType?
  @Flag(help: "Half precision, the old spelling of --save-dtype float16.")
  var half = false
  @Flag(
    help:
      "Overwrite: replace another model or file in the place of --out or --lora. Without it such a place is refused."
  )
  var overwrite = false
  @OptionGroup var files: ModelFileOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      guard out != nil || lora != nil else {
        throw LetheError.badValue("apply", "no output is named; give --out, --lora or both")
      }
      if let out { try CommonOptions.requireName(out.description) }
      try accept("--rank", rank, .whole(1...65_536))
      let additions = files.additions(loras: baseLora, embeddings: embedding)
      var apply = Apply(
        ModelFolder(model, additions), erasers: with, set: erasers?.url,
        active: active?.split(separator: ",").map(String.init), plugIn: plugIn)
      apply.overwrites = overwrite
      apply.onto = onto.map { ModelFolder($0, additions) }
      let done = try apply(
        to: out?.url, lora: lora?.url,
        rank: rank, format: LoRAFormat(rawValue: loraFormat.rawValue) ?? .kohya,
        dtype: saveDtype?.dtype ?? (half ? .float16 : nil),
        on: common.openDevice())
      var outcome: JSON = ["erasers": .array(done.erasers.map(JSON.string))]
      outcome["out"] = (out?.description).map(JSON.string)
      outcome["lora"] = (lora?.description).map(JSON.string)
      outcome["rank"] = done.lora.map { .int($0.rank) }
      outcome["error"] = done.lora.map { .number($0.error) }
      try common.show(outcome) { report(done) }
      if let out {
        common.next("doctor", out.description.pathWord)
      } else if let lora {
        common.next("show", lora.description.pathWord)
      }
    }
  }

  private func report(_ done: Applied) {
    let names = done.erasers.isEmpty ? "no erasers" : done.erasers.joined(separator: ", ")
    if let fit = done.coverage {
      print(
        "made for model \(fit.madeFor.prefix(12)), added to \(fit.base.prefix(12)): "
          + "\(fit.fitting) of \(fit.all) tensors fit")
    }
    if let out {
      print(
        "\(out): \(onto ?? model) "
          + (done.erasers.isEmpty ? "with no erasers" : "without \(names)"))
    }
    if let lora, let written = done.lora {
      print(
        "\(lora): LoRA of \(names), rank \(written.rank), largest relative error "
          + String(format: "%.1e", written.error)
          + (written.error > 1e-5 ? " (cut off at the rank)" : " (exact in float32)"))
      if written.leftOutTensors > 0 {
        warn(
          "warning: \(written.leftOutTensors) tensors are no matrices and are left out, "
            + String(format: "%.1f %% of the change's squared norm", 100 * written.leftOut))
      }
    }
  }
}
