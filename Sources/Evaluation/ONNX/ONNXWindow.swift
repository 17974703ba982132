internal import Torch

/// The window of a convolution or of pooling.
struct Window {
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  /// The numbers before each axis, and then those after.
  let pads: [Int]

  init(_ call: ONNXCall, _ x: Tensor, kernel: [Int]) throws {
    let n = kernel.count
    func list(_ name: String, _ fallback: Int, _ count: Int) throws -> [Int] {
      let found = call.ints(name) ?? Array(repeating: fallback, count: count)
      guard found.count == count, found.allSatisfy({ (fallback...1 << 20).contains($0) }) else {
        throw call.wrong("\(name) \(found)")
      }
      return found
    }
    guard kernel.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw call.wrong("a window of \(kernel)")
    }
    self.kernel = kernel
    strides = try list("strides", 1, n)
    dilations = try list("dilations", 1, n)
    let given = try list("pads", 0, 2 * n)
    let mode = call.text("auto_pad", "NOTSET")
    guard mode.hasPrefix("SAME") else {
      pads = mode == "VALID" ? Array(repeating: 0, count: 2 * n) : given
      return
    }
    let all = zip(zip(x.shape.dropFirst(2), kernel), zip(strides, dilations)).map { a, b in
      max((((a.0 + b.0 - 1) / b.0) - 1) * b.0 + (a.1 - 1) * b.1 + 1 - a.0, 0)
    }
    let small = all.map { $0 / 2 }
    let large = zip(all, small).map { $0 - $1 }
    // The odd number goes to the end, or to the beginning.
    pads = mode == "SAME_LOWER" ? large + small : small + large
  }

  /// A picture with the padding that the operator itself cannot add, and the rest of the padding.
  /// - Parameter most: the operator's padding is at most the kernel divided by it; 0 leaves it none
  func padded(
    _ x: Tensor, with value: Double, _ call: ONNXCall, atMost most: Int = 1
  ) throws -> (Tensor, [Int]) {
    let (before, after) = (Array(pads.prefix(kernel.count)), Array(pads.suffix(kernel.count)))
    let fits = most > 0 && zip(before, kernel).allSatisfy { $0 <= max(0, $1 / most) }
    if before == after, fits || most == 1 || before.allSatisfy({ $0 == 0 }) { return (x, before) }
    try call.bounded(
      Array(x.shape.prefix(2))
        + zip(x.shape.dropFirst(2), zip(before, after)).map { $0 + $1.0 + $1.1 })
    let amounts = zip(before, after).reversed().flatMap { [$0, $1] }
    return (
      try call.aten("constant_pad_nd", "", x, amounts, value),
      Array(repeating: 0, count: kernel.count)
    )
  }
}
