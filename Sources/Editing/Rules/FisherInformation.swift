// The diagonal of the Fisher information of a diffusion model (Selective Amnesia, Heng & Soh, NeurIPS 2023, eq. 5 and
// its code):
//
//   F_i = E_x [ ( sum_t g_t,i )^2 ],    g_t = d l_t(x, c) / d theta,   t = 0 ..< T, one draw of the noise for each t
//
// from some of the T timesteps: for each picture, S_A and S_B are sums of g_t over h timesteps each, all 2 h of them
// different, and
//
//   F^ = (T / h) (S_A^2 + S_B^2) / 2  +  (T (T - h) / h^2) S_A S_B
//
// The mean of F^ is F. With D = sum_t E g_t^2 and O = sum_{t != s} E g_t E g_s, F = D + O, and the draws give
// E S_A^2 = (h / T) D + (h (h - 1) / (T (T - 1))) O,   E S_A S_B = (h^2 / (T (T - 1))) O.
// Where 2 h = T, F^ is (S_A + S_B)^2. Scaling one sum up, ((T / h) S_A)^2, counts D T / h times.
// Few draws leave the mean of F^ over pictures negative in some places where O is small beside D. It is held at 0
// there, which alone would make F too large. The rest of a tensor is scaled so that the tensor's sum stays without
// bias.
public import Torch
public import Training

/// The diagonal of a diffusion model's Fisher information (Selective Amnesia, Heng & Soh, NeurIPS 2023, eq. 5).
public struct FisherInformation {
  /// N, pictures over which F^ is averaged, from 1.
  let pictures: Int
  /// 2 h, timesteps of each picture, from 2.
  let times: Int
  /// T
  let steps: Int

  /// - Parameters:
  ///   - pictures: N, over which F^ is averaged
  ///   - times: 2 h, timesteps of each picture; odd numbers lose one, and no more than T are drawn
  ///   - steps: T
  public init(pictures: Int, times: Int, of steps: Int) {
    self.pictures = max(1, pictures)
    (self.times, self.steps) = (max(2, min(times, steps) / 2 * 2), max(2, steps))
  }

  /// Parts of the pictures, at most, after which the sum so far rests in a file of the run.
  private static let parts = 8

  /// F, one tensor a parameter.
  /// - Parameters:
  ///   - earlier: told how many passes of the network an interrupted run has left the sum of
  ///   - gradient: the sum of g_t of a picture over some timesteps; its noise is drawn from the step
  public func diagonal(
    like parameters: [Tensor], seed: UInt64, progress: (Int, Int) -> Void = { _, _ in },
    earlier: (Int) -> Void = { _ in },
    gradient: (_ picture: Int, _ times: [Int], _ step: inout Step) throws -> [Tensor]
  ) throws -> [Tensor] {
    let mean = try unclamped(
      like: parameters, seed: seed, progress: progress, earlier: earlier, gradient: gradient)
    return withoutGradients {
      mean.map { f in
        let held = f.clamped(0, nil)
        let (sum, kept) = (f.inFloat64().sum().item, held.inFloat64().sum().item)
        return kept > 0 ? held * (max(0, sum) / kept) : held
      }
    }
  }

  /// The mean of F^ over the pictures.
  func unclamped(
    like parameters: [Tensor], seed: UInt64, progress: (Int, Int) -> Void = { _, _ in },
    earlier: (Int) -> Void = { _ in },
    gradient: (_ picture: Int, _ times: [Int], _ step: inout Step) throws -> [Tensor]
  ) throws -> [Tensor] {
    let kept = KeptTensors(of: [
      "Fisher information": .int(pictures), "times": .int(times), "steps": .int(steps),
      "seed": JSON(seed),
    ])
    let known = kept?.read(
      part: 0, shapes: parameters.map(\.shape), most: pictures,
      on: parameters.first?.device ?? .cpu)
    let total = known?.tensors ?? parameters.map { Tensor.zeros($0.shape, on: $0.device) }
    var written = known?.done ?? 0
    earlier(written * times)
    func keep(_ done: Int) throws {
      guard done > written else { return }
      try kept?.write(total, part: 0, done: done)
      written = done
    }
    let length = (pictures + Self.parts - 1) / Self.parts
    let (h, t) = (times / 2, Double(steps))
    let (own, cross) = (t / Double(h) / 2, t * (t - Double(h)) / Double(h * h))
    for picture in written..<pictures {
      progress(picture, pictures)
      var step = Step(index: picture, seed: seed)
      let order = Tensor.permutation(steps, step.generator)
      let (a, b): ([Tensor], [Tensor])
      do {
        a = try gradient(picture, Array(order[..<h]), &step)  // S_A
        try Interrupt.check()
        b = try gradient(picture, Array(order[h..<(2 * h)]), &step)  // S_B
      } catch {
        try keep(picture)
        throw error
      }
      withoutGradients {
        for (i, sum) in total.enumerated() {
          let found = own * (a[i].squared() + b[i].squared()) + cross * (a[i] * b[i])
          Foreach.add([sum], [found], times: 1 / Double(pictures))
        }
      }
      if (picture + 1) % length == 0 || picture + 1 == pictures { try keep(picture + 1) }
    }
    progress(pictures, pictures)
    return total
  }
}
