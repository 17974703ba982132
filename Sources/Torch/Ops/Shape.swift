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
  static let repeatInterleave = Operator("aten::repeat_interleave", "self_int")
  static let cat = Operator("aten::cat")
  static let stack = Operator("aten::stack")
  static let chunk = Operator("aten::chunk")
  static let select = Operator("aten::select", "int")
  static let narrow = Operator("aten::narrow")
  static let slice = Operator("aten::slice", "Tensor")
  static let indexSelect = Operator("aten::index_select")
  static let gather = Operator("aten::gather")
  static let flip = Operator("aten::flip")
  static let triu = Operator("aten::triu")
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
  public func reshaped(_ shape: Int...) -> Tensor { Operator.reshape(self, shape) }
  public func reshaped(_ shape: [Int]) -> Tensor { Operator.reshape(self, shape) }
  public func permuted(_ order: Int...) -> Tensor { Operator.permute(self, order) }
  public func transposed(_ a: Int, _ b: Int) -> Tensor { Operator.transpose(self, a, b) }
  public func contiguous() -> Tensor { Operator.contiguous(self) }

  /// The same memory layout rearranged so that channels are innermost, `aten::channels_last`.
  public func channelsLast() -> Tensor { Operator.contiguous(self, 2) }

  /// Inserts dimensions of size 1 at `positions`, one after another.
  public func unsqueezed(_ positions: Int...) -> Tensor {
    positions.reduce(self) { Operator.unsqueeze($0, $1) }
  }
  public func squeezed(_ dimension: Int) -> Tensor { Operator.squeeze(self, dimension) }
  public func flattened(from first: Int = 0, to last: Int = -1) -> Tensor {
    Operator.flatten(self, first, last)
  }

  /// A view in which dimensions of size 1 repeat; -1 keeps a size.
  public func expanded(_ shape: Int...) -> Tensor { Operator.expand(self, shape) }
  public func expanded(_ shape: [Int]) -> Tensor { Operator.expand(self, shape) }
  public func repeated(_ times: Int...) -> Tensor { Operator.repeatAlong(self, times) }

  /// Each slice `times` times in a row: [a, b] -> [a, a, b, b].
  public func repeatedInterleaved(_ times: Int, _ dimension: Int = 0) -> Tensor {
    Operator.repeatInterleave(self, times, dimension)
  }
  public static func concatenate(_ tensors: [Tensor], _ dimension: Int = 0) -> Tensor {
    Operator.cat(tensors, dimension)
  }
  public static func stack(_ tensors: [Tensor], _ dimension: Int = 0) -> Tensor {
    Operator.stack(tensors, dimension)
  }
  public func chunks(_ count: Int, _ dimension: Int = 0) -> [Tensor] {
    Operator.chunk.all(self, count, dimension)
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
  public func indexed(_ dimension: Int, _ indices: Tensor) -> Tensor {
    Operator.indexSelect(self, dimension, indices)
  }
  public func indexed(_ dimension: Int, _ indices: [Int]) -> Tensor {
    Operator.indexSelect(self, dimension, Tensor(indices).to(device))
  }
  public func gathered(_ dimension: Int, _ indices: Tensor) -> Tensor {
    Operator.gather(self, dimension, indices)
  }
  public func flipped(_ dimensions: Int...) -> Tensor { Operator.flip(self, dimensions) }
  public func upperTriangle(_ diagonal: Int = 0) -> Tensor { Operator.triu(self, diagonal) }
  public func diagonal() -> Tensor { Operator.diagonal(self) }
  public func cloned() -> Tensor { Operator.clone(self) }
  public func detached() -> Tensor { Operator.detach(self) }
  public func to(_ dtype: DType) -> Tensor {
    dtype == self.dtype ? self : Operator.toDType(self, dtype)
  }
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
  public func oneHot(_ classes: Int) -> Tensor { Operator.oneHot(self, classes) }
}
