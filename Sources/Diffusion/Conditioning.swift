public import Torch

/// The noise predictor's conditioning: hidden states of the prompt [B, L, D].
///
/// Conditioners alone make one, so that the conditioning of a network which takes a pooled prompt has it: other targets
/// choose rows, repeat, join and shift conditionings, and each of these keeps the pooled prompt.
public struct Conditioning {
  /// The hidden states [B, L, D], which cross-attention reads.
  public internal(set) var hidden: Tensor
  /// The prompt as one vector [B, P], for networks that take one (SDXL).
  public internal(set) var pooled: Tensor?
  /// Additions to the keys and values of cross-attention layers, by the layer's path. Rows are
  /// those of `hidden`, so that each picture of a batch can have erasers of its own.
  package var shifts: [String: KeyValueShift]
  /// The guidance scale that a network which was distilled with it is told; nil for 1.
  package var guidance: Double?

  init(
    _ hidden: Tensor, pooled: Tensor?, shifts: [String: KeyValueShift] = [:]
  ) {
    (self.hidden, self.pooled, self.shifts) = (hidden, pooled, shifts)
  }

  /// Rows of several conditionings of one model, one after another.
  ///
  /// Those of two models end the process where their widths differ, as any tensors of wrong shapes do. No file and no
  /// option brings one: conditionings are made of prompts by the model that is asked, and are neither read nor kept in
  /// files. Erasers, LoRAs and embeddings of another model are weights, whose shapes are checked where they are read.
  public static func concatenate(_ parts: [Conditioning]) -> Conditioning {
    let layers = Set(parts.flatMap(\.shifts.keys))
    let shifts = layers.map { layer -> (String, KeyValueShift) in
      let like = parts.lazy.compactMap { $0.shifts[layer] }.first
      let rows = parts.compactMap { part in
        part.shifts[layer] ?? like.map { $0.zeros(part.count) }
      }
      return (
        layer,
        KeyValueShift(
          keys: Tensor.concatenate(rows.map(\.keys), 0),
          values: Tensor.concatenate(rows.map(\.values), 0))
      )
    }
    let pooled = parts.compactMap(\.pooled)
    let shapes = Set(parts.map { Array($0.hidden.shape.dropFirst()) })
    precondition(
      shapes.count <= 1,
      "conditionings of different models, with rows of \(shapes.sorted { $0.lexicographicallyPrecedes($1) })"
    )
    precondition(
      pooled.isEmpty || pooled.count == parts.count,
      "\(parts.count - pooled.count) of \(parts.count) parts have no pooled prompt")
    return Conditioning(
      Tensor.concatenate(parts.map(\.hidden), 0),
      pooled: pooled.isEmpty ? nil : Tensor.concatenate(pooled, 0),
      shifts: Dictionary(uniqueKeysWithValues: shifts))
  }

  /// Some of the rows, in the order asked for.
  public func rows(_ picks: [Int]) -> Conditioning {
    Conditioning(
      hidden.indexed(0, picks), pooled: pooled?.indexed(0, picks),
      shifts: shifts.mapValues {
        KeyValueShift(keys: $0.keys.indexed(0, picks), values: $0.values.indexed(0, picks))
      })
  }

  /// The same prompts with more added to keys and values.
  package func shifted(by more: [String: KeyValueShift]) -> Conditioning {
    var c = self
    c.shifts = KeyValueShift.sum([shifts, more].filter { !$0.isEmpty })
    return c
  }

  /// Each row `count` times in a row.
  public func repeated(_ times: Int) -> Conditioning {
    times == 1 ? self : rows((0..<count).flatMap { Array(repeating: $0, count: times) })
  }
  /// The number of rows, B.
  public var count: Int { hidden.size(0) }
}

/// Additions to one layer's keys and values, each [B, L, width].
package struct KeyValueShift {
  package var keys: Tensor
  package var values: Tensor
  package init(keys: Tensor, values: Tensor) { (self.keys, self.values) = (keys, values) }

  /// The sum, layer by layer.
  package static func sum(_ parts: [[String: KeyValueShift]]) -> [String: KeyValueShift] {
    parts.dropFirst().reduce(parts.first ?? [:]) { total, part in
      total.merging(part) {
        KeyValueShift(keys: $0.keys + $1.keys, values: $0.values + $1.values)
      }
    }
  }

  func zeros(_ rows: Int) -> KeyValueShift {
    func zeros(_ x: Tensor) -> Tensor {
      Tensor.zeros([rows] + x.shape.dropFirst(), x.dtype, on: x.device)
    }
    return KeyValueShift(keys: zeros(keys), values: zeros(values))
  }
}
