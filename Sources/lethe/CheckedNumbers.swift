import Torch

/// Checks the number of an option, where one is given.
/// - Throws: ``LetheError`` of the kind `request` that names the option, the number and the accepted ones
func accept(_ option: String, _ value: Int?, _ bound: Bound) throws {
  if let value { try accept(option, JSON.int(value), bound) }
}

func accept(_ option: String, _ value: Double?, _ bound: Bound) throws {
  if let value { try accept(option, JSON.number(value), bound) }
}

private func accept(_ option: String, _ value: JSON, _ bound: Bound) throws {
  guard bound.allows(value) else {
    throw LetheError.badValue(option, "\(value.compact); accepted: \(bound.accepted)")
  }
}

extension Bound {
  /// Of denoising steps.
  static let steps = Bound.whole(1...1000)
}
