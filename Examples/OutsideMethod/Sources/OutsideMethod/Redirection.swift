// The concept's prompts are made to give what the original model gives for the same prompts without it:
//
//   | eps_theta(x_t | c) - eps_o(x_t | a) |^2
//
// theta: trained weights, o: original weights, c: a prompt of the concept, a: the prompt without it.
import Lethe

public struct Redirection: ObjectiveMethod {
  public static let name = "redirection"
  public static let card = MethodCard(
    title: "Redirection", paper: "an example", year: 2026, trains: "cross-attention")
  /// The course of the training. Raise `steps` where the concept is still drawn.
  public var training = Training(steps: 100, batch: 4, rate: 1e-4)
  /// The weights that are trained: `xattn`, or `full` where those do not suffice.
  public var parameters = "xattn"
  /// The guard, which stops a training that ruins prompts to keep. `limit=0` turns it off.
  public var guarding = GuardOptions()
  /// Trajectories with the concept, from 1, a prompt each. Raise it with the captions that the model knows.
  public var trajectories = 8
  public init() {}

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    let phrases = erasure.drawPhrases(trajectories, seed: run.seed)
    let prompts = phrases.map(\.prompt)
    let states = try DenoisingStates.follow(
      original, prompts, steps: 20, guidance: 3, seed: run.seed)
    let anchors = withoutGradients { original.embed(phrases.map(\.anchor)) }
    return Redirecting(
      states: states.comparing(with: states.predictions(of: original, given: anchors)),
      prompts: StudentPrompts(prompts, original, live: false), batch: training.batch)
  }
}

struct Redirecting: Objective {
  let states: DenoisingStates
  let prompts: StudentPrompts
  let batch: Int

  func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    let drawn = states.draw(batch, step)
    let predicted = model.predict(
      drawn.x, at: drawn.t, given: prompts.rows(drawn.prompts, of: model))
    return (predicted - drawn.ea).squared().mean()
  }
}

extension Redirection: BoundedOptions {
  public static let bounds = ["trajectories": Bound.whole(1...64)]
}
