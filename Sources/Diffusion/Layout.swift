// The diffusers folder layout, in and out.
public import Foundation
public import Torch
internal import TorchNN

/// A model folder without its weights: configurations, tokenizers and the places of its files.
package struct Layout: Sendable {
  package enum Component: String, CaseIterable, Sendable {
    case unet
    case textEncoder = "text_encoder"
    case textEncoder2 = "text_encoder_2"
    case vae

    var isText: Bool { self == .textEncoder || self == .textEncoder2 }
    var weights: String { isText ? "model" : "diffusion_pytorch_model" }
  }

  /// The pipeline class that puts the parts together.
  package enum Pipeline: Sendable {
    case stableDiffusion(CLIPTokenizer)
    case stableDiffusionXL(CLIPTokenizer, CLIPTokenizer)
    /// A U-Net over pixels and the names of its classes, `classes.json` in the model's folder; without that
    /// file they are numbers.
    case pixels(classes: [String])
  }

  package var index: JSON
  package var configs: [Component: JSON]
  package var scheduler: JSON
  package var pipeline: Pipeline
  /// Other files of the folder by path, kept so that saving is the inverse of loading.
  package var files: [String: Data]
  /// Configuration files as they were read. What did not change is written back byte by byte:
  /// readers of these files tell 1.0 from 1, which a parsed value no longer does.
  private var read: [String: Data] = [:]

  /// A Stable Diffusion that was not read from a folder.
  package init(
    configs: [Component: JSON], scheduler: JSON, tokenizer: CLIPTokenizer,
    tokenizerFiles: [String: Data]
  ) {
    (self.configs, self.scheduler) = (configs, scheduler)
    pipeline = .stableDiffusion(tokenizer)
    files = Dictionary(uniqueKeysWithValues: tokenizerFiles.map { ("tokenizer/\($0)", $1) })
    index = [
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

  /// A DDPM that was not read from a folder.
  package init(unet: JSON, scheduler: JSON, classes: [String]) {
    (configs, self.scheduler) = ([.unet: unet], scheduler)
    pipeline = .pixels(classes: classes)
    files =
      classes.isEmpty
      ? [:] : [Self.classFile: Data(JSON.array(classes.map(JSON.string)).pretty.utf8)]
    index = [
      "_class_name": "DDPMPipeline", "_diffusers_version": "0.42.1",
      "scheduler": ["diffusers", .string(scheduler["_class_name"]?.string ?? "DDPMScheduler")],
      "unet": ["diffusers", "UNet2DModel"],
    ]
  }

  /// The pipeline as `model_index.json` calls it.
  package var name: String { index["_class_name"]?.string ?? "the pipeline" }

  static let classFile = "classes.json"

  /// Reads `model_index.json` and every component's configuration.
  package init(folder: URL) throws {
    let indexFile = folder.appendingPathComponent("model_index.json")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw LetheError.model("there is no folder \(folder.path)")
    }
    guard FileManager.default.fileExists(atPath: indexFile.path) else {
      throw LetheError.model(
        "\(folder.path) has no model_index.json; a model is a folder in the diffusers layout")
    }
    index = try JSON(contentsOf: indexFile)
    let pipeline = index["_class_name"]?.string ?? "missing"
    let classes: [String: [String]]
    switch pipeline {
    case "StableDiffusionPipeline":
      classes = [
        "unet": ["UNet2DConditionModel"], "vae": ["AutoencoderKL"],
        "text_encoder": ["CLIPTextModel"], "tokenizer": ["CLIPTokenizer", "CLIPTokenizerFast"],
      ]
    case "StableDiffusionXLPipeline":
      classes = [
        "unet": ["UNet2DConditionModel"], "vae": ["AutoencoderKL"],
        "text_encoder": ["CLIPTextModel"], "text_encoder_2": ["CLIPTextModelWithProjection"],
        "tokenizer": ["CLIPTokenizer", "CLIPTokenizerFast"],
        "tokenizer_2": ["CLIPTokenizer", "CLIPTokenizerFast"],
      ]
    case "DDPMPipeline", "DDIMPipeline": classes = ["unet": ["UNet2DModel"]]
    default:
      throw LetheError.unsupported(
        "pipeline '\(pipeline)'; supported: StableDiffusionPipeline, StableDiffusionXLPipeline, DDPMPipeline, "
          + "DDIMPipeline")
    }
    for (name, accepted) in classes.sorted(by: { $0.key < $1.key }) {
      let found = index[name]?.array?.last?.string ?? "missing"
      guard accepted.contains(found) else {
        throw LetheError.unsupported(
          "\(name) '\(found)'; supported: \(accepted.joined(separator: ", "))")
      }
    }
    var read: [String: Data] = ["model_index.json": try InputFile.data(indexFile, .json)]
    func configuration(_ name: String) throws -> JSON {
      let file = Self.place(name, in: folder)
      read[name] = try InputFile.data(file, .json)
      return try JSON(contentsOf: file)
    }
    configs = [:]
    for component in Component.allCases where classes[component.rawValue] != nil {
      configs[component] = try configuration("\(component.rawValue)/config.json")
    }
    scheduler = try configuration("scheduler/scheduler_config.json")
    files = [:]
    if classes["tokenizer"] == nil {
      self.pipeline = .pixels(
        classes: try Self.classes(of: folder, configs[.unet] ?? .object([:]), &files))
    } else {
      let positions = try ComponentConfig(
        Component.textEncoder.rawValue, configs[.textEncoder] ?? .object([:])
      ).int("max_position_embeddings", 77)
      var files: [String: Data] = [:]
      func tokenizer(_ place: String) throws -> CLIPTokenizer {
        for name in [
          "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
          "added_tokens.json", "tokenizer.json",
        ] {
          let file = folder.appendingPathComponent("\(place)/\(name)")
          guard FileManager.default.fileExists(atPath: file.path) else { continue }
          files["\(place)/\(name)"] = try InputFile.data(file, .json)
        }
        return try CLIPTokenizer(
          folder: folder.appendingPathComponent(place), length: positions)
      }
      let first = try tokenizer("tokenizer")
      self.pipeline =
        classes["tokenizer_2"] == nil
        ? .stableDiffusion(first) : .stableDiffusionXL(first, try tokenizer("tokenizer_2"))
      self.files = files
    }
    self.read = read
  }

  /// The names in `classes.json`, or numbers for the rows of the U-Net's table.
  private static func classes(
    of folder: URL, _ unet: JSON, _ files: inout [String: Data]
  ) throws -> [String] {
    let file = folder.appendingPathComponent(classFile)
    guard FileManager.default.fileExists(atPath: file.path) else {
      let count = try ComponentConfig("unet", unet).int("num_class_embeds", 0)
      return (0..<count).map { "\($0)" }
    }
    let data = try InputFile.data(file, .json)
    files[classFile] = data
    guard let list = try? JSONDecoder().decode(JSON.self, from: data) else {
      throw LetheError.malformed(file, "it is no JSON")
    }
    return try Checked(["classes": list], file.path)["classes"].names(1...100_000, of: "names")
  }

  /// A component's file: in the component's folder, or, where there is no such folder, beside
  /// `model_index.json`, as the first DDPM models were published.
  static func place(_ name: String, in folder: URL) -> URL {
    let own = folder.appendingPathComponent(name)
    return FileManager.default.fileExists(atPath: own.deletingLastPathComponent().path)
      ? own : folder.appendingPathComponent(own.lastPathComponent)
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
    let base = place("\(component.rawValue)/config.json", in: folder).deletingLastPathComponent()
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
      throw LetheError.pickle(base.appendingPathComponent(pickle))
    }
    throw LetheError.model("\(base.path) has no \(names[0])")
  }
}

