// transformers `CLIPTextModel` and `CLIPTextModelWithProjection` (Radford et al., 2021): a causal transformer over
// byte-pair tokens.
package import Torch
package import TorchNN

package final class CLIPText {
  package let width: Int
  package let positions: Int
  package let vocabulary: Int
  /// Width of the projected prompt; nil without a projection.
  let pooledWidth: Int?
  /// The id whose first place gives the prompt's vector. 2, as old configurations have it, is the place of the largest
  /// id, which is that of the end token as long as no token was added after it.
  private let endId: Int

  private let tokenEmbedding: Embedding
  private let positionEmbedding: Embedding
  private let layers: [CLIPLayer]
  private let finalLayerNorm: LayerNorm
  private let projection: Linear?

  package init(_ s: Scope, _ config: ComponentConfig) throws {
    try config.accept(["model_type": ["clip_text_model"], "attention_dropout": [0], "dropout": [0]])
    let projected: JSON = ["CLIPTextModelWithProjection"]
    let names = config.json["architectures"]
    guard names == nil || names == ["CLIPTextModel"] || names == projected else {
      throw config.refusing(
        "architectures", "CLIPTextModel, CLIPTextModelWithProjection")
    }
    let shape = try CLIPTowerShape(config, width: 512, inner: 2048, layers: 12, heads: 8)
    width = shape.width
    positions = try config.int("max_position_embeddings", 77)
    vocabulary = try config.int("vocab_size", 49408)
    endId = try config.int("eos_token_id", 49407)
    try s.check(layers: shape.layers, key: "num_hidden_layers")
    let model = s["text_model"]
    tokenEmbedding = Embedding(model["embeddings"]["token_embedding"], vocabulary, width)
    positionEmbedding = Embedding(model["embeddings"]["position_embedding"], positions, width)
    layers = (0..<shape.layers).map {
      CLIPLayer(model["encoder"]["layers"][$0], shape, causal: true)
    }
    finalLayerNorm = LayerNorm(model["final_layer_norm"], width, eps: shape.eps)
    pooledWidth = names == projected ? try config.int("projection_dim", 512) : nil
    projection =
      if let pooledWidth {
        Linear(s["text_projection"], width, pooledWidth, bias: false, ofOneRow: true)
      } else {
        nil
      }
  }

  /// Rows of the token table: [B, L] -> [B, L, D]
  package func wordEmbeddings(_ tokens: Tensor) -> Tensor { tokenEmbedding(tokens) }

  /// Word embeddings [B, L, D] -> last hidden state after the final norm [B, L, D]
  package func encode(_ embeddings: Tensor) -> Tensor { states(embeddings).last }

  /// The state before the last layer, as SDXL takes it, and the last one after the final norm: [B, L, D]
  func states(_ embeddings: Tensor) -> (penultimate: Tensor, last: Tensor) {
    let places = Tensor.arange(0, Double(embeddings.size(1)), on: embeddings.device).to(.int64)
    var h = embeddings + positionEmbedding(places)
    var before = h
    for layer in layers {
      before = h
      h = layer(h)
    }
    return (before, finalLayerNorm(h))
  }

  /// - Throws: ``LetheError`` for a tokenizer with ids or places that the encoder has no row for
  func check(_ tokenizer: CLIPTokenizer) throws {
    guard tokenizer.largestId < vocabulary else {
      throw LetheError.model(
        "the tokenizer has ids up to \(tokenizer.largestId), the text encoder has \(vocabulary) rows; accepted: ids below that"
      )
    }
    guard tokenizer.length <= positions else {
      throw LetheError.model(
        "the tokenizer makes prompts of \(tokenizer.length) tokens, the text encoder has \(positions) positions"
      )
    }
  }

  /// The place of each prompt's vector, known by its token's embedding: [B, L, D] -> [B]. The program does not wait for
  /// it.
  /// - Parameter end: the tokenizer's end token, which every prompt has
  func ends(_ embeddings: Tensor, end: Int) -> Tensor {
    let candidates = endId == Self.legacyEnd ? Array(end..<max(vocabulary, end)) : [endId]
    var places = Tensor.zeros([embeddings.size(0)], on: embeddings.device).to(.int64)
    // The largest id that is found is the end, as the first configurations have it.
    for id in candidates where id < vocabulary {
      let row = tokenEmbedding.weight.narrowed(0, id, 1).unsqueezed(0)
      let isHere = (embeddings - row).abs().sum(2).equals(0).to(.int64)  // [B, L]
      let isFound = isHere.sum(1).isGreater(than: 0).to(.int64)  // [B]
      places = places + isFound * (isHere.argmax(1) - places)
    }
    return places
  }
  private static let legacyEnd = 2

  /// The place of the prompt's vector among its ids.
  func end(_ ids: [Int]) -> Int {
    ids.firstIndex(of: endId == Self.legacyEnd ? ids.max() ?? 0 : endId) ?? 0
  }

  /// Last states [B, L, D] at one place each [B] -> the prompt's vector [B, P]; nil without a projection.
  func pooled(_ last: Tensor, at places: Tensor) -> Tensor? {
    guard let projection else { return nil }
    let (b, l) = (last.size(0), last.size(1))
    let first = Tensor.arange(0, Double(b * l), step: Double(l), .int64, on: last.device)
    return projection(last.reshaped(b * l, last.size(2)).indexed(0, first + places))
  }
}
