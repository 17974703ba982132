// Meta-Unlearning on Diffusion Models: Preventing Relearning Unlearned Concepts (Gao, Pang, Du, Hu, Zhang, Deng, Yan,
// Lin; ICCV 2025), around another method:
//
//   min_theta  L_unlearn(theta) + L_meta(theta_FT),      theta_FT: theta fine-tuned on the concept
//   L_meta  =  - pull L(theta_FT; D'_FT) + sum_i [ keep_i L(theta; D_i) - destroy_i L(theta_FT; D_i) ]
//
// D_FT: pictures of the concept; D'_FT: others of it, where the paper has D_FT again. D_i: benign pictures, related to
// the concept and unrelated; the paper has related ones alone, with keep = destroy. destroy_i weighs the paper's
// self-destruction. The gradient is in MetaGradient.
//
// Around a trained method every step adds both gradients. Around a closed form the training begins with the weights
// that the closed form leaves, and uses the meta part alone (algorithm 1). The original model draws the pictures: one
// set of the concept for the simulated fine-tuning, another of the concept for the loss after it, one of the nearest
// subjects of its kind (related) and one of the farthest (unrelated). They are drawn once and kept as latents.
// gamma in the released scripts: pull 0.01; related keep 0.01 (0.1 around closed forms), destroy 1; unrelated keep 0.1, destroy 1. The scripts
// repeat the option of pull three times and never give the two destroy weights, which keep their default 1. The first
// release had pull 0.1, related destroy 0.001 and nothing else. The defaults here are those two, with the keep weights.
// The released code adds the gradients of all batches of a set, so that a gamma counts once for each of them:
// `reduction=sum`. A step here takes one batch of each set and multiplies. `mean` takes gamma as it stands. Its simulated
// fine-tuning goes through the shuffled pictures, each once before any comes again; here every step draws its own.
// The trained weights are those of the inner method: the paper's ESD-u-1 is the variant `esd-u-1`. Around a closed form
// the whole U-Net is trained, for the released 100 steps.
// Published, SD 1.4, nudity after 100 steps of fine-tuning: ESD-u-1 21.8 -> 13.4 %, UCE 44.4 -> 28.2,
// RECE 19.7 -> 10.6.
public import Diffusion
public import Editing
internal import Foundation
public import Torch
internal import TorchNN
public import Training

/// Meta-Unlearning (Gao et al., ICCV 2025) around another method: fine-tuning on the concept shall fail.
public struct MetaUnlearning: TrainedMethod, WrappingMethod, PictureOptions, PassOptions {
  public static let name = "meta"
  public static let card = MethodCard(
    title: "Meta-Unlearning", paper: "arXiv 2410.12777", year: 2025, trains: "the U-Net")
  public static let variants = [
    // Two controls, which tell what the simulated attack adds: neither pull nor self-destruction, and ascent at the weights
    // themselves.
    MethodVariant(
      "meta-keep", ["pull": 0, "related": ["destroy": 0], "unrelated": ["destroy": 0]]),
    MethodVariant("meta-ascent", ["attack": ["steps": 0]]),
  ]

  /// The weights of a set of benign pictures, before and after fine-tuning.
  public struct Weights: Codable, Sendable, Hashable {
    /// Weight of the loss before fine-tuning, from 0. Raise it where these subjects change.
    public var keep: Double
    /// Weight of self-destruction, from 0: of raising the loss after fine-tuning. Raise it so that fine-tuning ruins these
    /// subjects.
    public var destroy: Double
    public init(keep: Double, destroy: Double) { (self.keep, self.destroy) = (keep, destroy) }
  }

  /// The count of a weight over the batches of a set of pictures: once for each batch, or once for all.
  public enum Reduction: String, Choice { case sum, mean }

  /// The course of the training. `steps` is 100 around a closed form when nothing is set.
  public var training = Training(
    steps: 1500, batch: 10, rate: 1e-5, optimizer: .init(.adamw, weightDecay: 1e-4), clip: 1)
  /// The inner method, such as `esd` or `uce`.
  public var base = InnerMethod(ESD.name)
  /// Options of the inner method. Its `training.batch` is used. This method decides `guarding` and the rest of
  /// `training`.
  public var options = JSON.object([:])
  /// The fine-tuning that is simulated at every step, on the whole U-Net.
  public var attack = MetaGradient.Attack()
  /// pull, the weight of the concept's loss after fine-tuning, from 0. Raise it where the concept is learned again
  /// quickly, lower it where the guard stops. 0 is a control without the pull.
  public var pull = 0.1
  /// Weights of the nearest subjects of the concept's kind: `keep` lowers the loss on their pictures, `destroy` raises
  /// it at the fine-tuned weights.
  public var related = Weights(keep: 0.01, destroy: 0.001)
  /// Weights of the farthest subjects of its kind, as of the related ones.
  public var unrelated = Weights(keep: 0.1, destroy: 0)
  /// The number of times that these weights count: `sum`, once for each batch of a set and each of `timesteps`, as in
  /// the released code, or `mean`, once.
  public var reduction = Reduction.sum
  /// Timesteps of these losses, from 0 to the schedule's last; empty takes all. The released code can fix 1, 2, 5
  /// and 10, to be faster; the simulated fine-tuning has all in either case.
  public var timesteps: [Int] = []
  /// Subjects that count as related, and as many as unrelated, from 1 to half of the kind.
  public var subjects = 5
  /// Pictures of each set, from 1. The concept has two sets.
  public var pictures = 30
  public var (pictureSteps, guidance) = (25, 7.5)
  /// Pictures that go through the network at once, from 0. 0 takes a batch whole, or of a large model as many as fit
  /// into memory. Fewer take less memory and more time; the gradient is the same. `attack.secondOrder` takes none but
  /// 0.
  public var picturesInPass = 0
  public var guarding = GuardOptions()
  public init() {}
  /// Meta-Unlearning with its defaults around another method.
  public init(around base: InnerMethod) {
    self.init()
    self.base = base
    if let type = try? base.catalog.named(base.name), !(type is any TrainedMethod.Type) {
      training.steps = 100
    }
  }
  public static var tiny: MetaUnlearning {
    tiny {
      $0.options = [
        "trajectories": 2, "trajectorySteps": 5, "preserveTrajectories": 3, "preserveWeight": 10,
      ]
      ($0.pictures, $0.pictureSteps) = (2, 2)
    }
  }

