// The loss of ESD (Gandikota et al., 2023, eq. 7):
//
//   | eps_theta(x_t | c) - [ eps_o(x_t | r) - eta ( eps_o(x_t | c) - eps_o(x_t | a) ) ] |^2
//
// theta: trained weights, o: original weights, c: concept, eta: strength; mean over elements. r and a: the same request
// without the concept, or r its replacement and a the empty prompt. The paper's prompt is the concept's name alone, so
// that its r and a are the empty prompt.
public import Diffusion
public import Torch
public import Training

/// The loss of ESD (Gandikota et al., 2023, eq. 7).
public struct NegativeGuidance: Objective {
  let states: DenoisingStates
  /// eps_o(x_t | r) - eta (eps_o(x_t | c) - eps_o(x_t | a)), for every state [N, C, h, w]
  let targets: Tensor
  /// The prompts of the states, as the model in training is given them.
  public let prompts: StudentPrompts
  let batch: Int
  /// eps_o(x_t | c), for every state [N, C, h, w]
  private let conditional: Deferred

  /// - Parameters:
  ///   - replacement: eps_o(x_t | r) for every state; nil for the empty prompt
  ///   - without: eps_o(x_t | a) for every state; nil for the empty prompt
  ///   - conditional: gives eps_o(x_t | c) for every state on request; nil where the trajectories were with c
  public init(
    _ states: DenoisingStates, prompts: StudentPrompts, replacement: Tensor? = nil,
    without: Tensor? = nil, conditional: (() -> Tensor)? = nil, eta: Double, batch: Int
  ) {
    (self.states, self.prompts, self.batch) = (states, prompts, batch)
    self.conditional = Deferred(conditional ?? { states.conditional })
    let r = replacement ?? states.reference
    targets =
      eta == 0 ? r : r - eta * (self.conditional.value - (without ?? states.reference))
  }

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    let picks = Tensor.randint(below: states.count, [batch], step.generator)
    let x = states.x.indexed(0, picks.to(model.device))
    let t = states.t.indexed(0, picks.to(model.device))
    let c = prompts.rows(picks.ints.map { states.prompt[$0] }, of: model)
    return model.predict(x, at: t, given: c)
      .meanSquaredError(targets.indexed(0, picks.to(model.device)))
  }
}

extension NegativeGuidance: PromptedStates {
  public func draw(_ rows: [Int], _ step: Step) throws -> PromptedDraw {
    let picks = states.picks(ofPrompts: rows, step)
    return PromptedDraw(
      x: states.x.indexed(0, picks), t: states.t.indexed(0, picks),
      conditional: conditional.value.indexed(0, picks)
    ) { [targets] _ in targets.indexed(0, picks) }
  }
}

/// A tensor that is computed when it is first asked for.
private final class Deferred {
  private let make: () -> Tensor
  private(set) lazy var value = make()
  init(_ make: @escaping () -> Tensor) { self.make = make }
}
