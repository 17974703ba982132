// Relearning, or malicious fine-tuning: a person who has the weights trains the erased concept back. Meta-Unlearning
// (Gao et al., ICCV 2025) judges its erasures by it. No script for it was published, so the protocol is stated here:
//
//   theta <- AdamW( theta, grad E_{x, t, eps} | eps - eps_theta(x_t | c) |^2 )
//
// x: pictures of the concept that the original draws, c: their captions. Text encoder and codec are frozen. `full`
// trains the whole U-Net, `lora` factors B A of rank r on the attention matrices, A ~ N(0, 1/r), B = 0. After 50, 100,
// 200 and 300 steps the prompts are tried as they are. Rates: 1e-5 full, 1e-4 LoRA where none is set.
// Published, SD 1.4, ESD-u-1, nudity prompts: 6.3 % before, 19.0, 21.8 and 34.5 % after 50, 100 and 300 steps.
internal import Diffusion
internal import Editing
public import Torch
internal import TorchNN
public import Training

/// Relearning (Gao et al., ICCV 2025): the concept is trained back from its pictures.
public struct Relearning: Attack, PresetOptions, PictureOptions {
  public static let name = "relearn"
  public static let card = AttackCard(
    title: "Relearning", paper: "arXiv 2410.12777", year: 2025,
    summary:
      "Fine-tunes the erased model on pictures of the concept")
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
  public var (pictureSteps, guidance) = (25, 7.5)
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
    return try pictures(by: target.original, phrases.map(\.prompt), seed: seed &+ 2)
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
