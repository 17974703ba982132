// A VAE that stands for a model's own (`--vae`): a folder of diffusers, or a safetensors file under diffusers' names or
// those of the first releases. Many single files are published without one.
internal import Foundation
internal import Torch
internal import TorchNN

/// A VAE that a person named beside a model.
struct NamedVAE {
  /// diffusers' configuration.
  let config: JSON
  /// The file of the configuration as it was read; nil where shapes told it.
  private let text: Data?
  let tensors: [ParameterPath: Tensor]

  static let accepted =
    "a folder of diffusers' AutoencoderKL, a model's folder with vae/, or a safetensors file of a VAE or a checkpoint"

  /// - Parameters:
  ///   - place: a folder or a file
  ///   - layout: that of the model. No tensor tells the factor that its latents are multiplied by.
  /// - Throws: ``LetheError`` of the kind `request` for a place that has no VAE, `model` for a damaged one
  init(_ place: URL, for layout: Layout, variant: String?) throws {
    if case .pixels = layout.pipeline {
      throw LetheError.badValue(
        "--vae", "\(layout.name) computes over pixels and has no place for a VAE; leave it out")
    }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
    if isFolder.boolValue {
      (config, text, tensors) = try Self.folder(place, variant)
    } else {
      try NamedPlace.requireFile(place.path, "--vae", Self.accepted)
      (config, tensors) = try Self.file(SafeTensors(contentsOf: place, finite: true), layout)
      text = nil
    }
  }

  /// The layout and the tensors of a model with this VAE in the place of its own.
  func replace(in layout: inout Layout, _ all: inout [ParameterPath: Tensor]) {
    let name = Layout.Component.vae.rawValue
    layout.configs[.vae] = config
    layout.read["\(name)/config.json"] = text
    layout.index[name] = ["diffusers", "AutoencoderKL"]
    all = all.filter { $0.key.components.first.map(String.init) != name }
    all.merge(tensors) { $1 }
  }

  private static func folder(
    _ folder: URL, _ variant: String?
  ) throws -> (JSON, Data?, [ParameterPath: Tensor]) {
    let file = Layout.place("vae/config.json", in: folder)
    guard InputFile.isListed(file) else {
      throw LetheError.badValue("--vae", "\(folder.path) has no config.json; accepted: \(accepted)")
    }
    let config = try JSON(contentsOf: file)
    guard config["_class_name"] == "AutoencoderKL" else {
      let found = config["_class_name"]?.compact ?? "no class of diffusers"
      throw LetheError.badValue("--vae", "\(file.path) names \(found); accepted: \(accepted)")
    }
    let weights = try Layout.weights(of: .vae, in: folder, variant: variant)
    var tensors: [ParameterPath: Tensor] = [:]
    for (name, tensor) in try SafeTensors.load(weights, finite: true) {
      tensors[DiffusionModel.path(.vae, name)] = tensor
    }
    return (config, try InputFile.data(file, .json), tensors)
  }

  private static func file(
    _ stored: SafeTensors, _ layout: Layout
  ) throws -> (JSON, [ParameterPath: Tensor]) {
    var found = own(stored.tensors)
    let isOfDiffusers = found.keys.contains { $0.hasPrefix("decoder.up_blocks.") }
    if isOfDiffusers {
      let levels = Set(found.keys.filter { $0.hasPrefix("decoder.up_blocks.") }.map(level)).count
      let names = OriginalNames(layers: 0, upAttention: [], codecLevels: levels)
      var renamed: [String: Tensor] = [:]
      for (name, tensor) in found {
        let own = names.codec(DiffusionModel.path(.vae, name).withoutFirst)
        guard renamed.updateValue(tensor, forKey: own) == nil else {
          throw LetheError.model("\(stored.file.path) has two tensors for '\(own)'")
        }
      }
      found = renamed
    }
    guard found["decoder.conv_in.weight"] != nil else {
      throw LetheError.badValue(
        "--vae", "\(stored.file.path) has no VAE; accepted: \(accepted)")
    }
    let config = try config(of: found, stored, layout)
    let names = OriginalNames(
      layers: 0, upAttention: [],
      codecLevels: try ComponentConfig("vae", config).ints("block_out_channels").count)
    let store = ParameterStore(.names, on: .cpu)
    _ = try AutoencoderKL(store.root["vae"], ComponentConfig("vae", config))
    var tensors: [ParameterPath: Tensor] = [:]
    for path in store.paths {
      tensors[path] = found.removeValue(forKey: names.codec(path.withoutFirst))
    }
    if let left = found.keys.min() {
      throw LetheError.model(
        "\(stored.file.path) has \(found.count.counted("tensor")) that its VAE has not, such as '\(left)'"
      )
    }
    return (config, tensors)
  }

  /// The tensors of the VAE in a file, without the prefix that a whole checkpoint has.
  private static func own(_ all: [String: Tensor]) -> [String: Tensor] {
    let prefixes = [OriginalFamily.codec, "vae."]
    let prefix = prefixes.first { prefix in all.keys.contains { $0.hasPrefix(prefix) } } ?? ""
    var found: [String: Tensor] = [:]
    for (name, tensor) in all where name.hasPrefix(prefix) {
      let name = String(name.dropFirst(prefix.count))
      // Parts of training: the discriminator, and averaged weights.
      guard !name.hasPrefix("loss."), !name.hasPrefix("model_ema.") else { continue }
      found[name] = tensor
    }
    return found
  }

  /// The number of the block in `decoder.up_blocks.3.resnets.0.conv1.weight`.
  private static func level(_ name: String) -> Substring {
    name.split(separator: ".", maxSplits: 3).dropFirst(2).first ?? ""
  }

  /// The configuration in the header of a file that Lethe wrote, or that of its shapes with the scale of the model's
  /// latents.
  private static func config(
    of tensors: [String: Tensor], _ stored: SafeTensors, _ layout: Layout
  ) throws -> JSON {
    var shapes: [String: [Int]] = [:]
    for (name, tensor) in tensors { shapes[OriginalFamily.codec + name] = tensor.shape }
    let family: OriginalFamily
    if case .stableDiffusionXL = layout.pipeline { family = .sdxl } else { family = .sd1 }
    let configs = OriginalConfigs(shapes, family, stored.metadata, nil, stored.file)
    if let written = try configs.written()?["vae"] { return written }
    var config = try configs.codec()
    for key in ["scaling_factor", "latents_mean", "latents_std"] {
      if let own = layout.configs[.vae]?[key] { config[key] = own }
    }
    return config
  }
}