extension DiffusionModel {
  /// Loads a folder in the diffusers layout; weights that are no finite numbers are refused. Half-precision weights are computed with in float32.
  /// - Parameter variant: e.g. `fp16` to prefer `*.fp16.safetensors`
  public static func load(
    _ folder: URL, variant: String? = nil, on device: Device = .cpu
  ) throws -> DiffusionModel {
    let layout = try Layout(folder: folder)
    var tensors: [ParameterPath: Tensor] = [:]
    for component in Layout.Component.allCases where layout.configs[component] != nil {
      let file = try Layout.weights(of: component, in: folder, variant: variant)
      for (name, tensor) in try SafeTensors.load(file, finite: true) {
        tensors[path(component, name)] = tensor
      }
    }
    return try DiffusionModel(layout, .tensors(tensors), on: device)
  }

  private static func path(_ component: Layout.Component, _ name: String) -> ParameterPath {
    var parts = name.split(separator: ".").map(String.init)
    if !component.isText, parts.contains("attentions") {
      parts = parts.map { PixelAttention.oldNames[$0] ?? $0 }
    }
    // transformers 5 leaves out the module that all earlier versions write.
    if component.isText, parts.first != "text_model", parts.first != "text_projection" {
      parts.insert("text_model", at: 0)
    }
    return ParameterPath(([component.rawValue] + parts).joined(separator: "."))
  }

  /// Writes the same layout back. Every file is written atomically, and `model_index.json` goes first and comes last,
  /// so that an interrupted save is no model.
  /// - Parameter dtype: element type of the weights on disk
  public func save(to folder: URL, dtype: DType = .float32) throws {
    let files = FileManager.default
    func write(_ data: Data, _ name: String) throws {
      let file = folder.appendingPathComponent(name)
      let place = file.deletingLastPathComponent()
      try Folder.make(place)
      try AtomicFile.write(data, to: file)
    }
    AtomicFile.sweep(folder)
    try? files.removeItem(at: folder.appendingPathComponent("model_index.json"))
    for component in Layout.Component.allCases {
      guard let config = layout.configs[component] else { continue }
      let name = "\(component.rawValue)/config.json"
      try write(layout.text(config, name), name)
      var tensors: [String: Tensor] = [:]
      for (path, tensor) in parameters.tensors
      where path.components.first.map(String.init) == component.rawValue {
        let stored = tensor.dtype.isFloatingPoint ? tensor.detached().to(dtype) : tensor
        guard stored.isFinite else {
          throw LetheError.model(
            "'\(path)' would hold values that are no finite numbers in \(dtype), so \(folder.path) is not written"
          )
        }
        tensors[path.withoutFirst] = stored
      }
      try SafeTensors.write(
        tensors, metadata: ["format": "pt"],
        to: folder.appendingPathComponent("\(component.rawValue)/\(component.weights).safetensors"))
    }
    let schedulerName = "scheduler/scheduler_config.json"
    try write(layout.text(layout.scheduler, schedulerName), schedulerName)
    for (name, data) in layout.files { try write(data, name) }
    try write(layout.text(layout.index, "model_index.json"), "model_index.json")
  }
}
