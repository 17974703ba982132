// The efforts of an attack beside those of its paper, which are its defaults.
package import Attacks
internal import Evaluation
internal import Torch

package enum AttackBudget {
  /// Options that decide how much an attack tries, wherever they stand.
  private static let efforts = [
    "attempts", "steps", "times", "population", "generations", "pictures", "rounds",
    "candidates", "restarts", "probes", "queries", "iterations",
  ]

  /// The efforts that are below the paper's, e.g. `steps 2 of 40`.
  package static func reductions<A: Attack>(_ attack: A) -> [String] {
    guard let own = try? JSON(encoding: attack), let full = try? JSON(encoding: A()) else {
      return []
    }
    return own.leaves.compactMap { path, value in
      guard let key = path.last, efforts.contains(key), let number = value.int,
        let usual = full.value(at: path)?.int, number < usual
      else { return nil }
      return "\(path.joined(separator: ".")) \(number) of \(usual)"
    }
  }

  /// A sentence on an attack that tries less than its paper does; nil for the others.
  package static func note(_ attack: any Attack) -> String? {
    func name<A: Attack>(_ attack: A) -> String { A.name }
    func all<A: Attack>(_ attack: A) -> [String] { reductions(attack) }
    let reduced = all(attack)
    return reduced.isEmpty
      ? nil
      : "\(name(attack)) ran below its full budget, the paper's: \(reduced.joined(separator: ", "))"
  }
}
