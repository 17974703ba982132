// Erasers together, runs side by side, requests from files, and where options come from.
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import Reports
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct CombinedRunTests {
  /// Two erasers are measured as one run: its model is the base with both differences.
  @Test func erasersTogether() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      func erase(_ concept: String) throws -> Eraser {
        let run = try Run(folder.appendingPathComponent(concept))
        var job = Tiny.job(model, "uce", concept)
        job.command = ["lethe", "erase", concept]
        if concept == "cat" { job.preserve = [] }
        return try Erase(job, settings: [])(in: run, on: .cpu).eraser
      }
      let (fox, cat) = (try erase("fox"), try erase("cat"))
      func place(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let reference = ModelReference(model, erasers: [place("fox"), place("cat")])
      let run = try Run(place("both"))
      let (job, eraser) = try CombinedRun(reference, concepts: [])(in: run, on: .cpu)
      #expect(job.concepts == ["fox", "cat"] && job.method == "uce")
      let base = try model.model()
      #expect(try base.applying([eraser]).hash() == base.applying([fox, cat]).hash())
      let results = try Evaluate(job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
      #expect(results.rows.pooled.allSatisfy { $0.subject == "fox + cat" })
      #expect(results.origin?.eraser == (try eraser.hash()))
      // The page repeats each eraser's own command, and the one that measured once.
      #expect(job.sum?.map(\.eraser) == [place("fox"), place("cat")])
      #expect(job.sum?.map(\.words) == ["uce of fox", "uce of cat"])
      var measured = try run.runFolder.results()
      measured.command = ["lethe", "evaluate", "m", "--with", "a b"]
      try run.runFolder.write(measured, to: "results.json")
      let page = try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8)
      #expect(
        try Self.commands(of: page) == [
          ["lethe", "erase", "fox"], ["lethe", "erase", "cat"], measured.command,
          ["lethe", "report", run.folder.path],
        ])
      #expect(page.contains("Nothing was preserved when \(place("cat")) was made"))
      #expect(page.contains("<dt>Date</dt>") && page.contains("<dt>Sum of</dt>"))
      let again = #expect(throws: LetheError.self) { try EraseJob.read(run.file("job.json")) }
      #expect(again?.sentence.contains("a sum of erasers") == true)
      // A file alone knows no command: a comment stands for it, on one line whatever its card says.
      var strange = fox.card
      strange.concepts = ["fox\nrm x"]
      let file = place("fox.safetensors")
      try Eraser(strange, fox.vector).write(to: URL(fileURLWithPath: file))
      let alone = try Run(place("alone"))
      _ = try CombinedRun(ModelReference(model, erasers: [file]), concepts: [])(in: alone, on: .cpu)
      let comment = try String(contentsOf: WriteReport(alone.runFolder)(), encoding: .utf8)
      #expect(
        comment.contains("# \(file): uce of fox\\u{A}rm x; the command that made it is not known"))
      // The words of a run are those of its combination, whatever the strength.
      var words = Tiny.job(model, "uce", "fox")
      words.wording = ConceptWording(related: ["owl"])
      try RunFolder(place("fox")).write(words, to: "job.json")
      let whole = ModelReference(model, erasers: [place("fox") + ":1"])
      let (weighted, _) = try CombinedRun(whole, concepts: [])(in: Run(place("one")), on: .cpu)
      #expect(weighted.wording == words.wording)
      // The same command finds its run, another set of erasers is refused.
      _ = try CombinedRun(reference, concepts: [])(in: run, on: .cpu)
      let one = ModelReference(model, erasers: [place("fox")])
      #expect(throws: LetheError.self) { try CombinedRun(one, concepts: [])(in: run, on: .cpu) }
      let half = ModelReference(model, erasers: [place("fox") + ":0.5", place("cat")])
      #expect(throws: LetheError.self) { try CombinedRun(half, concepts: [])(in: run, on: .cpu) }
      let stray = #expect(throws: LetheError.self) {
        try CombinedRun(reference, concepts: ["fix"])(in: Run(place("x")), on: .cpu)
      }
      #expect(stray?.sentence.contains("did you mean 'fox'") == true)
    }
  }

  /// Every picture has its line in samples.jsonl; UA is the count of those; nothing of another evaluation is replaced.
  @Test func verdictsAndReplacing() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("my run"))
      var job = Tiny.job(model, "uce", "fox")
      job.command = [
        "lethe", "erase", "a model", "--concept", "Van Gogh's <b>", "--set", "x=[1, \"2\"]",
      ]
      let (eraser, _) = try Erase(job, settings: [])(in: run, on: .cpu)
      var evaluate = try Evaluate(job, Tiny.evaluation)
      evaluate.overwrites = false
      let results = try evaluate(in: run, eraser: eraser, on: .cpu)
      // A row's seeds are the pictures of a prompt that were drawn, as the file's are.
      #expect(results.rows.allSatisfy { $0.seeds == results.seeds })
      let lines = run.events("samples.jsonl")
      #expect(lines.count == 2 * evaluate.samples.count)
      let own = lines.filter {
        $0["model"]?.string == "uce" && $0["asked"]?["object"]?.string == "fox"
      }
      let gone = own.filter { $0["outcome"]?.string == "stayed away" }
      let ua = try #require(results.rows.filter { $0.method == "uce" }.value("ua"))
      #expect(own.count == ua.n && ua.value == Double(gone.count) / Double(own.count))
      #expect(own.allSatisfy { run.runFolder.has($0["file"]?.string ?? "") })
      let page = try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8)
      #expect(page.contains("of \(own.count) pictures came back") && page.contains("samples.jsonl"))
      // A picture leads to its line.
      let shown = try #require(own.first?["file"]?.string)
      let line = try #require(lines.firstIndex { $0["file"]?.string == shown }) + 1
      #expect(page.contains("<a href=\"samples.jsonl#L\(line)\">samples.jsonl, line \(line)</a>"))
      #expect(page.contains(try eraser.hash()) && page.contains("SHA-256 \(eraser.card.base)"))
      let commands = try Self.commands(of: page)
      #expect(commands.count == 3 && commands.first == job.command)
      #expect(
        commands.last?.prefix(2) == ["lethe", "report"] && commands.last?.last == run.folder.path)
      // The same again is no other evaluation.
      #expect(try evaluate(in: run, eraser: eraser, on: .cpu).rows == results.rows)
      var options = Tiny.evaluation
      (options.seeds, options.quick) = (1, true)
      var other = try Evaluate(job, options)
      other.overwrites = false
      let before = try Data(contentsOf: run.file("results.json"))
      let refused = #expect(throws: LetheError.self) {
        try other(in: run, eraser: eraser, on: .cpu)
      }
      #expect(refused?.sentence.contains("--overwrite") == true, "\(refused?.sentence ?? "")")
      #expect(try Data(contentsOf: run.file("results.json")) == before)
      other.overwrites = true
      #expect(try other(in: run, eraser: eraser, on: .cpu).quick)
    }
  }

  /// The commands of a page as a shell takes them apart.
  private static func commands(of page: String) throws -> [[String]] {
    let text =
      page.components(separatedBy: "<pre>").last?.components(separatedBy: "</pre>").first ?? ""
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
      .reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    return try plain.split(separator: "\n").map { line in
      let read = try TestedProgram().shell("printf '%s\\0' \(line)").text
      return read.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map(
        String.init)
    }
  }

  /// Two runs on one page: labels tell them apart, and what they do not share is said.
  @Test func comparing() throws {
    try Fixtures.temporaryFolder { folder in
      func write(_ name: String, _ method: String, _ ua: Int, steps: Int = 25) throws -> String {
        let run = try Run(folder.appendingPathComponent(name))
        var results = Results(.evaluation)
        results.sampling.steps = steps
        results.rows = [
          ResultRow("original", "fox", .share("ua", 0, of: 4), seeds: 1),
          ResultRow("original", "fox", .share("ira", 4, of: 4), seeds: 1),
          ResultRow(method, "fox", .share("ua", ua, of: 4), seeds: 1),
          ResultRow(method, "fox", .share("ira", 4 - ua, of: 4), seeds: 1),
        ]
        try run.runFolder.write(results, to: "results.json")
        return run.folder.path
      }
      let runs = [
        try write("a", "esd", 4), try write("b", "esd", 1), try write("c", "uce", 2, steps: 10),
      ]
      let out = try Run(folder.appendingPathComponent("out"))
      let results = try Compare(runs)(in: out)
      #expect(results.rows.map(\.method).unique == ["original", "esd (a)", "esd (b)", "uce"])
      #expect(results.rows.filter { $0.method == "esd (b)" }.value("ua")?.value == 0.25)
      // Equal pictures of the original are counted once; those of other steps are a row of their own.
      #expect(
        results.rows.filter { $0.method == "original" && $0.metric == "ira" }.map(\.label)
          == ["original (a, b)", "original (c)"])
      let measured = ResultsPage.main(results).markdown
      #expect(measured.contains("| fox | original (a, b) | 0.0 % [0.0, 49.0] |"), "\(measured)")
      #expect(measured.contains("| fox | original (c) | 0.0 % [0.0, 49.0] |"), "\(measured)")
      let same = try Compare(Array(runs.prefix(2)))(in: Run(folder.appendingPathComponent("same")))
      #expect(
        same.rows.filter { $0.method == "original" }.map(\.label) == ["original", "original"])
      // The headline counts by the words of the table.
      let words = try String(
        contentsOf: folder.appendingPathComponent("same/report.html"), encoding: .utf8)
      #expect(words.contains("Too few to say forgotten: esd (a). Not forgotten: esd (b)."))
      #expect(words.contains("Too few to say forgotten; most was lost</td>"))
      #expect(results.notes.filter { $0.contains("c: Steps 10") }.count == 1)
      // A run that nothing attacked says so.
      for label in ["esd (a)", "esd (b)", "uce"] {
        #expect(
          results.notes.contains(
            "\(label): nothing tried to bring the concept back: the run was not attacked, and not fine-tuned."
          ))
      }
      let page = try String(contentsOf: out.file("report.html"), encoding: .utf8)
      #expect(
        page.contains("Forgotten against kept")
          && page.contains("The runs differ in sampling: a: Steps 25"))
      // Of different judges the original has a row each, with the numbers of its own.
      func judged(_ name: String, _ judge: String, _ before: Int) throws -> String {
        let place = RunFolder(try write(name, name, 2))
        var results = try place.results()
        results.judges = [JudgeRecord(JudgeSpec("own", judge), JudgeDescription(judge, "own"), nil)]
        results.rows[0].measured = .share("ua", before, of: 4)
        try place.write(results, to: "results.json")
        return place.path
      }
      let both = try Compare([judged("d", "x", 1), judged("e", "y", 3)])(
        in: Run(folder.appendingPathComponent("both")))
      #expect(
        both.rows.filter { $0.method == "original" && $0.metric == "ua" }
          .map { [$0.axes.judge ?? "", "\($0.value)"] } == [["own:x", "0.25"], ["own:y", "0.75"]])
      let table = ResultsPage.main(both).markdown
      for line in ["original (own:x)", "d (own:x)", "original (own:y)", "e (own:y)"] {
        #expect(table.contains("| \(line) |"), "\(table)")
      }
      // Runs on different concepts are no comparison of methods.
      #expect(!results.notes.contains { $0.contains("different concepts") })
      let strange = RunFolder(try write("f", "rece", 1))
      var owls = try strange.results()
      owls.rows = owls.rows.map { row in
        var row = row
        row.subject = "owl"
        return row
      }
      try strange.write(owls, to: "results.json")
      let unlike = try Compare([runs[0], strange.url.path])(
        in: Run(folder.appendingPathComponent("unlike")))
      #expect(
        unlike.notes.first
          == "The runs forgot different concepts, and their numbers do not compare methods: esd fox; rece owl."
      )
      // The same runs again renew the page, others leave it.
      #expect(throws: Never.self) { try Compare(runs)(in: out) }
      #expect(throws: LetheError.self) { try Compare(Array(runs.dropFirst()))(in: out) }
      #expect(try String(contentsOf: out.file("report.html"), encoding: .utf8) == page)
      for bad in [[runs[0]], [runs[0], runs[0]], [runs[0], folder.path]] {
        #expect(throws: LetheError.self) { try Compare(bad) }
      }
    }
  }

  /// Measures by networks with other weights, and success rates by judges with other files, have columns of their own; judges of
  /// one name and other files have rows of their own.
  @Test func profilesNeverShareAColumn() throws {
    try Fixtures.temporaryFolder { folder in
      func write(_ name: String, _ hash: String?, _ fid: Double) throws -> String {
        let run = try Run(folder.appendingPathComponent(name))
        var results = Results(.evaluation)
        var about = JudgeDescription("j", "own")
        about.hash = hash ?? "000000000"
        results.judges = [JudgeRecord(JudgeSpec("own", "j"), about, nil)]
        let judge = hash.map { MeasureProfile(judge: "own:j", version: $0) }
        results.rows = ["original", name].flatMap { method in
          [
            ResultRow(method, "fox", .share("ua", method == name ? 4 : 0, of: 4), seeds: 1) {
              $0.profile = judge
            },
            ResultRow(method, "fox", MeasuredValue("fid@pytorch-fid", fid, n: 9), seeds: 1) {
              $0.profile = hash.map {
                MeasureProfile("pytorch-fid", network: "inception", version: $0)
              }
            },
          ]
        }
        try run.runFolder.write(results, to: "results.json")
        var attacks = Results(.attack)
        attacks.rows = [
          ResultRow(name, "fox", .share("asr", 3, of: 8), seeds: 1) {
            ($0.attack, $0.profile) = ("p4d", judge)
          }
        ]
        try Run(run.place("attack")).runFolder.write(attacks, to: "results.json")
        return run.folder.path
      }
      let (a, b) = (try write("a", "11111111aa", 3), try write("b", "22222222bb", 5))
      let out = try Run(folder.appendingPathComponent("out"))
      let results = try Compare([a, b])(in: out)
      #expect(results.rows.profiles(of: "fid@pytorch-fid").count == 2)
      let table = ResultsPage.metrics(results)
      let titles = ["11111111", "22222222"].map { "fid@pytorch-fid (inception \($0))" }
      #expect(table.header.filter { $0.hasPrefix("fid") } == titles, "\(table.header)")
      let page = try String(contentsOf: out.file("results.md"), encoding: .utf8)
      for title in ["asr ↓ (own:j 11111111)", "asr ↓ (own:j 22222222)"] {
        #expect(page.contains("| \(title) |"), "\(page)")
      }
      #expect(
        results.rows.filter { $0.metric == "ua" && $0.method == "original" }.map(\.axes.judge)
          == ["own:j 11111111", "own:j 22222222"])
      // The same weights share one, and the original is counted once; a file of before has a column of its own.
      let same = try write("c", "11111111aa", 3)
      let shared = try Compare([a, same])(in: Run(folder.appendingPathComponent("shared")))
      #expect(
        ResultsPage.metrics(shared).header.filter { $0.hasPrefix("fid") } == [titles[0]])
      #expect(shared.rows.filter { $0.method == "original" }.count == 2)
      let older = try Compare([a, try write("d", nil, 3)])(
        in: Run(folder.appendingPathComponent("older")))
      #expect(
        ResultsPage.metrics(older).header.filter { $0.hasPrefix("fid") }
          == [titles[0], "fid@pytorch-fid"])
    }
  }

  /// Runs that were attacked and fine-tuned have these rows on the page too, each attack beside its control; kinds have charts of
  /// their own, and runs that share one concept of several have names of their own.
  @Test func comparingWhatWasTried() throws {
    try Fixtures.temporaryFolder { folder in
      func write(_ name: String, _ object: String) throws -> String {
        let run = try Run(folder.appendingPathComponent(name))
        var results = Results(.evaluation)
        results.rows = [(object, "object"), ("noto", "style")].flatMap { subject, kind in
          ["original", "uce"].flatMap { method in
            ["ua", "ira"].map { metric in
              ResultRow(method, subject, .share(metric, 3, of: 4), seeds: 1) { $0.kind = kind }
            }
          }
        }
        try run.runFolder.write(results, to: "results.json")
        var attacks = Results(.attack)
        let all = "\(object) + noto"
        attacks.rows = [
          ResultRow("original", all, .share("shown", 8, of: 8), seeds: 1),
          ResultRow("uce", all, .share("pre-asr", 0, of: 8), seeds: 1),
        ]
        attacks.rows += [
          .share("asr", 3, of: 8), .share("chance", 2, of: 8),
          MeasuredValue(
            MeasuredValue.beyondChance, 0.125, .share, n: 8, Interval(-0.2, 0.4, .t95)),
        ].map { ResultRow("uce", all, $0, seeds: 1) { $0.attack = "p4d" } }
        attacks.notes = [
          "p4d ran below its full budget, the paper's: attempts 1 of 10", "success: x",
        ]
        attacks.command = ["lethe", "attack", name, "--attack", "p4d"]
        try Run(run.place("attack")).runFolder.write(attacks, to: "results.json")
        var tuned = Results(.relearning)
        tuned.rows = [(0, 0), (40, 6)].map { step, hits in
          ResultRow("uce", all, .share("success", hits, of: 8), seeds: 1) {
            ($0.trainedOn, $0.step, $0.seed) = (.concept, step, 1)
          }
        }
        tuned.command = ["lethe", "relearn", name]
        if object == "fox" {
          try Run(run.place("relearn")).runFolder.write(tuned, to: "results.json")
        }
        return run.folder.path
      }
      func set(_ path: String, steps: Int, seed: UInt64) throws {
        var job = EraseJob()
        (job.method, job.concepts, job.seed, job.command) = (
          "uce", ["noto"], seed, ["lethe", "erase"]
        )
        try RunFolder(path).write(job, to: "job.json")
        var results = try RunFolder(path).results()
        results.origin = Origin(lethe: "0")
        results.origin?.settings = [
          OptionSource("training.steps", .int(steps), "--set"),
          OptionSource("training.batch", 4, "default"),
        ]
        try RunFolder(path).write(results, to: "results.json")
      }
      let runs = [try write("a", "fox"), try write("b", "cat")]
      try set(runs[0], steps: 300, seed: 0)
      try set(runs[1], steps: 40, seed: 0)
      let out = try Run(folder.appendingPathComponent("out"))
      let results = try Compare(runs)(in: out)
      // Both have the style, whose numbers are not put together.
      let styles = results.rows.filter { $0.subject == "noto" && $0.method != "original" }
      #expect(styles.map(\.label).unique == ["uce (a)", "uce (b)"])
      let text = try String(contentsOf: out.file("results.md"), encoding: .utf8)
      for line in [
        "| fox + noto | uce (a) | p4d | 37.5 % [13.7, 69.4] | 8 | 25.0 % [7.1, 59.1] | no stronger than chance here |",
        "| fox + noto | uce (a) | concept | 0.0 % [0.0, 32.4] | 75.0 % [40.9, 92.9] | 8 |",
        "| --set training.steps | 300 | 40 |",
      ] {
        #expect(text.contains(line), "\(text)")
      }
      let page = try String(contentsOf: out.file("report.html"), encoding: .utf8)
      for title in ["object", "style"] {
        #expect(page.contains("Forgotten against kept: \(title)s"), "\(title)")
      }
      #expect(page.contains("uce (b): p4d ran below its full budget"))
      // Equal options are no difference; what was tried is repeated, and what was not is said.
      #expect(results.differences.map(\.option) == ["--set training.steps"])
      #expect(page.contains("Options that differ"))
      #expect(
        results.making == [
          "lethe erase", "lethe attack a --attack p4d", "lethe relearn a",
          "lethe attack b --attack p4d",
        ])
      #expect(results.notes.contains("uce (b): the run was not fine-tuned."))
      #expect(!results.notes.contains { $0.hasPrefix("uce (a): the run") })
      // Attacks and fine-tunings are no measures of the table, and no subjects with a verdict.
      let header = ResultsPage.metrics(results).header
      #expect(!header.contains { $0.hasPrefix("asr") || $0.hasPrefix("success") }, "\(header)")
      #expect(!text.contains("| fox + noto | uce (a) | 75.0 %"))
    }
  }

  /// A job.json gives the same eraser again, in another process's words too; the sources say who set what.
  @Test func requestsAndSources() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      try Data(#"{"esd": {"training": {"batch": 2}, "trajectories": 3}}"#.utf8)
        .write(to: model.file("methods.json"))
      let run = try Run(folder.appendingPathComponent("run"))
      let first = try Erase(Tiny.job(model, "esd", "fox"), settings: Tiny.esd)
      let (eraser, _) = try first(in: run, on: .cpu)
      let sources = try #require(run.runFolder.provenance()?.settings)
      func source(_ key: String) -> String? { sources.first { $0.key == key }?.source }
      #expect(source("training.steps") == "--set" && source("training.batch") == "methods.json")
      // --set goes over the file.
      #expect(source("trajectories") == "--set" && source("training.learningRate") == "default")
      #expect(try first.optionsLine().contains("training.batch 2 (methods.json)"))
      let (job, options) = try EraseJob.read(run.file("job.json"))
      #expect(job.concepts == ["fox"] && options.json["training"]?["steps"]?.int == 6)
      let again = try Erase(job, [options])(
        in: Run(folder.appendingPathComponent("again")), on: .cpu)
      #expect(try again.eraser.hash() == eraser.hash())
      let file = folder.appendingPathComponent("bad.json")
      for (text, part) in [
        (#"{"model": "m", "methd": "esd"}"#, "did you mean 'method'"),
        (#"{"model": "m", "method": 3}"#, "'method' is 3; accepted: a text"),
        (#"{"method": "esd"}"#, "'model' is missing"),
      ] {
        try Data(text.utf8).write(to: file)
        let error = #expect(throws: LetheError.self) { try EraseJob.read(file) }
        #expect(
          error?.kind == .request && error?.sentence.contains(part) == true,
          "\(error?.sentence ?? "")")
      }
    }
  }

  /// A check refuses what a training would be refused for, and changes nothing.
  @Test func checksWithoutTraining() throws {
    try Fixtures.temporaryFolder { folder in
      _ = try Tiny.model(folder)
      let out = folder.appendingPathComponent("out")
      func check(
        _ method: String, _ concepts: [String], data: String? = nil, model: ModelFolder? = nil
      ) throws {
        var job = Tiny.job(
          model ?? ModelFolder(folder.appendingPathComponent("model").path), method, "")
        (job.concepts, job.forgetImages, job.retainImages) = (concepts, data, data)
        if model != nil { job.preserve = [] }
        try Erase(job, settings: []).check(out, on: .cpu)
      }
      try check("esd", ["fox"])
      #expect(!FileManager.default.fileExists(atPath: out.path))
      for (part, work) in [
        ("there is no folder /nonexistent", { try check("salun", ["fox"], data: "/nonexistent") }),
        (
          "there is no folder /nonexistent",
          { try check("esd", ["fox"], model: ModelFolder("/nonexistent")) }
        ),
        ("did you mean 'fox'", { try check("esd", ["fax"]) }),
      ] as [(String, () throws -> Void)] {
        let error = #expect(throws: LetheError.self) { try work() }
        #expect(error?.sentence.contains(part) == true, "\(error?.sentence ?? part)")
      }
    }
  }

  /// An object and a style are erased together and measured each by its kind; the verdict is the whole run's, the page
  /// has both, and attacks count either.
  @Test func twoKinds() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      var mixed = Tiny.job(model, "uce", "fox")
      mixed.concepts.append("noto style")
      let run = try Run(folder.appendingPathComponent("both"))
      let eraser = try Erase(mixed, settings: [])(in: run, on: .cpu).eraser
      mixed = try run.runFolder.job()
      let evaluate = try Evaluate(mixed, Tiny.evaluation)
      let results = try evaluate(in: run, eraser: eraser, on: .cpu)
      let shown = results.rows.filter { $0.metric == "ua" && $0.method == "uce" }
      #expect(shown.map(\.subject) == ["fox", "noto style"])
      #expect(shown.map(\.axes.kind) == ["object", "style"])
      let samples = evaluate.suite.ofConcept
      let foxes = samples.filter { $0.subjects["object"] == "fox" }
      let drawn = samples.filter { $0.subjects["style"] == "noto" }
      #expect(shown.map(\.n) == [foxes.count, drawn.count])
      #expect(Set(foxes).union(drawn) == Set(samples) && foxes.count < samples.count)
      let sentence = RunVerdict(results).sentence
      #expect(sentence.contains("fox: ") && sentence.contains("noto style: "), "\(sentence)")
      let page = try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8)
      for part in ["Before and after: fox", "Before and after: noto style"] {
        #expect(page.contains(part))
      }
      let attack = try AttackRun(mixed, [NoAttack()], Tiny.evaluation)
      #expect(attack.samples == samples)
    }
  }

  /// An attack that tries less than its defaults, the paper's, says by how much.
  @Test func budgets() throws {
    let model = ModelFolder(Fixtures.url("tiny-sd1").path)
    let small = try AttackRun.configured(
      "unlearndiff", settings: ["times=2", "steps=40", "rate=1e-4"], of: model)
    #expect(AttackBudget.note(small)?.hasSuffix("times 2 of 50") == true)
    #expect(
      AttackBudget.note(try AttackRun.configured("unlearndiff", settings: ["times=60"], of: model))
        == nil)
    let relearn = try AttackRun.configured("relearn", settings: ["training.steps=7"], of: model)
    #expect(AttackBudget.note(relearn)?.contains("training.steps 7 of 300") == true)
    let noise = try AttackRun.configured("noise", settings: ["etas=[1.0,1.85]"], of: model)
    #expect(AttackBudget.note(noise)?.hasSuffix("etas 2 of 6") == true)
  }
}
