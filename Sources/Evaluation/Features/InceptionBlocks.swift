// The blocks of Inception-v3, with the names of pytorch-fid's checkpoint.
internal import Torch
internal import TorchNN

/// Convolution without bias, batch normalization with running statistics, ReLU.
struct BasicConv {
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
protocol InceptionBlock {
  func callAsFunction(_ x: Tensor) -> Tensor
}

extension InceptionBlock {
  /// 3 x 3 averages of the pixels that are there.
  func averages(_ x: Tensor) -> Tensor {
    x.averagePooled(3, stride: 1, padding: 1, countsPadding: false)
  }
}

struct InceptionA: InceptionBlock {
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

struct InceptionB: InceptionBlock {
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

struct InceptionC: InceptionBlock {
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

struct InceptionD: InceptionBlock {
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

struct InceptionE: InceptionBlock {
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
