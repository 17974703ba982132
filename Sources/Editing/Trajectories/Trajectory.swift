internal import Torch

/// The plan of one way from noise to a picture: its prompt, its noise, and the timesteps that are kept.
struct Trajectory {
  let prompt: Int
  let generator: Generator
  let kept: Set<Int>
  /// The offset of its timesteps from the usual ones.
  let shift: Int

  /// The trajectories of `count` prompts. Those of a group share the timesteps that are kept.
  /// - Parameters:
  ///   - keeping: timesteps to keep of each trajectory, chosen at random; nil keeps all
  ///   - shifts: offsets of timesteps that the groups take in turn, in random order; nil for none
  static func plan(
    _ count: Int, in group: Int, steps: Int, keeping: Int?, _ shifts: ClosedRange<Int>?,
    seed: UInt64
  ) -> [Trajectory] {
    let generator = Generator(seed: seed)
    let range = shifts ?? 0...0
    let order = shifts == nil ? [0] : Tensor.permutation(range.count, generator)
    return stride(from: 0, to: count, by: group).flatMap { first -> [Trajectory] in
      let members = first..<min(first + group, count)
      let generators = members.map { _ in generator.split() }
      let kept =
        keeping.map { Set(Tensor.permutation(steps, generator).prefix($0)) } ?? Set(0..<steps)
      let shift = range.lowerBound + order[first / group % order.count]
      return zip(members, generators).map {
        Trajectory(prompt: $0, generator: $1, kept: kept, shift: shift)
      }
    }
  }
}
