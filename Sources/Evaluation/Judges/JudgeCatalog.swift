package import Torch

/// A judge as `--judge` names it: `clip:FOLDER`, `none`.
package struct JudgeSpec: Codable, Sendable, Hashable, CustomStringConvertible {
  package let scheme: String
  package let argument: String

  package init(_ scheme: String, _ argument: String = "") {
    (self.scheme, self.argument) = (scheme, argument)
  }

  /// - Throws: ``LetheError`` of the kind `request` for a scheme that is not known, or without what must follow it
  package init(parsing text: String) throws {
    let colon = text.firstIndex(of: ":")
    let scheme = String(text[..<(colon ?? text.endIndex)])
    let argument = colon.map { String(text[text.index(after: $0)...]) } ?? ""
    let kind = try JudgeCatalog.named(scheme)
    guard argument.isEmpty == (kind.argument == nil) else {
      throw LetheError.badValue(
        "--judge", "'\(text)'; accepted: \(kind.usage)")
    }
    self.init(scheme, argument)
  }

  package var description: String { argument.isEmpty ? scheme : "\(scheme):\(argument)" }

  /// - Throws: ``LetheError``; see ``Judge/open(_:asked:on:)``
  package func open(asked question: JudgeQuestion, on device: Device) throws -> any Judge {
    try JudgeCatalog.named(scheme).open(argument, asked: question, on: device)
  }

  package init(from decoder: any Decoder) throws {
    try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Judges by scheme, in the order of `lethe list judges`.
package enum JudgeCatalog {
  package static var all: [any Judge.Type] {
    [
      CLIPJudge.self,
      ClassifierJudge.self,
      ONNXJudge.self,
      NudeNetJudge.self,
      JudgeNetwork.self,
      ScoreTable.self,
      NoJudge.self,
    ]
  }

  /// - Throws: ``LetheError`` of the kind `request` with the nearest scheme that there is
  package static func named(_ scheme: String) throws -> any Judge.Type {
    guard let found = all.first(where: { $0.scheme == scheme }) else {
      throw LetheError.unknown(
        "judge", scheme, known: all.map { $0.usage }, in: "--judge")
    }
    return found
  }
}

extension Judge {
  /// The form of `--judge`, e.g. `clip:FOLDER`.
  package static var usage: String { argument.map { "\(scheme):\($0)" } ?? scheme }
}
