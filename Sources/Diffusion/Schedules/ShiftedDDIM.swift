// DDIM for a batch whose pictures have timesteps of their own: row b takes DDIM's steps (see DDIM), moved by shift b.
package import Torch

package struct ShiftedDDIM: Sampler {
  package static let name = DDIM.name
  package static let className = DDIM.className
  package static let knowsZeroSNR = DDIM.knowsZeroSNR

  /// The way of the first row, and of all where they have one shift.
  private let first: DDIM
  /// The way of each row; empty where all have one shift.
  private let rows: [DDIM]

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    try self.init(schedule, steps: steps, shifts: [])
  }

  /// - Parameter shifts: one for each row, of ``DDIM/shifts(_:steps:)``; none for DDIM itself
  package init(_ schedule: NoiseSchedule, steps: Int, shifts: [Int]) throws {
    first = try DDIM(schedule, steps: steps, shift: shifts.first ?? 0)
    rows =
      Set(shifts).count > 1 ? try shifts.map { try DDIM(schedule, steps: steps, shift: $0) } : []
  }

  package var timesteps: [Double] { first.timesteps }

  package func timesteps(_ i: Int, rows count: Int) -> [Double] {
    rows.isEmpty
      ? Array(repeating: first.timesteps[i], count: count) : rows.map { $0.timesteps[i] }
  }

  package func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    guard !rows.isEmpty else { return first.step(output, i, x, noise: noise) }
    return Tensor.concatenate(
      rows.enumerated().map { b, row in
        row.step(output.narrowed(0, b, 1), i, x.narrowed(0, b, 1)) { noise().narrowed(0, b, 1) }
      })
  }
}
