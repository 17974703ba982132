// Inception-v3 (Szegedy et al., CVPR 2016) in the form of TensorFlow's network of 2015, which FID was defined with (Heusel et al.,
// NeurIPS 2017). It differs from torchvision's in its pooled branches: averages leave the padding out, and the last block
// takes the maximum.
package import Foundation
package import Torch
package import TorchNN

/// The network behind FID and KID, with the names of pytorch-fid's checkpoint.
package final class InceptionV3 {
  package let parameters: ParameterStore
  private let stem: [BasicConv]
  private let mixed: [String: any InceptionBlock]
  private static let order = [
    "Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e",
    "Mixed_7a", "Mixed_7b", "Mixed_7c",
  ]

  package init(_ source: ParameterStore.Source, on device: Device = .cpu) throws {
    let store = ParameterStore(source, on: device)
    let s = store.root
    stem = [
      BasicConv(s["Conv2d_1a_3x3"], 3, 32, 3, stride: 2),
      BasicConv(s["Conv2d_2a_3x3"], 32, 32, 3),
      BasicConv(s["Conv2d_2b_3x3"], 32, 64, 3, padding: 1),
      BasicConv(s["Conv2d_3b_1x1"], 64, 80, 1),
      BasicConv(s["Conv2d_4a_3x3"], 80, 192, 3),
    ]
    mixed = [
      "Mixed_5b": InceptionA(s["Mixed_5b"], 192, pool: 32),
      "Mixed_5c": InceptionA(s["Mixed_5c"], 256, pool: 64),
      "Mixed_5d": InceptionA(s["Mixed_5d"], 288, pool: 64),
      "Mixed_6a": InceptionB(s["Mixed_6a"], 288),
      "Mixed_6b": InceptionC(s["Mixed_6b"], 768, inner: 128),
      "Mixed_6c": InceptionC(s["Mixed_6c"], 768, inner: 160),
      "Mixed_6d": InceptionC(s["Mixed_6d"], 768, inner: 160),
      "Mixed_6e": InceptionC(s["Mixed_6e"], 768, inner: 192),
      "Mixed_7a": InceptionD(s["Mixed_7a"], 768),
      "Mixed_7b": InceptionE(s["Mixed_7b"], 1280, takesMaximum: false),
      "Mixed_7c": InceptionE(s["Mixed_7c"], 2048, takesMaximum: true),
    ]
    parameters = store
    // The checkpoint has a classifier, which features do not need, and counts of batches.
    try store.check {
      $0.name.hasPrefix("fc.") || $0.name.hasSuffix("num_batches_tracked")
    }
  }

  /// Reads pytorch-fid's weights, which `scripts/convert/inception.py` turned into safetensors.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is missing or holds another network
  package static func load(_ file: URL, on device: Device = .cpu) throws -> InceptionV3 {
    let tensors = try SafeTensors.load(file, finite: true)
    do {
      return try InceptionV3(
        .tensors(Dictionary(uniqueKeysWithValues: tensors.map { (ParameterPath($0), $1) })),
        on: device)
    } catch let error as LetheError { throw LetheError.wrong(file, error.sentence) }
  }

  /// The outputs of pytorch-fid's blocks 0 to 3: x [N, 3, 299, 299] in [-1, 1] -> [N, 64, 73, 73], [N, 192, 35, 35],
  /// [N, 768, 17, 17] and [N, 2048, 8, 8].
  package func blocks(_ x: Tensor) -> [Tensor] {
    let first = stem[..<3].reduce(x) { $1($0) }.maxPooled(3, stride: 2)
    let second = stem[3...].reduce(first) { $1($0) }.maxPooled(3, stride: 2)
    var (h, third) = (second, second)
    for name in Self.order {
      h = mixed[name].map { $0(h) } ?? h
      if name == "Mixed_6e" { third = h }
    }
    return [first, second, third, h]
  }

  /// x [N, 3, 299, 299] in [-1, 1] -> [N, 2048]
  package func features(_ x: Tensor) -> Tensor { blocks(x)[3].mean(2, 3) }
}

/// Convolution without bias, batch normalization with running statistics, ReLU.
private struct BasicConv {
  let weight: Tensor
  let scale, shift, mean, variance: Tensor
  let stride: Int
  let rows, columns: Int

  /// A kernel of `height` x `width`; the padding is that of rows and of columns.
  init(
    _ s: Scope, _ input: Int, _ output: Int, height: Int, width: Int, stride: Int = 1,
    rows: Int, columns: Int
  ) {
    weight = s["conv"].parameter(
      "weight", [output, input, height, width], .fanIn(input * height * width))
    let norm = s["bn"]
    scale = norm.parameter("weight", [output], .ones)
    shift = norm.parameter("bias", [output], .zeros)
    mean = norm.parameter("running_mean", [output], .zeros)
    variance = norm.parameter("running_var", [output], .ones)
    (self.stride, self.rows, self.columns) = (stride, rows, columns)
  }

  /// A square kernel.
  init(
    _ s: Scope, _ input: Int, _ output: Int, _ kernel: Int, stride: Int = 1, padding: Int = 0
  ) {
    self.init(
      s, input, output, height: kernel, width: kernel, stride: stride, rows: padding,
      columns: padding)
  }

  /// A kernel of one row or of one column, whose output is as large as its input.
  init(_ s: Scope, _ input: Int, _ output: Int, row length: Int) {
    self.init(s, input, output, height: 1, width: length, rows: 0, columns: length / 2)
  }
  init(_ s: Scope, _ input: Int, _ output: Int, column length: Int) {
    self.init(s, input, output, height: length, width: 1, rows: length / 2, columns: 0)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    x.conv2d(weight, stride: stride, rows: rows, columns: columns)
      .batchNorm(scale, shift, mean: mean, variance: variance, training: false, eps: 0.001).relu()
  }
}

