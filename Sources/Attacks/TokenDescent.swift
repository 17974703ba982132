// Attacks that seek tokens by gradient share this (UnlearnDiffAtk, section 4; P4D as its authors run it): timesteps
// in order, some steps of an optimiser at each, then an attempt with the tokens found so far.
//
//   for t in 10, 30, .., 990:
//     repeat `steps` times:   loss( x_t, t | a_1 .. a_k with the prompt ),   the gradient by a's embeddings moves a
//     the best tokens -> text -> attempt
//
// x_t is the original's picture of the prompt, noised anew in every step. Prompts are independent; a batch of them
// shares passes of the network.
internal import Diffusion
internal import Editing
internal import Torch
internal import Training

/// k tokens of one prompt, in a form that gradients can move.
protocol SoughtTokens {
  /// Embeddings that the model is shown now [k, D]
  mutating func show(_ g: Generator) -> Tensor
  /// - Parameter gradient: of the loss by what was shown [k, D]
  mutating func move(_ gradient: Tensor)
  /// Rows of the table.
  var best: [Int] { get }
}

struct TokenDescent<Tokens: SoughtTokens>: AttackSession {
  struct Plan {
    var tokens = 3
    var placement = TokenPlacement.prefix
    /// Timesteps, in this order, and steps at each.
    var times = 50
    var steps = 40
    /// Prompts in one pass.
    var batch = 16
    var seed: UInt64 = 0
  }

  /// The parts of a step's loss: B prompts, their x_0, noise, x_t and t.
  struct Draw {
    let rows: [Int]
    let x0: Tensor  // [B, C, h, w]
    let eps: Tensor  // [B, C, h, w]
    let xt: Tensor  // [B, C, h, w]
    let t: Tensor  // [B]
  }

  let prompts: [AttackedPrompt]
  let plan: Plan
  private let make: (Tensor, Generator) -> Tokens
  private let target: (Draw) throws -> Tensor
  private let model: DiffusionModel
  private let victim: AttackTarget
  private let decoder: CLIPTokenizer.Decoder
  private let table: Tensor  // [V, D]
  private var sought: [Int: (tokens: Tokens, x0: Tensor, places: AdversarialPrompts)] = [:]
  private var round = 0

  /// - Parameters:
  ///   - tokens: makes the tokens of a prompt, given the embeddings of those that stand for text [V, D]
  ///   - target: what the victim's prediction is compared with [B, C, h, w]
  init(
    _ prompts: [AttackedPrompt], _ victim: AttackTarget, _ plan: Plan,
    tokens: @escaping (Tensor, Generator) -> Tokens, target: @escaping (Draw) throws -> Tensor
  ) throws {
    (self.prompts, self.victim, self.plan) = (prompts, victim, plan)
    (make, self.target) = (tokens, target)
    model = try victim.model()
    decoder = victim.tokenizer.decoder()
    table = try victim.wordEmbeddings([decoder.words])[0, at: 0].detached()
  }

  mutating func next(_ open: [Int]) throws -> [Int: Attempt] {
    guard round < plan.times else { return [:] }
    let schedule = model.schedule
    // Middles of equal parts: 10, 30, .., 990 of 1,000 for 50.
    let time = Double((2 * round + 1) * schedule.steps / (2 * plan.times))
    for i in open where sought[i] == nil {
      sought[i] = (
        make(table, generator(i, plan.times * plan.steps)), try victim.target(prompts[i]),
        try AdversarialPrompts(
          [prompts[i].prompt], victim.tokenizer, model, plan.placement, tokens: plan.tokens)
      )
    }
    for first in stride(from: 0, to: open.count, by: plan.batch) {
      let rows = Array(open[first..<min(first + plan.batch, open.count)])
      for step in 0..<plan.steps {
        try Interrupt.check()
        try descend(rows, time, round * plan.steps + step)
      }
    }
    round += 1
    return Dictionary(
      uniqueKeysWithValues: open.compactMap { i in
        sought[i].map { (i, Attempt(text($0.tokens.best, i), seed: prompts[i].seed)) }
      })
  }

  /// One step of every prompt in a batch.
  private mutating func descend(_ rows: [Int], _ time: Double, _ step: Int) throws {
    let generators = rows.map { generator($0, step) }
    var shown: [Tensor] = []
    for (row, g) in zip(rows, generators) {
      shown += [sought[row]?.tokens.show(g)].compactMap(\.self)
    }
    let adversary = Tensor.stack(shown).detached()  // [B, k, D]
    adversary.requiresGradient = true
    let x0 = Tensor.concatenate(rows.compactMap { sought[$0]?.x0 })
    let one = [1] + x0.shape.dropFirst()
    let eps = Tensor.concatenate(generators.map { Tensor.randn(one, $0) }).to(model.device)
    let t = Tensor.full([rows.count], time).to(model.device)
    let draw = Draw(
      rows: rows, x0: x0, eps: eps, xt: model.schedule.noised(x0, eps, at: t), t: t)
    let goal = try withoutGradients { try target(draw) }
    let sequences = Tensor.concatenate(
      zip(rows.compactMap { sought[$0]?.places }, adversary.chunks(rows.count)).map {
        $0.embeddings($1)
      })
    let found = try victim.predict(draw.xt, at: t, given: sequences)
    // The mean over one picture, summed over prompts: each gets the gradient it would get alone.
    let loss = Double(rows.count) * found.meanSquaredError(goal)
    let gradient = gradients(of: loss, with: [adversary])[0]
    withoutGradients {
      for (b, row) in rows.enumerated() { sought[row]?.tokens.move(gradient[0, at: b]) }
    }
  }

  /// The prompt with the tokens in their places, as text.
  private func text(_ best: [Int], _ i: Int) -> String {
    decoder.text(
      plan.placement.ids(
        victim.tokenizer.words(prompts[i].prompt), adversary: best.map { decoder.words[$0] }))
  }

  /// The same for a prompt and a step, whatever else is open.
  private func generator(_ prompt: Int, _ step: Int) -> Generator {
    Step(index: step, seed: Step(index: prompt, seed: plan.seed).generator.seed).generator
  }
}
