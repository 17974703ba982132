// The terminal leaves nobody guessing: refusals in time, JSON, progress, and no folder of a failed command.
import ArgumentParser
import Foundation
import OutsideMethod
import TestSupport
import Testing
import Torch
import Training
import Workbench
import Workflows

@testable import LetheCommands

@Suite struct SilenceTests {
  private let program = TestedProgram()
  private let model = Fixtures.url("tiny-sd1").path

  private func json(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }

  /// A failing command leaves no folder that it made, and none of those above it.
  @Test func failuresLeaveNoFolder() throws {
    try Fixtures.temporaryFolder { folder in
      func out(_ name: String) -> String { folder.appendingPathComponent(name).path }
      for arguments in [
        ["generate", model, "--prompt", "x", "--sampler", "dimm"],
        ["generate", "/nonexistent", "--prompt", "x"],
        ["generate", model, "--prompt", "x", "--with", "/nonexistent"],
        ["generate", model, "--prompt", "x", "--width", "21"],
        ["erase", "Models/emoji", "--method", "esd", "--concept", "fxo"],
        [
          "erase", "Models/emoji", "--method", "uce", "--concept", "fox", "--concept", "nota style",
        ],
        ["evaluate", model, "--with", "/nonexistent"], ["compare", "/nonexistent", "/also/none"],
        ["make-set", "Models/emoji", "--concept", "Fxo"],
      ] {
        let done = try program.run(arguments + ["--out", out("a/b/c")])
        #expect([2, 4].contains(done.code), "\(arguments): \(done.code) \(done.error)")
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty, "\(arguments)")
      }
    }
  }

  /// CPU offload is taken on the CPU, where it has no effect; a preview prints its memory beside that of all parts.
  @Test func offloadingIsIdleOnTheCPU() throws {
    try Fixtures.temporaryFolder { folder in
      let done = try program.run([
        "generate", model, "--prompt", "a fox", "--offload", "--dry-run", "--threads", "1", "--out",
        folder.appendingPathComponent("a").path,
      ])
      #expect(done.code == 0, "\(done.error)")
      let lines = done.error.split(separator: "\n").map(String.init)
      #expect(lines.contains { $0.contains("note: --offload has no effect on the device cpu") })
      #expect(lines.contains { $0.hasPrefix("memory: ") && $0.contains("together") })
      #expect(lines.contains { $0.hasPrefix("with --offload on a device: ") })
    }
  }

  /// A grid that is previewed is printed, and draws nothing.
  @Test func gridsArePreviewed() throws {
    try Fixtures.temporaryFolder { folder in
      let out = folder.appendingPathComponent("a/b").path
      let grid = [
        "generate", model, "--prompt", "a fox", "--count", "2", "--grid", "prompt,seed",
        "--dry-run", "--threads", "1", "--out", out,
      ]
      let done = try program.run(grid)
      let request = try json(done.out)
      #expect(done.code == 0 && request["grid"] as? String == "prompt,seed", "\(done.error)")
      let sampling = try #require(request["sampling"] as? [String: Any])
      #expect(sampling["guidance"] as? Double == 7.5 && (request["pictures"] as? [Any])?.count == 1)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
      let wrong = try program.run(grid + ["--width", "21"])
      #expect(wrong.code == 2 && wrong.error.contains("--width"))
    }
  }

  /// The loss of an erasure is said when it begins and by the command that measures it, and not with --quiet. A folder
  /// of another request is refused before a word on this one.
  @Test func notesComeAfterTheFolder() throws {
    try Fixtures.temporaryFolder { folder in
      func erase(_ concept: String, _ more: String...) throws -> (
        code: Int32, out: String, error: String
      ) {
        try program.run(
          [
            "erase", "Models/emoji", "--method", "uce", "--concept", concept, "--threads", "1",
            "--out", folder.appendingPathComponent("run").path,
          ] + more)
      }
      let first = try erase("kitty")
      #expect(
        first.code == 0 && first.error.contains("note: nothing is preserved: "), "\(first.error)")
      #expect(first.error.contains("uce: all options") && first.error.contains("--preserve others"))
      // The judge of the model does not know words that the model does not list.
      #expect(first.error.hasSuffix("next: lethe show Models/emoji\n"), "\(first.error)")
      let quiet = try erase("kitty", "-q")
      #expect(quiet.code == 0 && quiet.error.isEmpty && quiet.out.isEmpty, "\(quiet.error)")
      #expect(try json(erase("kitty", "--json").out)["keptWhole"] as? Bool == true)
      let other = try erase("cat")
      #expect(other.code == 2 && !other.error.contains("note: "), "\(other.error)")
      #expect(!other.error.contains("all options") && other.error.contains("lethe: --out: "))
      let run = folder.appendingPathComponent("run").path
      let unjudged = try program.run([
        "evaluate", run, "--judge", "none", "--quick", "--steps", "1", "--threads", "1",
      ])
      #expect(
        unjudged.code == 0 && unjudged.out.contains("nothing is preserved"), "\(unjudged.error)")
      let silent = try program.run([
        "evaluate", run, "--judge", "none", "--quick", "--steps", "1", "--threads", "1", "-q",
      ])
      #expect(silent.out == run + "\n" && silent.error.isEmpty, "\(silent)")
    }
  }

  /// Typing errors in names and values are exit code 2 and name what is meant.
  @Test(arguments: [
    (["erase", "Models/emoji", "--method", "uce", "--concept", "fxo"], "did you mean 'fox'"),
    (
      ["erase", "Models/emoji", "--method", "uce", "--concept", "fox,cat"],
      "--concept fox --concept cat"
    ),
    (["generate", "Models/emoji", "--prompt", "x", "--device", "tpu"], "unknown device 'tpu'"),
    (["generate", "Models/emojy", "--prompt", "x"], "did you mean 'Models/emoji'?"),
    (["erase", "Models/emoji", "--method", "uce", "--concept", "foks"], "did you mean 'fox'"),
    (["generate", "Models/emoji", "--prompt", "x", "--width", "20"], "--width"),
  ])
  func typingErrors(_ arguments: [String], _ part: String) throws {
    let done = try program.run(arguments + ["--out", "unused"])
    #expect(done.code == 2 && done.error.contains(part), "\(done.code) \(done.error)")
  }

  /// --dry-run prints a request that `lethe run` carries out, and nothing else on standard output.
  @Test func requestsGoAround() throws {
    try Fixtures.temporaryFolder { folder in
      func place(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let options = [
        "--set", "training.steps=3", "--set", "trajectories=1", "--set", "trajectorySteps=2",
        "--set",
        "guarding.limit=0", "--seed", "3", "--threads", "1",
      ]
      let erase = ["erase", model, "--method", "esd", "--concept", "fox"] + options
      let dry = try program.run(erase + ["--out", place("dry"), "--dry-run"])
      let request = try json(dry.out)
      #expect(
        request["concepts"] as? [String] == ["fox"] && dry.error.contains("1 prompt to forget"))
      #expect(!FileManager.default.fileExists(atPath: place("dry")))
      try Data(dry.out.utf8).write(to: folder.appendingPathComponent("job.json"))
      let run = try program.run([
        "run", place("job.json"), "--out", place("b"), "--threads", "1", "--json",
      ])
      #expect(run.code == 0, "\(run.error)")
      #expect(try json(run.out)["eraser"] as? String == place("b") + "/eraser.safetensors")
      let first = try program.run(
        erase + ["--out", place("a"), "--tensorboard", "--sample-every", "1"])
      #expect(
        first.code == 0
          && first.error.contains(
            "next: lethe evaluate \(place("a")) --judge clip:FOLDER"),
        "\(first.error)")
      // A judge is asked for before prompts are made for one.
      let unjudged = try program.run(["evaluate", place("a"), "--threads", "1"])
      #expect(
        unjudged.code == 2 && unjudged.error.hasPrefix("lethe: --judge: "), "\(unjudged.error)")
      #expect(first.error.contains("training.steps 3 (--set)"))
      func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent("\(name)/eraser.safetensors"))
      }
      // Sample pictures and logs change nothing of the training.
      #expect(try bytes("a") == bytes("b"))
      let files = try FileManager.default.subpathsOfDirectory(atPath: place("a"))
      #expect(files.contains("training-samples/000002.png") && files.contains("events.csv"))
      #expect(files.contains { $0.hasPrefix("tensorboard/events.out.tfevents.") })
      let over = try program.run(
        [
          "erase", "--config", place("job.json"), "--concept", "cat", "--out", place("c"),
          "--dry-run",
        ])
      #expect(try json(over.out)["concepts"] as? [String] == ["cat"])
      // A folder may have any name but none, and a request's words on one concept are not for another.
      let dashed = try program.run([
        "run", place("job.json"), "--out=-x", "--dry-run", "--threads", "1",
      ])
      #expect(dashed.code == 0 && dashed.error.contains("1 prompt to forget"), "\(dashed.error)")
      let empty = try program.run(["run", place("job.json"), "--out", "", "--threads", "1"])
      #expect(empty.code == 2 && empty.error.hasPrefix("lethe: --out: an empty text"))
      let words = dry.out.replacing(
        "\"preserve\" : [", with: "\"replacement\": \"dog\", \"preserve\": [")
      try Data(words.utf8).write(to: folder.appendingPathComponent("dog.json"))
      let other = try program.run([
        "erase", "--config", place("dog.json"), "--concept", "cat", "--out", place("c"),
        "--dry-run", "--threads", "1",
      ])
      #expect(try json(other.out)["replacement"] == nil && other.error.contains("'dog'"))
      let page = try program.run(["report", place("a"), "--json"])
      #expect(try (json(page.out)["page"] as? String)?.hasSuffix("/a/report.html") == true)
      #expect(page.error.isEmpty)
    }
  }

  /// A request in YAML is the same request; a fault in it names file, line and key.
  @Test func requestsInYAML() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("fox.yaml")
      func dry(_ text: String, _ more: [String] = []) throws -> (
        code: Int32, out: String, error: String
      ) {
        try Data(text.utf8).write(to: file)
        return try program.run(
          ["run", file.path, "--out", "unused", "--dry-run", "--threads", "1"] + more)
      }
      let request = """
        # Made by hand.
        model: '\(model)'
        method: esd
        concepts: [fox]
        options:
          training: {steps: 3, learningRate: 2e-5}

        """
      let known = try json(dry(request).out)
      let options = known["options"] as? [String: Any]
      let training = options?["training"] as? [String: Any]
      #expect(training?["steps"] as? Int == 3 && training?["learningRate"] as? Double == 2e-5)
      let flags = try program.run([
        "erase", model, "--method", "esd", "--concept", "fox", "--set", "training.steps=3",
        "--set", "training.learningRate=2e-5", "--out", "unused", "--dry-run", "--threads", "1",
      ])
      let same = try json(flags.out)["options"] as? [String: Any]
      #expect(NSDictionary(dictionary: options ?? [:]) == NSDictionary(dictionary: same ?? [:]))
      let faults: [(String, String)] = [
        (request.replacing("steps: 3", with: "steps: many"), "line 6: 'training.steps' is"),
        (request.replacing("steps", with: "stepz"), "line 6: unknown key 'training.stepz'"),
        (
          request.replacing("[fox]", with: "fox"), "line 4: 'concepts' is \"fox\"; accepted: a list"
        ),
        (request + "seed: yes", "line 7: yes is a truth value"),
        (request + "method: uce", "the key 'method' stands there twice"),
      ]
      for (text, part) in faults {
        let refused = try dry(text)
        #expect(refused.code != 0 && refused.error.contains(part), "\(refused.error)")
        #expect(refused.error.contains("fox.yaml") && !refused.error.contains("--set"))
      }
      // A fault of the command line is told as its own.
      let set = try dry(request, ["--set", "training.steps=x"])
      #expect(set.code == 2 && set.error.hasPrefix("lethe: --set: "), "\(set.error)")
    }
  }

  /// Defaults of the environment are named by their variable, and spellings of version 0.1 work with a note.
  @Test func environmentAndFormerSpellings() throws {
    func run(_ arguments: [String], _ environment: [String: String]) throws -> (
      code: Int32, error: String
    ) {
      let done = try LibtorchLoadingTests().run(arguments, environment)
      return (done.code, done.error)
    }
    let draw = ["generate", model, "--prompt", "x", "--out", "unused", "--dry-run"]
    #expect(try run(draw, ["LETHE_DEVICE": "tpu"]).error.contains("unknown device 'tpu'"))
    #expect(try run(draw + ["--device", "cpu"], ["LETHE_DEVICE": "tpu"]).code == 0)
    let threads = try run(draw, ["LETHE_THREADS": "two"])
    #expect(threads.code == 2 && threads.error.contains("LETHE_THREADS: 'two'"))
    for (name, value, accepted) in [
      ("LETHE_THREADS", "-1", "-1; accepted: a whole number from 0 to 1024"),
      ("LETHE_BATCH", "70000", "70000; accepted: a whole number from 0 to 65536"),
      ("LETHE_DEVICE", "tpu", "unknown device 'tpu'"),
      ("LETHE_DTYPE", "int8", "'int8'; accepted: float32, float16, bfloat16"),
      ("LETHE_QUIET", "perhaps", "'perhaps'; accepted: 1, true or yes, and 0, false or no"),
    ] {
      let wrong = try run(draw, [name: value])
      #expect(wrong.code == 2 && wrong.error.hasPrefix("lethe: \(name): \(accepted)"), "\(wrong)")
    }
    // A command without the option refuses the value too; a variable that nothing reads is named once.
    for (name, value) in [("LETHE_THREADS", "two"), ("LETHE_DEVICE", "tpu"), ("LETHE_JUDGE", "x:")]
    {
      let wrong = try run(["list", "samplers"], [name: value])
      #expect(wrong.code == 2 && wrong.error.hasPrefix("lethe: \(name): "), "\(wrong.error)")
    }
    let strange = try run(["list", "samplers"], ["LETHE_THREAD": "2", "LETHE_PATIENCE": "60"])
    #expect(
      strange.code == 0
        && strange.error.contains(
          "note: LETHE_THREAD is set and has no effect; did you mean LETHE_THREADS?\n")
        && !strange.error.contains("PATIENCE"),
      "\(strange.error)")
    let judges = try run(["list", "judges"], ["LETHE_JUDGES": "/nonexistent"])
    #expect(judges.code == 2 && judges.error.hasPrefix("lethe: LETHE_JUDGES: there is no folder"))
    #expect(throws: Never.self) {
      try Defaults.read("LETHE_NONE", for: "--judge") { _ in throw LetheError.request("x") }
    }
    let old = try run(["relearn", "/nonexistent", "--steps", "3"], [:])
    #expect(old.code == 2 && old.error.contains("--steps is now --tuning-steps. The next release"))
    #expect(old.error.contains("there is no folder /nonexistent"))
  }

  @Test func listsOfAModel() throws {
    let esd = try program.run(["list", "methods", "Models/emoji"])
    #expect(
      esd.code == 0 && esd.out.contains("training.learningRate")
        && esd.out.contains("(methods.json)"))
    let list = try program.run(["list", "samplers", "--json"])
    let entries = try #require(
      JSONSerialization.jsonObject(with: Data(list.out.utf8)) as? [[String: Any]])
    #expect(entries.contains { $0["name"] as? String == "ddim" })
    let none = try program.run(["list", "methods", "/nonexistent"])
    #expect(none.code == 2 && none.error.contains("there is no folder /nonexistent"))
    let paths = try json(program.run(["env", "--json"]).out)
    let packages = try #require(paths["PKG_CONFIG_PATH"] as? String)
    #expect(FileManager.default.fileExists(atPath: packages + "/libtorch.pc"))
  }

  /// A method, an attack and a metric of another package are known by name in the program that it builds.
  @Test func additionsOfAnotherPackage() throws {
    LetheProgram.use(try .extended())
    defer { LetheProgram.use(.builtIn) }
    for (catalog, name) in [
      ("methods", "redirection"), ("attacks", "sentences"), ("metrics", "confusion"),
    ] {
      let known = try ListCommand.parse([catalog]).entries().map(\.name)
      #expect(known.contains(name) && known.count > 3, "\(catalog)")
    }
    let erase = try EraseCommand.parse(
      [model, "--method", "redirection", "--concept", "fox", "--out", "unused", "--dry-run", "-q"])
    #expect(throws: Never.self) { try erase.run() }
    LetheProgram.use(.builtIn)
    #expect(throws: (any Error).self) { try erase.run() }
  }

  /// Methods and samplers stand in the script; lists, judges and concepts are asked of the program.
  @Test func completions() throws {
    let script = try program.run(["--generate-completion-script", "bash"]).out
    for word in ["advunlearn", "dpm++2m", "---completion attack"] {
      #expect(script.contains(word), "\(word)")
    }
  }

  /// An interruption acts between the steps of a picture, and the line tells them.
  @Test func aDrawingIsInterrupted() throws {
    try Fixtures.temporaryFolder { folder in
      let process = Process()
      process.executableURL = TestedProgram.program
      process.arguments = [
        "generate", model, "--prompt", "x y", "--steps", "999", "--sampler", "ddim", "--threads",
        "1",
        "--out", folder.appendingPathComponent("out").path,
      ]
      let error = Pipe()
      process.standardError = error
      try process.run()
      var told = ""
      while !told.contains("pictures  0/1") {
        let some = error.fileHandleForReading.availableData
        guard !some.isEmpty else { break }
        told += String(decoding: some, as: UTF8.self)
      }
      kill(process.processIdentifier, SIGINT)
      told += String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130, "\(told)")
      #expect(
        told.contains("\nnext: lethe generate \(model) --prompt 'x y' --steps 999"), "\(told)")
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/0_0.png"))
    }
  }
}
