// The first-order bilevel rule of EraseDiff (Wu, Le, Hayat, Harandi; CVPR 2025, Theorem 3.1), after BOME (Liu et
// al., 2022), for   min L_r(theta)  subject to  g(theta) = L_f(theta) - min L_f <= 0:
//
//   delta  = g_r + lambda g_f,    lambda = max(0, eta - <g_r, g_f> / |g_f|^2)
//
// with g_r, g_f the gradients of L_r, L_f: the smallest change of g_r for which a step brings L_f down by at least
// eta |g_f|^2. That holds for a plain gradient step; with Adam, as in the released code, it is a rule of thumb.
// Two backward passes, dot products in float64, no third pass.
//
// With Adam the step is - zeta P delta, P the diagonal 1 / (sqrt(v) + eps) of the mean squared gradients v. The same
// program in that metric,  min |delta - g_r|_P^2  subject to  <g_f, P delta> >= eta <g_f, P g_f>,  has
//
//   lambda = max(0, eta - <g_r, P g_f> / <g_f, P g_f>)
//
// This rule, `preconditioned`, holds for this step's own share of Adam's step. Adam steps along P m, and most of the mean
// m is older gradients (nine tenths, by default): the shares of earlier steps, weight decay and the change of v in this
// step are outside. P is that of the former steps; before the first step it is 1.
//
// The rule `adam` holds for the whole step - zeta d that Adam takes of delta, with older gradients, weight decay and this
// step's v in it:
//
//   lambda = the least lambda >= 0 with   <g_f, d(lambda)> >= eta <g_f, P(lambda) g_f>
//
// so that L_f falls, to first order, by at least eta of the fall that a step along P g_f brings. With neither moments nor
// weight decay d is delta, P is 1, and lambda the paper's. d is no straight line in lambda, because v is of delta too:
// lambda is found by doubling and halving, to a hundredth, on the side where the inequality holds. A crossing below the
// first doubling that meets it may be missed. Where older gradients outweigh g_f lambda is large, at most 1,024; there alone
// the inequality may fail. Each try costs a few products of the parameters' size and no pass of the network; about twelve
// are usual. Inside Meta-Unlearning, whose step has other parts too, it holds for no step.
//
// The papers' inner loop takes K steps down L_f from theta to theta_K and holds g = L_f(theta) - L_f(theta_K). theta_K
// counts as a constant, so that the gradient of g is that of L_f, and lambda and delta, which are made of gradients
// alone, do not change: with `innerSteps` K > 0 the weights end the same to the bit and g is in the log, and where g
// ends the training (`until`) they are those of an earlier step. A single g near 0 may be one bad inner step, so that it
// takes two looks in a row, at each of which |g| <= until g_0, with g_0 > 0 that of the first look. A first g below 0 says
// that the inner steps raised L_f on other draws. Without inner steps `until` asks for L_f itself, g with 0 for min L_f,
// its bound from below: where the surrogate is another caption's prediction, the network can reach it. (In the
// released code the loop also leaves its mark on Adam's moments, which are not put back; here they never see it.)
// g is taken on `heldOut` batches (see gap), in steps with a line in the log. K > 0 costs such a step K passes forward and
// backward, and 2 x `heldOut` forward.
// Rules: `paper`, `preconditioned` and `adam`, as above; `fixed`, a constant lambda, as the released commands run;
// `cosine`, the released code's adaptive branch, lambda = max(0, eta - cos(g_r, g_f)), which is not the theorem's.
public import Diffusion
public import Torch
public import Training

/// The first-order bilevel rule of EraseDiff (Wu et al., CVPR 2025, theorem 3.1), g_r + lambda g_f.
public struct Bilevel: GradientRule {
  /// The formula of lambda: the paper's, the same in the optimizer's metric, the same for the whole step of Adam, the
  /// constant of the released commands, the cosine of the released code.
  public enum Lambda: Sendable, Hashable {
    case paper(eta: Double)
    case preconditioned(eta: Double)
    case adam(eta: Double)
    case fixed(Double)
    case cosine(eta: Double)

