// Options without effect, and options, variables, folders and requests with values that mean nothing: each is refused
// in one sentence, by every command alike.
import Foundation
import TestSupport
import Testing
import Torch

@testable import LetheCommands

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct NonsenseTests: RunsProgram {
  /// One sentence, exit code 2, and no folder left.
  private func expectRefusal(
    _ words: [String], _ sentence: String, _ variables: [String: String] = [:], code: Int32 = 2,
    line: Int = #line
  ) throws {
    let done = try run(words, variables)
    let place = SourceLocation(
      fileID: #fileID, filePath: #filePath, line: line, column: 1)
    #expect(done.code == code, "\(words): \(done)", sourceLocation: place)
    #expect(
      done.error.hasPrefix("lethe: \(sentence)"), "\(words): \(done.error)", sourceLocation: place)
    #expect(done.error.split(separator: "\n").count == 1, "\(done.error)", sourceLocation: place)
  }

  private func erase(_ method: String, _ out: String, _ words: String...) -> [String] {
    ["erase", model, "--method", method, "--out", out] + words
  }

  @Test func optionsWithoutEffect() throws {
    try Fixtures.temporaryFolder { folder in
      let out = folder.path + "/run"
      let fox = ["--concept", "fox", "--kind", "object"]
      func refused(_ words: [String], _ sentence: String) throws {
        try expectRefusal(erase("uce", out) + words, sentence)
        #expect(!FileManager.default.fileExists(atPath: out))
      }
      try refused(
        fox + ["--sample-every", "5"], "--sample-every: uce is a closed form, which has no training"
      )
      try refused(fox + ["--tensorboard"], "--tensorboard: uce is a closed form")
      try refused(
        fox + ["--save-dtype", "float16"], "--save-dtype: it is the type of the exported model")
      try refused(fox + ["--related", "a fox"], "--related: 'a fox' is the concept itself")
      try refused(fox + ["--unrelated", "Fox"], "--unrelated: 'Fox' is the concept itself")
      try refused(
        fox + ["--related", "cat", "--unrelated", "cat"], "--related, --unrelated: 'cat' is given")
      try refused(fox + ["--replace-with", "fox"], "--replace-with: 'fox' is the concept itself")
      try refused(fox + ["--replace-with", ""], "--replace-with: an empty text names nothing")
      try refused(
        fox + ["--concept", "a fox"],
        "--concept: 'fox' is given twice; accepted: every concept once")
      try refused(
        ["--concept", "fo\nx", "--kind", "object"], "--concept: 'fo\\u{A}x' has a line break or")
      try expectRefusal(
        erase("esd", out) + fox + ["--sample-every", "0"],
        "--sample-every: 0; accepted: a whole number from 1")
      try expectRefusal(
        ["make-set", model, "--concept", "fo\nx", "--kind", "object", "--out", out],
        "--concept: 'fo\\u{A}x' has a line break or")
    }
  }

  @Test func numbersOfOptionsHaveARange() throws {
    try Fixtures.temporaryFolder { folder in
      let uce = erase("uce", folder.path + "/run") + ["--concept", "fox", "--kind", "object"]
      for (setting, accepted) in [
        ("lambda=0", "a number above 0, at most 1000000000.0"),
        ("lambda=1e308", "a number above 0"),
        ("lambda=-1", "a number above 0"), ("eraseScale=0", "a number above 0"),
        ("eraseScale=-2", "a number above 0"), ("preserveScale=-1", "a number from 0.0 to"),
        ("push=-1", "a number from 0.0 to"),
      ] {
        let key = setting.prefix { $0 != "=" }
        let done = try run(uce + ["--set", setting])
        #expect(done.code == 2)
        #expect(done.error.hasPrefix("lethe: --set: '\(key)' is "), "\(done.error)")
        #expect(done.error.contains("; accepted: \(accepted)"), "\(done.error)")
      }
      // Memory that no machine has is asked for by the dry run too.
      let emoji = Fixtures.package.appendingPathComponent("Models/emoji").path
      let meta = [
        "erase", emoji, "--method", "meta", "--concept", "fox", "--set", "training.batch=65536",
        "--threads", "1", "--out", folder.path + "/run",
      ]
      for words in [meta, meta + ["--dry-run"]] {
        let done = try limited(words)
        #expect(done.code == 3, "\(done)")
        #expect(done.text.contains("lethe: a step of 65536 pictures needs "), "\(done.text)")
      }
    }
  }

  /// A shell's limit of file sizes is a fault like a full disk, at every file that a command writes.
  @Test(arguments: [1, 2]) func filesBeyondTheLimit(_ kilobytes: Int) throws {
    try Fixtures.temporaryFolder { folder in
      let out = folder.appendingPathComponent("out")
      let done = try shell(
        "ulimit -f \(kilobytes); exec \"$0\" \"$@\" 2>&1",
        [
          Self.program.path, "generate", Fixtures.url("tiny-sd1").path, "--prompt", "a fox",
          "--count", "60", "--steps", "1", "--threads", "1", "-q", "--out", out.path,
        ])
      #expect(done.code == 5 && done.text.contains("ulimit -f"), "\(done)")
      let left = (try? FileManager.default.contentsOfDirectory(atPath: out.path)) ?? []
      #expect(!left.contains { $0.hasSuffix(".tmp") }, "\(left)")
    }
  }

  /// The program in 8 GB of address space.
  private func limited(_ words: [String]) throws -> (code: Int32, text: String) {
    try shell("ulimit -v 8000000; exec \"$0\" \"$@\" 2>&1", [Self.program.path] + words)
  }

  @Test func seedsHaveARange() throws {
    let all = "a whole number from 0 to 18446744073709551615"
    for command in [
      erase("uce", "unused", "--concept", "fox"),
      ["generate", model, "--prompt", "x", "--out", "unused"],
      ["attack", "unused"],
    ] {
      try expectRefusal(command + ["--seed", "-1"], "--seed: -1; accepted: \(all)")
      try expectRefusal(command + ["--seed=-1"], "--seed: -1; accepted: \(all)")
      try expectRefusal(
        command + ["--seed", "18446744073709551616"],
        "--seed: 18446744073709551616; accepted: \(all)")
    }
    try expectRefusal(
      ["generate", model, "--prompt", "x", "--out", "unused", "--count", "-1"],
      "--count does not take '-1' (number of pictures of each prompt, at least 1); a number below zero stands"
    )
  }

  /// A benchmark that was killed before its first file, or that begins beside this one, has made folders of its parts.
  @Test func partsOfAKilledBenchmark() throws {
    try Fixtures.temporaryFolder { folder in
      func made(_ path: String, _ file: String?) throws -> String {
        let place = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        if let file { try Data("x".utf8).write(to: place.appendingPathComponent(file)) }
        return place.deletingLastPathComponent().deletingLastPathComponent().path
      }
      let bench = ["bench", model, "--methods", "uce", "--out"]
      for place in [try made("a/fox/none", nil), try made("b/fox/none", "job.json")] {
        try expectRefusal(bench + [place], "bench: no concept is named")
      }
      let foreign = try made("c/fox/none", "letter.txt")
      try expectRefusal(bench + [foreign], "--out: \(foreign) has other files, such as fox")
    }
  }

  /// Places that are no regular file, and names that are empty, are words of the command line that are wrong.
  @Test func namesThatAreNoFiles() throws {
    try Fixtures.temporaryFolder { folder in
      let (pipe, device) = (folder.path + "/pipe.safetensors", "/dev/null")
      #expect(mkfifo(pipe, 0o600) == 0)
      let out = ["--out", folder.path + "/out", "-q"]
      for (place, kind) in [(pipe, "a pipe"), (device, "a device")] {
        let not = "\(place) is \(kind), which is not a regular file; accepted: "
        for (words, option) in [
          (["apply", model, "--with", place], "--with"),
          (["generate", model, "--prompt", "x", "--with", place], "--with"),
          (["generate", model, "--prompt", "x", "--lora", place], "--lora"),
          (["generate", model, "--prompt", "x", "--embedding", place], "--embedding"),
          (["generate", model, "--prompts", place], "--prompts"),
          (["evaluate", model, "--with", place, "--judge", "none"], "--with"),
        ] { try expectRefusal(words + out, "\(option): \(not)") }
        try expectRefusal(
          ["generate", place, "--prompt", "x"] + out,
          "\(place) is \(kind), no regular file and no folder")
      }
      for (text, why) in [
        (":0.5", "':0.5' names no file before its colon"), ("", "an empty text names no file"),
      ] {
        for command in ["apply", "generate", "evaluate"] {
          let more = command == "generate" ? ["--prompt", "x"] : []
          try expectRefusal(
            [command, model, "--with", text] + more + out,
            "--with: \(why); accepted: FILE or FILE:WEIGHT")
        }
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["pipe.safetensors"])
    }
  }

  /// -q prints no note, also none that is said before the command begins or by a preview.
  @Test func quietCommandsSayNoNote() throws {
    try Fixtures.temporaryFolder { folder in
      let run = folder.path + "/run"
      let fox = ["--concept", "fox", "--kind", "object", "--threads", "1", "-q"]
      let variable = ["LETHE_CUDA_GRAPH": "1"]
      let made = try self.run(erase("uce", run) + fox, variable)
      #expect(made.code == 0 && made.error.isEmpty, "\(made)")
      let audit = try self.run(
        [
          "audit", model, "--with", run, "--judge", "clip:" + Fixtures.url("tiny-clip").path,
          "--quick", "--dry-run", "-q", "--threads", "1", "--out", folder.path + "/audit",
        ], variable)
      #expect(audit.code == 0 && audit.error.isEmpty && audit.out.contains("\"plan\""), "\(audit)")
      let bench = try self.run(
        ["bench", "--model", model, "--methods", "uce", "--judge", "none", "--dry-run"] + fox
          + ["--out", folder.path + "/bench"])
      #expect(!bench.error.contains("note:"), "\(bench)")
    }
  }

  @Test func placesOfRuns() throws {
    try Fixtures.temporaryFolder { folder in
      let taken = folder.appendingPathComponent("taken")
      try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: taken.appendingPathComponent("letter.txt"))
      let commands: [[String]] = [
        ["erase", model, "--method", "uce", "--concept", "fox"], ["run", "request.json"],
        ["generate", model, "--prompt", "x"], ["generate", model, "--prompt", "x", "--dry-run"],
        ["apply", model, "--with", "x"], ["evaluate", model], ["audit", model, "--concept", "fox"],
        ["bench", model, "--methods", "uce"], ["train", "recipe.json"], ["compare", "a", "b"],
        ["make-set", model, "--concept", "fox"],
      ]
      for command in commands {
        try expectRefusal(
          command + ["--out", "/"], "--out: / is the root of all files; accepted: a new")
        try expectRefusal(command + ["--out=/tmp"], "--out: /tmp ", ["TMPDIR": "/tmp"])
        try expectRefusal(
          command + ["--out", "~"], "--out: '~' begins with '~', which the shell makes")
        try expectRefusal(command + ["--out", "~/runs"], "--out: '~/runs' begins with '~'")
        try expectRefusal(
          command + ["--out", taken.path],
          "--out: \(taken.path) has other files, such as letter.txt; accepted: a new folder")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: taken.path) == ["letter.txt"])
      // Hidden files are those of a system or of a command that was killed.
      let hidden = folder.appendingPathComponent("hidden")
      try FileManager.default.createDirectory(at: hidden, withIntermediateDirectories: true)
      try Data().write(to: hidden.appendingPathComponent(".DS_Store"))
      let words = erase(
        "uce", hidden.path, "--concept", "fox", "--kind", "object", "--threads", "1")
      #expect(try run(words).code == 0)
      #expect(try run(words).code == 0)
    }
  }

  @Test(arguments: [
    ("LETHE_PATIENCE", "x", "'x'; accepted: a whole number from 1 to 1000000"),
    ("LETHE_PATIENCE", "-1", "-1; accepted: a whole number from 1 to 1000000"),
    ("LETHE_BACKEND", "mpi", "'mpi'; accepted: gloo, nccl"),
    ("LETHE_CUDA_GRAPHS", "perhaps", "'perhaps'; accepted: 1, true or yes, and 0, false or no"),
    ("LETHE_JUDGES", "/nonexistent", "there is no folder '/nonexistent'; accepted: a folder with"),
    ("LETHE_DEVICE", "cuda:x", "unknown device 'cuda:x'; accepted: cpu, cuda"),
    ("LETHE_PARENT", "me", "'me'; accepted: a whole number from 1 to"),
    ("LETHE_THREADS", "1e3", "'1e3'; accepted: a whole number"),
    ("LETHE_JUDGE", "clip:", "'clip:'; accepted: clip:FOLDER"),
  ]) func variables(_ name: String, _ value: String, _ sentence: String) throws {
    for command in [
      ["list", "samplers"], ["doctor"], ["show", model], ["env"],
      ["generate", model, "--prompt", "x", "--out", "unused", "--dry-run"],
    ] { try expectRefusal(command, "\(name): \(sentence)", [name: value]) }
  }

  @Test func variablesThatNothingReads() throws {
    for (name, near) in [
      ("LETHE_CUDA_GRAPH", "LETHE_CUDA_GRAPHS"), ("LETHE_PATIENC", "LETHE_PATIENCE"),
    ] {
      let done = try run(["list", "samplers"], [name: "1"])
      #expect(done.code == 0)
      #expect(
        done.error == "note: \(name) is set and has no effect; did you mean \(near)?\n",
        "\(done.error)")
    }
    // Every variable that is read is on one page, and no other.
    let page = try String(
      contentsOf: Fixtures.package.appendingPathComponent("docs/guide/terminal.md"), encoding: .utf8
    )
    let listed = Set(page.matches(of: /\| `(LETHE_[A-Z_]+)` \|/).map { String($0.1) })
    #expect(listed == Set(Defaults.names), "\(listed.symmetricDifference(Defaults.names))")
  }

  /// Text that cannot be read is a damaged file (4); a key or a value that no request has is a wrong request (2).
  @Test func requestsInFiles() throws {
    try Fixtures.temporaryFolder { folder in
      let own = "\"model\": \"\(model)\", \"method\": \"uce\", \"concepts\": [\"fox\"]"
      let wrong: [(String, Int32, String)] = [
        (
          "{\(own), \"options\": []}", 2,
          "'options' is []; accepted: an object with the method's options"
        ),
        ("{\(own), \"options\": 3}", 2, "'options' is 3; accepted: an object"),
        (
          "{\(own), \"options\": {\"lambda\": -1}}", 2, "'lambda' is -1; accepted: a number above 0"
        ),
        (
          "{\(own), \"seed\": 100000000000000000000}", 2,
          "'seed' is 100000000000000000000; accepted: a whole"
        ),
        ("{\(own), \"seed\": -1}", 2, "'seed' is -1; accepted: a whole number from 0"),
        ("{\(own), \"sed\": 1}", 2, "unknown key 'sed'; did you mean 'seed'?"),
        (
          "{\(own.replacing("fox", with: "fo\\ud800x"))}", 4,
          "it is no JSON: half of a surrogate pair stands alone"
        ),
        ("{\(own.replacing("fox", with: "fo\\nx"))}", 2, ""),
        ("{\(own)", 4, "it is no JSON: "), ("", 4, "it is no JSON: "),
        ("{\(own), \"seed\": 1, \"seed\": 1}", 4, "the key 'seed' stands there twice"),
      ]
      for (text, code, sentence) in wrong {
        let file = folder.appendingPathComponent("request.json")
        try Data(text.utf8).write(to: file)
        for command in [["run", file.path], ["erase", "--config", file.path]] {
          let place =
            sentence.isEmpty
            ? "--concept: 'fo\\u{A}x' has a line break" : file.path + ": " + sentence
          try expectRefusal(command + ["--out", folder.path + "/run"], place, code: code)
        }
      }
      let yaml = folder.appendingPathComponent("request.yaml")
      let good = "model: \(model)\nmethod: uce\nconcepts: [fox]\n"
      for (text, code, sentence) in [
        (good + "options: []\n", 2, ", line 4: 'options' is []; accepted: an object with"),
        (good + "seed: -1\n", 2, ", line 4: 'seed' is -1; accepted"),
        (good + "seed: 1\nseed: 1\n", 4, ": "), (good + "concepts: [fox", 4, ": "),
      ] as [(String, Int32, String)] {
        try Data(text.utf8).write(to: yaml)
        try expectRefusal(
          ["run", yaml.path, "--out", folder.path + "/run"], yaml.path + sentence, code: code)
      }
    }
  }

  @Test func networksOfRecipesAreObjects() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("recipe.json")
      for key in ["unet", "scheduler"] {
        try Data("{\"kind\": \"ddpm\", \"\(key)\": []}".utf8).write(to: file)
        try expectRefusal(
          ["train", file.path, "--dry-run", "--out", folder.path + "/run"],
          "\(file.path): '\(key)' is []; accepted: an object")
      }
    }
  }

  @Test func verifyNamesWhatIsThere() throws {
    try Fixtures.temporaryFolder { folder in
      let out = folder.path + "/run"
      #expect(
        try run(erase("uce", out, "--concept", "fox", "--kind", "object", "--threads", "1")).code
          == 0)
      let accepted = "accepted: the folder of `lethe audit`"
      try expectRefusal(
        ["verify", out],
        "verify: \(out) is a run of `lethe erase` that nothing has measured; \(accepted)")
      try expectRefusal(["verify", model], "verify: \(model) is a model; \(accepted)")
      try expectRefusal(["verify", folder.path], "verify: \(folder.path) is no audit; \(accepted)")
    }
  }

  /// Lines that nobody could read are no success.
  @Test func aClosedStandardOutputIsTold() throws {
    for (words, code) in [
      ("list methods", 5), ("--help", 5), ("--version", 5), ("list methods >/dev/null", 0),
    ] {
      let closing = words.contains(">") ? "" : ">&-"
      #expect(try shell("\"$LETHE\" \(words) 2>&1 \(closing)").code == code, "\(words)")
    }
  }

  /// A name that stands twice in a list is refused, as a concept that is given twice.
  @Test func namesGivenTwice() throws {
    for words in [
      ["bench", "Models/emoji", "--methods", "uce,uce", "--concept", "fox", "--out", "unused"],
      [
        "bench", "robustness", "Models/emoji", "--methods", "uce", "--attacks", "random,random",
        "--concept", "fox", "--out", "unused",
      ],
      [
        "bench", "relearning", "Models/emoji", "--methods", "sdd,sdd", "--concept", "fox", "--out",
        "unused",
      ],
      [
        "bench", "Models/emoji", "--methods", "uce", "--concept", "fox", "--concept", "Fox",
        "--out", "unused",
      ],
      ["attack", "unused", "--attack", "random,random"],
    ] {
      let done = try run(words)
      #expect(done.code == 2, "\(words)")
      #expect(done.error.contains("is given twice; accepted: every name once"), "\(done.error)")
    }
  }

  /// A pipe whose reader has enough is no fault of a command.
  @Test func readersThatLeave() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [
      "-c", "\"$0\" list methods --verbose | true; exit ${PIPESTATUS[0]}", Self.program.path,
    ]
    let error = Pipe()
    process.standardError = error
    try process.run()
    let fault = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
    #expect(fault.isEmpty, "\(String(decoding: fault, as: UTF8.self))")
  }

  /// The doctor tries the judge and the device of the environment.
  @Test func theDoctorTriesVariables() throws {
    let fine = try run(
      ["doctor"], ["LETHE_JUDGE": "own:Models/judges/emoji", "LETHE_DEVICE": "cpu"])
    #expect(fine.code == 0, "\(fine)")
    for name in ["LETHE_JUDGE", "LETHE_DEVICE"] {
      let line = fine.out.split(separator: "\n").first { $0.hasPrefix(name) }
      #expect(line?.contains(" fine ") == true, "\(fine.out)")
    }
    let broken = try run(["doctor"], ["LETHE_JUDGE": "clip:/nonexistent"])
    #expect(broken.code != 0 && broken.error.contains("/nonexistent"), "\(broken)")
    let line = broken.out.split(separator: "\n").first { $0.hasPrefix("LETHE_JUDGE") }
    #expect(line?.contains(" broken ") == true, "\(broken.out)")
    #expect(try !run(["doctor"]).out.contains("LETHE_"))
    let quiet = try run(["doctor"], ["LETHE_QUIET": "yes"])
    #expect(quiet.code == 0 && quiet.error.isEmpty, "\(quiet)")
  }
}