  /// The losses on near and far subjects keep those, whatever the request names.
  public var preserves: Preserved {
    related.keep > 0 || unrelated.keep > 0 ? .own : (try? inner())?.preserves ?? .asked
  }
  /// The weights that are trained: those of the inner method, and the U-Net's around a closed form.
  public var parameters: String { ((try? inner()) as? any TrainedMethod)?.parameters ?? "full" }

  public static func decided(inside type: any UnlearningMethod.Type) -> [OptionPath] {
    guard type is any TrainedMethod.Type else { return [] }
    let all = (try? JSON(encoding: Training()))?.members?.keys.sorted() ?? []
    return all.filter { $0 != "batch" }.map { OptionPath(["training", $0]) } + ["guarding"]
  }

  /// The second order differentiates gradients, of which each process would have a part.
  public var dividesBatches: Bool { !attack.secondOrder }

  /// The second order keeps the graphs of all steps with all their pictures, so that passes save no memory.
  public var idle: [(option: OptionPath, beside: String)] {
    guard attack.secondOrder else { return [] }
    return [("picturesInPass", "attack.secondOrder=true")]
      + (attack.optimizer.kind == .sgd
        ? [] : [("attack.clip", "attack.secondOrder=true with \(attack.optimizer.kind.rawValue)")])
  }

  public func check(_ erasure: Erasure, of model: DiffusionModel) throws {
    let (selection, inner) = (try selection(of: model), try inner())
    guard !selection.trainsText else {
      throw LetheError.request(
        "\(Self.name) simulates fine-tuning of the U-Net, and \(base) is set to train '\(selection.name)'; "
          + "set options.parameters to a selection of the U-Net, such as noxattn")
    }
    try Bound.require(from: 0, to: model.schedule.steps - 1, timesteps.map { ("timesteps", $0) })
    try Bound.require(
      from: 1,
      [("pictures", pictures), ("training.batch", training.batch), ("subjects", subjects)])
    try inner.check(erasure, of: model)
  }

  /// The student as the inner method makes it. It may begin with other weights than the original's.
  public func student(
    of model: DiffusionModel, owning selection: ParameterSelection, _ run: Run
  ) throws -> DiffusionModel {
    // The simulated fine-tuning changes the whole U-Net within a step.
    let owned = ParameterSelection(selection.name) {
      selection.matches($0) || ParameterSelection.unet.matches($0)
    }
    guard let trained = try inner() as? any TrainedMethod else {
      return try model.clone(owning: owned.matches)
    }
    return try trained.student(of: model, owning: owned, run)
  }

  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    let (inner, neighbours) = (try inner(), try erasure.neighbours(subjects, in: original))
    let unlearning = try (inner as? any TrainedMethod)?.rule(  // L_unlearn
      erasure, original: original, student: student, tensors, run)
    if unlearning == nil { try begin(student, with: inner, erasure, original, run) }
    let pictures = try MetaPictures(self, erasure, neighbours, original, run)
    return MetaGradient(
      unlearning,
      learned: Denoising(pictures.learned, original, batch: training.batch),  // D_FT
      concept: loss(pictures.concept, original),  // D'_FT
      benign: [  // D_i
        benign("related", loss(pictures.related, original), related),
        benign("unrelated", loss(pictures.unrelated, original), unrelated),
      ], pull: copies * pull, attack, of: student,
      offloaded: OffloadedTensors(training.offload ? run.file("meta.theta.safetensors") : nil),
      picturesInPass: picturesInPass)
  }

  /// The student gets the weights that a closed form leaves.
  private func begin(
    _ student: DiffusionModel, with inner: any UnlearningMethod, _ erasure: Erasure,
    _ original: DiffusionModel, _ run: Run
  ) throws {
    let vector = try inner.erase(erasure, from: original.exact, run).vector
    withoutGradients {
      for (path, change) in vector.tensors { student.parameters[path]?.add(change) }
    }
  }

  /// L(theta; D)
  private func loss(_ set: LatentSet, _ original: DiffusionModel) -> any Objective {
    Denoising(set, original, batch: training.batch, timesteps: timesteps)
  }

  private func benign(
    _ name: String, _ loss: any Objective, _ weights: Weights
  ) -> MetaGradient.Benign {
    .init(name, loss, keep: copies * weights.keep, destroy: copies * weights.destroy)
  }

  /// The number of times that a weight counts.
  private var copies: Double {
    guard reduction == .sum else { return 1 }
    let batches = (pictures + training.batch - 1) / training.batch
    return Double(batches * max(1, timesteps.count))
  }
}
