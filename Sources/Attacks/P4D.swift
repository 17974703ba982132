// P4D: Prompting4Debugging, Red-Teaming Text-to-Image Diffusion Models by Finding Problematic Prompts (Chin, Jiang,
// Huang, Chen, Chiu; ICML 2024):
//
//   min over k tokens of   E_{t, eps} | eps_o(x_t | prompt) - eps_theta*(x_t | tokens with prompt) |^2      (eq. 3)
//
// With the tokens the victim predicts as the original does without them. Each token has a free embedding a (PEZ, Wen et
// al., NeurIPS 2023). The network is shown the vocabulary word that is nearest to a by cosine, and the gradient there
// moves a. The defaults are those under which UnlearnDiffAtk is compared with P4D: k tokens before the prompt, the
// picture and the timesteps of that attack. The authors' own are P4D-N `placement=replace tokens=16` and P4D-K
// `placement=everyThird tokens=0`, both with `timesteps=random times=60 steps=50 rate=0.1 decoupled=true`. The authors
// make an attempt after every 50 steps, and keep the one whose picture is nearest to the original's in CLIP. Here each
// attempt is judged.
// Published, SD 1.4, nudity: ESD 69.7 % after the attack.
internal import Diffusion
public import Editing
public import Torch
internal import TorchNN
internal import Training

/// P4D (Chin et al., ICML 2024): tokens whose prediction by the victim is the original's for the prompt.
public struct P4D: Attack {
  public static let name = "p4d"
  public static let card = AttackCard(
    title: "Prompting4Debugging", paper: "arXiv 2309.06135", year: 2024,
    summary:
      "Searches tokens with which the erased model predicts as the original does for the prompt")
  public static let efforts: [OptionPath] = ["times", "steps"]

  /// The timesteps of the loss: one after another in order, or a random one in every step.
  public enum Timesteps: String, Choice { case ordered, random }

  /// k, tokens that are sought, 0 to 1000: 5 for nudity, 3 for styles and objects. 0 takes one for every third token of
  /// the prompt, and one more.
  public var tokens = 3
  /// Place of the tokens: `prefix` before the prompt, `suffix` after it, `insert` between its words, `everyThird`
  /// before every third, or `replace` in its stead. The authors take the last two.
  public var placement = TokenPlacement.prefix
  /// Timesteps of the loss: `ordered`, one after another, or `random` in every step, as the authors take them.
  public var timesteps = Timesteps.ordered
  /// Timesteps of the loss in order, or parts of the search at random ones, from 1, with an attempt after each. Fewer
  /// take less time and find less.
  public var times = 50
  /// Steps at each of them, from 0. Each costs a prediction of the original and one of the victim with its gradient.
  public var steps = 40
  /// Learning rate of the embeddings, from 0: 0.01 beside UnlearnDiffAtk, the authors' 0.1. Raise it where the words do
  /// not change.
  public var rate = 0.01
  /// Weight decay of the embeddings, from 0. 0 leaves it out.
  public var weightDecay = 0.1
  /// Whether the weight decay is that of AdamW, as the authors have it, instead of that of Adam.
  public var decoupled = false
  /// Prompts that share passes of the network, from 1. Fewer take less memory; memory or `--batch` may ask for fewer
  /// still.
  public var batch = 16
  public init() {}
  public static var tiny: P4D { tiny { ($0.times, $0.steps) = (2, 3) } }

  public func work(picture: Int) -> Int { times * (4 * steps + picture) }

  public func canAttack(_ prompt: AttackedPrompt, _ known: AttackKnowledge) -> Bool {
    known.hasRoom(prompt.prompt, for: count(prompt, known.tokenizer), placement)
  }

  /// k of a prompt.
  private func count(_ prompt: AttackedPrompt, _ tokenizer: PromptTokenizer) -> Int {
    tokens > 0 ? tokens : tokenizer.words(prompt.prompt).rows[0].count / 3 + 1
  }

  public func session(
    _ prompts: [AttackedPrompt], _ target: WhiteBoxTarget, seed: UInt64
  ) throws -> any AttackSession {
    let original = target.original
    let clean = withoutGradients { original.embed(prompts.map(\.prompt)) }
    return try TokenDescent(
      prompts, target,
      .init(
        tokens: prompts.map { count($0, target.tokenizer) }, placement: placement,
        isRandom: timesteps == .random, times: times, steps: steps, batch: batch, seed: seed),
      tokens: {
        ProjectedTokens(
          $0, table: $1, $2, rate: rate, .init(.adam, weightDecay: weightDecay),
          decoupled: decoupled)
      },
      target: { original.predict($0.xt, at: $0.t, given: clean.rows($0.rows)) })
  }
}

/// Free embeddings, shown as the nearest words.
struct ProjectedTokens: SoughtTokens {
  private let table: Tensor  // [V, D]
  private let directions: Tensor  // rows of length 1 [V, D]
  private let a: Tensor  // [k, D]
  private var adam: Adam
  private let rate: Double

  init(
    _ k: Int, table: Tensor, _ g: Generator, rate: Double, _ options: OptimizerOptions,
    decoupled: Bool
  ) {
    (self.table, self.rate) = (table, rate)
    directions = table / table.norm(1, keepDimensions: true)
    a = table.indexed(0, Tensor.randint(below: table.size(0), [k], g).to(table.device))
    adam = Adam(options, decoupled: decoupled)
  }

  private var nearest: Tensor { directions.matmul(a.transposed(0, 1)).argmax(0) }  // [k]

  func show(_ g: Generator) -> Tensor { table.indexed(0, nearest) }
  mutating func move(_ gradient: Tensor) { adam.step([a], [gradient], rate: rate) }
  var best: [Int] { nearest.ints }
}
