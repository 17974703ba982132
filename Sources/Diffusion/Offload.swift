// Weights at rest: the text encoders, the U-Net and the VAE are ready for use only while they are used. Between they
// rest in the memory of the machine, as the file has them: on another device (CPU offload), or in another type (half
// precision).
package import Torch
internal import TorchNN

/// The components that share a device: those of a model, and of the models that are made of it.
///
/// Drawing changes no weights, so a component that leaves is dropped on the device and not copied back.
package final class Offload {
  /// Whether components that are not used leave the device.
  let leavesDevice: Bool
  /// Whether weights rest in the type of their file, and have that of the computation while they are used.
  let keepsType: Bool
  private let move: (Tensor) -> Tensor
  private let rested: (Tensor) -> Tensor
  private var entered: [Entered] = []

  private struct Entered { weak var component: OffloadedComponent? }

  package convenience init(to device: Device, leavesDevice: Bool = true, keepsType: Bool = false) {
    self.init(
      leavesDevice: leavesDevice, keepsType: keepsType,
      rested: { leavesDevice ? $0.pinned(for: device) : $0 }, move: { $0.uploaded(to: device) })
  }

  /// - Parameters:
  ///   - rested: a tensor -> the same at rest
  ///   - move: a tensor at rest -> its copy on the device
  package init(
    leavesDevice: Bool = true, keepsType: Bool = false,
    rested: @escaping (Tensor) -> Tensor = { $0 }, move: @escaping (Tensor) -> Tensor
  ) {
    (self.leavesDevice, self.keepsType) = (leavesDevice, keepsType)
    (self.rested, self.move) = (rested, move)
  }

  /// The components that are on the device, in the order in which they came.
  package var present: [String] { entered.compactMap { $0.component?.name } }

  /// Brings a component to the device. The others leave, but for those that a backward pass may read again: a component
  /// that was used while gradients were recorded stays until it is used without.
  func use(_ component: OffloadedComponent) {
    component.isHeld = recordsGradients
    leave { $0 !== component && !$0.isHeld }
    guard !entered.contains(where: { $0.component === component }) else { return }
    component.enter(move)
    entered.append(Entered(component: component))
  }

  /// The tensors of a component, at rest from now on; nil for one without weights.
  /// - Parameter dtype: the type that the layers see; nil for that at rest
  func component(_ name: String, _ tensors: [Tensor], as dtype: DType?) -> OffloadedComponent? {
    for tensor in tensors { tensor.become(rested(tensor)) }
    return tensors.isEmpty ? nil : OffloadedComponent(name, tensors, as: dtype)
  }

  /// Sends every component to rest, so that all weights are found in the memory of the machine.
  func rest() { leave { _ in true } }

  private func leave(where isIdle: (OffloadedComponent) -> Bool) {
    entered.removeAll {
      guard let component = $0.component else { return true }
      guard isIdle(component) else { return false }
      component.leave()
      return true
    }
  }
}

/// The tensors of one component. Its layers see those on the device or those at rest.
final class OffloadedComponent {
  let name: String
  private let dtype: DType?
  private let tensors: [(seen: Tensor, resting: Tensor)]
  fileprivate var isHeld = false

  fileprivate init(_ name: String, _ tensors: [Tensor], as dtype: DType?) {
    (self.name, self.dtype, self.tensors) = (name, dtype, tensors.map { ($0, $0.reference) })
  }

  fileprivate func enter(_ move: (Tensor) -> Tensor) {
    for (seen, resting) in tensors {
      let moved = move(resting)
      seen.become(dtype.map(moved.to) ?? moved)
    }
  }

  fileprivate func leave() {
    for (seen, resting) in tensors { seen.become(resting) }
  }
}

/// A component and the offload that brings it to the device.
struct Offloaded<Component> {
  private let component: Component
  private let offload: Offload
  private let tensors: OffloadedComponent

  init(_ component: Component, _ offload: Offload, _ tensors: OffloadedComponent) {
    (self.component, self.offload, self.tensors) = (component, offload, tensors)
  }

  /// The component without its weights: shapes, ids, factors.
  var idle: Component { component }

  /// The component on the device.
  var used: Component {
    offload.use(tensors)
    return component
  }
}

final class OffloadedPredictor: NoisePredictor {
  private let base: Offloaded<any NoisePredictor>
  init(_ base: Offloaded<any NoisePredictor>) { self.base = base }

  var inChannels: Int { base.idle.inChannels }
  var sampleSize: Int { base.idle.sampleSize }
  var takesGuidance: Bool { base.idle.takesGuidance }
  var dropout: Dropout? { base.idle.dropout }
  var recomputes: Bool {
    get { base.idle.recomputes }
    set { base.idle.recomputes = newValue }
  }
  func predict(_ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache?) -> Tensor {
    base.used.predict(x, at: t, given: c, cache: cache)
  }
}

struct OffloadedConditioner: PromptConditioner {
  let base: Offloaded<any PromptConditioner>

  func tokens(_ prompt: String) -> PromptTokens { base.idle.tokens(prompt) }
  var widths: [Int] { base.idle.widths }
  var nothing: PromptTokens { base.idle.nothing }
  func check(_ prompts: [String]) throws { try base.idle.check(prompts) }
  func wordEmbeddings(_ tokens: [PromptTokens]) -> Tensor { base.used.wordEmbeddings(tokens) }
  func encode(_ embeddings: Tensor) -> Conditioning { base.used.encode(embeddings) }
}

struct OffloadedCodec: LatentCodec {
  let base: Offloaded<any LatentCodec>

  var factor: Int { base.idle.factor }
  var scalingFactor: Double { base.idle.scalingFactor }
  func scaled(_ z: Tensor) -> Tensor { base.idle.scaled(z) }
  func unscaled(_ z: Tensor) -> Tensor { base.idle.unscaled(z) }
  func posterior(_ image: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    base.used.posterior(image)
  }
  func reconstruct(_ z: Tensor) -> Tensor { base.used.reconstruct(z) }
}
