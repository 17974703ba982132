package import Foundation
package import Torch

/// A judge as `--judge` names it: `clip:FOLDER`, `none`.
package struct JudgeSpec: Codable, Sendable, Hashable, CustomStringConvertible {
  package let scheme: String
  package let argument: String

  package init(_ scheme: String, _ argument: String = "") {
    (self.scheme, self.argument) = (scheme, argument)
  }

  /// Whether this is the judge that gives no verdict.
  package var isNone: Bool { scheme == NoJudge.scheme }

  /// - Throws: ``LetheError`` of the kind `request` for a scheme that is not known, or without what must follow it
  package init(parsing text: String, in catalog: JudgeCatalog = .builtIn) throws {
    self.init(dividing: text)
    if argument.isEmpty, let found = Self.kind(of: scheme) {
      throw LetheError.badValue(
        "--judge", "'\(scheme)' is \(found.words); accepted: \(found.scheme):\(scheme)")
    }
    let kind = try catalog.named(scheme)
    guard argument.isEmpty == (kind.argument == .none) else {
      throw LetheError.badValue(
        "--judge", "'\(text)'; accepted: \(kind.usage)")
    }
  }

  private init(dividing text: String) {
    let colon = text.firstIndex(of: ":")
    scheme = String(text[..<(colon ?? text.endIndex)])
    argument = colon.map { String(text[text.index(after: $0)...]) } ?? ""
  }

  /// The file or folder that it names.
  package var place: URL { argument.filePlace }

  package var description: String { argument.isEmpty ? scheme : "\(scheme):\(argument)" }

  /// - Throws: ``LetheError``; see ``Judge/open(_:asked:on:)``
  package func open(
    asked question: JudgeQuestion, on device: Device, in catalog: JudgeCatalog = .builtIn
  ) throws -> any Judge {
    let judge = try catalog.named(scheme)
    try requirePlace(judge)
    return try judge.open(argument, asked: question, on: device)
  }

  package init(from decoder: any Decoder) throws {
    self.init(dividing: try decoder.singleValueContainer().decode(String.self))
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Judges by scheme, in the order of `lethe list judges`. A catalog is a value. A program with judges of its own passes
/// the result of ``adding(_:)`` to the commands. No global registration exists.
public struct JudgeCatalog: Sendable {
  /// The judges in the order of `lethe list judges`.
  public let all: [any Judge.Type]

  /// Lethe's own judges. A new judge needs a file and one line here.
  public static let builtIn = JudgeCatalog(all: [
    CLIPJudge.self,
    ClassifierJudge.self,
    ONNXJudge.self,
    NudeNetJudge.self,
    JudgeNetwork.self,
    ScoreTable.self,
    NoJudge.self,
  ])

  private init(all: [any Judge.Type]) { self.all = all }

  /// This catalog with `more` after its own judges.
  /// - Throws: ``LetheError`` of the kind `request` for a scheme that is in use
  public func adding(_ more: any Judge.Type...) throws -> JudgeCatalog {
    try more.reduce(self) { catalog, judge in
      guard !catalog.all.contains(where: { $0.scheme == judge.scheme }) else {
        throw LetheError.request(
          "judge '\(judge.scheme)': the scheme is in use; choose one other than \(catalog.all.map { $0.scheme }.joined(separator: ", "))"
        )
      }
      return JudgeCatalog(all: catalog.all + [judge])
    }
  }

  /// The forms of `--judge`, in words.
  package var usage: String { all.map { $0.usage }.joined(separator: ", ") }

  /// - Throws: ``LetheError`` of the kind `request` with the nearest scheme that there is
  public func named(_ scheme: String) throws -> any Judge.Type {
    guard let found = all.first(where: { $0.scheme == scheme }) else {
      throw LetheError.unknown(
        "judge", scheme, known: all.map { $0.usage }, in: "--judge")
    }
    return found
  }
}

extension Judge {
  /// The form of `--judge`, e.g. `clip:FOLDER`.
  package static var usage: String {
    argument.usage.map { "\(scheme):\($0)" } ?? scheme
  }
}
