package import Torch

/// Weights and pictures that a script in another language makes too.
package enum Seeded {
  /// Tensors by name, of which the k-th in the plain order of names is made of randn with seed k.
  /// - Parameter make: the weight of a name, from its randn
  package static func weights(_ shapes: [String: [Int]], _ make: (String, Tensor) -> Tensor)
    -> [String: Tensor]
  {
    let names = shapes.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    return Dictionary(
      uniqueKeysWithValues: names.enumerated().map { k, name in
        (name, make(name, Tensor.randn(shapes[name] ?? [], Generator(seed: UInt64(k)))))
      })
  }

  /// w sqrt(2 / numbers of one row)
  package static func scaled(_ w: Tensor) -> Tensor {
    w * (2 * Double(w.size(0)) / Double(w.count)).squareRoot()
  }

  /// The picture floor(127.5 + 100 sin(x / (11 + 2c)) + 27 cos(y / (7 + c))), [1, 3, H, W] in [-1, 1].
  package static func smooth(_ height: Int, _ width: Int) -> Tensor {
    let channels = (0..<3).map { c in
      let x = (Tensor.arange(0, Double(width), .float64) / Double(11 + 2 * c)).sin() * 100
      let y = (Tensor.arange(0, Double(height), .float64) / Double(7 + c)).cos() * 27
      return (127.5 + x.unsqueezed(0) + y.unsqueezed(1)).floor()
    }
    return (Tensor.stack(channels).unsqueezed(0) / 127.5 - 1).to(.float32)
  }

  /// Row i, column j: sin(1.3 i + 0.7 j^2 + s) + 0.1 j cos(0.5 i (j + 1) + s), [N, D] float64.
  package static func rows(_ n: Int, _ d: Int, _ s: Double) -> Tensor {
    let i = Tensor.arange(0, Double(n), .float64).unsqueezed(1)
    let j = Tensor.arange(0, Double(d), .float64).unsqueezed(0)
    return (1.3 * i + 0.7 * j.squared() + s).sin() + 0.1 * j * (0.5 * i * (j + 1) + s).cos()
  }
}
