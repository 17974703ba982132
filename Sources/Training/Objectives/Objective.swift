public import Diffusion
internal import Processes
public import Torch

/// A loss over a model's parameters, to be minimised.
public protocol Objective {
  /// A scalar; gradients reach the parameters that are being trained.
  func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor
}

/// An objective over pictures that can be taken a few at a time, so that memory is that of a few.
public protocol DividedObjective: Objective {
  /// One draw of all pictures, in parts of at most `count`; the weighted losses of the parts sum to the loss.
  func parts(_ model: DiffusionModel, _ step: inout Step, of count: Int) throws -> [PartialLoss]
}

/// Some of an objective's pictures: their share, and the loss of a model on them.
public struct PartialLoss {
  /// The factor of this part in the loss.
  public let weight: Double
  /// The loss of a model on these pictures, a scalar.
  public let loss: (DiffusionModel) throws -> Tensor

  /// A part of an objective with its factor.
  public init(weight: Double, loss: @escaping (DiffusionModel) throws -> Tensor) {
    (self.weight, self.loss) = (weight, loss)
  }
}

extension DividedObjective {
  /// The loss on a batch in parts of at most `count` rows.
  /// - Parameter loss: the mean loss of a model over some rows. `some` takes those of a tensor of the whole batch.
  public func divided(
    _ batch: Int, by count: Int,
    loss: @escaping (DiffusionModel, _ rows: Range<Int>, _ some: (Tensor) -> Tensor) -> Tensor
  ) -> [PartialLoss] {
    stride(from: 0, to: batch, by: count).map { first in
      let n = min(count, batch - first)
      return PartialLoss(weight: Double(n) / Double(batch)) { model in
        loss(model, first..<(first + n)) { n == batch ? $0 : $0.narrowed(0, first, n) }
      }
    }
  }

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    guard let whole = try parts(model, &step, of: .max).first else {
      throw LetheError.request("a batch of 0 pictures has no loss; at least 1")
    }
    return try whole.loss(model)
  }
}

/// Loss and gradient of an objective.
/// - Parameter count: pictures in a pass, where the objective can be divided; 0 takes all at once, or of a large model
///   as many as fit into memory. The sum is the same.
public func descend(
  _ objective: any Objective, _ model: DiffusionModel, _ parameters: [Tensor], _ step: inout Step,
  by count: Int = 0
) throws -> (loss: Double, gradients: [Tensor]) {
  let found = try unreadDescent(objective, model, parameters, &step, by: count)
  return (found.loss.item, found.gradients)
}

/// As ``descend(_:_:_:_:by:)``, with the loss as a number in float64 that is still on the device.
package func unreadDescent(
  _ objective: any Objective, _ model: DiffusionModel, _ parameters: [Tensor], _ step: inout Step,
  by count: Int = 0
) throws -> (loss: Tensor, gradients: [Tensor]) {
  let count = count > 0 ? count : model.trainedAtOnce ?? 0
  func descent(_ loss: Tensor) -> (loss: Tensor, gradients: [Tensor]) {
    (loss.detached().inFloat64(), meanGradients(of: loss, with: parameters))
  }
  guard count > 0, let objective = objective as? any DividedObjective else {
    return descent(try objective.loss(model, &step))
  }
  var total: (loss: Tensor, gradients: [Tensor])?
  for part in try objective.parts(model, &step, of: count) {
    let found = descent(part.weight * (try part.loss(model)))
    guard let before = total else {
      total = found
      continue
    }
    withoutGradients { Foreach.add(before.gradients, found.gradients) }
    total?.loss = before.loss + found.loss
  }
  return total ?? (.zeros([], .float64), parameters.map { Tensor.zeros(like: $0) })
}

/// A loss without its gradient.
/// - Parameter count: pictures in a pass, where the objective can be divided; 0 takes all at once
package func measured(
  _ objective: any Objective, _ model: DiffusionModel, _ step: inout Step, by count: Int
) throws -> Double {
  try withoutGradients {
    guard count > 0, let objective = objective as? any DividedObjective else {
      return try objective.loss(model, &step).item
    }
    return try unreadLoss(objective, model, &step, by: count).item
  }
}

/// The sum of the parts' losses in float64, on the device.
private func unreadLoss(
  _ objective: any DividedObjective, _ model: DiffusionModel, _ step: inout Step, by count: Int
) throws -> Tensor {
  var total: Tensor?
  for part in try objective.parts(model, &step, of: count) {
    let loss = part.weight * (try part.loss(model).inFloat64())
    total = total.map { $0 + loss } ?? loss
  }
  return total ?? .zeros([], .float64)
}

/// a + b + ..., each with its own weight.
package struct WeightedSum: DividedObjective {
  var terms: [(Double, any Objective)]

  /// The parts of every term; a term that cannot be divided is one part.
  public func parts(
    _ model: DiffusionModel, _ step: inout Step, of count: Int
  ) throws -> [PartialLoss] {
    var parts: [PartialLoss] = []
    for (weight, term) in terms {
      if let divided = term as? any DividedObjective {
        parts += try divided.parts(model, &step, of: count).map {
          PartialLoss(weight: weight * $0.weight, loss: $0.loss)
        }
      } else {
        // It draws at its turn, as the others do.
        let loss = try term.loss(model, &step)
        parts.append(PartialLoss(weight: weight) { _ in loss })
      }
    }
    return parts
  }

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    var total: Tensor?
    for (weight, term) in terms {
      let loss = weight * (try term.loss(model, &step))
      total = total.map { $0 + loss } ?? loss
    }
    return total ?? Tensor.zeros([])
  }
}

/// The sum of two losses.
public func + (a: any Objective, b: any Objective) -> any Objective {
  let left = (a as? WeightedSum)?.terms ?? [(1, a)]
  let right = (b as? WeightedSum)?.terms ?? [(1, b)]
  return WeightedSum(terms: left + right)
}

/// The loss times a weight.
public func * (weight: Double, objective: any Objective) -> any Objective {
  WeightedSum(
    terms: ((objective as? WeightedSum)?.terms ?? [(1, objective)]).map { (weight * $0, $1) })
}
