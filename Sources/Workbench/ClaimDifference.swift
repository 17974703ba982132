// The words on attacks and fine-tunings that were begun with other options: the first difference, by the option that makes it.
internal import Torch

/// The first thing in which the record of results differs from a command.
struct ClaimDifference {
  private let path: [String]
  private let old: JSON
  private let new: JSON

  /// - Parameter old: the record, which may have fewer members than `new` at any depth
  /// - Returns: nil where nothing in the record differs
  init?(_ old: JSON, _ new: JSON, at path: [String] = []) {
    guard let members = old.members else {
      guard old != new else { return nil }
      (self.path, self.old, self.new) = (path, old, new)
      return
    }
    // Options that a person gives come before their consequences.
    let order = ["tuning", "options", "seed", "sampling", "threshold", "prompts", "data", "drawn"]
    func rank(_ key: String) -> Int { order.firstIndex(of: key) ?? order.count }
    for key in members.keys.sorted(by: { (rank($0), $0) < (rank($1), $1) }) {
      let own = new[key] ?? .null
      if let found = ClaimDifference(members[key] ?? .null, own, at: path + [key]) {
        self = found
        return
      }
    }
    return nil
  }

  /// The difference with both values, e.g. `--tuning-steps was 300 and is 40`.
  /// - Parameters:
  ///   - name: the attack whose options the record has, or `options` of a fine-tuning
  func words(_ name: String) -> String {
    let rest = path.dropFirst().joined(separator: ".")
    switch path.first ?? "" {
    case "options": return changed("--set \(name).\(rest)")
    case "tuning":
      let named = ["training.steps": "--tuning-steps", "mode": "--mode"]
      return changed(named[rest] ?? "--set \(rest)")
    case "sampling":
      let steps = name == "options" ? "--sampling-steps" : "--steps"
      return changed(rest == "steps" ? steps : "--\(rest)")
    case "seed": return changed("--seed")
    case "threshold": return changed("--threshold")
    case "prompts": return changed("--limit")
    case "drawn": return changed("--draw")
    case "data": return "the pictures of --data are others"
    case "pictures": return changed("the number of pictures of a prompt (--quick)")
    case "unseen": return changed("the number of unseen pictures")
    case "samples": return samples
    case "suite": return "the prompts are others (--prompts)"
    case "concepts": return "the erased concepts' prompts are others"
    case "files": return "a file that an option names has other contents"
    case "base": return hashed("the model has other weights")
    case "eraser": return hashed("the eraser is another")
    case "judge": return hashed("the judge is another (--judge)")
    default: return changed("'\(path.joined(separator: "."))'")
    }
  }

  private func changed(_ option: String) -> String {
    "\(option) was \(RunIdentity.text(old)) and is \(RunIdentity.text(new))"
  }

  private func hashed(_ sentence: String) -> String {
    func start(_ value: JSON) -> String { String((value.string ?? "none").prefix(12)) }
    return "\(sentence), \(start(old)) before and \(start(new)) now"
  }

  private var samples: String {
    let (before, now) = (old.array?.count ?? 0, new.array?.count ?? 0)
    return before == now
      ? "the pictures are of other prompts or seeds (--prompts, --limit, --seeds)"
      : "the pictures were \(before) and are \(now) (--limit, --seeds, --quick, --prompts)"
  }
}
