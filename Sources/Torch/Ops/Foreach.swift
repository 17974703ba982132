/// Operators over lists of tensors: one call for all parameters of a model.
extension Operator {
  static let foreachAdd = Operator("aten::_foreach_add_", "List")
  static let foreachMul = Operator("aten::_foreach_mul_", "Scalar")
  static let foreachMulTensor = Operator("aten::_foreach_mul_", "Tensor")
  static let foreachLerp = Operator("aten::_foreach_lerp_", "Scalar")
  static let foreachNorm = Operator("aten::_foreach_norm", "Scalar")
  static let foreachCopy = Operator("aten::_foreach_copy_")
  static let fusedAdam = Operator("aten::_fused_adam_")
  static let fusedAdamW = Operator("aten::_fused_adamw_")
  static let fusedSGD = Operator("aten::_fused_sgd_")
}

package enum Foreach {
  /// xs += factor . ys
  package static func add(_ xs: [Tensor], _ ys: [Tensor], times factor: Double = 1) {
    guard !xs.isEmpty else { return }
    Operator.foreachAdd.all(xs, ys, factor)
  }

  /// xs *= factor
  package static func scale(_ xs: [Tensor], by factor: Double) {
    guard !xs.isEmpty else { return }
    Operator.foreachMul.all(xs, factor)
  }

  /// xs *= factor, a single number on the device of the xs
  package static func scale(_ xs: [Tensor], by factor: Tensor) {
    guard !xs.isEmpty else { return }
    Operator.foreachMulTensor.all(xs, factor)
  }

  /// xs += weight . (ys - xs)
  package static func lerp(_ xs: [Tensor], to ys: [Tensor], _ weight: Double) {
    guard !xs.isEmpty else { return }
    Operator.foreachLerp.all(xs, ys, weight)
  }

  package static func copy(_ xs: [Tensor], from ys: [Tensor]) {
    guard !xs.isEmpty else { return }
    Operator.foreachCopy.all(xs, ys)
  }

  /// Inner product of all tensors taken as one vector, multiplied and summed in float64. The sums of the tensors are
  /// read at once and added in their order.
  package static func dot(_ xs: [Tensor], _ ys: [Tensor]) -> Double { dots([(xs, ys)])[0] }

  /// As ``dot(_:_:)`` for several pairs, all read at once.
  package static func dots(_ pairs: [([Tensor], [Tensor])]) -> [Double] {
    let sums = pairs.map { zip($0, $1).map { ($0.inFloat64() * $1.inFloat64()).sum() } }
    let all = sums.flatMap(\.self)
    var numbers = (all.isEmpty ? [] : Tensor.stack(all).doubles)[...]
    return sums.map { own in
      defer { numbers = numbers.dropFirst(own.count) }
      return numbers.prefix(own.count).reduce(0, +)
    }
  }

  /// Euclidean norm of all tensors taken as one vector.
  package static func norm(_ xs: [Tensor]) -> Double {
    xs.isEmpty ? 0 : unreadNorm(xs).item
  }

  /// The same on the tensors' device.
  package static func unreadNorm(_ xs: [Tensor]) -> Tensor {
    Tensor.stack(Operator.foreachNorm.all(xs, 2.0)).norm()
  }

  /// One Adam step in place. `decoupled` chooses AdamW's weight decay over the coupled (L2) one.
  /// `steps` holds one float tensor a parameter, counted up by the caller.
  package static func adam(
    _ parameters: [Tensor], _ gradients: [Tensor], _ first: [Tensor], _ second: [Tensor],
    _ steps: [Tensor], rate: Double, beta1: Double, beta2: Double, weightDecay: Double, eps: Double,
    decoupled: Bool
  ) {
    guard !parameters.isEmpty else { return }
    (decoupled ? Operator.fusedAdamW : Operator.fusedAdam).all(
      parameters, laidOut(gradients, like: parameters), first, second, [Tensor](), steps, rate,
      beta1, beta2, weightDecay, eps,
      false, false)
  }

  /// One SGD step with momentum in place.
  package static func sgd(
    _ parameters: [Tensor], _ gradients: [Tensor], _ momenta: [Tensor], rate: Double,
    momentum: Double, weightDecay: Double, isFirst: Bool
  ) {
    guard !parameters.isEmpty else { return }
    Operator.fusedSGD.all(
      parameters, laidOut(gradients, like: parameters), momenta, weightDecay, momentum, rate, 0.0,
      false, false, isFirst)
  }

  /// The tensors in the memory layout of others of their shapes. ATen's fused optimizers on the CPU walk through memory
  /// and do not look at strides, and a gradient that autograd returns may be a view, or have its channels last.
  static func laidOut(_ xs: [Tensor], like ys: [Tensor]) -> [Tensor] {
    zip(xs, ys).map { x, y in
      if y.isContiguous { return x.isContiguous ? x : x.contiguous() }
      let copy = Tensor.zeros(like: y)
      Foreach.copy([copy], from: [x])
      return copy
    }
  }
}
