// MUNBa: Machine Unlearning via Nash Bargaining (Wu & Harandi, 2024): keeping and forgetting are two players, and a
// step is their bargain (see NashBargaining):
//
//   delta = alpha_r g_r + alpha_f g_f,   g_r of the training loss, g_f of the loss towards a surrogate
public import Diffusion
public import Editing
public import Torch
internal import TorchNN
public import Training

/// MUNBa (Wu & Harandi, 2024): steps are the Nash bargain of forgetting and keeping.
public struct MUNBa: DataMethod {
  public static let name = "munba"
  public static let card = MethodCard(
    title: "MUNBa", paper: "arXiv 2411.15537", year: 2024, trains: "the U-Net")

  public var training = Training(steps: 160, batch: 16, rate: 1e-5)
  /// The weights that are trained: `full`, or `xattn` for least harm.
  public var parameters = "full"
  /// Stand-in for the forgotten pictures' target: `relabel`, another caption's prediction, or `noise`, for models
  /// without captions.
  public var surrogate = Surrogate.Kind.relabel
  public var data = DataOptions()
  public var picturesInPass = 0
  public var guarding = GuardOptions()
  public init() {}

  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    let sets = try data.sets(erasure, original, run)
    return NashBargaining(
      retain: sets.retaining(training.batch),
      forget: try sets.forgetting(surrogate, training.batch, run), picturesInPass: picturesInPass)
  }

  /// The second player's gradient, and that of its last pass.
  public func numbers(beside model: DiffusionModel) -> Int {
    numbers(beside: model, further: picturesInPass > 0 ? 2 : 1)
  }
}