    /// - Parameters:
    ///   - rf, rr, ff: <g_r, g_f>, |g_r|^2 (only `cosine` asks for it), |g_f|^2; of `preconditioned` <g_r, P g_f> and
    ///     <g_f, P g_f>; of `adam` those of a plain step
    public func value(rf: Double, rr: Double, ff: Double) -> Double {
      guard ff > 0 else { return 0 }
      return switch self {
      case .fixed(let lambda): lambda
      case .paper(let eta), .preconditioned(let eta), .adam(let eta): max(0, eta - rf / ff)
      case .cosine(let eta): max(0, eta - rf / ((rr * ff).squareRoot() + 1e-8))
      }
    }

    var needsBothNorms: Bool { if case .cosine = self { true } else { false } }
    var isPreconditioned: Bool { if case .preconditioned = self { true } else { false } }
  }

  let retain: any Objective
  let forget: any Objective
  let lambda: Lambda
  let innerSteps: Int
  let innerRate: Double
  let until: Double
  let picturesInPass: Int

  /// - Parameters:
  ///   - innerSteps, innerRate: K, and the root mean square of each of these gradient steps, as Adam's rate is
  ///   - until: the share of the first g that ends the training, where two looks in a row find g that near to 0; 0
  ///     leaves it to its steps. Without inner steps g is L_f.
  ///   - picturesInPass: pictures that go through the network at once; 0 takes a batch whole
  public init(
    retain: any Objective, forget: any Objective, lambda: Lambda, innerSteps: Int = 0,
    innerRate: Double = 0, until: Double = 0, picturesInPass: Int = 0
  ) {
    (self.retain, self.forget, self.lambda) = (retain, forget, lambda)
    (self.innerSteps, self.innerRate, self.until) = (innerSteps, innerRate, until)
    self.picturesInPass = picturesInPass
  }

  public var furtherLists: Int {
    Self.lists(lambda, innerSteps: innerSteps, picturesInPass: picturesInPass)
  }

  /// Lists of tensors that a step holds beside delta: g_f, with P and P g_f or the gradient of its last pass; in a look
  /// the parameters before it and the gradient of an inner step, with that of its last pass.
  package static func lists(_ lambda: Lambda, innerSteps: Int, picturesInPass: Int) -> Int {
    let pass = picturesInPass > 0 ? 1 : 0
    return max(1 + max(pass, lambda.isPreconditioned ? 2 : 0), innerSteps > 0 ? 2 + pass : 0)
  }

