package import Foundation
package import Torch

/// A model folder without its weights: configurations, tokenizers and the places of its files.
package struct Layout: Sendable {
  package enum Component: String, CaseIterable, Sendable {
    case unet
    case textEncoder = "text_encoder"
    case textEncoder2 = "text_encoder_2"
    case vae

    var isText: Bool { self == .textEncoder || self == .textEncoder2 }
    var weights: String { isText ? "model" : "diffusion_pytorch_model" }

    /// Whether a saved model writes a file of this name among the weights of the component, or takes it away.
    package func writes(_ name: String) -> Bool {
      ["\(weights).safetensors", "\(weights).safetensors.index.json"].contains(name)
    }
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
  /// Configuration files as they were read. Unchanged ones are written back byte by byte:
  /// readers of these files tell 1.0 from 1, which a parsed value no longer does.
  var read: [String: Data] = [:]
  /// Tokens of textual inversions that were laid over the model, which no weight tells of.
  package internal(set) var inserted = ""

  /// A Stable Diffusion that was not read from a folder.
  package init(
    configs: [Component: JSON], scheduler: JSON, tokenizer: CLIPTokenizer,
    tokenizerFiles: [String: Data]
  ) {
    self.init(
      configs: configs, scheduler: scheduler, tokenizer: (tokenizer, tokenizerFiles), second: nil)
  }

  /// - Parameters:
  ///   - tokenizer: the tokenizer and its files by name
  ///   - second: that of the second text encoder, for SDXL
  init(
    configs: [Component: JSON], scheduler: JSON,
    tokenizer: (CLIPTokenizer, files: [String: Data]),
    second: (CLIPTokenizer, files: [String: Data])?
  ) {
    (self.configs, self.scheduler) = (configs, scheduler)
    pipeline =
      if let second { .stableDiffusionXL(tokenizer.0, second.0) } else {
        .stableDiffusion(tokenizer.0)
      }
    files = [:]
    for (name, data) in tokenizer.files { files["tokenizer/\(name)"] = data }
    for (name, data) in second?.files ?? [:] { files["tokenizer_2/\(name)"] = data }
    let hasVAE = configs[.vae] != nil
    index = [
      "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1",
      "feature_extractor": [.null, .null], "image_encoder": [.null, .null],
      "requires_safety_checker": false, "safety_checker": [.null, .null],
      "scheduler": ["diffusers", .string(scheduler["_class_name"]?.string ?? "DDIMScheduler")],
      "text_encoder": ["transformers", "CLIPTextModel"],
      "tokenizer": ["transformers", "CLIPTokenizer"],
      "unet": ["diffusers", "UNet2DConditionModel"],
      "vae": hasVAE ? ["diffusers", "AutoencoderKL"] : [.null, .null],
    ]
    if second != nil {
      index["_class_name"] = "StableDiffusionXLPipeline"
      index["text_encoder_2"] = ["transformers", "CLIPTextModelWithProjection"]
      index["tokenizer_2"] = ["transformers", "CLIPTokenizer"]
      index["force_zeros_for_empty_prompt"] = true
      for key in ["requires_safety_checker", "safety_checker"] { index[key] = nil }
    }
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

  /// The scheduler's configuration as the pipeline uses it: diffusers' StableDiffusionPipeline sets two options,
  /// whatever the file says or leaves out.
  var usedScheduler: JSON {
    guard name == "StableDiffusionPipeline" else { return scheduler }
    var json = scheduler
    json["steps_offset"] = 1
    json["clip_sample"] = false
    return json
  }

  /// `model_index.json` for a folder that holds the components which Lethe reads: others are named as absent, because
  /// diffusers looks for every one that is named.
  var writtenIndex: JSON {
    var json = index
    let own = Set(configs.keys.map(\.rawValue)).union(["scheduler", "tokenizer", "tokenizer_2"])
    for (key, value) in json.members ?? [:] where !own.contains(key) {
      guard let pair = value.array, pair.count == 2, pair[0].string != nil else { continue }
      json[key] = [.null, .null]
      if key == "safety_checker" { json["requires_safety_checker"] = false }
    }
    return json
  }

  /// A component's configuration for a folder that diffusers loads with no further argument. transformers takes an
  /// encoder's element type from its configuration, or else from its weights, and the other networks are float32.
  /// - Parameter dtype: of the weights
  func writtenConfig(_ component: Component, _ dtype: DType) -> JSON? {
    guard var json = configs[component], component.isText else { return configs[component] }
    let key = json["dtype"] == nil ? "torch_dtype" : "dtype"
    if json[key] != nil || dtype != .float32 { json[key] = "float32" }
    // transformers refuses 1 for 1.0, which a parsed value no longer tells; drawing needs none of these.
    if read["\(component.rawValue)/config.json"] == nil {
      for key in ["attention_dropout", "dropout", "initializer_factor", "initializer_range"]
      where json[key]?.int != nil { json[key] = nil }
    }
    return json
  }

  /// The text of a configuration file: the bytes that were read, but for members that have changed since.
  func text(_ json: JSON, _ name: String) -> Data {
    let whole = Data(json.python.utf8)
    guard let data = read[name], let before = try? JSONText.value(data) else { return whole }
    guard before.python != json.python else { return data }
    var text = String(decoding: data, as: UTF8.self)
    for (key, value) in json.members ?? [:] where before[key]?.python != value.python {
      let member = "\"\(key)\": \(value.compact)"
      let scalar = #"\s*:\s*("[^"\\]*"|[-+.0-9a-zA-Z]+)"#
      if let old = text.range(of: "\"\(key)\"" + scalar, options: .regularExpression) {
        text.replaceSubrange(old, with: member)
      } else if let start = text.firstIndex(of: "{") {
        text.insert(contentsOf: "\n  \(member),", at: text.index(after: start))
      }
    }
    // Members of other kinds are written with all others anew.
    let changed = try? JSONText.value(Data(text.utf8))
    return changed?.python == json.python ? Data(text.utf8) : whole
  }

  func config(_ component: Component) -> ComponentConfig {
    ComponentConfig(component.rawValue, configs[component] ?? .object([:]))
  }
}
