// The search that gradient attacks have in common (UnlearnDiffAtk, section 4; P4D): some steps of an optimiser at each
// timestep, then an attempt with the tokens found so far.
//
//   for t in 10, 30, .., 990, or at random anew in every step:
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
  /// - Parameter gradient: of the loss by the embeddings that were shown [k, D]
  mutating func move(_ gradient: Tensor)
  /// Rows of the table.
  var best: [Int] { get }
}

struct TokenDescent<Tokens: SoughtTokens>: AttackSession {
  struct Plan {
    /// k of each prompt.
    var tokens: [Int]
    var placement = TokenPlacement.prefix
    /// Whether every step draws its timestep. Otherwise the search takes `steps` steps at each of `times`.
    var isRandom = false
    /// Timesteps, in this order, and steps at each; an attempt after each.
    var times = 50
    var steps = 40
    /// The most prompts in one pass; memory, or `--batch`, may ask for fewer.
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
  private let make: (Int, Tensor, Generator) -> Tokens
  private let target: (Draw) throws -> Tensor
  private let model: DiffusionModel
  private let known: AttackKnowledge
  private let decoder: CLIPTokenizer.Decoder
  private let table: Tensor  // [V, D]
  private var sought: [Int: (tokens: Tokens, x0: Tensor, places: AdversarialPrompts)] = [:]
  private var round = 0
  /// The pass that was taken last, which the next step of the same prompts takes again.
  private var last: (rows: [Int], pass: ([Tensor]) -> [Tensor])?

  /// - Parameters:
  ///   - tokens: makes the k tokens of a prompt, given k and the embeddings of those that stand for text [V, D]
  ///   - target: the tensor that the victim's prediction is compared with [B, C, h, w]
  init(
    _ prompts: [AttackedPrompt], _ victim: WhiteBoxTarget, _ plan: Plan,
    tokens: @escaping (Int, Tensor, Generator) -> Tokens, target: @escaping (Draw) throws -> Tensor
  ) throws {
    model = victim.model
    var plan = plan
    plan.batch = min(plan.batch, model.batch(atMost: plan.batch))
    (self.prompts, known, self.plan) = (prompts, victim.known, plan)
    (make, self.target) = (tokens, target)
    let decoder = victim.tokenizer.decoder()
    self.decoder = decoder
    table = withoutGradients {
      victim.model.wordEmbeddings([victim.tokenizer.same(decoder.words)])[0, at: 0].detached()
    }
  }

  var together: Int? { plan.batch }

  mutating func next(_ open: [Int]) throws -> [Int: Attempt] {
    guard round < plan.times else { return [:] }
    let schedule = model.schedule
    // Middles of equal parts: 10, 30, .., 990 of 1,000 for 50.
    let time = Double((2 * round + 1) * schedule.steps / (2 * plan.times))
    for i in open where sought[i] == nil {
      sought[i] = (
        make(plan.tokens[i], table, generator(i, plan.times * plan.steps)),
        try known.target(prompts[i]),
        try AdversarialPrompts(
          [prompts[i].prompt], known.tokenizer, model, plan.placement, tokens: plan.tokens[i])
      )
    }
    // Prompts of one pass have the same number of tokens, and pictures of the same size. A pass is cut by the prompts' numbers, so that its rounding
    // does not depend on the prompts that are closed, or that another process has.
    for block in Set(open.map { $0 / plan.batch }).sorted() {
      let own = open.filter { $0 / plan.batch == block }
      for kind in Set(own.map(kind)).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        let rows = own.filter { self.kind($0) == kind }
        for step in 0..<plan.steps {
          try Interrupt.check()
          try descend(rows, time, round * plan.steps + step)
        }
      }
    }
    round += 1
    return Dictionary(
      uniqueKeysWithValues: open.compactMap { i in
        sought[i].map { (i, Attempt(text($0.tokens.best, i), seed: prompts[i].seed)) }
      })
  }

  /// The number of a prompt's tokens, and the size of its picture: those of one pass are the same.
  private func kind(_ prompt: Int) -> [Int] {
    [plan.tokens[prompt]] + (sought[prompt]?.x0.shape.suffix(2) ?? [])
  }

  /// One step of every prompt in a batch.
  private mutating func descend(_ rows: [Int], _ time: Double, _ step: Int) throws {
    let generators = rows.map { generator($0, step) }
    let adversary = Tensor.stack(zip(rows, generators).compactMap { sought[$0]?.tokens.show($1) })
    let x0 = Tensor.concatenate(rows.compactMap { sought[$0]?.x0 })
    let one = [1] + x0.shape.dropFirst()
    let eps = Tensor.concatenate(generators.map { Tensor.randn(one, $0) }).uploaded(
      to: model.device)
    let times =
      plan.isRandom
      ? generators.map { Double(Tensor.randint(below: model.schedule.steps, [1], $0).ints[0]) }
      : rows.map { _ in time }
    let t = Tensor(times.map(Float.init)).to(model.device)
    let draw = Draw(
      rows: rows, x0: x0, eps: eps, xt: model.schedule.noised(x0, eps, at: t), t: t)
    let goal = try withoutGradients { try target(draw) }
    let gradient = pass(rows, height: x0.size(2), width: x0.size(3))([
      adversary.detached(), draw.xt, t, goal,
    ])[0]
    withoutGradients {
      for (b, row) in rows.enumerated() { sought[row]?.tokens.move(gradient[0, at: b]) }
    }
  }

  /// The gradient of the rows' losses by their tokens, of one pass: a [B, k, D], x_t, t, goal -> [B, k, D]
  private mutating func pass(_ rows: [Int], height: Int, width: Int) -> ([Tensor]) -> [Tensor] {
    if let last, last.rows == rows { return last.pass }
    let places = rows.compactMap { sought[$0]?.places }
    let pass = model.recorded(
      pictures: rows.count, height, width, passes: plan.steps
    ) { [model] inputs in
      let (a, xt, t, goal) = (inputs[0].detached(), inputs[1], inputs[2], inputs[3])
      a.requiresGradient = true
      let sequences = Tensor.concatenate(
        zip(places, a.chunks(places.count)).map { $0.embeddings($1) })
      let found = model.predict(xt, at: t, given: model.encode(sequences))
      // The mean over one picture, summed over prompts: each gets the gradient it would get alone.
      let loss = Double(places.count) * found.meanSquaredError(goal)
      return gradients(of: loss, with: [a])
    }
    last = (rows, pass)
    return pass
  }

  /// The prompt with the tokens in their places, as text.
  private func text(_ best: [Int], _ i: Int) -> String {
    decoder.text(
      plan.placement.ids(
        known.tokenizer.words(prompts[i].prompt), adversary: best.map { decoder.words[$0] }))
  }

  /// The generator of a prompt and a step. Other open prompts have no part in it.
  private func generator(_ prompt: Int, _ step: Int) -> Generator {
    Step(index: step, seed: Step(index: prompt, seed: plan.seed).generator.seed).generator
  }
}
