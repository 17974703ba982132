// The diffusers folder layout, in and out.
public import Foundation
public import Torch
internal import TorchNN

/// Everything of a model folder but the weights: configurations, tokenizer, where things are.
public struct Layout: Sendable {
  public enum Component: String, CaseIterable, Sendable {
    case unet
    case textEncoder = "text_encoder"
    case vae

    var weights: String { self == .textEncoder ? "model" : "diffusion_pytorch_model" }
  }

  public var index: JSON
  public var configs: [Component: JSON]
  public var scheduler: JSON
  public var tokenizer: CLIPTokenizer
  /// The tokenizer's files by name, kept so that saving is the inverse of loading.
  public var tokenizerFiles: [String: Data]
  /// Configuration files as they were read. What did not change is written back byte by byte:
  /// readers of these files tell 1.0 from 1, which a parsed value no longer does.
  private var read: [String: Data] = [:]

  public init(
    configs: [Component: JSON], scheduler: JSON, tokenizer: CLIPTokenizer,
    tokenizerFiles: [String: Data], index: JSON? = nil
  ) {
    (self.configs, self.scheduler) = (configs, scheduler)
    (self.tokenizer, self.tokenizerFiles) = (tokenizer, tokenizerFiles)
    self.index =
      index ?? [
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1",
        "feature_extractor": [.null, .null], "image_encoder": [.null, .null],
        "requires_safety_checker": false, "safety_checker": [.null, .null],
        "scheduler": ["diffusers", .string(scheduler["_class_name"]?.string ?? "DDIMScheduler")],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
      ]
  }

  /// Reads `model_index.json` and every component's configuration.
  public init(folder: URL) throws {
    let indexFile = folder.appendingPathComponent("model_index.json")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw ModelError.notAModel("there is no folder \(folder.path)")
    }
    guard FileManager.default.fileExists(atPath: indexFile.path) else {
      throw ModelError.notAModel(
        "\(folder.path) has no model_index.json; a model is a folder in the diffusers layout")
    }
    index = try JSON(contentsOf: indexFile)
    read["model_index.json"] = try? Data(contentsOf: indexFile)
    let pipeline = index["_class_name"]?.string ?? "missing"
    guard pipeline == "StableDiffusionPipeline" else {
      throw ModelError.unsupported("pipeline '\(pipeline)'; supported: StableDiffusionPipeline")
    }
    let classes = [
      "unet": ["UNet2DConditionModel"], "vae": ["AutoencoderKL"], "text_encoder": ["CLIPTextModel"],
      "tokenizer": ["CLIPTokenizer", "CLIPTokenizerFast"],
    ]
    for (name, accepted) in classes.sorted(by: { $0.key < $1.key }) {
      let found = index[name]?.array?.last?.string ?? "missing"
      guard accepted.contains(found) else {
        throw ModelError.unsupported(
          "\(name) '\(found)'; supported: \(accepted.joined(separator: ", "))")
      }
    }
    configs = [:]
    for component in Component.allCases {
      let name = "\(component.rawValue)/config.json"
      configs[component] = try JSON(contentsOf: folder.appendingPathComponent(name))
      read[name] = try? Data(contentsOf: folder.appendingPathComponent(name))
    }
    let schedulerName = "scheduler/scheduler_config.json"
    scheduler = try JSON(contentsOf: folder.appendingPathComponent(schedulerName))
    read[schedulerName] = try? Data(contentsOf: folder.appendingPathComponent(schedulerName))
    let tokenizerFolder = folder.appendingPathComponent("tokenizer")
    let positions = configs[.textEncoder]?["max_position_embeddings"]?.int ?? 77
    tokenizer = try CLIPTokenizer(folder: tokenizerFolder, length: positions)
    tokenizerFiles = [:]
    for name in [
      "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
      "tokenizer.json",
    ] {
      tokenizerFiles[name] = try? Data(contentsOf: tokenizerFolder.appendingPathComponent(name))
    }
  }

  /// The text of a configuration file: the bytes that were read, unless the value has changed since.
  func text(_ json: JSON, _ name: String) -> Data {
    if let data = read[name], let before = try? JSONDecoder().decode(JSON.self, from: data),
      before == json
    {
      return data
    }
    return Data(json.pretty.utf8)
  }

  func config(_ component: Component) -> ComponentConfig {
    ComponentConfig(component.rawValue, configs[component] ?? .object([:]))
  }

  /// The file with a component's weights: the variant asked for, else plain, sharded, half precision.
  static func weights(of component: Component, in folder: URL, variant: String?) throws -> URL {
    let base = folder.appendingPathComponent(component.rawValue)
    let stems = [component.weights, "model", "diffusion_pytorch_model", "pytorch_model"]
    let names = ([variant] + [nil, "fp16"]).flatMap { variant in
      let tag = variant.map { ".\($0)" } ?? ""
      return stems.flatMap { ["\($0)\(tag).safetensors", "\($0).safetensors.index\(tag).json"] }
    }
    let files = FileManager.default
    if let found = names.first(where: {
      files.fileExists(atPath: base.appendingPathComponent($0).path)
    }) {
      return base.appendingPathComponent(found)
    }
    let all = ((try? files.contentsOfDirectory(atPath: base.path)) ?? []).sorted()
    if let pickle = all.first(where: {
      $0.hasSuffix(".bin") || $0.hasSuffix(".ckpt") || $0.hasSuffix(".pt")
    }) {
      throw FileError.pickle(base.appendingPathComponent(pickle))
    }
    throw ModelError.notAModel("\(base.path) has no \(names[0])")
  }
}

