import Diffusion
import Editing
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Attacks

@Suite struct TokenDescentTests {
  /// A step of the search reads no numbers, for which a GPU would have to be waited for: twice the steps read as often.
  @Test func stepsReadNothing() throws {
    Runtime.threads = 1
    let victim = try AttackScene.victim(AttackScene.model())
    func reads(_ steps: Int, _ attack: (Int) -> any Attack) throws -> Int {
      var session = try AttackScene.session(
        attack(steps), AttackScene.prompts, victim, seed: 1)
      let before = HostCopies.reads
      _ = try session.next([0])
      return HostCopies.reads - before
    }
    func simplex(_ steps: Int) -> any Attack {
      var attack = UnlearnDiffAtk()
      (attack.times, attack.steps) = (1, steps)
      return attack
    }
    func projected(_ steps: Int) -> any Attack {
      var attack = P4D()
      (attack.times, attack.steps) = (1, steps)
      return attack
    }
    #expect(try reads(4, simplex) == reads(2, simplex))
    #expect(try reads(4, projected) == reads(2, projected))
  }

  /// On a GPU the passes of a round are recorded from the second on. The search finds the CPU's words, also where a
  /// prompt is closed between rounds.
  @Test(arguments: ["tiny-sd1", "tiny-sdxl"]) func recordedStepsFindTheSame(_ kind: String) throws {
    Runtime.threads = 1
    func found(on device: Device) throws -> [[Int: String]] {
      let victim = try AttackScene.victim(DiffusionModel.load(Fixtures.url(kind), on: device))
      var attack = UnlearnDiffAtk()
      (attack.times, attack.steps, attack.rate) = (2, 6, 0.5)
      var session = try AttackScene.session(attack, AttackScene.prompts, victim, seed: 3)
      return try [[0, 1, 2], [0, 2]].map { try session.next($0).mapValues(\.prompt) }
    }
    #expect(try found(on: Fixtures.gpu()) == found(on: .cpu))
  }

  /// On a loss that prefers one word, both attacks by gradient find a prompt with a lower loss than they began
  /// with: the victim explains the picture better.
  @Test(arguments: ["unlearndiff", "p4d"]) func tokensLowerTheirLoss(_ name: String) throws {
    Runtime.threads = 1
    let model = try AttackScene.model()
    let victim = try AttackScene.victim(model)
    let target = WhiteBoxTarget(victim)
    let prompt = AttackedPrompt("a fox", seed: 3)
    let type = try AttackCatalog.builtIn.named(name)
    func configured<A: Attack>(_ type: A.Type) throws -> any Attack {
      var json = try JSON(encoding: A())
      (json["times"], json["steps"], json["rate"]) = (1, 120, 0.1)
      return try json.decoded(as: A.self)
    }
    var session = try AttackScene.session(configured(type), [prompt], victim, seed: 1)
    var last: Attempt?
    while let found = try session.next([0])[0] { last = found }
    let attempt = try #require(last)
    let x0 = try target.target(prompt)
    let n = 40
    func loss(_ text: String) -> Double {
      withoutGradients {
        let eps = Tensor.randn([n] + x0.shape.dropFirst(), Generator(seed: 500))  // [n, C, H, W]
        let t = Tensor.full([n], 500)
        let xt = model.schedule.noised(x0, eps, at: t)
        func predicted(_ text: String) -> Tensor {
          model.predict(xt, at: t, given: model.embed(Array(repeating: text, count: n)))
        }
        let goal =
          name == "p4d" ? predicted(prompt.prompt) : model.schedule.target(x0, eps, at: t)
        return predicted(text).meanSquaredError(goal).item
      }
    }
    // Random words before the prompt, as the attack began.
    let decoder = target.tokenizer.decoder()
    let start = (0..<10).map { i -> Double in
      let picks = Tensor.randint(
        below: decoder.words.count, [3], Generator(seed: UInt64(i))
      ).ints.map { decoder.words[$0] }
      return loss(decoder.text(picks + target.tokenizer.words(prompt.prompt).rows[0]))
    }
    #expect(loss(attempt.prompt) < start.reduce(0, +) / 10)
  }
}
