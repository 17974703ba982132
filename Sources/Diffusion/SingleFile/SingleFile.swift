// Single-file checkpoints in the original layout of SD 1.x, SD 2.x and SDXL: all parts in one safetensors file, under
// the names of the first releases, without configurations and tokenizer.
internal import Foundation
internal import Torch
internal import TorchNN

/// The families that are read, and what the file does not say about them.
package enum OriginalFamily: String, Codable, Sendable {
  case sd1 = "sd_v1"
  case sd2 = "sd_v2"
  case sdxl = "sdxl_base_v1-0"

  static let unet = "model.diffusion_model."
  static let codec = "first_stage_model."

  /// Where each component's tensors stand.
  func text(_ component: Layout.Component) -> OriginalText {
    switch (self, component) {
    case (.sd1, _): .transformers(prefix: "cond_stage_model.transformer.")
    case (.sd2, _): .openCLIP(prefix: "cond_stage_model.model.")
    case (.sdxl, .textEncoder2): .openCLIP(prefix: "conditioner.embedders.1.model.")
    case (.sdxl, _): .transformers(prefix: "conditioner.embedders.0.transformer.")
    }
  }

  /// - Parameter shapes: of the file's tensors, by name
  /// - Throws: ``LetheError`` that names what else the file is
  static func of(_ shapes: [String: [Int]], _ file: URL) throws -> OriginalFamily {
    func refuse(_ kind: String) -> LetheError {
      .unsupported("\(file.path): \(kind); supported: single files of SD 1.x, SD 2.x and SDXL")
    }
    func has(_ prefix: String) -> Bool { shapes.keys.contains { $0.hasPrefix(prefix) } }
    if shapes.keys.contains(where: { $0.hasSuffix(".scale_weight") || $0 == "scaled_fp8" }) {
      throw refuse("8-bit weights with scales beside them")
    }
    if has("\(unet)joint_blocks.") || has("\(unet)double_blocks.") || has("double_blocks.") {
      throw refuse("a transformer; Lethe erases in U-Nets")
    }
    guard let first = shapes["\(unet)input_blocks.0.0.weight"], first.count == 4 else {
      let isAlone = has("input_blocks.0.0.") || has("diffusion_model.input_blocks.")
      throw refuse(
        isAlone
          ? "a U-Net without its text encoder and autoencoder"
          : has("lora_")
            || shapes.keys.contains { $0.contains("lora_A") || $0.contains("lora.down") }
            ? "a LoRA; give it with --lora beside a model"
            : "no tensor '\(unet)input_blocks.0.0.weight'")
    }
    guard first[1] == 4 else { throw refuse(ModelKind.of(inChannels: first[1])) }
    let family: OriginalFamily
    if has("conditioner.embedders.1.model.") {
      family = .sdxl
    } else if has("conditioner.embedders.0.model.") {
      throw refuse("a refiner; Lethe draws from text alone")
    } else if has("cond_stage_model.model.") {
      family = .sd2
    } else if has("cond_stage_model.transformer.") {
      family = .sd1
    } else {
      throw refuse("a model without its text encoder")
    }
    return family
  }
}

/// A single file that was read: the model's layout, and its tensors by diffusers' names.
struct SingleFile {
  let layout: Layout
  let tensors: [ParameterPath: Tensor]

  /// Names that belong to training or to the sampler.
  private static func isIgnored(_ name: String) -> Bool {
    let starts = [
      "alphas_cumprod", "betas", "sqrt_", "log_one_minus_", "posterior_", "model_ema.",
      "global_step", "epoch", "lvlb_weights", "first_stage_model.loss.", "denoiser.",
      "cond_stage_model.model.visual", "cond_stage_model.model.attn_mask", "cond_stage_model.logit",
      "edm_", "v_pred", "ztsnr",
    ]
    return starts.contains { name.hasPrefix($0) } || name.hasSuffix(".position_ids")
      || name.hasSuffix("logit_scale") || name.hasSuffix(".attn_mask")
  }

  /// The variant of a file's weights that training averaged (`model_ema.*`), where it kept both.
  static let averaged = "ema"

