// `eraser`, and the commands that take a set.
import Foundation
import TestSupport
import Testing

@Suite struct EraserCommandTests: RunsProgram {
  /// A set of erasers is made, trained and used. Its check fails for a concept that is added after a training.
  @Test func erasers() throws {
    try Fixtures.temporaryFolder { folder in
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let set = path("set")
      #expect(try lethe("eraser", "init", set, model).code == 0)
      let again = try lethe("eraser", "init", "--model", model, set)
      #expect(again.code == 2 && again.error.contains("accepted: a new folder"), "\(again.error)")
      let empty = try lethe("eraser", "list", set)
      #expect(empty.out == "no concept is in the set yet\n")
      #expect(empty.error == "next: lethe eraser add \(set) CONCEPT\n")
      let added = try lethe("eraser", "add", set, "fox", "cat", "--tolerance", "0.1")
      #expect(added.code == 0 && added.out.contains("directions"), "\(added.error)")
      let quick = [
        "--set", "tolerance=0.1", "--set", "training.steps=4", "--set", "trajectories=1", "--set",
        "trajectorySteps=3", "-q", "--threads", "1",
      ]
      let full = try run(["eraser", "train", set, "--set", "tolerance=1e-12"])
      #expect(full.code == 2 && full.error.contains("use all 16 directions"), "\(full.error)")
      // The option that helps is named, where it is found out and before.
      #expect(full.error.contains("; otherwise keep fewer prompts"), "\(full.error)")
      // A request that is refused changes nothing.
      for words in [["owl", "owl"], ["owl", "fox"]] {
        let refused = try run(["eraser", "add", set] + words)
        #expect(refused.code == 2, "\(refused.error)")
        #expect(!(try lethe("eraser", "list", set)).out.contains("owl"))
      }
      let crowded = try lethe("eraser", "add", set, "owl", "--tolerance", "1e-12")
      let option = try #require(full.error.firstMatch(of: /--set tolerance=([0-9.e-]+) leaves/))
      #expect(
        crowded.error.contains("`lethe eraser train \(set) --set tolerance=\(option.1)` leaves"),
        "\(crowded.error)")
      #expect(
        crowded.error.hasSuffix("next: lethe eraser train \(set) --set tolerance=\(option.1)\n"))
      #expect(try lethe("eraser", "remove", set, "owl").code == 0)
      // Nothing is preserved that could be kept on average.
      #expect(!full.error.contains("keep=average"))
      let bare = try lethe("apply", model, "--erasers", set, "--out", path("bare"))
      #expect(bare.code == 2 && bare.error.contains("'fox' is not trained"), "\(bare.error)")
      #expect(try run(["eraser", "train", set] + quick).code == 0)
      let check = try lethe("eraser", "check", set, "--limit", "1")
      #expect(check.code == 0 && check.error.contains("next: lethe evaluate \(model) --erasers"))
      #expect(try lethe("eraser", "list", set).out.contains("erased"))
      let switched = try lethe("eraser", "add", set, "fox", "-q", "--json", "--tolerance", "0.1")
      #expect(switched.out.hasPrefix("[") && switched.out.contains("\"fox\""), "\(switched.out)")
      let drawn = try lethe(
        "evaluate", model, "--erasers", set, "--concept", "fox", "--judge", "none", "--quick",
        "--steps", "1", "--threads", "1", "--out", path("drawn"))
      #expect(drawn.code == 0 && !drawn.out.contains("|"), "\(drawn.error)")
      #expect(drawn.out.contains("drawn/original and \(path("drawn"))/erased; nothing was judged"))
      // A preview names the judge, prints JSON, and leaves no folder.
      let plan = try lethe(
        "audit", model, "--erasers", set, "--concept", "fox", "--judge",
        "clip:\(Fixtures.url("tiny-clip").path)", "--dry-run", "--threads", "1", "--out", path("au")
      )
      #expect(plan.code == 0 && plan.error.contains("\njudge: clip:"), "\(plan.error)")
      #expect(plan.out.hasPrefix("{") && plan.out.contains("\"plan\" : ["), "\(plan.out)")
      #expect(!FileManager.default.fileExists(atPath: path("au")))

      func draw(_ out: String, _ more: String...) throws -> Data {
        let done = try run(
          ["generate", model, "--prompt", "fox", "--steps", "2", "--threads", "1", "-q"] + more
            + ["--out", path(out)])
        #expect(done.code == 0, "\(done.error)")
        let file = folder.appendingPathComponent(out).appendingPathComponent("0_0.png")
        return try Data(contentsOf: file)
      }
      let base = try draw("base")
      #expect(try draw("on", "--erasers", set) != base)
      #expect(try lethe("eraser", "restore", set, "fox", "cat").code == 0)
      // Other erasers are on now, so the picture is another one. It equals the base's, to the bit.
      let other = try lethe(
        "generate", model, "--prompt", "fox", "--steps", "2", "--erasers", set, "--out", path("on"))
      #expect(other.code == 2 && other.error.contains("--overwrite"), "\(other.error)")
      #expect(try draw("on", "--erasers", set, "--overwrite") == base)
      #expect(try draw("named", "--erasers", set, "--active", "fox") != base)
      try Data("prompt,seed,erasers\nfox,0,fox;cat\nfox,0,\n".utf8).write(
        to: folder.appendingPathComponent("mixed.csv"))
      let mixed = try lethe(
        "generate", model, "--erasers", set, "--prompts", path("mixed.csv"), "--steps", "2",
        "--threads", "1", "--out", path("mixed"))
      #expect(mixed.code == 0, "\(mixed.error)")
      let off = try Data(contentsOf: folder.appendingPathComponent("mixed/1_0.png"))
      let on = try Data(contentsOf: folder.appendingPathComponent("mixed/0_0.png"))
      #expect(on != off && off.count == base.count)

      let unknown = try lethe("eraser", "restore", set, "fax")
      #expect(unknown.code == 2 && unknown.error.contains("did you mean 'fox'"))
      #expect(
        try lethe("generate", model, "--prompt", "a", "--active", "fox", "--out", path("x")).code
          == 2)
      let lora = try lethe(
        "apply", model, "--erasers", set, "--active", "fox", "--lora", path("l.safetensors"))
      #expect(lora.code == 0 && lora.out.contains("exact"), "\(lora.error)")

      #expect(try lethe("eraser", "add", set, "owl", "--tolerance", "0.1").out.contains("retrain"))
      let late = try lethe("eraser", "check", set, "--limit", "1e-9")
      #expect(late.code == 1 && late.error.contains("lethe eraser train"), "\(late.error)")
      #expect(try lethe("eraser", "remove", set, "owl").code == 0)
      #expect(!(try lethe("eraser", "list", set).out.contains("owl")))
    }
  }
}
