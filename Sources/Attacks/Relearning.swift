// Relearning, or malicious fine-tuning: a person who has the weights trains the erased concept back. Meta-Unlearning
// (Gao et al., ICCV 2025) judges its erasures by it. No script for it was published, so the protocol is stated here:
//
//   theta <- AdamW( theta, grad E_{x, t, eps} | eps - eps_theta(x_t | c) |^2 )
//
// x: pictures of the concept that the original draws, c: their captions. Text encoder and codec are frozen. `full`
// trains the whole U-Net, `lora` factors B A of rank r on the attention matrices, A ~ N(0, 1/r), B = 0. After 50, 100,
// 200 and 300 steps the prompts are tried as they are. Rates: 1e-5 full, 1e-4 LoRA where none is set.
// Published, SD 1.4, ESD-u-1, nudity prompts: 6.3 % before, 19.0, 21.8 and 34.5 % after 50, 100 and 300 steps.
package import Diffusion
internal import Editing
public import Torch
internal import TorchNN
public import Training

/// Relearning (Gao et al., ICCV 2025): the concept is trained back from its pictures.
public struct Relearning: Attack, PresetOptions {
  public static let name = "relearn"
  public static let card = AttackCard(
    title: "Relearning", paper: "arXiv 2410.12777", year: 2025)
  public static let efforts: [OptionPath] = ["training.steps", "pictures"]

  /// The weights that are trained: all of the U-Net, or a LoRA beside them.
  public enum Mode: String, Choice { case full, lora }

  public static var presets: [(key: String, value: String, options: JSON)] {
    [("mode", Mode.lora.rawValue, ["training": ["learningRate": 1e-4]])]
  }

  /// Weights that are trained: `full`, the whole U-Net, or `lora`, factors on its attention matrices, at the rate 1e-4
  /// where none is set. `lora` takes less memory.
  public var mode = Mode.full
  /// r, the rank of the factors of `mode=lora`, from 1. A higher one has more weights to learn with.
  public var rank = 4
  /// The course of the fine-tuning. Raise `steps` together with `checkpoints` for a stronger attack.
  public var training = Training(
    steps: 300, batch: 4, rate: 1e-5, optimizer: .init(.adamw, weightDecay: 0.01), clip: 1)
  /// Steps after which the prompts are tried, from 0; those beyond `training.steps` are left out, and the last step is always
  /// one. Each costs a picture of every prompt.
  public var checkpoints = [50, 100, 200, 300]
  /// The checkpoints that the training comes to, in its order and each once. A training that ends before or between them is tried at
  /// its end.
  package var reached: [Int] {
    Set(checkpoints + [training.steps]).filter { $0 <= training.steps }.sorted()
  }
  /// Pictures of the concept to train on, from 1. The original draws them. More are a stronger attack.
  public var pictures = 32
  /// Denoising steps of such a picture, from 1. Fewer are faster and blurred.
  public var pictureSteps = 25
  /// Guidance of such a picture, from 1. Take the one that suits the model's own pictures.
  public var guidance = 7.5
  public init() {}
  public static var tiny: Relearning {
    tiny {
      ($0.training.steps, $0.checkpoints) = (3, [1, 3, 9])
      ($0.pictures, $0.pictureSteps) = (2, 2)
    }
  }

  public func session(
    _ prompts: [AttackedPrompt], _ target: WeightsTarget, seed: UInt64
  ) throws -> any AttackSession {
    Session(attack: self, prompts: prompts, target: target, seed: seed)
  }

  /// Pictures of the concepts, drawn by the original.
  func conceptSet(_ target: WeightsTarget, seed: UInt64) throws -> LatentSet {
    let phrases = Erasure(forget: target.concepts).drawPhrases(
      max(1, pictures / max(1, target.concepts.count)), seed: seed &+ 1)
    return try LatentSet(
      drawnBy: target.original, phrases.map(\.prompt), steps: pictureSteps, guidance: guidance,
      seed: seed &+ 2)
  }

  private struct Session: AttackSession {
    let attack: Relearning
    let prompts: [AttackedPrompt]
    let target: WeightsTarget
    let seed: UInt64
    var tuning: FineTuning?
    var round = 0

    init(attack: Relearning, prompts: [AttackedPrompt], target: WeightsTarget, seed: UInt64) {
      (self.attack, self.prompts) = (attack, prompts)
      (self.target, self.seed) = (target, seed)
    }

    var model: DiffusionModel? { tuning?.model }
    var evaluations: Int { tuning?.evaluations ?? 0 }

