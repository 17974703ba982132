// The words on a folder that belongs to another request: the first difference, by the option that makes it.
internal import Torch

extension RunIdentity {
  /// Inputs that a person gives, before those that follow from them, each with its name in sentences.
  private static let names: [(key: String, name: String)] = [
    ("method", "--method"), ("concepts", "--concept"), ("seed", "--seed"), ("options", "--set"),
    ("size", "--set"), ("judges", "--judge"),
    ("forgetImages", "--forget-images"), ("retainImages", "--retain-images"), ("files", "--set"),
    ("base", "the model"), ("erasers", "--with"), ("erasure", "--preserve"),
    ("suite", "--prompts"),
  ]
  /// Characters of a value that are shown.
  private static let longest = 60

  /// The first thing in which two requests differ, in words; nil for equal ones.
  func difference(from other: RunIdentity) -> String? {
    guard command == other.command else { return "it is one of `lethe \(other.command)`" }
    guard request != other.request else { return nil }
    for (key, name) in Self.names where other.request[key] != request[key] {
      let (old, new) = (other.request[key] ?? .null, request[key] ?? .null)
      switch key {
      case "options", "size": return Self.difference(old, new, [], { "--set \($0)" })
      case "files": return "a file that an option names has other contents"
      case "base":
        return "the model has other weights, \(Self.hash(old)) there and \(Self.hash(new)) here"
      case "erasers": return "--with lays on other erasers"
      case "forgetImages", "retainImages": return Self.pictures(name, old, new)
      case "erasure": return Self.prompts(old, new)
      case "suite": return "the prompts that are drawn are others"
      default: return Self.sentence(name, old, new)
      }
    }
    return Self.difference(other.request, request, [], { $0.isEmpty ? "it" : "'\($0)'" })
  }

  /// The first leaf in which two values differ, in the order of the keys.
  private static func difference(
    _ old: JSON?, _ new: JSON?, _ path: [String], _ name: (String) -> String
  ) -> String? {
    guard old != new else { return nil }
    if let a = old?.members, let b = new?.members {
      for key in Set(a.keys).union(b.keys).sorted() {
        if let found = difference(a[key], b[key], path + [key], name) { return found }
      }
      return nil
    }
    return sentence(name(path.joined(separator: ".")), old ?? .null, new ?? .null)
  }

  private static func sentence(_ name: String, _ old: JSON, _ new: JSON) -> String {
    "\(name) is \(text(old)) there and \(text(new)) here"
  }

  private static func pictures(_ option: String, _ old: JSON, _ new: JSON) -> String {
    func count(_ listing: JSON) -> String {
      listing["files"]?.int.map { "\($0) files" } ?? "no folder"
    }
    return "\(option) has other pictures, \(count(old)) there and \(count(new)) here"
  }

  private static func prompts(_ old: JSON, _ new: JSON) -> String {
    func preserved(_ erasure: JSON) -> [String] {
      (erasure["preserve"]?.array ?? []).compactMap(\.string)
    }
    let (before, now) = (preserved(old), preserved(new))
    if let gone = before.first(where: { !now.contains($0) }) {
      return "--preserve: '\(cut(gone))' is to be preserved there and not here"
    }
    if let more = now.first(where: { !before.contains($0) }) {
      return "--preserve: '\(cut(more))' is to be preserved here and not there"
    }
    return before == now
      ? "the prompts to forget, or those that take their place, are others (--kind, --prompt, --anchor, --replace-with)"
      : "--preserve: the prompts stand in another order"
  }

  private static func hash(_ value: JSON) -> String { String((value.string ?? "none").prefix(12)) }

  static func text(_ value: JSON) -> String {
    switch value {
    case .null: return "not given"
    case .string(let text): return text.isEmpty ? "''" : cut(text)
    case .array(let list) where !list.isEmpty && list.allSatisfy({ $0.string != nil }):
      return cut(list.compactMap(\.string).joined(separator: ", "))
    default: return cut(value.compact)
    }
  }

  /// A text that is long, cut between two words.
  static func cut(_ text: String) -> String {
    guard text.count > longest else { return text }
    let start = text.prefix(longest)
    let end = start.lastIndex { $0 == " " || $0 == "," } ?? start.endIndex
    return "\(start[..<end]) ..."
  }
}
