package import Diffusion
internal import Editing
internal import Torch
internal import TorchNN
package import Training

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
