/// The losses of a step of Meta-Unlearning, as far as they were computed.
struct MetaLosses {
  /// The loss on a set at theta and at theta_FT.
  struct Pair {
    var before: Double?
    var after: Double?
    /// The change that the fine-tuning makes.
    var rise: Double? { before.flatMap { before in after.map { $0 - before } } }
  }
  var concept = Pair()
  var benign: [Pair]
  /// Cosine, at the fine-tuned weights, between the concept's loss gradient and that of the first benign set.
  var cosine: Double?

  /// The log's members, by the names of the benign sets.
  func log(of names: [String]) -> [String: Double] {
    var log: [String: Double] = [:]
    for (name, pair) in zip(["concept"] + names, [concept] + benign) {
      log["\(name) before"] = pair.before
      log["\(name) after"] = pair.after
    }
    log["self-destruct"] = benign.first?.rise
    log["cosine"] = cosine
    return log
  }
}
