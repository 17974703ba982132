// The proof that erasers leave each other alone: for eraser k and a prompt of another concept,
//
//   residual = max over layers l and token rows e of  | e dW_kl^T | / | e W_l^T |
//
// in float64. 0 would be exact. It is the worst of all rows and layers: with 0.02 in six erasers the pictures of the
// embedded model differed by at most 1 of 255, while prompts that an eraser did not know have 0.1 and more.
package import Diffusion
internal import Foundation
package import Torch
internal import TorchNN

package struct SeparationCheck: Sendable {
  package struct Row: Sendable {
    package var eraser: String
    /// The concept whose prompts were tried, or "protected".
    package var concept: String
    package var residual: Double
    /// The layer and the prompt of the largest residual.
    package var layer: String
    package var prompt: String
    /// The largest residual of each layer.
    package var layers: [(layer: String, residual: Double)]
    /// Whether the eraser was trained to leave all of these prompts alone.
    package var isKnown: Bool
    /// Whether the prompts are paraphrases, for which nothing is promised.
    package var isParaphrase: Bool
    /// Whether the eraser's null space is that of these prompts, so that the residual proves something.
    package var isProved: Bool { isKnown && !isParaphrase }
    package var basis: String { isProved ? "proved" : "measured" }
  }
  package var rows: [Row] = []
  package let limit: Double

  package var failures: [Row] { rows.filter { !$0.isParaphrase && !($0.residual <= limit) } }

  /// - Parameter limit: largest residual of a managed prompt
  package init(_ set: EraserSet, _ model: DiffusionModel, limit: Double) throws {
    self.limit = limit
    for entry in set.card.entries where entry.isTrained {
      let vector = try set.eraser(entry.name).vector
      func row(_ concept: String, _ prompts: [String], paraphrase: Bool = false) {
        guard !prompts.isEmpty else { return }
        let worst = Self.residual(of: prompts, vector, model)
        rows.append(
          Row(
            eraser: entry.name, concept: concept, residual: worst.value, layer: worst.layer,
            prompt: worst.prompt, layers: worst.layers,
            isKnown: Set(prompts).isSubset(of: entry.keeps + [""]),
            isParaphrase: paraphrase))
      }
      row("protected", [""] + set.card.protected)
      for other in set.card.entries where other.name != entry.name {
        row(other.name, other.prompts)
        row(other.name, other.paraphrases, paraphrase: true)
      }
    }
  }

  /// One line: PASS or FAIL, the limit, the residuals that are proofs and those that are only measurements.
  package var verdict: String {
    guard !rows.isEmpty else { return "FAIL: nothing was checked" }
    let proved = rows.filter(\.isProved)
    let measured = rows.filter { !$0.isProved && !$0.isParaphrase }
    let loose = rows.filter(\.isParaphrase)
    func worst(_ rows: [Row]) -> String {
      String(format: "%.1e", rows.map(\.residual).max() ?? 0)
    }
    var parts = ["limit \(limit)"]
    if !proved.isEmpty {
      parts.append(
        "\(proved.count.counted("pair")) proved by their null space, residual up to \(worst(proved))"
      )
    }
    if !measured.isEmpty {
      parts.append("\(measured.count.counted("pair")) measured alone, up to \(worst(measured))")
    }
    if !loose.isEmpty {
      parts.append(
        "\(loose.count.counted("pair")) of paraphrases measured alone, up to \(worst(loose)), without a limit"
      )
    }
    return "\(failures.isEmpty ? "PASS" : "FAIL"): \(parts.joined(separator: "; "))"
  }

  package var json: JSON {
    [
      "passed": .bool(failures.isEmpty && !rows.isEmpty), "limit": .number(limit),
      "rows": .array(
        rows.map { row in
          [
            "eraser": .string(row.eraser), "concept": .string(row.concept),
            "residual": .number(row.residual), "basis": .string(row.basis),
            "paraphrases": .bool(row.isParaphrase), "layer": .string(row.layer),
          ]
        }),
    ]
  }

  package static func residual(
    of prompts: [String], _ vector: ParameterVector, _ model: DiffusionModel
  ) -> (value: Double, layer: String, prompt: String, layers: [(layer: String, residual: Double)]) {
    withoutGradients {
      let e = Tensor.concatenate(prompts.map { model.embedKept($0).hidden }).to(.cpu, .float64)
      var worst = (value: 0.0, layer: "", prompt: "")
      var layers: [(layer: String, residual: Double)] = []
      for path in vector.paths {
        guard let d = vector.tensors[path], let w = model.parameters[path] else { continue }
        func length(_ w: Tensor) -> Tensor {
          e.matmul(w.to(.cpu, .float64).transposed(0, 1)).norm(2)  // [prompts, L]
        }
        // No eraser changes rows of zeros, such as those of SDXL's empty prompt.
        let ratios = (length(d) / length(w).clamped(NullSpace.least, nil)).max(1).doubles
        layers.append((path.name, ratios.max() ?? 0))
        for (prompt, ratio) in zip(prompts, ratios) where ratio > worst.value {
          worst = (ratio, path.name, prompt)
        }
      }
      return (worst.value, worst.layer, worst.prompt, layers)
    }
  }
}
