// One word means one thing among the options of methods, attacks and recipes, so that a table by key holds their bounds.

/// The values that options accept, by the last key of their path, or by the last two where that is not enough.
enum OptionBounds {
  private static let many = Bound.whole(1...1_000_000)
  private static let weight = Bound.number(0...Double.greatestFiniteMagnitude)

  static let byKey: [String: Bound] = [
    // Training
    "training.steps": .count, "training.batch": .whole(1...65_536), "learningRate": weight,
    "warmup": .count, "clip": weight, "averaging": .number(0...0.999_999_999),
    "saveEvery": .atLeastOne,
    "logEvery": .atLeastOne, "beta1": .number(0...0.999_999_999),
    "beta2": .number(0...0.999_999_999),
    "eps": weight, "weightDecay": weight, "momentum": .share,
    // Guards
    "every": .atLeastOne, "limit": weight, "guarding.prompts": many,
    // Pictures and trajectories
    "trajectories": many, "trajectorySteps": many, "preserveTrajectories": many,
    "retainTrajectories": many, "forget": many, "data.retain": many, "data.steps": many,
    "pictures": many, "pictureSteps": many, "heldOutEvery": .count, "emptyShare": .share,
    "fisherPictures": many, "fisherTimes": many, "subjects": .whole(0...1_000_000),
    "picturesInPass": .whole(0...1_000_000), "sideBySide": .whole(0...1_000_000),
    // Methods
    "share": .share, "sparsity": .share, "saliencySteps": many, "pruneBatches": many,
    "pool": .whole(0...1_000_000),
    "innerSteps": .whole(0...1_000_000), "cleanSteps": .count, "attackEvery": .atLeastOne,
    "retainBatch": .whole(1...65_536), "epochs": .whole(0...100_000), "preserveWeight": weight,
    // Attacks
    "batch": .whole(1...65_536), "tokens": .whole(0...1000), "attempts": many, "times": many,
    "attack.steps": .count, "rate": weight, "population": .whole(2...1_000_000),
    "generations": many,
    "crossover": .share, "mutation": .share, "rank": .whole(1...65_536), "checkpoints": .count,
    // Recipes
    "widths": .whole(1...65_536), "tokenizer.size": .whole(514...1_000_000),
    "tokenizer.length": .whole(3...4096), "sampleEvery": .atLeastOne, "mirroredShare": .share,
    "namedShare": .share, "blurShare": .share, "objectShare": .share, "styleShare": .share,
    "minSNR": .positive(.greatestFiniteMagnitude), "smoothing": .share,
    "settlingBatches": .whole(0...1_000_000),
    "settlingBatch": .whole(1...65_536),
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
  ///   - isWhole: whether an option takes whole numbers alone, which its JSON does not tell: 1.0 is 1 there
  /// - Throws: ``LetheError`` of the kind `request` that names the option
  static func check(
    _ given: JSON, _ defaults: JSON, _ path: [String] = [], in context: String,
    isWhole: ([String]) -> Bool
  ) throws {
    if let members = given.members {
      for (key, value) in members.sorted(by: { $0.key < $1.key }) {
        try check(value, defaults[key] ?? .null, path + [key], in: context, isWhole: isWhole)
      }
    } else if let elements = given.array {
      for element in elements {
        try check(element, defaults.array?.first ?? .null, path, in: context, isWhole: isWhole)
      }
    } else if defaults.number != nil,
      let value = given.number ?? given.string.flatMap(Double.init), !value.isFinite
    {
      let key = path.joined(separator: ".")
      throw LetheError.badValue(
        context, key: key, "'\(key)' is \(given.compact); accepted: a finite number")
    } else if given.number != nil, path.last == "seed" {
      guard (try? given.decoded(as: UInt64.self)) == nil else { return }
      let key = path.joined(separator: ".")
      throw LetheError.badValue(
        context, key: key,
        "'\(key)' is \(given.compact); accepted: a whole number from 0 to \(UInt64.max)"
      )
    } else if given.number != nil {
      let usual: Bound? = if case .int = defaults { .count } else { nil }
      let own = of(path)
      guard let bound = own ?? usual, !bound.allows(given), own != nil || isWhole(path) else {
        return
      }
      let key = path.joined(separator: ".")
      throw LetheError.badValue(
        context, key: key, "'\(key)' is \(given.compact); accepted: \(bound.accepted)")
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
