// `--dry-run` of the long commands.
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct PreviewOptionsTests: RunsProgram {
  /// A look prints clean JSON with a plan, and leaves a run as it was; what the command would refuse is refused.
  @Test func looksAtARun() throws {
    try Fixtures.temporaryFolder { folder in
      let place = folder.appendingPathComponent("run").path
      let judge = "clip:" + Fixtures.url("tiny-clip").path
      let made = try lethe(
        "erase", model, "--method", "uce", "--concept", "fox", "--kind", "object", "--preserve",
        "none", "--threads", "1", "-q", "--out", place)
      #expect(made.code == 0, "\(made.error)")
      let before = try FileManager.default.subpathsOfDirectory(atPath: place).sorted()
      let looks = [
        ["evaluate", place, "--judge", judge, "--quick", "--steps", "2"],
        ["evaluate", model, "--with", place, "--judge", judge, "--out", place + "-sum"],
        ["attack", place, "--judge", judge, "--quick", "--attack", "random,seeds"],
        ["relearn", place, "--judge", judge, "--quick", "--tuning-steps", "50"],
      ]
      for words in looks {
        let look = try run(words + ["--dry-run", "--threads", "1"])
        #expect(look.code == 0, "\(words): \(look.error)")
        let json = try JSONText.value(Data(look.out.utf8))
        let plan = (json["plan"]?.array ?? []).compactMap(\.string)
        #expect(plan.contains { $0.hasPrefix("judge: clip:") }, "\(plan)")
        #expect(plan.contains { $0.hasPrefix("time: at most ") }, "\(plan)")
        let memory = try #require(plan.first { $0.hasPrefix("memory: ") }, "\(plan)")
        #expect(memory.contains("U-Net passes") && memory.contains("; together "), "\(memory)")
        #expect(memory.contains("a step of 4") == words.contains("relearn"), "\(memory)")
        #expect(memory.contains("training ") == words.contains("relearn"), "\(memory)")
        for line in plan { #expect(look.error.contains(line), "\(look.error)") }
        // Lists are short: each prompt stands once, and of the pictures three stand for all.
        let pictures = try #require(json["pictures"]?.int)
        let (texts, samples) = (json["prompts"]?.array ?? [], json["samples"]?.array ?? [])
        #expect(pictures >= 3 && look.out.split(separator: "\n").count < 100)
        #expect(Set(texts).count == texts.count && texts.count <= 12 && samples.count <= 3)
        #expect((json["promptCount"]?.int).map { $0 >= texts.count } ?? !samples.isEmpty)
        guard let first = texts.first?.string else { continue }
        #expect(!look.error.contains(first), "\(look.error)")
        if let checkpoints = json["options"]?["checkpoints"] { #expect(checkpoints == [50]) }
      }
      let whole = try run([
        "evaluate", place, "--judge", judge, "--quick", "--steps", "2", "--dry-run", "--json",
        "--threads", "1",
      ])
      let json = try JSONText.value(Data(whole.out.utf8))
      #expect(json["samples"]?.array?.count == json["pictures"]?.int, "\(whole.error)")
      #expect(try FileManager.default.subpathsOfDirectory(atPath: place).sorted() == before)
      #expect(!FileManager.default.fileExists(atPath: place + "-sum"))
      for words in [
        ["evaluate", place, "--judge", "clip:/nowhere"], ["attack", place],
        ["attack", place, "--judge", judge, "--attack", "randm"],
        ["attack", place, "--judge", judge, "--set", "random.attempts=x"],
        ["relearn", place, "--judge", judge, "--data", "/nowhere"],
        ["evaluate", model, "--with", "/nowhere", "--judge", judge, "--out", place + "-sum"],
      ] {
        let look = try run(words + ["--dry-run", "--threads", "1"])
        #expect(look.code != 0 && look.out.isEmpty && look.error.contains("lethe: "), "\(words)")
      }
    }
  }

  /// Benchmarks and sets make no folder; trials are named, and a wrong option of a method is found.
  @Test func looksBeforeAFolder() throws {
    try Fixtures.temporaryFolder { folder in
      let out = folder.appendingPathComponent("out").path
      let judge = "clip:" + Fixtures.url("tiny-clip").path
      let common = ["--judge", judge, "--kind", "object", "--concept", "fox", "--quick"]
      let looks = [
        (["bench", model, "--methods", "uce,esd", "--preserve", "none"] + common, 2),
        (
          ["bench", "robustness", model, "--methods", "none,uce", "--attacks", "random"] + common, 2
        ),
        (["bench", "relearning", model, "--methods", "esd"] + common, 2),
      ]
      for (words, count) in looks {
        let look = try run(words + ["--dry-run", "--threads", "1", "--out", out])
        #expect(look.code == 0, "\(words): \(look.error)")
        let json = try JSONText.value(Data(look.out.utf8))
        #expect(json["trials"]?.array?.count == count, "\(look.out)")
        #expect(look.error.contains("trials: \(count)") && look.error.contains("time: at most "))
        let wrong = try run(words + ["--set", "uce.nothing=1", "--dry-run", "--out", out])
        #expect(wrong.code == 2 && wrong.out.isEmpty, "\(wrong.error)")
      }
      let set = try run([
        "make-set", model, "--prompt", "a fox", "--count", "3", "--steps", "2", "--dry-run",
        "--out",
        out,
      ])
      #expect(
        set.code == 0 && set.error.contains("pictures: 3 of 1 prompt, 2 steps"), "\(set.error)")
      #expect(try JSONText.value(Data(set.out.utf8))["samples"]?.array?.count == 3)
      #expect(try lethe("make-set", model, "--dry-run", "--out", out).code == 2)
      #expect(!FileManager.default.fileExists(atPath: out))
    }
  }
}
