// The program as its users see it: exit codes and one-line errors.
import Foundation
import TestSupport
import Testing

@Suite struct CommandTests {
  static let program = Fixtures.package.appendingPathComponent(".build/debug/lethe")

  func lethe(_ arguments: String...) throws -> (code: Int32, out: String, error: String) {
    try run(arguments)
  }

  func run(
    _ arguments: [String], columns: Int? = nil
  ) throws -> (code: Int32, out: String, error: String) {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = arguments
    if let columns {
      process.environment = ProcessInfo.processInfo.environment
        .merging(["COLUMNS": "\(columns)"]) { $1 }
    }
    process.currentDirectoryURL = Fixtures.package
    let (out, error) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (out, error)
    try process.run()
    let text = out.fileHandleForReading.readDataToEndOfFile()
    let fault = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: text, as: UTF8.self),
      String(decoding: fault, as: UTF8.self)
    )
  }

  let model = Fixtures.url("tiny-sd1").path

  /// Every command's help has an example. The terminal's width alone wraps its paragraphs: each line ends where the next
  /// word would not fit.
  @Test func helpHasExamplesAndIsWrappedOnce() throws {
    let width = 80
    var top = ""
    let commands = [
      [], ["generate"], ["make-set"], ["erase"], ["apply"], ["evaluate"], ["attack"], ["relearn"],
      ["report"], ["bench"], ["bench", "methods"], ["bench", "separability"],
      ["bench", "forgetting"], ["bench", "robustness"], ["bench", "relearning"], ["eraser"],
      ["run"], ["compare"], ["env"], ["eraser", "add"], ["eraser", "train"], ["eraser", "check"],
      ["train"], ["list"], ["doctor"], ["studio"],
    ]
    for command in commands {
      let (code, help, _) = try run(command + ["--help"], columns: width)
      #expect(code == 0)
      if command.count == 1 {
        #expect(top.contains("  \(command[0]) ") && help.contains("lethe \(command[0])"))
        #expect(help.contains("Example"), "\(command)")
        // The sentence about memory names it, whichever command draws.
        #expect(["list", "bench", "eraser"].contains(command[0]) || help.contains("--batch"))
      } else if command.isEmpty {
        top = help
      }
      let overview = help.prefix(upTo: help.range(of: "USAGE:")?.lowerBound ?? help.endIndex)
      let lines = overview.split(separator: "\n", omittingEmptySubsequences: false)
      for (line, next) in zip(lines, lines.dropFirst()) {
        guard let word = next.split(separator: " ").first, !line.isEmpty, !line.hasPrefix(" "),
          !next.hasPrefix(" "), !line.hasSuffix(":")
        else { continue }
        #expect(line.count + 1 + word.count >= width, "\(command): \(line)")
      }
    }
  }

  /// The machine's findings come first. A folder that is no model is named, with the exit code of a model.
  @Test func doctor() throws {
    let well = try lethe("doctor", model, "--json")
    let findings = try #require(
      JSONSerialization.jsonObject(with: Data(well.out.utf8)) as? [[String: String]])
    #expect(well.code == 0)
    func state(_ name: String) -> String? { findings.first { $0["name"] == name }?["state"] }
    #expect(state("libtorch") == "fine" && state("model") == "fine")
    #expect(state("themes.json") == "absent")
    let ill = try lethe("doctor", "Sources")
    #expect(ill.code == 4 && ill.out.contains("broken"))
    #expect(ill.error.contains("Sources has no model_index.json"))
    let none = try lethe("doctor", "Models/emojy")
    #expect(none.code == 2 && none.error.contains("did you mean 'Models/emoji'?"), "\(none.error)")
  }

  @Test func catalogs() throws {
    #expect(try lethe("list", "methods").out.contains("esd "))
    #expect(try lethe("list", "attacks").out.contains("random "))
    #expect(try lethe("list", "samplers").out.contains("dpm++2m"))
    #expect(try lethe("list", "metrics").out.contains("ua "))
    #expect(try lethe("list", "judges").out.contains("emoji"))
  }

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

  /// A model with classes draws, erases, and refuses words and unknown classes.
  @Test func classes() throws {
    try Fixtures.temporaryFolder { folder in
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let animals = "Models/animals"
      let drawn = try lethe(
        "generate", animals, "--prompt", "zebra", "--steps", "4", "--guidance", "1.5", "--out",
        path("zebra"))
      #expect(drawn.code == 0 && FileManager.default.fileExists(atPath: path("zebra/0_0.png")))
      let tiger = try lethe("generate", animals, "--prompt", "tiger", "--out", path("tiger"))
      #expect(tiger.code == 4 || tiger.code == 2)
      #expect(tiger.error.contains("no class 'tiger'") && tiger.error.contains("zebra"))
      let uce = try lethe(
        "erase", animals, "--method", "uce", "--concept", "zebra", "--out", path("uce"))
      #expect(uce.code != 0 && uce.error.contains("asked in words"))
      // --set overrides methods.json.
      let dry = try lethe(
        "erase", animals, "--method", "erasediff", "--concept", "zebra", "--data", path("zebra"),
        "--set",
        "training.steps=7", "--out", path("dry"), "--dry-run")
      #expect(dry.code == 0 && dry.out.contains("\"steps\" : 7"))
      #expect(!dry.out.contains("\"learningRate\" : 1e-05"))
      // The U-Net has 8,941,072 numbers of four bytes. Five copies stay in memory with offloading.
      let meta = try lethe(
        "erase", "Models/emoji", "--method", "meta", "--concept", "fox", "--preserve", "others",
        "--set",
        "training.offload=true", "--set", "picturesInPass=1", "--out", path("meta"), "--dry-run")
      #expect(meta.code == 0 && meta.error.contains("memory: 0.2 GB for 5 copies"))
      // methods.json has options for the pair and for the inner method.
      let rece = try lethe(
        "erase", "Models/emoji", "--method", "meta", "--set", "base=rece", "--concept", "fox",
        "--preserve", "others", "--out", path("rece"), "--dry-run")
      #expect(rece.out.contains("\"pull\" : 0.2") && rece.out.contains("\"keep\" : 1"))
      #expect(rece.out.contains("\"regularization\" : 0.0001"))
      let stray = try lethe(
        "erase", "Models/emoji", "--method", "meta", "--set", "base=sdd", "--set",
        "options.walkz=3", "--concept", "fox", "--out", path("stray"), "--dry-run")
      #expect(stray.code == 2 && stray.error.contains("options of sdd: unknown key 'walkz'"))
      let bench = try lethe(
        "bench", "forgetting", animals, "--class", "tiger", "--data", "x", "--out",
        path("bench"))
      #expect(bench.code == 2 && bench.error.contains("'tiger' is no class"))
      let both = try lethe(
        "erase", animals, "--method", "erasediff", "--concept", "zebra", "--data", "x",
        "--retain-images", "y", "--out", path("both"))
      #expect(both.code == 2 && both.error.contains("--data"))
    }
  }

  /// Another type draws another picture, which is no part of the first request.
  @Test func picturesInHalfPrecision() throws {
    try Fixtures.temporaryFolder { folder in
      func draw(_ name: String, _ more: String...) throws -> (code: Int32, error: String) {
        let out = folder.appendingPathComponent(name).path
        let done = try run(
          ["generate", model, "--prompt", "a fox", "--steps", "2", "-q", "--out", out] + more)
        return (done.code, done.error)
      }
      func picture(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent("\(name)/0_0.png"))
      }
      #expect(try draw("plain").code == 0)
      #expect(try draw("half", "--dtype", "bfloat16").code == 0)
      #expect(try picture("plain") != picture("half"))
      #expect(try draw("plain", "--dtype", "float32").code == 0)
      let other = try draw("plain", "--dtype", "bfloat16")
      #expect(other.code == 2 && other.error.contains("--overwrite"), "\(other.error)")
      #expect(try draw("x", "--dtype", "int8").code == 2)
    }
  }

  /// A training that its guard stops ends with a code of its own, and leaves the eraser.
  @Test func aStoppedTrainingHasItsCode() throws {
    try Fixtures.temporaryFolder { folder in
      let run = folder.appendingPathComponent("run")
      func erase() throws -> (code: Int32, out: String, error: String) {
        try lethe(
          "erase", model, "--method", "esd", "--concept", "fox", "--out", run.path, "--set",
          "training.steps=3", "--set", "training.learningRate=0.01", "--set", "trajectories=1",
          "--set", "trajectorySteps=2", "--set", "guarding.limit=1e-9")
      }
      for _ in 0..<2 {
        let stopped = try erase()
        #expect(stopped.code == 7 && stopped.error.contains("stopped at step 3"))
      }
      let eraser = run.appendingPathComponent("eraser.safetensors").path
      #expect(FileManager.default.fileExists(atPath: eraser))
      // A run's folder takes no other command's files, and a judge that cannot be opened is not kept for the next one.
      let before = try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
      for command in [
        ["generate", model, "--prompt", "fox", "--out", run.path],
        ["apply", model, "--with", run.path, "--out", run.path],
      ] {
        let refused = try self.run(command)
        #expect(refused.code == 2 && refused.error.contains("is a run of"), "\(refused.error)")
      }
      #expect(try lethe("evaluate", run.path, "--judge", "clip:\(run.path)").code != 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.path).sorted() == before)
    }
  }

  /// Each failure has its exit code and one sentence, and leaves no half-written file.
  @Test func badDays() throws {
    try Fixtures.temporaryFolder { folder in
      func out(_ name: String) -> String { folder.appendingPathComponent(name).path }
      try Data("case_number,prompt,evaluation_seed\n0,a\n".utf8).write(
        to: folder.appendingPathComponent("bad.csv"))
      try Data("{\"kind\":\"stable-diffusion\",\"tokeniser\":{}}".utf8).write(
        to: folder.appendingPathComponent("bad.json"))
      try FileManager.default.createDirectory(
        atPath: out("full"), withIntermediateDirectories: true)
      let cases: [([String], Int32, String)] = [
        (
          ["generate", "/nonexistent", "--prompt", "x", "--out", out("a")], 2,
          "there is no folder /nonexistent"
        ),
        (
          ["generate", model, "--prompts", out("bad.csv"), "--out", out("a")], 4,
          "line 2: 2 fields, the header has 3"
        ),
        (
          ["generate", model, "--prompt", "x", "--sampler", "dimm", "--out", out("a")], 2,
          "unknown sampler 'dimm'; did you mean 'ddim'? known: ddim"
        ),
        (
          ["generate", model, "--prompt", "x", "--out", "/proc/lethe/out"], 5,
          "cannot write /proc/lethe/out"
        ),
        (
          ["generate", model, "--prompt", "x", "--device", "tpu", "--out", out("a")], 2,
          "unknown device 'tpu'"
        ),
        (
          ["erase", model, "--method", "edd", "--concept", "x", "--out", out("b")], 2,
          "did you mean 'esd'"
        ),
        (
          [
            "erase", model, "--method", "esd", "--concept", "x", "--set", "training.step=1",
            "--out", out("b"),
          ], 2, "did you mean 'steps'"
        ),
        (
          [
            "erase", model, "--method", "esd", "--concept", "x", "--set", "parameters=xatn",
            "--out", out("c"),
          ], 2, "did you mean 'xattn'"
        ),
        (
          [
            "erase", model, "--method", "esd", "--concept", "x", "--set",
            "training.learningRate=1e30", "--set", "guarding.limit=0", "--set", "trajectorySteps=3",
            "--set", "trajectories=1", "--set", "training.steps=50", "--out", out("d"),
          ], 6, "no finite number at step"
        ),
        (
          ["train", out("bad.json"), "--out", out("e")], 2,
          "unknown key 'tokeniser'; did you mean 'tokenizer'"
        ),
        (["evaluate", out("nothing")], 2, "job.json"),
        (["erase", model, "--method", "esd"], 2, "--concept"),
        (["evalute", "x"], 2, "unknown command 'evalute'; did you mean 'evaluate'?"),
        (
          [
            "generate", model, "--prompts", Fixtures.url("pictures/lossy.webp").path, "--out",
            out("a"),
          ], 4,
          "it is a WebP picture; accepted: a text in UTF-8"
        ),
        (["generate", model, "--prompt", "x", "--out", out("bad.csv")], 2, "is a text, no folder"),
        (
          ["show", "Models/emojy"], 2,
          "there is nothing at Models/emojy; did you mean 'Models/emoji'?"
        ),
      ]
      for (arguments, code, sentence) in cases {
        let result = try run(arguments)
        #expect(result.code == code, "\(arguments): \(result.error)")
        #expect(result.error.contains(sentence), "\(arguments): \(result.error)")
      }
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      #expect(
        left.filter {
          $0.hasSuffix(".tmp") || $0.contains("eraser.safetensors") || $0.hasSuffix(".png")
        }
        .isEmpty)
    }
  }

  /// Ctrl-C ends with exit code 130, and kill -9 leaves whole files only. The same command goes on after both.
  @Test func interruptedRunsGoOn() throws {
    try Fixtures.temporaryFolder { folder in
      let out = folder.appendingPathComponent("run")
      let arguments = [
        "erase", model, "--method", "esd", "--concept", "x", "--set", "trajectorySteps=3", "--set",
        "trajectories=1",
        "--set", "training.steps=80", "--set", "training.saveEvery=10", "--set",
        "guarding.limit=0",
        "--threads", "1", "--out", out.path,
      ]
      for stop in [SIGINT, SIGKILL] {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        let error = Pipe()
        process.standardError = error
        try process.run()
        let state = out.appendingPathComponent("esd.state.safetensors")
        let before = try? Data(contentsOf: state)
        let deadline = Date().addingTimeInterval(60)
        while (try? Data(contentsOf: state)) == before, process.isRunning, Date() < deadline {
          usleep(20000)
        }
        kill(process.processIdentifier, stop)
        process.waitUntilExit()
        #expect(stop == SIGKILL || process.terminationStatus == 130)
        let told = String(
          decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(stop == SIGKILL || told.contains("next: lethe erase \(model) --method esd"))
        #expect(
          !FileManager.default.fileExists(
            atPath: out.appendingPathComponent("eraser.safetensors").path))
      }
      let resumed = try run(arguments)
      #expect(resumed.code == 0, "\(resumed.error)")
      let whole = try run(arguments.map { $0 == out.path ? out.path + "-whole" : $0 })
      #expect(whole.code == 0)
      let files = try [out.path, out.path + "-whole"].map {
        try Data(contentsOf: URL(fileURLWithPath: $0 + "/eraser.safetensors"))
      }
      #expect(files[0] == files[1], "a stopped run ends with the same eraser")
    }
  }

  /// A card of a stranger's eraser moves no cursor.
  @Test func namesReachTheTerminalWithoutEscapes() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("e.safetensors")
      let card =
        #"{\"base\":\"00\",\"concepts\":[\"fox\\u001b[2J\\nlethe: all is well\"],"#
        + #"\"method\":\"esd\",\"options\":{},\"seed\":0,\"version\":\"0.1.0\"}"#
      var header = Data(
        (#"{"__metadata__":{"format":"lethe-increment-1","lethe":"\#(card)"},"#
          + #""unet.conv_in.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#).utf8)
      while header.count % 8 != 0 { header.append(32) }
      var length = UInt64(header.count).littleEndian
      try (Data(bytes: &length, count: 8) + header + Data(count: 4)).write(to: file)
      let done = try lethe(
        "generate", model, "--with", file.path, "--prompt", "fox", "--steps", "1", "--out",
        folder.appendingPathComponent("out").path)
      #expect(done.code == 2 && done.error.contains("was made for model"), "\(done.error)")
      #expect(!done.error.contains("\u{1B}") && done.error.contains("\\u{1B}[2J"))
      #expect(done.error.split(separator: "\n").filter { $0.hasPrefix("lethe: ") }.count == 1)
    }
  }

  /// Another request is refused while the first works and after it was killed; the first one goes on.
  @Test func oneRequestAndOneProcessInAFolder() throws {
    try Fixtures.temporaryFolder { folder in
      let out = folder.appendingPathComponent("run")
      func arguments(_ concept: String, _ out: URL) -> [String] {
        [
          "erase", model, "--method", "esd", "--concept", concept, "--set", "trajectorySteps=3",
          "--set", "trajectories=1", "--set", "training.steps=60", "--set",
          "training.saveEvery=10", "--set", "guarding.limit=0", "--threads", "1", "-q", "--out",
          out.path,
        ]
      }
      let process = Process()
      process.executableURL = Self.program
      process.arguments = arguments("x", out)
      process.standardError = Pipe()
      try process.run()
      let state = out.appendingPathComponent("esd.state.safetensors")
      let deadline = Date().addingTimeInterval(60)
      while !FileManager.default.fileExists(atPath: state.path), Date() < deadline { usleep(5000) }
      // It works as long as the others try.
      kill(process.processIdentifier, SIGSTOP)
      for command in [
        arguments("x", out), arguments("y", out), ["evaluate", out.path, "--judge", "none"],
      ] {
        let second = try run(command)
        #expect(second.code == 5, "\(command): \(second.error)")
        #expect(second.error.contains("another process works in it"))
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let other = try run(arguments("y", out))
      #expect(other.code == 2 && other.error.contains("holds another run"), "\(other.error)")
      #expect(try run(arguments("x", out)).code == 0)
      let whole = folder.appendingPathComponent("whole")
      #expect(try run(arguments("x", whole)).code == 0)
      let files = try [out, whole].map {
        try Data(contentsOf: $0.appendingPathComponent("eraser.safetensors"))
      }
      #expect(files[0] == files[1])
    }
  }
}