extension DiffusionModel {
  /// Loads a folder in the diffusers layout. Half-precision weights are computed with in float32.
  /// - Parameter variant: e.g. `fp16` to prefer `*.fp16.safetensors`
  public static func load(
    _ folder: URL, variant: String? = nil, on device: Device = .cpu
  ) throws -> DiffusionModel {
    let layout = try Layout(folder: folder)
    var tensors: [ParameterPath: Tensor] = [:]
    for component in Layout.Component.allCases {
      let file = try Layout.weights(of: component, in: folder, variant: variant)
      for (name, tensor) in try SafeTensors.load(file) {
        tensors[path(component, name)] = tensor
      }
    }
    return try DiffusionModel(layout, .tensors(tensors), on: device)
  }

  private static func path(_ component: Layout.Component, _ name: String) -> ParameterPath {
    var parts = name.split(separator: ".").map(String.init)
    if component == .vae, parts.contains("mid_block") {
      parts = parts.map { AutoencoderKL.oldAttentionNames[$0] ?? $0 }
    }
    // transformers 5 leaves out the module that all earlier versions write.
    if component == .textEncoder, parts.first != "text_model", parts.first != "text_projection" {
      parts.insert("text_model", at: 0)
    }
    return ParameterPath(([component.rawValue] + parts).joined(separator: "."))
  }

  /// Writes the same layout back. Every file is written atomically and `model_index.json` last, so
  /// that an interrupted save is no model.
  /// - Parameter dtype: element type of the weights on disk
  public func save(to folder: URL, dtype: DType = .float32) throws {
    let files = FileManager.default
    func write(_ data: Data, _ name: String) throws {
      let file = folder.appendingPathComponent(name)
      try files.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try AtomicFile.write(data, to: file)
    }
    for component in Layout.Component.allCases {
      guard let config = layout.configs[component] else { continue }
      let name = "\(component.rawValue)/config.json"
      try write(layout.text(config, name), name)
      var tensors: [String: Tensor] = [:]
      for (path, tensor) in parameters.tensors
      where path.components.first.map(String.init) == component.rawValue {
        tensors[path.withoutFirst] =
          tensor.dtype.isFloatingPoint ? tensor.detached().to(dtype) : tensor
      }
      try SafeTensors.write(
        tensors, metadata: ["format": "pt"],
        to: folder.appendingPathComponent("\(component.rawValue)/\(component.weights).safetensors"))
    }
    let schedulerName = "scheduler/scheduler_config.json"
    try write(layout.text(layout.scheduler, schedulerName), schedulerName)
    for (name, data) in layout.tokenizerFiles { try write(data, "tokenizer/\(name)") }
    try write(layout.text(layout.index, "model_index.json"), "model_index.json")
  }
}
