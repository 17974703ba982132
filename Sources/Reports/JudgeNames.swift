// Judges as pages name them. A page goes to other people, to whom folders of its author's machine say nothing.
internal import Evaluation
internal import Torch

/// Names of judges: of an absolute place the last two names, all of it where two judges would then be called the same.
struct JudgeNames {
  private let short: [String: String]

  init(_ results: Results) {
    let known =
      (results.judges.map(\.spec.description) + results.rows.compactMap(\.axes.judge)
      + results.rows.compactMap(\.axes.profile?.network)
      + (results.origin?.judges.keys.sorted() ?? [])).unique
    let pairs = known.map { ($0, Self.short($0)) }
    short = Dictionary(
      pairs.filter { pair in pairs.count { $0.1 == pair.1 } == 1 && pair.0 != pair.1 },
      uniquingKeysWith: { a, _ in a })
  }

  private static func short(_ spec: String) -> String {
    guard let colon = spec.firstIndex(of: ":") else { return spec }
    let place = spec[spec.index(after: colon)...]
    guard place.hasPrefix("/") else { return spec }
    return spec[...colon] + place.split(separator: "/").suffix(2).joined(separator: "/")
  }

  subscript(_ spec: String) -> String { short[spec] ?? spec }

  /// A text with the names in the place of the judges' places.
  func inside(_ text: String) -> String {
    // A longer place may begin with a shorter one.
    short.sorted { $0.key.count > $1.key.count }.reduce(text) {
      $0.replacing($1.key, with: $1.value)
    }
  }
}

extension Results {
  /// The same with the judges' names in the place of their places.
  var withJudgeNames: Results {
    let names = JudgeNames(self)
    var results = self
    for i in rows.indices {
      results.rows[i].axes.judge = rows[i].axes.judge.map { names[$0] }
      results.rows[i].axes.profile?.network = rows[i].axes.profile?.network.map { names[$0] }
    }
    results.notes = notes.map(names.inside)
    for i in judges.indices {
      let spec = judges[i].spec
      let short = names[spec.description]
      guard short != spec.description else { continue }
      results.judges[i].spec = JudgeSpec(
        spec.scheme, String(short.dropFirst(spec.scheme.count + 1)))
    }
    if let origin {
      results.origin?.judges = Dictionary(
        origin.judges.map { (names[$0.key], $0.value) }, uniquingKeysWith: { a, _ in a })
    }
    for i in (audit?.tiles ?? []).indices {
      results.audit?.tiles[i].judges = audit?.tiles[i].judges?.map { answer in
        var answer = answer
        answer.judge = names[answer.judge]
        return answer
      }
    }
    if let hashes = audit?.hashes {
      func named(_ hashes: [String: String]) -> [String: String] {
        Dictionary(hashes.map { (names[$0.key], $0.value) }, uniquingKeysWith: { a, _ in a })
      }
      results.audit?.hashes.judges = named(hashes.judges)
      // A measure may look through a judge's network.
      results.audit?.hashes.measures = named(hashes.measures)
    }
    return results
  }
}
