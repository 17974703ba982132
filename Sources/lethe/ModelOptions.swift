import ArgumentParser
import Diffusion
import Torch
import Workbench

/// The options of every command that names a model.
struct ModelOptions: ParsableArguments {
  @Option(
    help:
      "LoRA file to lay over the model, with a weight after a colon, e.g. style.safetensors:0.8. May be repeated."
  )
  var lora: [String] = []
  @Option(help: "Variant of the weights' files to prefer, e.g. fp16.")
  var variant: String?

  var additions: ModelAdditions { ModelAdditions(loras: lora, variant: variant) }
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
