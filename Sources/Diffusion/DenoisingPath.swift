package import Torch

/// x_T ... x_0 with classifier-free guidance inside, one step each time it is asked; the caller
/// stops where it likes.
///
///   eps~ = eps(empty) + s (eps(c) - eps(empty))                    (Ho & Salimans, 2022)
package struct DenoisingPath: Sequence, IteratorProtocol {
  package struct State {
    /// The training step that each picture of `x` is at, before the step that leads on from it.
    package let timesteps: [Double]
    package let x: Tensor
    /// eps(x_t | empty); nil on a path without guidance.
    package let unconditional: Tensor?
    /// eps(x_t | c)
    package let conditional: Tensor

    package init(timesteps: [Double], x: Tensor, unconditional: Tensor?, conditional: Tensor) {
      (self.timesteps, self.x) = (timesteps, x)
      (self.unconditional, self.conditional) = (unconditional, conditional)
    }

    /// The state of one picture.
    package func row(_ i: Int) -> State {
      guard x.size(0) > 1 else { return self }
      return State(
        timesteps: [timesteps[i]], x: x.narrowed(0, i, 1),
        unconditional: unconditional?.narrowed(0, i, 1),
        conditional: conditional.narrowed(0, i, 1))
    }
  }
  package private(set) var x: Tensor
  package private(set) var index = 0

  private let model: DiffusionModel
  private var sampler: any Sampler
  private let conditioning: Conditioning
  package let isGuided: Bool
  private let guidance: Double
  private let rescale: Double
  private let generators: [Generator]
  /// The network's pass: scaled x [B, C, h, w], t [B] -> its output.
  private let network: (Tensor, Tensor) -> Tensor

  /// - Parameters:
  ///   - empty: the empty prompt's row, which guidance needs; nil follows the prompts alone
  ///   - guidance: s
  ///   - generators: one a picture; each draws its own starting noise, so a seed means the same
  ///     picture in every batch and on every device
  package init(
    _ model: DiffusionModel, _ sampler: any Sampler, given c: Conditioning, empty: Conditioning?,
    guidance: Double, rescale: Double = 0, height: Int, width: Int, generators: [Generator]
  ) {
    (self.model, self.sampler, self.guidance) = (model, sampler, guidance)
    self.rescale = rescale
    self.generators = generators
    let shape = [1, model.unet.inChannels, height, width]
    let noise = Tensor.concatenate(generators.map { Tensor.randn(shape, $0) }, 0)
    x = noise.uploaded(to: model.device) * sampler.initialScale
    isGuided = empty != nil
    let given = empty.map { Conditioning.concatenate([$0.repeated(c.count), c]) } ?? c
    conditioning = given
    let cache = KeyValueCache()
    let pass = model.recorded(
      pictures: given.count, height, width, passes: sampler.timesteps.count
    ) { [model.predict($0[0], at: $0[1], given: given, cache: cache)] }
    network = { pass([$0, $1])[0] }
  }

  package var isFinished: Bool { index == sampler.timesteps.count }
  package var count: Int { sampler.timesteps.count }

  /// The training step of each picture at the step `index`.
  package func timesteps(_ index: Int) -> [Double] {
    sampler.timesteps(index, rows: generators.count)
  }

  /// Goes on before the step `index` with the pictures that the path had there. The sampler must draw no noise.
  package mutating func goOn(at index: Int, _ x: Tensor) { (self.index, self.x) = (index, x) }

  /// The state before the next step, or nil at the end; ``x`` is then the result.
  package mutating func next() -> State? {
    guard !isFinished else { return nil }
    return withoutGradients {
      let (before, timesteps) = (x, timesteps(index))
      let scaled = sampler.input(before, index)
      let input = isGuided ? Tensor.concatenate([scaled, scaled], 0) : scaled
      let t = times(isGuided ? timesteps + timesteps : timesteps)
      let predicted = network(input, t)
      let parts = isGuided ? predicted.chunks(2, 0) : [predicted]
      let (e0, ec) = (isGuided ? parts[0] : nil, parts[parts.count - 1])
      let output = e0.map { guided($0, ec) } ?? ec
      let (shape, device, generators) = (x.shape, x.device, self.generators)
      x = sampler.step(output, index, before) {
        let one = [1] + shape.dropFirst()
        return Tensor.concatenate(generators.map { Tensor.randn(one, $0) }, 0).uploaded(to: device)
      }
      index += 1
      return State(timesteps: timesteps, x: before, unconditional: e0, conditional: ec)
    }
  }
}

extension DenoisingPath {
  /// t [B], made on the device where all pictures are at one training step.
  private func times(_ values: [Double]) -> Tensor {
    Set(values).count == 1
      ? Tensor.full([values.count], values[0], on: model.device)
      : Tensor(values.map(Float.init)).uploaded(to: model.device)
  }

  /// eps~, with its deviation moved towards that of eps(c):
  ///
  ///   phi eps~ std(eps(c)) / std(eps~) + (1 - phi) eps~               (Lin et al., 2024, eqs. 15-16)
  private func guided(_ e0: Tensor, _ ec: Tensor) -> Tensor {
    let whole = e0 + guidance * (ec - e0)
    guard rescale > 0 else { return whole }
    func deviation(_ x: Tensor) -> Tensor {
      x.flattened(from: 1).variance(1, correction: 1).sqrt().unsqueezed(-1, -1, -1)
    }
    return whole * (rescale * (deviation(ec) / deviation(whole)) + (1 - rescale))
  }
}