  /// - Throws: ``LetheError`` of the kind `request` for `preconditioned` and `adam` beside an optimizer without P
  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let found = try direction(model, parameters, &step)
    if (innerSteps > 0 || until > 0) && step.isLogged || (until > 0 && step.index == 0) {
      try look(model, parameters, &step)
    }
    return found
  }

  /// L_r + lambda L_f and delta.
  private func direction(
    _ model: DiffusionModel, _ parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let r = try descend(retain, model, parameters, &step, by: picturesInPass)
    let f = try descend(forget, model, parameters, &step, by: picturesInPass)
    let lambda = try weight(r.gradients, f.gradients, parameters, step)
    Foreach.add(r.gradients, f.gradients, times: lambda)
    step.log["retain"] = r.loss
    step.log["forget"] = f.loss
    step.log["lambda"] = lambda
    return (r.loss + lambda * f.loss, r.gradients)
  }

  /// lambda, from g_r and g_f.
  private func weight(
    _ r: [Tensor], _ f: [Tensor], _ parameters: [Tensor], _ step: Step
  ) throws -> Double {
    if case .adam(let eta) = lambda {
      let trial = try known(step.trial(), of: "adam")
      return Self.least { lambda in
        withoutGradients {
          let parts = parameters.enumerated().map { i, theta in
            let (d, p) = trial(i, theta.detached(), r[i] + lambda * f[i])
            return (f[i].inFloat64() * (d - eta * p * f[i]).inFloat64()).sum()
          }
          return parts.isEmpty ? 0 : Tensor.stack(parts).doubles.reduce(0, +)
        }
      }
    }
    // Before the first step P is 1.
    let p = lambda.isPreconditioned ? try known(step.preconditioner(), of: "preconditioned") : []
    let moved = p.isEmpty ? f : zip(p, f).map { $0 * $1 }  // P g_f, or g_f
    let dots = Foreach.dots([(r, moved), (f, moved), lambda.needsBothNorms ? (r, r) : ([], [])])
    return lambda.value(rf: dots[0], rr: dots[2], ff: dots[1])
  }

  /// The least lambda from 0 with `excess` >= 0, to a hundredth; 1,024 where none below it has that.
  static func least(_ excess: (Double) -> Double) -> Double {
    guard excess(0) < 0 else { return 0 }
    var (low, high) = (0.0, 0.125)
    while high < 1024, excess(high) < 0 { (low, high) = (high, 2 * high) }
    while high - low > max(0.01 * high, 1e-4) {
      let middle = (low + high) / 2
      if excess(middle) < 0 { low = middle } else { high = middle }
    }
    return high
  }

  private func known<State>(_ state: State?, of rule: String) throws -> State {
    guard let state else {
      throw LetheError.badValue(
        "lambdaRule",
        "'\(rule)' needs the state of Adam, and this training has none in memory; accepted: "
          + "training.optimizer.kind adam or adamw, without training.offload and training.shardsOptimizer"
      )
    }
    return state
  }

  /// Measures g, and ends the training at the second look in a row that finds it low. Every look has a line in the log.
  private func look(_ model: DiffusionModel, _ parameters: [Tensor], _ step: inout Step) throws {
    step.isLogged = true
    let g = try gap(model, parameters, step)
    step.log["g"] = g
    guard until > 0 else { return }
    // The state on disk has no place for numbers that are not finite.
    let first = step.carried[Self.firstGap] ?? (g.isFinite ? g : nil)
    // A g far below 0 tells that the inner steps went wrong.
    let isLow = step.index > 0 && first.map { $0 > 0 && abs(g) <= until * $0 } == true
    let low = isLow ? (step.carried[Self.lowLooks] ?? 0) + 1 : 0
    (step.carried[Self.firstGap], step.carried[Self.lowLooks]) = (first, low)
    step.log["g-first"] = first
    step.isEnough = low >= 2
  }

  /// The first g, and the looks in a row that found g low. Both go on over an interruption.
  private static let (firstGap, lowLooks) = ("bilevel.g", "bilevel.low")

  /// Batches that g is measured on.
  static let heldOut = 4

  /// g = L_f(theta) - L_f(theta_K), or L_f(theta) where K is 0; the parameters are put back. Both terms are means over
  /// the same `heldOut` batches, whose draws of pictures, timesteps and noise no inner step makes; from a pool of states
  /// they may be the same states. Every step uses the same batches, so that the course of g shows the training and not
  /// the draws. The released code takes L_f(theta_K) as the mean over the inner loop's own batches.
  private func gap(_ model: DiffusionModel, _ parameters: [Tensor], _ outer: Step) throws -> Double
  {
    let atTheta = try heldOutLoss(model)
    guard innerSteps > 0 else { return atTheta }
    let before = parameters.map { $0.detached().cloned() }
    defer { withoutGradients { Foreach.copy(parameters, from: before) } }
    for k in 0..<innerSteps {
      var step = Step(index: k, seed: UInt64(outer.index) &+ 0x1EE7)
      let found = try descend(forget, model, parameters, &step, by: picturesInPass)
      // The step has the length of Adam's first step.
      let count = Double(found.gradients.reduce(0) { $0 + $1.count })
      let length = (Foreach.dot(found.gradients, found.gradients) / max(1, count)).squareRoot()
      let rate = innerRate / max(length, 1e-12)
      withoutGradients { Foreach.add(parameters, found.gradients, times: -rate) }
    }
    return atTheta - (try heldOutLoss(model))
  }

  /// L_f on the batches that are held out.
  private func heldOutLoss(_ model: DiffusionModel) throws -> Double {
    try withoutGradients {
      try (0..<Self.heldOut).map { i in
        var step = Step(index: i, seed: 0x6A9)
        return try measured(forget, model, &step, by: picturesInPass)
      }.reduce(0, +) / Double(Self.heldOut)
    }
  }
}