    mutating func next(_ open: [Int]) throws -> [Int: Attempt] {
      let checkpoints = attack.reached
      guard round < checkpoints.count, !open.isEmpty else { return [:] }
      if tuning == nil {
        tuning = try FineTuning(
          target.model, on: attack.conceptSet(target, seed: seed), attack, seed: seed)
      }
      try tuning?.advance(to: checkpoints[round])
      round += 1
      return Dictionary(
        uniqueKeysWithValues: open.map {
          ($0, Attempt(prompts[$0].prompt, seed: prompts[$0].seed))
        })
    }
  }
}

/// Training on pictures with the loss that diffusion models are trained with, checkpoint by checkpoint.
package struct FineTuning {
  /// The model as trained so far; the one given is never modified.
  package private(set) var model: DiffusionModel
  /// Noisy pictures that models in training predicted before ``model`` was made.
  private var spent = 0
  private let victim: DiffusionModel
  private let recomputes: Bool
  private let objective: Denoising
  private let tensors: [Tensor]
  private let factors: [(path: ParameterPath, a: Tensor, b: Tensor)]
  private let loop: TrainingLoop
  private var state: TrainingState

  /// - Throws: ``LetheError`` for a model without attention matrices, in the mode `lora`, and for a moving average
  package init(
    _ victim: DiffusionModel, on set: LatentSet, _ options: Relearning, seed: UInt64
  ) throws {
    guard options.training.averaging == 0 else {
      throw LetheError.badValue(
        "training.averaging",
        "\(options.training.averaging) has no effect on fine-tuning, whose checkpoints are the trained weights; leave it out"
      )
    }
    // A LoRA trains beside weights that stay on the device; the other mode trains a copy of its own.
    let victim = try options.mode == .lora ? victim.whole() : victim
    self.victim = victim
    recomputes = victim.recomputes(pictures: options.training.batch)
    objective = Denoising(set, victim, batch: options.training.batch)
    switch options.mode {
    case .full:
      model = try victim.clone(owning: ParameterSelection.unet.matches)
      model.unet.recomputes = recomputes
      tensors = ParameterSelection.unet.paths(of: model.parameters).compactMap {
        [model] in model.parameters[$0]
      }
      factors = []
    case .lora:
      model = victim
      let g = Generator(seed: seed &+ 21)
      let paths = victim.parameters.paths.filter(Self.isAttentionMatrix)
      factors = paths.compactMap { path in
        guard let w = victim.parameters[path] else { return nil }
        let a = Tensor.randn([options.rank, w.size(1)], g) / Double(options.rank).squareRoot()
        return (
          path, a.to(w.device), Tensor.zeros([w.size(0), options.rank], on: w.device)
        )
      }
      guard !factors.isEmpty else {
        throw LetheError.request("the model has no attention matrices for a LoRA; use mode=full")
      }
      tensors = factors.flatMap { [$0.a, $0.b] }
    }
    loop = TrainingLoop(Relearning.name, options.training, seed: seed &+ 22)
    state = TrainingState(options.training, tensors)
  }

  private static func isAttentionMatrix(_ path: ParameterPath) -> Bool {
    let parts = path.components
    return parts.first == "unet" && parts.last == "weight"
      && (parts.contains("attn1") || parts.contains("attn2"))
      && ["to_q", "to_k", "to_v", "to_out"].contains { parts.contains(Substring($0)) }
  }

  /// Continues the training until `end` steps are done.
  package mutating func advance(
    to end: Int, progress: @escaping (Int, Int) -> Void = { _, _ in }
  ) throws {
    for tensor in tensors { tensor.requiresGradient = true }
    defer { for tensor in tensors { tensor.requiresGradient = false } }
    var (loop, state) = (loop, state)
    defer { self.state = state }
    (loop.every, loop.observe) = (1, { step, _ in progress(step, end) })
    var trained = 0
    try loop.advance(tensors, &state, to: end) { step in
      let student = factors.isEmpty ? model : try composed()
      defer { if student !== model { trained += student.evaluations } }
      return descend(try objective.loss(student, &step), tensors)
    }
    if !factors.isEmpty {
      if model !== victim { self.spent += model.evaluations }
      model = try withoutGradients { try composed() }
    }
    self.spent += trained
  }

  /// Noisy pictures that the models of the fine-tuning predicted so far.
  package var evaluations: Int { spent + (model === victim ? 0 : model.evaluations) }

  /// The victim with W + B A for its attention matrices.
  private func composed() throws -> DiffusionModel {
    var changed: [ParameterPath: Tensor] = [:]
    for (path, a, b) in factors {
      guard let w = victim.parameters[path] else { continue }
      changed[path] = w + b.matmul(a)
    }
    let model = try victim.replacing(changed)
    model.unet.recomputes = recomputes
    return model
  }
}
