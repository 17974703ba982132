// The profiles behind an audit's rows, and keys of its results that nobody reads.
internal import Evaluation
internal import Foundation
internal import Torch
internal import Workbench

extension Verify {
  /// Rows of the results that differ from the due ones in their profile alone, by the due row.
  static func profiles(_ written: [ResultRow], _ due: [ResultRow]) -> [ResultRow: ResultRow] {
    func plain(_ row: ResultRow) -> ResultRow { row.with { $0.profile = nil } }
    var others = written.filter { row in !due.contains { isSame($0, row) } }
    var found: [ResultRow: ResultRow] = [:]
    for row in due where !written.contains(where: { isSame($0, row) }) {
      guard let i = others.firstIndex(where: { isSame(plain($0), plain(row)) }) else { continue }
      found[row] = others.remove(at: i)
    }
    return found
  }

  /// A fault on a row whose profile is another one.
  static func difference(
    of said: ResultRow, _ found: ResultRow, by source: String
  ) -> String {
    func whole(_ row: ResultRow) -> String {
      row.axes.profile.flatMap { try? JSON(encoding: $0).compact } ?? "missing"
    }
    let short = [said, found].map { $0.axes.profile?.description ?? "missing" }
    let (a, b) = short[0] == short[1] ? (whole(said), whole(found)) : (short[0], short[1])
    return "the profile of \(name(found)) is \(a) in results.json, and \(b) by \(source)"
  }

  /// Names keys of results.json that Lethe does not write and no number comes from. Those of another version are its own.
  func check(keys results: Results, _ audit: AuditSummary, _ outcome: inout Outcome) throws {
    guard Self.isOfThisVersion(audit), Self.isOfThisSchema(audit) else { return }
    let written = try JSON(contentsOf: folder.own("results.json"))
    for key in try written.keys(beside: JSON(encoding: results)).prefix(20) {
      outcome.faults.append("results.json has the key '\(key)', which Lethe does not write there")
    }
  }
}

extension JSON {
  /// The paths of keys that another value does not have, in their order.
  fileprivate func keys(beside other: JSON, _ path: String = "") -> [String] {
    if let members {
      let others = other.members ?? [:]
      return members.sorted { $0.key < $1.key }.flatMap { key, value -> [String] in
        let place = path.isEmpty ? key : "\(path).\(key)"
        guard let own = others[key] else {
          // Lists and objects without members are left out.
          let isEmpty = value == .null || value.array?.isEmpty == true || value == [:]
          return isEmpty ? [] : [place]
        }
        return value.keys(beside: own, place)
      }
    }
    let others = other.array ?? []
    return (array ?? []).enumerated().flatMap { i, value in
      others.indices.contains(i) ? value.keys(beside: others[i], "\(path)[\(i)]") : []
    }
  }
}
