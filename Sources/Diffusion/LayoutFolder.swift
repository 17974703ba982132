package import Foundation
internal import Torch

extension Layout {
  /// Whether a model is one safetensors file.
  static func isSingleFile(_ file: URL) -> Bool {
    var isFolder: ObjCBool = false
    return file.pathExtension.lowercased() == "safetensors"
      && FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
      && !isFolder.boolValue && FileKind.special(file) == nil
  }

  /// The layout of a model: a folder's, or a single file's.
  package static func of(_ model: URL) throws -> Layout {
    try isSingleFile(model) ? SingleFile(model).layout : Layout(folder: model)
  }

  /// The accepted forms of a model, for the sentence that refuses others.
  private static let accepted =
    "a model's folder in the diffusers layout, a checkpoint that ends with .safetensors, or ORG/NAME that `lethe pull` fetched"

  /// A sentence on a folder without `model_index.json`: one that lacks a file, or a folder of another kind.
  private static func noModel(_ folder: URL) -> LetheError {
    let others = [
      (
        "job.json",
        "a run of `lethe erase`, which commands that draw take beside a model, as --with \(folder.relativePath)"
      ),
      (
        "erasers.json",
        "a set of erasers, which commands that draw take beside a model, as --erasers \(folder.relativePath)"
      ),
      ("judge.json", "a judge"), ("manifest.json", "a folder of pictures"),
    ]
    func has(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
    }
    let words = "\(folder.relativePath) has no model_index.json"
    guard !has("unet") else {
      return .model("\(words), which a model in the diffusers layout has beside unet/")
    }
    let kind = others.first { has($0.0) }.map { ": it is \($0.1)" } ?? ""
    return .request("\(words)\(kind); accepted: \(accepted)")
  }

  /// Reads `model_index.json` and every component's configuration.
  package init(folder: URL) throws {
    let indexFile = folder.appendingPathComponent("model_index.json")
    try NamedPlace.requireFolder(folder.relativePath, Self.accepted)
    guard InputFile.isListed(indexFile) else { throw Self.noModel(folder) }
    index = try JSON(contentsOf: indexFile)
    // A pipeline with code of its own is named in a list.
    let named = index["_class_name"]
    let pipeline = named?.string ?? named?.array?.last?.string ?? "missing"
    let classes: [String: [String]]
    switch pipeline {
    case "StableDiffusionPipeline", "LatentConsistencyModelPipeline":
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
        "pipeline '\(pipeline)'" + (ModelKind.of(pipeline: pipeline).map { ", \($0)" } ?? "")
          + "; supported: StableDiffusionPipeline, StableDiffusionXLPipeline, LatentConsistencyModelPipeline, "
          + "DDPMPipeline, DDIMPipeline")
    }
    for (name, accepted) in classes.sorted(by: { $0.key < $1.key }) {
      let found = index[name]?.array?.last?.string ?? "missing"
      guard accepted.contains(found) else {
        throw LetheError.unsupported(
          "\(name) '\(found)'" + (ModelKind.of(component: found).map { ", \($0)" } ?? "")
            + "; supported: \(accepted.joined(separator: ", "))")
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
      var first: (CLIPTokenizer, texts: [String: Data])?
      // The second tokenizer has the first one's byte pairs, as a rule, which are then read once.
      func tokenizer(_ place: String) throws -> CLIPTokenizer {
        var texts: [String: Data] = [:]
        for name in TokenizerFiles.names {
          let file = folder.appendingPathComponent("\(place)/\(name)")
          guard InputFile.isListed(file) else { continue }
          texts[name] = try InputFile.data(file, .json)
          files["\(place)/\(name)"] = texts[name]
        }
        let isSame = BytePairs.files.allSatisfy { first?.texts[$0] == texts[$0] }
        let made = try CLIPTokenizer(
          TokenizerFiles(texts, in: folder.appendingPathComponent(place)), length: positions,
          isSame ? first?.0 : nil)
        first = first ?? (made, texts)
        return made
      }
      let one = try tokenizer("tokenizer")
      self.pipeline =
        classes["tokenizer_2"] == nil
        ? .stableDiffusion(one) : .stableDiffusionXL(one, try tokenizer("tokenizer_2"))
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
    guard let list = try? JSONText.value(data) else {
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

  /// The file with a component's weights: the variant asked for, else plain, sharded, half precision.
  static func weights(of component: Component, in folder: URL, variant: String?) throws -> URL {
    let base = place("\(component.rawValue)/config.json", in: folder).deletingLastPathComponent()
    let stems = [component.weights, "model", "diffusion_pytorch_model", "pytorch_model"]
    let names = ([variant] + [nil, "fp16"]).flatMap { variant in
      let tag = variant.map { ".\($0)" } ?? ""
      return stems.flatMap { ["\($0)\(tag).safetensors", "\($0).safetensors.index\(tag).json"] }
    }
    let files = FileManager.default
    if let found = names.first(where: { InputFile.isListed(base.appendingPathComponent($0)) }) {
      return base.appendingPathComponent(found)
    }
    let all = ((try? files.contentsOfDirectory(atPath: base.path)) ?? []).sorted()
    if let pickle = all.first(where: {
      $0.hasSuffix(".bin") || $0.hasSuffix(".ckpt") || $0.hasSuffix(".pt")
    }) {
      throw LetheError.pickle(base.appendingPathComponent(pickle))
    }
    throw LetheError.model(
      "\(base.path) has no weights; accepted: \(names[0]), shards behind \(names[1]), or their variants such as fp16"
    )
  }
}
