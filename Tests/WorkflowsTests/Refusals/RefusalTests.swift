// The refusals of readers: one sentence for each reader and key. Tests/Fixtures/refusals.txt has
// the sentences; LETHE_GOLDEN=1 writes them anew, to be read by a person. scripts/check-readers.sh lists keys without a
// case.
import Foundation
import TestSupport
import Testing
import Torch
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct RefusalTests {
  @Test func everyRefusalIsOneSentence() throws {
    let all =
      Refusal.components + Refusal.schedulers + Refusal.tokenizers + Refusal.judging
      + Refusal.data + Refusal.files + Refusal.bounded + Refusal.options + Refusal.records
      + Refusal.yaml + Refusal.networks
    var lines: [String] = []
    try Fixtures.temporaryFolder { root in
      let original = try Tiny.model(root)
      for (i, one) in all.enumerated() {
        let folder = root.appendingPathComponent("\(i)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let error = #expect(throws: LetheError.self, "\(one.name)") {
          try one.read(RefusalPlace(folder: folder, original: original))
        }
        let sentence = (error?.sentence ?? "").replacing(folder.path, with: "FOLDER")
        #expect(!sentence.contains("\n"), "\(one.name)")
        lines.append("\(one.name)\n  \(error?.kind.rawValue ?? 0) \(sentence)")
        try FileManager.default.removeItem(at: folder)
      }
    }
    let golden = Fixtures.url("refusals.txt")
    if ProcessInfo.processInfo.environment["LETHE_GOLDEN"] != nil {
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: golden)
    }
    let known = try String(contentsOf: golden, encoding: .utf8).split(separator: "\n")
    let found = lines.flatMap { $0.split(separator: "\n") }
    for (a, b) in zip(known, found) where a != b { Issue.record("\(b)\nshould be\n\(a)") }
    #expect(known.count == found.count)
  }
}
