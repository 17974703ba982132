// One word means one thing among Lethe's own options of methods, attacks and recipes, so that a table by key holds
// their bounds. An option that means another thing, and one of another package, has its bound from its type
// (BoundedOptions), which wins.

/// The values that options accept, by the last key of their path, or by the last two where that is not enough.
enum OptionBounds {
  private static let many = Bound.whole(1...1_000_000)
  private static let some = Bound.whole(0...1_000_000)
  /// Weights, scales and rates. A larger one leaves nothing of the numbers beside it.
  private static let weight = Bound.number(0...1e9)
  private static let aboveZero = Bound.positive(1e9)
  /// Of either sign.
  private static let signed = Bound.number(-1e9...1e9)
  private static let guidance = Bound.number(1...10_000)
  private static let belowOne = Bound.number(0...0.999_999_999)

  static let byKey: [String: Bound] = [
    // Training. A rate beyond the largest number of float32 makes a training diverge at once.
    "training.steps": .count, "training.batch": .whole(1...65_536),
    "learningRate": .positive(1e39), "warmup": .count, "clip": weight, "averaging": belowOne,
    "saveEvery": .atLeastOne, "logEvery": .atLeastOne, "beta1": belowOne, "beta2": belowOne,
    "eps": weight, "weightDecay": weight, "momentum": .share,
    // Guards
    "every": .atLeastOne, "limit": weight, "guarding.prompts": many,
    // Pictures and trajectories
    "trajectories": many, "trajectorySteps": .whole(1...1000), "preserveTrajectories": many,
    "retainTrajectories": many, "forget": many, "data.retain": many, "data.steps": .whole(1...1000),
    "pictures": many, "pictureSteps": .whole(1...1000), "heldOutEvery": .count,
    "emptyShare": .share,
    "fisherPictures": many, "fisherTimes": .whole(2...1_000_000), "subjects": many,
    "picturesInPass": some, "sideBySide": some, "timesteps": some,
    "guidance": guidance, "startGuidance": guidance, "sampleGuidance": guidance,
    // Methods
    "share": .share, "sparsity": .share, "saliencySteps": many, "pruneBatches": many, "pool": some,
    "innerSteps": some, "attackEvery": .atLeastOne,
    "retainBatch": .whole(1...65_536), "epochs": .whole(0...100_000), "preserveWeight": weight,
    "eraseScale": aboveZero, "preserveScale": weight, "lambda": weight, "push": weight,
    "regularization": weight, "alpha": weight, "beta": weight, "gamma": weight, "eta": weight,
    "rho": weight, "pull": weight, "keep": weight, "destroy": weight, "reach": aboveZero,
    "tau": signed, "tauShare": signed, "tolerance": .share,
    // Attacks
    "batch": .whole(1...65_536), "tokens": .whole(0...1000), "attempts": many, "times": many,
    "candidates": many, "steps": .whole(0...1000), "attack.steps": .count, "rate": weight,
    "attack.rate": aboveZero, "adversary.rate": aboveZero, "adversary.steps": many,
    "adversary.tokens": .whole(1...1000), "population": .whole(2...1_000_000),
    "generations": many, "crossover": .share, "mutation": .share, "rank": .whole(1...65_536),
    "checkpoints": .count, "etas": weight, "factors": weight, "first": .whole(1...1000),
    "averaged": belowOne, "pruned": belowOne,
    // Recipes
    "widths": .whole(1...65_536), "tokenizer.size": .whole(514...1_000_000),
    "tokenizer.length": .whole(3...4096), "sampleEvery": .atLeastOne, "mirroredShare": .share,
    "namedShare": .share, "blurShare": .share, "objectShare": .share, "styleShare": .share,
    "minSNR": aboveZero, "smoothing": belowOne, "settlingBatches": some,
    "settlingBatch": .whole(1...65_536), "klWeight": weight, "styleWeight": weight,
    "noise": weight, "temperature": aboveZero, "projection": .whole(1...65_536),
    "rotation": weight, "scale": belowOne, "shift": weight, "brightness": weight,
    "contrast": belowOne, "background": .number(-1...1),
  ]

  /// The bound of an option; nil for one that has none.
  static func of(_ path: [String]) -> Bound? {
    byKey[path.suffix(2).joined(separator: ".")] ?? path.last.flatMap { byKey[$0] }
  }

  /// Refuses numbers out of their bounds. A whole number without an entry is one from 0 to 1,000,000,000; a
  /// seed has 64 bits.
  /// - Parameters:
  ///   - defaults: the default options, which give each type
  ///   - given: the options that were set; defaults are not checked
  ///   - bounds: those of options that mean another thing in their own method, by whole path
  ///   - isWhole: whether an option takes whole numbers alone, which its JSON does not tell: 1.0 is 1 there
  /// - Throws: ``LetheError`` of the kind `request` that names the option
  static func check(
    _ given: JSON, _ defaults: JSON, _ path: [String] = [], in context: String,
    bounds: [String: Bound] = [:], isWhole: ([String]) -> Bool
  ) throws {
    if let members = given.members {
      for (key, value) in members.sorted(by: { $0.key < $1.key }) {
        try check(
          value, defaults[key] ?? .null, path + [key], in: context, bounds: bounds,
          isWhole: isWhole)
      }
    } else if let elements = given.array {
      for element in elements {
        try check(
          element, defaults.array?.first ?? .null, path, in: context, bounds: bounds,
          isWhole: isWhole)
      }
    } else if defaults.number != nil,
      let value = given.number ?? given.string.flatMap(Double.init), !value.isFinite
    {
      let key = path.joined(separator: ".")
      throw LetheError.badValue(
        context, key: key, "'\(key)' is \(given.shown); accepted: a finite number")
    } else if given.number != nil, path.last == "seed" {
      guard (try? given.decoded(as: UInt64.self)) == nil else { return }
      let key = path.joined(separator: ".")
      throw LetheError.badValue(
        context, key: key,
        "'\(key)' is \(given.shown); accepted: a whole number from 0 to \(UInt64.max)"
      )
    } else if given.number != nil {
      let usual: Bound? = if case .int = defaults { .count } else { nil }
      let own = bounds[path.joined(separator: ".")] ?? of(path)
      guard let bound = own ?? usual, !bound.allows(given), own != nil || isWhole(path) else {
        return
      }
      let key = path.joined(separator: ".")
      throw LetheError.badValue(
        context, key: key, "'\(key)' is \(given.shown); accepted: \(bound.accepted)")
    }
  }
}

extension Int {
  /// The whole number nearest to `value` inside `range`; its lower end for a NaN.
  package init(bounded value: Double, _ range: ClosedRange<Int>) {
    let rounded = value.rounded()
    guard !rounded.isNaN, rounded > Double(range.lowerBound) else {
      self = range.lowerBound
      return
    }
    self = Swift.min(Int(exactly: rounded) ?? range.upperBound, range.upperBound)
  }
}
