import ArgumentParser
import Diffusion
import Editing
import Torch
import Workbench

/// The options of every command that names a model.
struct ModelOptions: ParsableArguments {
  @Option(
    help:
      "LoRA file to lay over the model, with a weight after a colon, e.g. style.safetensors:0.8. May be repeated."
  )
  var lora: [String] = []
  @Option(
    help:
      "Textual inversion whose token prompts may name, with the token after a colon, e.g. toy.safetensors:<toy>. The file's own token or name when left out. May be repeated."
  )
  var embedding: [String] = []
  @OptionGroup var files: ModelFileOptions

  var additions: ModelAdditions { files.additions(loras: lora, embeddings: embedding) }

  /// - Throws: ``LetheError`` of the kind `request` for options beside something that is no model
  func refuse(where place: String) throws {
    guard additions != ModelAdditions() else { return }
    throw LetheError.badValue(
      "--lora, --embedding, --variant, --vae",
      "the folder is that of \(place), which has its own; they go with the folder of a model")
  }
}

/// The files that a model is read from.
struct ModelFileOptions: ParsableArguments {
  @Option(
    help:
      "Variant of the weights' files to prefer, e.g. fp16; for a single file, 'ema' for its averaged weights."
  )
  var variant: String?
  @Option(
    help:
      "VAE in the place of the model's own, or for a checkpoint without one: a folder of diffusers or a safetensors file.",
    completion: .file())
  var vae: String?

  func additions(loras: [String], embeddings: [String]) -> ModelAdditions {
    ModelAdditions(loras: loras, variant: variant, vae: vae, embeddings: embeddings)
  }
}

/// Weights at rest, for commands that draw and train no weights.
struct OffloadOptions: ParsableArguments {
  @Flag(
    help:
      "CPU offload: text encoders, U-Net and VAE are on the device only while they are used, and rest in the machine's memory between. No effect on the device cpu."
  )
  var offload = false

  /// The device of the command. Models that are loaded from now on leave it with what is not used.
  func openDevice(_ common: CommonOptions) throws -> Device {
    let device = try common.openDevice()
    Runtime.offloads = offload
    ComputeType.drawsOnly = true
    if offload, device == .cpu {
      CommonOptions.note("--offload has no effect on the device cpu, where the models lie already")
    }
    return device
  }
}

/// Element types that weights are written in, and that networks compute in.
enum FloatType: String, ExpressibleByArgument, CaseIterable {
  case float32, float16, bfloat16

  var dtype: DType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    }
  }
  var computeType: ComputeType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    }
  }
}

/// Forms of a whole edited model.
enum ExportForm: String, ExpressibleByArgument, CaseIterable { case diffusers, single }

/// Spellings of a LoRA file.
enum LoRASpelling: String, ExpressibleByArgument, CaseIterable { case kohya, peft }
