internal import Diffusion
internal import Foundation
internal import Torch
internal import TorchNN

/// The spellings in which LoRA files name a model's modules. They are looked up and never parsed: dots written as
/// underscores are ambiguous in general, but not within one model.
struct LoRANames {
  /// Parameters by the spellings of their modules.
  private var places: [String: ParameterPath] = [:]

  init(_ model: DiffusionModel) throws {
    let original = try? model.originalFamily()
    let names = try? OriginalNames(model.layout)
    let isXL = original == .sdxl
    for path in model.parameters.paths {
      guard let tensor = model.parameters[path], [2, 4].contains(tensor.shape.count) else {
        continue
      }
      let parts = path.components
      guard parts.last == "weight", !parts.contains("embeddings") else { continue }
      let module = parts.dropFirst().dropLast().joined(separator: ".")
      switch parts.first {
      case "unet":
        for name in Self.unet(
          module, names?.unet(module + ".weight").map { String($0.dropLast(7)) })
        {
          places[name] = path
        }
      case "text_encoder", "text_encoder_2":
        for name in Self.text(module, String(parts[0]), isXL: isXL) { places[name] = path }
      default: break
      }
    }
  }

  subscript(_ spelling: String) -> ParameterPath? { places[spelling] }

  static func flat(_ module: String) -> String {
    module.replacingOccurrences(of: ".", with: "_")
  }

  /// - Parameters:
  ///   - module: diffusers' name without `unet.`
  ///   - original: that of the first releases
  private static func unet(_ module: String, _ original: String?) -> [String] {
    // Attention processors of diffusers 0.14 to 0.21.
    let processor = ["to_q", "to_k", "to_v", "to_out.0"].first { module.hasSuffix(".\($0)") }.map {
      String(module.dropLast($0.count)) + "processor."
        + $0.replacingOccurrences(of: ".0", with: "") + "_lora"
    }
    let own = [module] + [processor].compactMap { $0 }
    return own + own.map { "unet.\($0)" }
      + [
        "lora_unet_\(flat(module))", "base_model.model.\(module)",
        "base_model.model.unet.\(module)",
        "diffusion_model.\(module)",
      ]
      + (original.map { ["lora_unet_\(flat($0))", "diffusion_model.\($0)"] } ?? [])
  }

  /// - Parameter module: transformers' name with `text_model.`
  private static func text(_ module: String, _ component: String, isXL: Bool) -> [String] {
    let flat = flat(module)
    let kohya =
      component == "text_encoder_2" ? "lora_te2_" : isXL ? "lora_te1_" : "lora_te_"
    var names = ["\(kohya)\(flat)", "\(component).\(module)"]
    if module.hasPrefix("text_model.") {
      names.append("\(component).\(module.dropFirst("text_model.".count))")
    }
    for name in ["q", "k", "v", "out"] where module.hasSuffix(".\(name)_proj") {
      names.append("\(component).\(module.dropLast(name.count + 5))to_\(name)_lora")
    }
    return names
  }

  /// kohya's name of a module, which A1111, ComfyUI and Forge read too.
  static func kohya(_ path: ParameterPath, _ names: OriginalNames?, isXL: Bool) -> String? {
    let parts = path.components
    guard let component = parts.first, parts.last == "weight" else { return nil }
    let module = parts.dropFirst().dropLast().joined(separator: ".")
    guard component == "unet" else {
      return component == "text_encoder_2"
        ? "lora_te2_\(flat(module))" : "lora_te\(isXL ? "1" : "")_\(flat(module))"
    }
    // The block names of the first releases for SDXL, those of diffusers for others.
    guard isXL else { return "lora_unet_\(flat(module))" }
    return names?.unet(module + ".weight").map { "lora_unet_\(flat(String($0.dropLast(7))))" }
  }
}