/// Branches whose outputs are put beside each other, [N, C, H, W] -> [N, C', H', W'].
private protocol InceptionBlock {
  func callAsFunction(_ x: Tensor) -> Tensor
}

extension InceptionBlock {
  /// 3 x 3 averages of the pixels that are there.
  fileprivate func averages(_ x: Tensor) -> Tensor {
    x.averagePooled(3, stride: 1, padding: 1, countsPadding: false)
  }
}

private struct InceptionA: InceptionBlock {
  let one, five1, five2, three1, three2, three3, pool: BasicConv

  init(_ s: Scope, _ i: Int, pool: Int) {
    one = BasicConv(s["branch1x1"], i, 64, 1)
    five1 = BasicConv(s["branch5x5_1"], i, 48, 1)
    five2 = BasicConv(s["branch5x5_2"], 48, 64, 5, padding: 2)
    three1 = BasicConv(s["branch3x3dbl_1"], i, 64, 1)
    three2 = BasicConv(s["branch3x3dbl_2"], 64, 96, 3, padding: 1)
    three3 = BasicConv(s["branch3x3dbl_3"], 96, 96, 3, padding: 1)
    self.pool = BasicConv(s["branch_pool"], i, pool, 1)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    .concatenate([one(x), five2(five1(x)), three3(three2(three1(x))), pool(averages(x))], 1)
  }
}

private struct InceptionB: InceptionBlock {
  let three, double1, double2, double3: BasicConv

  init(_ s: Scope, _ i: Int) {
    three = BasicConv(s["branch3x3"], i, 384, 3, stride: 2)
    double1 = BasicConv(s["branch3x3dbl_1"], i, 64, 1)
    double2 = BasicConv(s["branch3x3dbl_2"], 64, 96, 3, padding: 1)
    double3 = BasicConv(s["branch3x3dbl_3"], 96, 96, 3, stride: 2)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    .concatenate([three(x), double3(double2(double1(x))), x.maxPooled(3, stride: 2)], 1)
  }
}

private struct InceptionC: InceptionBlock {
  let one, pool: BasicConv
  let single, double: [BasicConv]

  init(_ s: Scope, _ i: Int, inner c: Int) {
    one = BasicConv(s["branch1x1"], i, 192, 1)
    single = [
      BasicConv(s["branch7x7_1"], i, c, 1), BasicConv(s["branch7x7_2"], c, c, row: 7),
      BasicConv(s["branch7x7_3"], c, 192, column: 7),
    ]
    double = [
      BasicConv(s["branch7x7dbl_1"], i, c, 1), BasicConv(s["branch7x7dbl_2"], c, c, column: 7),
      BasicConv(s["branch7x7dbl_3"], c, c, row: 7),
      BasicConv(s["branch7x7dbl_4"], c, c, column: 7),
      BasicConv(s["branch7x7dbl_5"], c, 192, row: 7),
    ]
    pool = BasicConv(s["branch_pool"], i, 192, 1)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    .concatenate(
      [one(x), single.reduce(x) { $1($0) }, double.reduce(x) { $1($0) }, pool(averages(x))], 1)
  }
}

private struct InceptionD: InceptionBlock {
  let three, seven: [BasicConv]

  init(_ s: Scope, _ i: Int) {
    three = [
      BasicConv(s["branch3x3_1"], i, 192, 1), BasicConv(s["branch3x3_2"], 192, 320, 3, stride: 2),
    ]
    seven = [
      BasicConv(s["branch7x7x3_1"], i, 192, 1), BasicConv(s["branch7x7x3_2"], 192, 192, row: 7),
      BasicConv(s["branch7x7x3_3"], 192, 192, column: 7),
      BasicConv(s["branch7x7x3_4"], 192, 192, 3, stride: 2),
    ]
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    .concatenate(
      [three.reduce(x) { $1($0) }, seven.reduce(x) { $1($0) }, x.maxPooled(3, stride: 2)], 1)
  }
}

private struct InceptionE: InceptionBlock {
  let one, three1, three2a, three2b, double1, double2, double3a, double3b, pool: BasicConv
  let takesMaximum: Bool

  init(_ s: Scope, _ i: Int, takesMaximum: Bool) {
    one = BasicConv(s["branch1x1"], i, 320, 1)
    three1 = BasicConv(s["branch3x3_1"], i, 384, 1)
    three2a = BasicConv(s["branch3x3_2a"], 384, 384, row: 3)
    three2b = BasicConv(s["branch3x3_2b"], 384, 384, column: 3)
    double1 = BasicConv(s["branch3x3dbl_1"], i, 448, 1)
    double2 = BasicConv(s["branch3x3dbl_2"], 448, 384, 3, padding: 1)
    double3a = BasicConv(s["branch3x3dbl_3a"], 384, 384, row: 3)
    double3b = BasicConv(s["branch3x3dbl_3b"], 384, 384, column: 3)
    pool = BasicConv(s["branch_pool"], i, 192, 1)
    self.takesMaximum = takesMaximum
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let (h, d) = (three1(x), double2(double1(x)))
    let pooled = takesMaximum ? x.maxPooled(3, stride: 1, padding: 1) : averages(x)
    return .concatenate(
      [one(x), three2a(h), three2b(h), double3a(d), double3b(d), pool(pooled)], 1)
  }
}