  /// - Parameter variant: nil for the last weights of training, or ``averaged``
  init(_ file: URL, variant: String? = nil, prediction: String? = nil) throws {
    let usesEMA = variant == Self.averaged
    guard variant == nil || usesEMA else {
      throw LetheError.badValue(
        "--variant",
        "\(file.path) is a single file, which has no variant '\(variant ?? "")'; accepted: \(Self.averaged), for its "
          + "averaged weights (model_ema.*)")
    }
    let stored = try SafeTensors(contentsOf: file, finite: true)
    var shapes = stored.tensors.mapValues(\.shape)
    let family = try OriginalFamily.of(shapes, file)
    var tensors = stored.tensors
    // Other spellings of the same places.
    for (name, tensor) in stored.tensors {
      for (other, usual) in [
        ("vae.", OriginalFamily.codec),
        (
          "cond_stage_model.transformer.embeddings.",
          "cond_stage_model.transformer.text_model.embeddings."
        ),
        (
          "cond_stage_model.transformer.encoder.",
          "cond_stage_model.transformer.text_model.encoder."
        ),
        (
          "cond_stage_model.transformer.final_layer_norm.",
          "cond_stage_model.transformer.text_model.final_layer_norm."
        ),
      ] where name.hasPrefix(other) {
        tensors[name] = nil
        tensors[usual + name.dropFirst(other.count)] = tensor
      }
    }
    shapes = tensors.mapValues(\.shape)
    var layout = try OriginalConfigs(shapes, family, stored.metadata, prediction, file).layout()
    let names = try OriginalNames(layout)
    var used: Set<String> = []
    func take(_ key: String) -> Tensor? {
      used.insert(key)
      guard usesEMA, key.hasPrefix("model.") else { return tensors[key] }
      let average =
        "model_ema." + key.dropFirst("model.".count).replacingOccurrences(of: ".", with: "")
      return tensors[average] ?? tensors[key]
    }
    if usesEMA, !tensors.keys.contains(where: { $0.hasPrefix("model_ema.diffusion") }) {
      throw LetheError.badValue(
        "--variant",
        "\(file.path) has no averaged weights (model_ema.*); leave out '\(Self.averaged)' for its others"
      )
    }
    let shape = try DiffusionModel.parameters(of: layout)
    var found: [ParameterPath: Tensor] = [:]
    for path in shape {
      let component = Layout.Component(rawValue: String(path.components.first ?? ""))
      let name = path.withoutFirst
      let place: OriginalText.Place
      switch component {
      case .unet:
        place = .init(key: OriginalFamily.unet + (names.unet(name) ?? name))
      case .vae: place = .init(key: OriginalFamily.codec + names.codec(name))
      case .textEncoder, .textEncoder2:
        place = family.text(component ?? .textEncoder).place(name)
      case nil: continue
      }
      guard var tensor = take(place.key) else { continue }
      if let third = place.third {
        guard tensor.size(0) % 3 == 0 else {
          throw LetheError.malformed(
            file, "'\(place.key)' has \(tensor.size(0)) rows, no three equal parts")
        }
        tensor = tensor.chunks(3, 0)[third]
      }
      if place.isTransposed { tensor = tensor.transposed(0, 1).contiguous() }
      found[path] = tensor
    }
    // The last layer of SD 2.x is in the file and not in the model.
    let left = tensors.keys.filter { name in
      !used.contains(name) && !Self.isIgnored(name)
        && !(family == .sd2
          && (name.contains("resblocks.\(Self.layers(layout)).")
            || name.hasSuffix("text_projection")))
    }.sorted()
    guard left.isEmpty else {
      throw LetheError.model(
        "\(file.path) has \(left.count.counted("tensor")) that its kind of model (\(family.rawValue)) has not, such as '\(left[0])'"
      )
    }
    layout.index["_name_or_path"] = nil
    (self.layout, self.tensors) = (layout, found)
  }

  private static func layers(_ layout: Layout) -> Int {
    layout.configs[.textEncoder]?["num_hidden_layers"]?.int ?? 23
  }
}
