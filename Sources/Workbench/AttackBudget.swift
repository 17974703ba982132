// The efforts of an attack beside those of its paper, which are its defaults.
package import Attacks
internal import Torch

package enum AttackBudget {
  /// A number, or the length of a list.
  private static func amount(_ value: JSON?) -> Int? { value?.int ?? value?.array?.count }

  /// The efforts that are below the paper's, e.g. `steps 2 of 40`.
  package static func reductions<A: Attack>(_ attack: A) -> [String] {
    guard let own = try? JSON(encoding: attack), let full = try? JSON(encoding: A()) else {
      return []
    }
    return A.efforts.compactMap { option in
      guard let number = amount(own.value(at: option)), let usual = amount(full.value(at: option)),
        number < usual
      else { return nil }
      return "\(option) \(number) of \(usual)"
    }
  }

  /// A sentence on an attack that tries less than its paper does; nil for the others.
  /// - Parameter isPlanned: whether it has not run yet
  package static func note<A: Attack>(_ attack: A, isPlanned: Bool = false) -> String? {
    let reduced = reductions(attack)
    return reduced.isEmpty
      ? nil
      : "\(A.name) \(isPlanned ? "runs" : "ran") below its full budget, the paper's: \(reduced.joined(separator: ", "))"
  }
}
