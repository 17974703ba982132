public import Diffusion
public import Editing
internal import Torch
package import Training

// The concepts that train together, and the null space of each.
extension SepME {
  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    if form == .whole { return try WholeSepME(of: self).check(erasure, of: model) }
    _ = try model.tokenizer(for: "SepME")
    for request in requests(erasure) { _ = try space(for: request, in: model) }
  }

  package func checkSwitching() throws {
    guard form == .separate else {
      throw LetheError.badValue(
        "--set form", "'\(form.rawValue)'; accepted: separate; `lethe erase` has the other forms")
    }
  }

  /// One request for each concept to forget.
  func requests(_ erasure: Erasure) -> [SeparableRequest] {
    erasure.forget.map { concept in
      let others = erasure.forget.filter { $0.name != concept.name }
      let regular = Set(erasure.regular ?? [])
      return request(
        concept, keeping: others.flatMap(\.prompts),
        preserving: erasure.preserve.filter { !regular.contains($0) },
        regular: erasure.preserve.filter(regular.contains))
    }
  }

  package func request(
    _ concept: Concept, keeping others: [String], preserving preserved: [String],
    regular: [String]
  ) -> SeparableRequest {
    keep == .average
      ? SeparableRequest(concept, keeping: others, regular: preserved + regular)
      : SeparableRequest(
        concept, keeping: preserved + others, regular: regular, canAverage: !preserved.isEmpty)
  }

  package func erasers(
    for requests: [SeparableRequest], of model: DiffusionModel, _ run: Run
  ) throws -> [EraserFactors] {
    _ = try model.tokenizer(for: "SepME")
    let spaces = try requests.map { try space(for: $0, in: model) }
    let size = groupSize(model, requests.count)
    return try stride(from: 0, to: requests.count, by: size).flatMap { first in
      let group = first..<min(first + size, requests.count)
      return try train(Array(requests[group]), Array(spaces[group]), model, run)
    }
  }

  package func groupSize(_ model: DiffusionModel, _ count: Int) -> Int {
    if form == .joint { return max(1, count) }
    return max(1, sideBySide > 0 ? sideBySide : model.isLarge ? 1 : count)
  }

  /// The free directions of a request.
  package func space(for request: SeparableRequest, in model: DiffusionModel) throws -> NullSpace {
    let prompts = [""] + request.kept
    let space = NullSpace(
      of: prompts, regular: request.regular, in: model, tolerance: tolerance)
    guard space.nullity == 0 else { return space }
    let advice = space.advice(on: prompts, in: model, tolerance: tolerance)
    throw LetheError.request(
      "\(request.concept.name): \(advice)"
        + (request.canAverage ? ", or keep prompts on average only (--set keep=average)" : ""))
  }
}
