internal import Foundation
internal import Torch

extension SampleSet {
  /// The texts that a picture carries.
  package struct Recipe: Sendable {
    /// Its recipe: the prompt, then settings, as people paste them.
    package var parameters: String
    /// Hashes of the base model and of the erasers that were added to it.
    package var inputs: String
    /// The graph that ComfyUI opens, by the picture's size; nil for a model that is not asked in words.
    private let graph: (@Sendable (_ size: (width: Int, height: Int)) -> String)?

    package init(
      _ parameters: String, base: String, erasers: [String],
      graph: (@Sendable (_ size: (width: Int, height: Int)) -> String)? = nil
    ) {
      (self.parameters, self.graph) = (parameters, graph)
      // Differences add up in any order.
      let laid = erasers.sorted().map(JSON.string)
      let json: JSON = ["base": .string(base), "erasers": .array(laid)]
      inputs = json.compact
    }

    static let (parametersKey, inputsKey) = ("parameters", "lethe.inputs")
    /// ComfyUI's word for a graph.
    package static let graphKey = "prompt"
    /// - Parameter size: of the picture
    func text(_ size: (width: Int, height: Int)) -> [(String, String)] {
      var items = parameters.components(separatedBy: ", ")
      items.insert(
        "Size: \(size.width)x\(size.height)", at: items.count - Self.endings(of: items))
      return [(Self.parametersKey, items.joined(separator: ", ")), (Self.inputsKey, inputs)]
        + (graph.map { [(Self.graphKey, $0(size))] } ?? [])
    }

    /// The parameters but for those at their end that tell of the model and the program: version 0.1 did not write them
    /// all, and other texts hold what they tell.
    static func withoutEnding(_ parameters: String) -> String {
      let items = parameters.components(separatedBy: ", ")
      var kept = items.dropLast(endings(of: items))
      if kept.last?.hasPrefix("Size: ") == true { kept.removeLast() }
      return kept.joined(separator: ", ")
    }

    /// The number of settings at the end that tell of the model's hash and of the program.
    private static func endings(of items: [String]) -> Int {
      items.reversed().prefix { $0.hasPrefix("Version: ") || $0.hasPrefix("Model hash: ") }.count
    }
  }
}
