// Reasons of failures that launched ranks leave for the process that launched them, which says each of them once.
internal import Foundation
internal import Torch

/// The file in which launched ranks leave the reasons of their failures.
package struct RankFailures: Sendable {
  /// The variable that tells a rank where the file is.
  package static let key = "LETHE_FAILURES"

  let file: URL
  /// The place of this process among the ranks.
  private let rank: Int

  /// The file of the process that launched this one; nil for a process that nobody launched.
  package init?(_ variables: [String: String]) {
    guard let path = variables[Self.key], !path.isEmpty,
      variables[RankEnvironment.parentKey] != nil, let rank = variables["RANK"].flatMap({ Int($0) })
    else { return nil }
    (file, self.rank) = (path.filePlace, rank)
  }

  /// A new file; nil where there is no place for one.
  init?() {
    file = FileManager.default.temporaryDirectory
      .appendingPathComponent("lethe-launch-\(UUID().uuidString).jsonl")
    rank = 0
    guard (try? AtomicFile.write(Data(), to: file)) != nil else { return nil }
  }

  /// Leaves the reason of this process's failure.
  /// - Returns: false where it could not be written, and has to be said here
  package func leave(_ sentence: String, kind: Int32) -> Bool {
    let failure = RankFailure(rank: rank, kind: kind, sentence: sentence)
    guard let line = try? JSONEncoder().encode(failure) else { return false }
    return (try? AppendedLine.write(line + [UInt8(ascii: "\n")], to: file)) != nil
  }

  /// The reasons so far.
  var all: [RankFailure] {
    ((try? InputFile.text(file)) ?? "").split(separator: "\n").compactMap {
      try? JSONDecoder().decode(RankFailure.self, from: Data($0.utf8))
    }
  }

  var isEmpty: Bool { (try? InputFile.size(file)) ?? 0 == 0 }

  func remove() { try? FileManager.default.removeItem(at: file) }
}

/// The reasons in sentences for the user: each once, however many ranks have it.
package struct SaidFailures {
  private var said: Set<String> = []

  package init() {}

  /// The sentences of reasons that were not said yet, the first rank's before the others'. A reason of several ranks
  /// names none of them.
  package mutating func new(in all: [RankFailure]) -> [String] {
    var order: [String] = []
    var ranks: [String: Set<Int>] = [:]
    for failure in all.filter({ $0.rank == 0 }) + all.filter({ $0.rank != 0 }) {
      // A rank that ends because of another one says so.
      var (text, own) = (failure.sentence[...], failure.rank)
      while let found = text.prefixMatch(of: /rank (\d+):\s/) {
        (own, text) = (Int(found.1) ?? own, text[found.range.upperBound...])
      }
      if ranks[String(text)] == nil { order.append(String(text)) }
      ranks[String(text), default: []].insert(own)
    }
    return order.filter { said.insert($0).inserted }.map { text in
      let of = ranks[text] ?? []
      return of.count == 1
        ? of.first.flatMap { $0 > 0 ? "rank \($0): \(text)" : nil } ?? text : text
    }
  }
}
