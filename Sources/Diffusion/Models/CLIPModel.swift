// transformers `CLIPModel` (Radford et al., ICML 2021): pictures and texts as unit vectors of one space.
//
//   i = W_i image(x) / |W_i image(x)|,   t = W_t text(y) / |W_t text(y)|,   logits = exp(s) i t^T
package import Foundation
package import Torch
package import TorchNN

package final class CLIPModel {
  /// The files of a folder but the weights.
  package struct Files: Sendable {
    /// `config.json`
    package var config: JSON
    /// `preprocessor_config.json`
    package var preprocessor: JSON
    package var tokenizer: CLIPTokenizer
    /// The tokenizer's files by name, which ``save(to:)`` writes back.
    package var tokenizerFiles: [String: Data]

    package init(
      config: JSON, preprocessor: JSON, tokenizer: CLIPTokenizer, tokenizerFiles: [String: Data]
    ) {
      (self.config, self.preprocessor) = (config, preprocessor)
      (self.tokenizer, self.tokenizerFiles) = (tokenizer, tokenizerFiles)
    }

    /// The configuration of a tower, `text` or `vision`. Old files repeat it as `text_config_dict`, which wins.
    func tower(_ name: String) -> ComponentConfig {
      var members = config["\(name)_config"]?.members ?? [:]
      members.merge(config["\(name)_config_dict"]?.members ?? [:]) { $1 }
      // A CLIPModel projects by itself.
      members["architectures"] = nil
      return ComponentConfig("\(name)_config", .object(members))
    }
  }

  package let files: Files
  package let parameters: ParameterStore
  package let processor: PictureProcessor
  /// s, a number without dimensions.
  package let logitScale: Tensor
  /// Width of the common space.
  package let width: Int
  package let vision: CLIPVision
  package let text: CLIPText
  private let visionProjection: Linear
  private let textProjection: Linear
  private let device: Device

  /// - Throws: ``LetheError`` of the kind `model` for files that do not fit each other
  package init(_ files: Files, _ source: ParameterStore.Source, on device: Device = .cpu) throws {
    let config = ComponentConfig("config.json", files.config)
    try config.accept(["model_type": ["clip"]])
    let store = ParameterStore(source, on: device)
    width = try config.int("projection_dim", 512)
    guard width > 0 else {
      throw config.refusing("projection_dim", "a number above 0")
    }
    text = try CLIPText(store.root, files.tower("text"))
    vision = try CLIPVision(store.root, files.tower("vision"))
    visionProjection = Linear(
      store.root["visual_projection"], vision.width, width, bias: false, ofOneRow: true)
    textProjection = Linear(
      store.root["text_projection"], text.width, width, bias: false, ofOneRow: true)
    let initial = try config.number("logit_scale_init_value", 2.6592)
    logitScale = store.root.parameter("logit_scale", [], .constant(initial))
    processor = try PictureProcessor(files.preprocessor)
    let side = vision.size
    // A picture of another size has other patches than the tower has positions.
    guard processor.size == [side, side] else {
      let made = processor.size.map { "\($0[0]) x \($0[1])" } ?? "any number of"
      throw LetheError.model(
        "preprocessor_config.json makes pictures of \(made) pixels, the image tower takes \(side) x \(side)"
      )
    }
    try text.check(files.tokenizer)
    (self.files, parameters, self.device) = (files, store, device)
    // Position ids are buffers of old checkpoints.
    try store.check { $0.name.hasSuffix("embeddings.position_ids") }
  }

  /// Pixel values [N, 3, S, S] -> unit vectors [N, P]
  package func imageVectors(_ pixels: Tensor) -> Tensor {
    unit(visionProjection(vision(pixels)))
  }

  /// N texts, cut to the encoder's length -> unit vectors [N, P]
  package func textVectors(_ texts: [String]) -> Tensor {
    textVectors(ids: texts.map { files.tokenizer($0) })
  }

  /// Token ids of N texts, each of the tokenizer's length -> unit vectors [N, P]
  package func textVectors(ids: [[Int]]) -> Tensor {
    let ends = ids.map(text.end)
    // No row sees those after it: columns behind the last end change nothing.
    let length = (ends.max() ?? 0) + 1
    let rows = Tensor(ids.flatMap { $0.prefix(length) }, [ids.count, length]).to(device)
    let states = text.encode(text.wordEmbeddings(rows)).flattened(from: 0, to: 1)  // [N L, D]
    let places = ends.enumerated().map { $0 * length + $1 }
    return unit(textProjection(states.indexed(0, places)))
  }

  /// exp(s) i t^T: unit vectors [N, P], [M, P] -> [N, M]
  package func logits(_ images: Tensor, _ texts: Tensor) -> Tensor {
    images.matmul(texts.transposed(0, 1)) * logitScale.exp()
  }

  private func unit(_ x: Tensor) -> Tensor { x / x.squared().sum(1, keepDimensions: true).sqrt() }

  // MARK: - Folders

  private static let tokenizerNames = [
    "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "tokenizer.json",
  ]

  /// Reads a folder of transformers. Weights that are no finite numbers are refused.
  /// - Throws: ``LetheError`` of the kind `model` for files that are missing, damaged or not supported
  package static func load(_ folder: URL, on device: Device = .cpu) throws -> CLIPModel {
    try NamedPlace.requireFolder(folder.relativePath, "a folder of transformers with a CLIPModel")
    let config = try JSON(contentsOf: folder.appendingPathComponent("config.json"))
    guard config["model_type"]?.string == "clip" else {
      throw LetheError.unsupported(
        "\(folder.path): model_type '\(config["model_type"]?.string ?? "missing")'; supported: clip (CLIPModel)"
      )
    }
    let preprocessor = try JSON(
      contentsOf: folder.appendingPathComponent("preprocessor_config.json"))
    let texts = Files(
      config: config, preprocessor: preprocessor,
      tokenizer: try CLIPTokenizer(
        folder: folder,
        length: ComponentConfig("text_config", config["text_config"] ?? .object([:])).int(
          "max_position_embeddings", 77)),
      tokenizerFiles: tokenizerNames.reduce(into: [:]) {
        $0[$1] = try? InputFile.data(folder.appendingPathComponent($1), .json)
      })
    let tensors = try SafeTensors.load(ComponentFolder.weights(in: folder), finite: true)
    return try CLIPModel(
      texts, .tensors(Dictionary(uniqueKeysWithValues: tensors.map { (ParameterPath($0), $1) })),
      on: device)
  }

  /// Writes a folder that transformers reads; `config.json` comes last, so that an interrupted save is no model.
  /// - Parameter dtype: element type of the weights on disk
  package func save(to folder: URL, dtype: DType = .float32) throws {
    func write(_ data: Data, _ name: String) throws {
      try AtomicFile.write(data, to: folder.appendingPathComponent(name))
    }
    try Folder.make(folder)
    var tensors: [String: Tensor] = [:]
    for (path, tensor) in parameters.tensors { tensors[path.name] = tensor.detached().to(dtype) }
    try SafeTensors.write(
      tensors, metadata: ["format": "pt"], to: folder.appendingPathComponent("model.safetensors"))
    for (name, data) in files.tokenizerFiles { try write(data, name) }
    try write(Data(files.preprocessor.pretty.utf8), "preprocessor_config.json")
    try write(Data(files.config.pretty.utf8), "config.json")
  }
}
