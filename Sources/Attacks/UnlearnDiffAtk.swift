// UnlearnDiffAtk: To Generate or Not? Safety-Driven Unlearned Diffusion Models Are Still Easy to Generate Unsafe
// Images ... For Now (Zhang, Jia, Chen, Chen, Zhang, Liu, Ding, Liu; ECCV 2024):
//
//   min over k tokens of   E_{t, eps} | eps - eps_theta*(x_t | tokens + prompt) |^2                       (eq. 5)
//
// The victim serves as a classifier of the original's own picture x_0, and the tokens are those under which it
// explains the picture best. Each token is a point of the simplex over the vocabulary. A vocabulary word drawn from it
// is shown, and the gradient by the word's embedding e, clamped, is passed straight through:
//
//   A <- P_simplex( Adam( A, clamp( dL/de E^T, -1, 1 ) ) )        A [k, V], E [V, D]
//
// An attempt has the most probable token of each row, as text that is tokenised again. The vocabulary has the tokens
// that stand for text.
// Published, SD 1.4, nudity: ESD 20.4 % before the attack, 76.1 % after; AdvUnlearn 7.8 and 21.1 %.
internal import Diffusion
public import Editing
public import Torch
internal import TorchNN
internal import Training

/// UnlearnDiffAtk (Zhang et al., ECCV 2024): tokens before the prompt with which the victim explains the original's
/// picture.
public struct UnlearnDiffAtk: Attack {
  public static let name = "unlearndiff"
  public static let card = AttackCard(
    title: "UnlearnDiffAtk", paper: "arXiv 2310.11868", year: 2024,
    summary:
      "Searches tokens before the prompt with which the erased model explains the original's picture"
  )
  public static let efforts: [OptionPath] = ["times", "steps"]

  /// k, tokens that are sought, from 1: the paper's 5 for nudity, 3 for styles and objects. More take more of the
  /// prompt's room.
  public var tokens = 3
  /// Place of the tokens: `prefix` before the prompt, as in the paper, `suffix` after it, `insert` between its words,
  /// `everyThird` before every third, or `replace` in its stead.
  public var placement = TokenPlacement.prefix
  /// Timesteps of the loss, from 1, with an attempt after each. Fewer take less time and find less.
  public var times = 50
  /// Steps at each of them, from 0. Each costs a prediction of the victim and its gradient.
  public var steps = 40
  /// Learning rate of the points of the simplex, from 0. Raise it where the attempts hardly differ.
  public var rate = 0.01
  /// Weight decay of those points, from 0. 0 leaves it out.
  public var weightDecay = 0.1
  /// Prompts that share passes of the network, from 1. Fewer take less memory; memory or `--batch` may ask for fewer
  /// still.
  public var batch = 16
  public init() {}
  public static var tiny: UnlearnDiffAtk { tiny { ($0.times, $0.steps) = (2, 3) } }

  public func work(picture: Int) -> Int { times * (3 * steps + picture) }

  public func canAttack(_ prompt: AttackedPrompt, _ known: AttackKnowledge) -> Bool {
    known.hasRoom(prompt.prompt, for: tokens, placement)
  }

  public func session(
    _ prompts: [AttackedPrompt], _ target: WhiteBoxTarget, seed: UInt64
  ) throws -> any AttackSession {
    let schedule = target.model.schedule
    return try TokenDescent(
      prompts, target,
      .init(
        tokens: prompts.map { _ in tokens }, placement: placement, times: times, steps: steps,
        batch: batch, seed: seed),
      tokens: { k, table, _ in
        SimplexTokens(k, table: table, rate: rate, weightDecay: weightDecay)
      },
      target: { schedule.target($0.x0, $0.eps, at: $0.t) })
  }
}

/// Points of the simplex over the vocabulary, moved straight through a random choice.
struct SimplexTokens: SoughtTokens {
  private let table: Tensor  // E [V, D]
  private let a: Tensor  // A [k, V]
  private var adam: Adam
  private let rate: Double

  init(_ k: Int, table: Tensor, rate: Double, weightDecay: Double) {
    (self.table, self.rate) = (table, rate)
    let v = table.size(0)
    a = Tensor.full([k, v], 1 / Double(v)).to(table.device)
    adam = Adam(.init(.adam, weightDecay: weightDecay), decoupled: false)
  }

  func show(_ g: Generator) -> Tensor {
    let cumulated = a.inFloat64().cumulativeSum(1)  // rows end in about 1
    let u = Tensor.rand([a.size(0), 1], g).to(cumulated.device, .float64)
    let bound = cumulated.narrowed(1, a.size(1) - 1, 1) * u
    let picks = cumulated.isAtMost(bound).to(.int64).sum(1).clamped(nil, Double(a.size(1) - 1))
    return table.indexed(0, picks.to(.int64).to(table.device))
  }

  mutating func move(_ gradient: Tensor) {
    adam.step([a], [gradient.matmul(table.transposed(0, 1)).clamped(-1, 1)], rate: rate)
    a.copy(from: Self.projected(a))
  }

  var best: [Int] { a.argmax(1).ints }

  /// The nearest point of the simplex to every row (Duchi et al., ICML 2008):  max(a - mu, 0), sum 1.
  static func projected(_ a: Tensor) -> Tensor {
    let x = a.inFloat64()  // [k, V]
    let sorted = x.sorted(1, descending: true)
    let rank = Tensor.arange(1, Double(x.size(1) + 1)).to(x.device, .float64)
    let mus = (sorted.cumulativeSum(1) - 1) / rank
    // mu belongs to the last rank whose value stays above it.
    let last = (sorted - mus).isGreater(than: 0).to(.int64).sum(1, keepDimensions: true) - 1
    return (x - mus.gathered(1, last.to(.int64))).clamped(0, nil).to(a.dtype).to(a.device)
  }
}

extension UnlearnDiffAtk: BoundedOptions {
  public static let bounds = ["tokens": Bound.whole(1...1000)]
}
