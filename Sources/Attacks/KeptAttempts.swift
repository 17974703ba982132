// Attempts that are the same for every victim and are found once. They are kept for attacks of one round whose card
// says `transfers`.
internal import Foundation
internal import Torch

struct KeptAttempts: AttackSession {
  private var session: any AttackSession
  private let file: URL
  private var known: [Int: Attempt]
  private var isDone = false

  init(_ session: any AttackSession, in file: URL) {
    (self.session, self.file) = (session, file)
    let kept = try? JSONDecoder().decode([Int: Attempt].self, from: InputFile.data(file, .json))
    known = kept ?? [:]
  }

  mutating func next(_ open: [Int]) throws -> [Int: Attempt] {
    guard !isDone else { return [:] }
    isDone = true
    let missing = open.filter { known[$0] == nil }
    if !missing.isEmpty {
      known.merge(try session.next(missing)) { old, _ in old }
      try AtomicFile.write(try JSONEncoder().encode(known), to: file)
    }
    return known.filter { open.contains($0.key) }
  }
}
