package import Foundation
package import Torch
internal import TorchNN

extension DiffusionModel {
  /// Writes the model as one file in the original layout, which other programs open: A1111, ComfyUI, Forge, and
  /// diffusers' `from_single_file`.
  /// - Parameter dtype: element type of the weights on disk
  /// - Returns: the family that the file belongs to
  /// - Throws: ``LetheError`` for a model that the original layout has no names for
  @discardableResult
  package func writeSingleFile(
    to file: URL, dtype: DType = .float16, title: String, texts: [String: String] = [:]
  ) throws -> OriginalFamily {
    guard layout.inserted.isEmpty else {
      throw LetheError.unsupported(
        "a single file of a model with --embedding, whose tokens the original layout has no place for; write a folder"
      )
    }
    let family = try originalFamily()
    let names = try OriginalNames(layout)
    var tensors: [String: Tensor] = [:]
    var thirds: [String: [Int: Tensor]] = [:]
    for (path, tensor) in parameters.tensors {
      let (component, name) = (
        Layout.Component(rawValue: String(path.components.first ?? "")), path.withoutFirst
      )
      var stored = try path.stored(tensor, as: dtype, in: file)
      let place: OriginalText.Place
      switch component {
      case .unet:
        guard let key = names.unet(name) else {
          throw LetheError.unsupported(
            "a single file of a model with '\(path)', which the original layout has no name for; write a folder"
          )
        }
        place = .init(key: OriginalFamily.unet + key)
      case .vae:
        place = .init(key: OriginalFamily.codec + names.codec(name))
        // Attention of the autoencoder is 1 x 1 convolutions there.
        if place.key.contains(".mid.attn_1."), stored.shape.count == 2 {
          stored = stored.unsqueezed(2, 3)
        }
      default: place = family.text(component ?? .textEncoder).place(name)
      }
      if let third = place.third {
        thirds[place.key, default: [:]][third] = stored
      } else {
        tensors[place.key] =
          place.isTransposed ? stored.transposed(0, 1).contiguous() : stored.contiguous()
      }
    }
    for (key, parts) in thirds {
      tensors[key] = Tensor.concatenate((0..<3).compactMap { parts[$0] }, 0)
    }
    addMarks(family, &tensors, dtype)
    try SafeTensors.write(
      tensors, metadata: texts.merging(header(family, title: title, tensors)) { $1 }, to: file)
    return family
  }

  /// - Throws: ``LetheError`` for a model that is none of the families
  package func originalFamily() throws -> OriginalFamily {
    switch layout.pipeline {
    case .stableDiffusionXL: return .sdxl
    case .pixels:
      throw LetheError.unsupported(
        "a single file of a model over pixels; supported: SD 1.x, SD 2.x and SDXL")
    case .stableDiffusion:
      let isLinear = try layout.config(.unet).bool("use_linear_projection", false)
      return isLinear ? .sd2 : .sd1
    }
  }

  /// Tensors that readers look for and that no component has.
  private func addMarks(
    _ family: OriginalFamily, _ tensors: inout [String: Tensor], _ dtype: DType
  ) {
    switch family {
    case .sd1: break
    case .sd2:
      // Readers use the layer before the last; the file has one more, which is never used.
      let own = layout.configs[.textEncoder]?["num_hidden_layers"]?.int ?? 0
      let prefix = "cond_stage_model.model.transformer.resblocks."
      for (name, tensor) in tensors where name.hasPrefix("\(prefix)\(own - 1).") {
        tensors["\(prefix)\(own)." + name.dropFirst("\(prefix)\(own - 1).".count)] = tensor
      }
    case .sdxl:
      tensors["conditioner.embedders.1.model.logit_scale"] = Tensor.full([], 4.6055).to(dtype)
      if schedule.prediction == .velocity {
        tensors["v_pred"] = Tensor.zeros([0])
        if schedule.alphaBar.last == 0 { tensors["ztsnr"] = Tensor.zeros([0]) }
      }
    }
  }

  private func header(
    _ family: OriginalFamily, title: String, _ tensors: [String: Tensor]
  ) -> [String: String] {
    var configs: [String: JSON] = ["scheduler": layout.scheduler]
    for (component, config) in layout.configs { configs[component.rawValue] = config }
    for place in ["tokenizer", "tokenizer_2"] {
      let files = layout.files.filter { $0.key.hasPrefix(place + "/") }
      // CLIP's own vocabulary is known and need not be told.
      guard !files.isEmpty, (configs["text_encoder"]?["vocab_size"]?.int ?? 0) < BytePairs.clipSize
      else { continue }
      configs[place] = .object(
        Dictionary(
          uniqueKeysWithValues: files.map {
            (
              String($0.key.dropFirst(place.count + 1)),
              .string(String(decoding: $0.value, as: UTF8.self))
            )
          }))
    }
    return ModelSpec(family, schedule, title: title, pixels: imageSize).texts.merging([
      OriginalConfigs.key: JSON.object(configs).python, "format": "pt",
    ]) { $1 }
  }
}

extension ParameterPath {
  /// - Throws: ``LetheError`` for numbers that are not finite in `dtype`
  func stored(_ tensor: Tensor, as dtype: DType, in place: URL) throws -> Tensor {
    let stored = tensor.dtype.isFloatingPoint ? tensor.detached().to(dtype) : tensor
    guard stored.isFinite else {
      throw LetheError.model(
        "'\(self)' would hold values that are no finite numbers in \(dtype), so \(place.path) is not written"
      )
    }
    return stored
  }
}
