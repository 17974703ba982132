/// Views, joins and gathers.
extension Operator {
  static let reshape = Operator("aten::reshape")
  static let permute = Operator("aten::permute")
  static let transpose = Operator("aten::transpose", "int")
  static let contiguous = Operator("aten::contiguous")
  static let unsqueeze = Operator("aten::unsqueeze")
  static let squeeze = Operator("aten::squeeze", "dim")
  static let flatten = Operator("aten::flatten", "using_ints")
  static let expand = Operator("aten::expand")
  static let repeatAlong = Operator("aten::repeat")
  static let cat = Operator("aten::cat")
  static let stack = Operator("aten::stack")
  static let chunk = Operator("aten::chunk")
  static let select = Operator("aten::select", "int")
  static let narrow = Operator("aten::narrow")
  static let slice = Operator("aten::slice", "Tensor")
  static let indexSelect = Operator("aten::index_select")
  static let gather = Operator("aten::gather")
  static let flip = Operator("aten::flip")
  static let diagonal = Operator("aten::diagonal")
  static let clone = Operator("aten::clone")
  static let detach = Operator("aten::detach")
  static let toDType = Operator("aten::to", "dtype")
  static let toDevice = Operator("aten::to", "device")
  static let pinMemory = Operator("aten::pin_memory")
  static let pad = Operator("aten::constant_pad_nd")
  static let oneHot = Operator("aten::one_hot")
}

extension Tensor {
  /// The same elements in another shape; -1 stands for the size that is left.
  public func reshaped(_ shape: Int...) -> Tensor { Operator.reshape(self, shape) }
  /// The same elements in another shape; -1 stands for the size that is left.
  public func reshaped(_ shape: [Int]) -> Tensor { Operator.reshape(self, shape) }
  /// A view with the dimensions in another order.
  public func permuted(_ order: Int...) -> Tensor { Operator.permute(self, order) }
  /// A view with two dimensions exchanged.
  public func transposed(_ a: Int, _ b: Int) -> Tensor { Operator.transpose(self, a, b) }
  /// The tensor with its elements one after another in memory; itself where they are.
  public func contiguous() -> Tensor { Operator.contiguous(self) }

  /// The same elements [N, C, H, W] with channels innermost in memory (`channels_last`); itself where they are.
  public func channelsLast() -> Tensor { Operator.contiguous(self, 2) }

  /// Inserts dimensions of size 1 at `positions`, one after another.
  public func unsqueezed(_ positions: Int...) -> Tensor {
    positions.reduce(self) { Operator.unsqueeze($0, $1) }
  }
  /// A view without a dimension, where its size is 1.
  public func squeezed(_ dimension: Int) -> Tensor { Operator.squeeze(self, dimension) }
  /// The tensor with the dimensions `first` to `last` as one.
  public func flattened(from first: Int = 0, to last: Int = -1) -> Tensor {
    Operator.flatten(self, first, last)
  }

  /// A view in which dimensions of size 1 repeat; -1 keeps a size.
  public func expanded(_ shape: Int...) -> Tensor { Operator.expand(self, shape) }
  /// A view in which dimensions of size 1 repeat; -1 keeps a size.
  public func expanded(_ shape: [Int]) -> Tensor { Operator.expand(self, shape) }
  /// Copies one after another, a number of them for each dimension.
  public func repeated(_ times: Int...) -> Tensor { Operator.repeatAlong(self, times) }

  /// Tensors one after another along a dimension that they have.
  public static func concatenate(_ tensors: [Tensor], _ dimension: Int = 0) -> Tensor {
    Operator.cat(tensors, dimension)
  }
  /// Tensors of one shape side by side along a new dimension.
  public static func stack(_ tensors: [Tensor], _ dimension: Int = 0) -> Tensor {
    Operator.stack(tensors, dimension)
  }
  /// At most `count` views of equal size along a dimension; the last one may be smaller.
  public func chunks(_ count: Int, _ dimension: Int = 0) -> [Tensor] {
    unfailing { () throws(Fault) in
      try Operator.chunk.call([self, count, dimension], atMost: count)
    }.compactMap(\.self)
  }

  /// One slice; the dimension disappears.
  public subscript(_ dimension: Int, at index: Int) -> Tensor {
    Operator.select(self, dimension, index)
  }

  /// `length` slices from `start`; a view.
  public func narrowed(_ dimension: Int, _ start: Int, _ length: Int) -> Tensor {
    Operator.narrow(self, dimension, start, length)
  }

  /// Every `step`-th slice of `range`; a view.
  public func sliced(_ dimension: Int, _ range: Range<Int>, step: Int = 1) -> Tensor {
    Operator.slice(self, dimension, range.lowerBound, range.upperBound, step)
  }
  /// The slices with the given indices, `int64` [n], along a dimension.
  public func indexed(_ dimension: Int, _ indices: Tensor) -> Tensor {
    Operator.indexSelect(self, dimension, indices)
  }
  /// The slices with the given indices along a dimension.
  public func indexed(_ dimension: Int, _ indices: [Int]) -> Tensor {
    Operator.indexSelect(self, dimension, Tensor(indices).to(device))
  }
  /// One element for each of `indices`, `int64`, along a dimension: `aten::gather`.
  public func gathered(_ dimension: Int, _ indices: Tensor) -> Tensor {
    Operator.gather(self, dimension, indices)
  }
  /// The elements in reverse order along `dimensions`.
  public func flipped(_ dimensions: Int...) -> Tensor { Operator.flip(self, dimensions) }
  /// A view of the main diagonal of a matrix, [min(m, n)].
  public func diagonal() -> Tensor { Operator.diagonal(self) }
  /// A copy in memory of its own, through which gradients pass.
  public func cloned() -> Tensor { Operator.clone(self) }
  /// A view through which no gradient passes.
  public func detached() -> Tensor { Operator.detach(self) }
  /// The tensor in another type; itself where it has that type.
  public func to(_ dtype: DType) -> Tensor {
    dtype == self.dtype ? self : Operator.toDType(self, dtype)
  }
  /// The tensor on a device, in its own type or in another; itself where it has both.
  public func to(_ device: Device, _ dtype: DType? = nil) -> Tensor {
    // Timesteps, places and draws.
    let isSmall = byteCount <= 1 << 20 && !requiresGradient
    return isSmall
      ? uploaded(to: device, dtype) : Operator.toDevice(self, device, dtype ?? self.dtype)
  }

  /// The tensor in page-locked memory, from which a GPU of NVIDIA's copies by itself; itself for other devices.
  package func pinned(for device: Device) -> Tensor {
    device.kind == .cuda && self.device == .cpu ? Operator.pinMemory(self) : self
  }

  /// The tensor on a device. For a GPU of NVIDIA's it goes through page-locked memory, and the program does not wait.
  package func uploaded(to device: Device, _ dtype: DType? = nil) -> Tensor {
    let goesOn = self.device == .cpu && (device.kind == .cuda || device.kind == .rehearsal)
    return Operator.toDevice(
      goesOn ? pinned(for: device) : self, device, dtype ?? self.dtype, goesOn)
  }

  /// Pads with a constant; `amounts` are (before, after) from the last dimension inwards.
  public func padded(_ amounts: [Int], with value: Double = 0) -> Tensor {
    Operator.pad(self, amounts, value)
  }
  /// 1 at the class of each element, `int64`, and 0 elsewhere: [..., classes].
  public func oneHot(_ classes: Int) -> Tensor { Operator.oneHot(self, classes) }
}
