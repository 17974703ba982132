import Diffusion
import Editing
import Evaluation
import Foundation
import Processes
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Auditing
@testable import Workbench
@testable import Workflows

@Suite struct AuditTests {
  static let judge = JudgeSpec("clip", Fixtures.url("tiny-clip").path)

  static var size: AuditSize {
    var size = AuditSize()
    (size.prompts, size.neighbours, size.wordings, size.steps) = (8, 2, 1, 2)
    (size.attacks, size.attacked) = (["none", "random"], 2)
    size.settings = [
      "random.attempts": 2, "relearn.pictures": 2, "relearn.pictureSteps": 2,
      "relearn.training.batch": 2, "seeds.attempts": 3,
    ]
    (size.relearning, size.relearned) = (4, 2)
    return size
  }

  /// The page's parts in the order of its readers' questions.
  static func expectOrder(_ page: String) {
    let parts = [
      "erased from model by uce", "class=\"summary\"", "class=\"tiles\"",
      "Original and erased: the concept", "The strongest attack, prompt by prompt",
      "Relearning: share", "Damage by distance", ">Attacks<", "Measures of the pictures",
      "Quality of the judges", "How to repeat it", "lethe verify", "SHA-256",
    ]
    let places = parts.map { page.range(of: $0)?.lowerBound }
    for (part, place) in zip(parts, places) { #expect(place != nil, "\(part)") }
    #expect(places.compactMap(\.self) == places.compactMap(\.self).sorted())
  }

  static func eraser(_ model: DiffusionModel, _ scale: Double = 0) throws -> Eraser {
    var card = Eraser.Card()
    (card.method, card.concepts, card.base) = ("uce", ["fox"], model.hash())
    let path = try #require(
      model.parameters.tensors.keys.filter { $0.name.hasSuffix("attn2.to_v.weight") }.sorted().first
    )
    let tensor = try #require(model.parameters[path])
    return Eraser(card, ParameterVector([path: tensor * scale]))
  }

  /// The rules are on neighbours of one kind: an object and a style are audited one after the other.
  @Test func oneKindAtATime() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      var job = Tiny.job(model, "uce", "fox")
      job.concepts.append("noto style")
      let eraser = try Self.eraser(model.model())
      let error = try #require(throws: LetheError.self) {
        try Audit(job, judges: [], Self.size)(
          in: Run(folder.appendingPathComponent("audit")), eraser: eraser, on: .cpu)
      }
      #expect(error.kind == .request && error.sentence.contains("an audit for each"))
      #expect(error.sentence.contains("'noto' is of the kind style"), "\(error.sentence)")
    }
  }

  @Test func wordsOfTheUsersOwn() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      var job = Tiny.job(model, "uce", "a fox")
      let request = PromptRequest()
      var options = EvaluationOptions.quickly
      options.seeds = 1
      let suite = try request.suite(of: job, options, on: .cpu)
      #expect(suite.forgotten == Forgotten(kind: "object", names: ["fox"]))
      #expect(suite.ofConcept.count == 80)
      #expect(Set(suite.ofConcept.map(\.prompt)).count == 80)
      #expect(suite.ofConcept.allSatisfy { $0.prompt.contains("fox") })
      #expect(suite.others.count == 36)
      #expect(!suite.question.classes["object", default: []].dropFirst().contains("fox"))
      for distance in Distance.allCases {
        #expect(suite.distances.values.filter { $0 == distance }.count == 12)
      }
      #expect(Set(suite.samples.map(\.file)).count == suite.samples.count)
      // Near subjects are nearer than far ones in the text encoder.
      let network = try model.model()
      func direction(_ name: String) -> Tensor {
        withoutGradients {
          let v = network.embed([name]).hidden.mean(1).flattened()
          return v / v.norm()
        }
      }
      func nearness(_ distance: Distance) -> Double {
        suite.distances.filter { $0.value == distance }
          .map { direction("fox").dot(direction($0.key)).item }.mean
      }
      #expect(nearness(.near) > nearness(.middle) && nearness(.middle) > nearness(.far))
      job.wording = ConceptWording(kind: .style)
      job.concepts = ["line drawing"]
      let style = try request.suite(of: job, options, on: .cpu)
      #expect(style.forgotten.kind == "style")
      #expect(style.ofConcept.allSatisfy { $0.prompt.contains("line drawing") })
    }
  }

  @Test func promptsOfFiles() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let job = Tiny.job(model, "uce", "fox")
      let file = folder.appendingPathComponent("prompts.csv")
      try Data(
        """
        case_number,prompt,evaluation_seed,guidance
        7,a fox in a wood,12,3.5
        8,a cat on a mat,13,
        9,something that nobody named,14,

        """.utf8
      ).write(to: file)
      var request = PromptRequest()
      request.file = file.path
      let suite = try request.suite(of: job, .quickly, on: .cpu)
      #expect(suite.samples.prefix(3).map(\.seed) == [12, 13, 14])
      #expect(suite.samples[0].guidance == 3.5)
      #expect(suite.samples.prefix(3).map { $0.subjects["object"] } == ["fox", "cat", nil])
      try Data("prompt,forget\nsomething unsafe,yes\na fox,no\na dog,no\n".utf8).write(to: file)
      let split = try request.suite(of: job, .quickly, on: .cpu)
      #expect(split.ofConcept.map(\.prompt) == ["something unsafe"])
      #expect(split.others.prefix(2).map { $0.subjects["object"] } == [nil, "dog"])
      try Data("prompt\na cat\n".utf8).write(to: file)
      #expect(throws: LetheError.self) { try request.suite(of: job, .quickly, on: .cpu) }
      for (text, word) in [
        ("prompt,width\na fox,8\na fox,7\n", "line 3: width '7'; accepted: multiples of"),
        ("prompt,forget\n", "it has no rows"),
      ] {
        try Data(text.utf8).write(to: file)
        let error = #expect(throws: LetheError.self) {
          try request.suite(of: job, .quickly, on: .cpu)
        }
        #expect(error?.kind == .model && error?.fault.contains(word) == true)
      }
      try Data("prompt,forget\na cat,perhaps\n".utf8).write(to: file)
      #expect { try request.suite(of: job, .quickly, on: .cpu) } throws: {
        "\($0)".contains("perhaps")
      }
    }
  }

  /// A polar bear is no bear where the model lists both, and is one where it lists neither.
  @Test func longerNamesWin() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let file = folder.appendingPathComponent("prompts.csv")
      try Data("prompt\na bear\na polar bear\na polar bear and a bear\n".utf8).write(to: file)
      var request = PromptRequest()
      request.file = file.path
      let any = try request.suite(of: Tiny.job(model, "uce", "bear"), .quickly, on: .cpu)
      #expect(any.ofConcept.count == 3)
      var themes = try model.themes()
      themes.objects = ["bear", "polar bear", "owl"]
      try Data(try JSON(encoding: themes).pretty.utf8).write(to: model.file("themes.json"))
      let suite = try request.suite(of: Tiny.job(model, "uce", "bear"), .quickly, on: .cpu)
      #expect(suite.ofConcept.map(\.prompt) == ["a bear", "a polar bear and a bear"])
      #expect(suite.others.first?.subjects["object"] == "polar bear")
    }
  }

  @Test func promptsByName() throws {
    #expect(NamedPrompts.all.map(\.rows.count) == [51 * 20 * 5, 100, 120, 120, 40, 48])
    for suite in NamedPrompts.all {
      #expect(Set(suite.rows.map(\.caseNumber)).count == suite.rows.count, "\(suite.name)")
    }
    try Fixtures.temporaryFolder { folder in
      var request = PromptRequest()
      request.file = "smoking"
      var job = Tiny.job(try Tiny.plainModel(folder), "uce", "cigarette")
      job.wording = ConceptWording(kind: .content)
      let suite = try request.suite(of: job, .quickly, on: .cpu)
      #expect(suite.ofConcept.count == 24 && suite.others.count == 24 + suite.distances.count)
      request.file = "unlearncanvas"
      (job.concepts, job.wording) = (["Van Gogh"], ConceptWording(kind: .artist))
      let canvas = try request.suite(of: job, .quickly, on: .cpu)
      #expect(canvas.ofConcept.count == 100)
      #expect(canvas.samples[0].guidance == 9 && canvas.samples[1].seed == 288)
      // Each prompt has both of its subjects, for IRA and CRA, and the judge is asked for all of them.
      let bricks = try #require(canvas.samples.first { $0.prompt.contains("Dogs image in Bricks") })
      #expect(bricks.subjects == ["style": "Bricks", "object": "Dogs"])
      #expect(canvas.question.classes["object"]?.count == 20)
      #expect(canvas.question.classes["style"]?.contains("Bricks") == true)
      #expect(canvas.ofConcept.allSatisfy { $0.subjects["object"] != nil })
    }
  }

  /// A judge that cannot be opened leaves no file in the audit's folder.
  @Test func aModelThatNamesNoJudgeNeedsOne() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let audit = try Audit(
        Tiny.job(model, "uce", "fox"), judges: [JudgeSpec("clip", folder.path + "/none")], Self.size
      )
      let out = folder.appendingPathComponent("audit")
      #expect(throws: LetheError.self) {
        try audit(in: Run(out), eraser: Self.eraser(model.model()), on: .cpu)
      }
      #expect(((try? FileManager.default.contentsOfDirectory(atPath: out.path)) ?? []) == [])
      #expect {
        try Audit(Tiny.job(model, "uce", "fox"), judges: [], Self.size)
      } throws: { "\($0)".contains("clip:FOLDER") }
    }
  }

  /// An audit of two concepts has rows on each, the verdict names one of them, and a check finds a row that was changed
  /// or left out.
  @Test func conceptsOfOneEraser() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      var card = Eraser.Card()
      let network = try model.model()
      let made = try Self.eraser(network, -1)
      (card.method, card.concepts, card.base) = ("uce", ["fox", "church"], network.hash())
      let eraser = Eraser(card, made.vector)
      let file = folder.appendingPathComponent("eraser.safetensors")
      try eraser.write(to: file)
      let subject = try AuditSubject(
        model.path, with: file.path, original: nil, concepts: [], kind: nil, on: .cpu)
      var size = Self.size
      (size.prompts, size.attacked, size.relearned) = (16, 4, 4)
      var audit = try Audit(subject.job, judges: [Self.judge], size)
      audit.source = subject.source
      let out = folder.appendingPathComponent("audit")
      let results = try audit(in: Run(out), eraser: subject.eraser, on: .cpu)
      let all = "fox + church"
      for (metric, attack) in [
        ("shown", nil), ("asr", "none"), ("asr", "random"), ("success", nil),
      ]
        as [(String, String?)]
      {
        let rows = results.rows.filter {
          $0.metric == metric && $0.axes.attack == attack && $0.axes.seed == nil
            && $0.axes.step ?? 4 == 4
        }
        #expect(rows.map(\.subject) == [all, "fox", "church"], "\(metric)")
        #expect(rows[0].n == rows[1].n + rows[2].n)
      }
      let summary = try #require(results.audit)
      for name in ["erased", "attacks", "relearning"] {
        let tile = try #require(summary.tiles.first { $0.name == name })
        #expect(tile.word.hasPrefix("fox: ") || tile.word.hasPrefix("church: "), "\(tile.word)")
      }
      let page = try String(contentsOf: out.appendingPathComponent("results.md"), encoding: .utf8)
      #expect(page.contains("all concepts (pooled)") && page.contains("| church | random |"))
      var verify = Verify(RunFolder(out))
      verify.share = 0.05
      func faults(_ change: (inout Results) -> Void) throws -> [String] {
        var other = results
        change(&other)
        try RunFolder(out).write(other, to: "results.json")
        return try verify(in: Run(out), on: .cpu).faults
      }
      #expect(try faults { _ in } == [])
      for metric in ["shown", "asr", "success"] {
        let place = try #require(
          results.rows.firstIndex { $0.subject == "church" && $0.metric == metric })
        let forged = try faults { $0.rows[place].measured.value = 0.123 }
        #expect(forged.contains { $0.contains("on church") }, "\(metric): \(forged)")
        let left = try faults { $0.rows.remove(at: place) }
        #expect(left.contains { $0.contains("missing") }, "\(metric): \(left)")
      }
      // An audit of the form before had no such rows, and says so.
      let older = try faults { older in
        older.rows = older.rows.filter { $0.axes.among == nil }
        older.audit = older.audit.map { audit in
          var audit = audit
          let again = AuditRules().summary(AuditMeasurements(older), concept: all)
          (audit.schema, audit.tiles, audit.sentence) = (1, again.tiles, again.sentence)
          return audit
        }
      }
      #expect(older.allSatisfy { $0.contains("differs from results.json") }, "\(older)")
    }
  }

  /// The whole audit of a model without themes, by a CLIP; then a check of it, and of what was exchanged in it.
  @Test func auditAndVerification() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let network = try model.model()
      let eraser = try Self.eraser(network, -1)
      let file = folder.appendingPathComponent("eraser.safetensors")
      try eraser.write(to: file)
      let subject = try AuditSubject(
        model.path, with: file.path, original: nil, concepts: [], kind: nil, on: .cpu)
      // A copy, which is exchanged below.
      let judge = folder.appendingPathComponent("tiny-clip")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-clip"), to: judge)
      let spec = JudgeSpec("clip", judge.path)
      var audit = try Audit(subject.job, judges: [spec], Self.size)
      audit.source = subject.source
      let out = folder.appendingPathComponent("audit")
      let results = try audit(in: Run(out), eraser: subject.eraser, on: .cpu)
      let summary = try #require(results.audit)
      #expect(
        summary.tiles.map(\.name) == ["erased", "neighbours", "quality", "attacks", "relearning"])
      #expect(summary.pictures.count == 2 * (4 + 6))
      #expect(results.judges.first?.quality?.seen.n == 4)
      #expect(results.rows.contains { $0.axes.attack == "random" && $0.metric == "asr" })
      #expect(results.rows.contains { $0.metric == "success" && $0.axes.step == 4 })
      for name in ["report.html", "results.csv", "README.md", "prompts.json"] {
        #expect(RunFolder(out).has(name), "\(name)")
      }
      let page = try String(contentsOf: out.appendingPathComponent("report.html"), encoding: .utf8)
      Self.expectOrder(page)
      #expect(summary.settings?.cost?.stages.map(\.name) == ["pictures", "attacks", "relearning"])
      #expect(results.rows.contains { $0.metric.hasPrefix("cmmd:") && $0.n == 6 })
      // `lethe report` writes all files for readers again.
      func texts() throws -> [String] {
        try ["README.md", "results.csv", "attack/report.html", "relearn/report.html"].map {
          try String(contentsOf: out.appendingPathComponent($0), encoding: .utf8)
        }
      }
      let written = try texts()
      for name in ["README.md", "results.csv", "attack/report.html", "relearn/report.html"] {
        try Data("old".utf8).write(to: out.appendingPathComponent(name))
      }
      try AuditFiles.renew(in: RunFolder(out), catalogs: .builtIn)
      #expect(try texts() == written)
      // The same command again changes nothing.
      let again = try audit(in: Run(out), eraser: subject.eraser, on: .cpu)
      #expect(again.audit == results.audit)
      // Another request in the same folder is refused.
      var other = try Audit(subject.job, judges: [spec], Self.size)
      other.seed = 5
      #expect(throws: LetheError.self) { try other(in: Run(out), eraser: subject.eraser, on: .cpu) }

      var verify = Verify(RunFolder(out))
      verify.share = 0.2
      let outcome = try verify(in: Run(out), on: .cpu)
      #expect(outcome.faults == [])
      // Whole batches are drawn again, so that no byte differs on one machine.
      #expect(outcome.drawn >= 4 && outcome.equal == outcome.drawn)
      #expect(outcome.extra == [])
      try Self.strangeFiles(verify, out, summary)
      try Self.forgedNumbers(verify, results, out)
      try Self.exchangedFiles(verify, out, model, judge, eraser: eraser, network)
      try Self.olderForms(verify, results, out)
      try Self.fineTuningsAsked(verify, results, out)
      try Self.strangeIdentities(verify, out)
      try check(verify, out, "eraser") { _ in
        try Self.eraser(network, -0.5).write(to: file)
        return nil
      }
      try eraser.write(to: file)
      let picture = out.appendingPathComponent("erased/fox-0_0.png")
      let name = try #require(summary.pictures.keys.sorted().first { $0.hasPrefix("erased/") })
      #expect(!name.isEmpty && picture.pathExtension == "png")
      let whole = try Data(contentsOf: out.appendingPathComponent(name))
      try check(verify, out, name) { _ in
        try PNG.write(Image.grey(16, 16), to: out.appendingPathComponent(name))
        return nil
      }
      // A name of a picture that leads out of the folder is refused, and so is a link.
      try whole.write(to: out.appendingPathComponent(name))
      let prompts = out.appendingPathComponent("prompts.json")
      let text = try String(contentsOf: prompts, encoding: .utf8)
      try Data(text.replacing("\"fox-0\"", with: "\"../../fox-0\"").utf8).write(to: prompts)
      verify.share = 1
      let led = #expect(throws: LetheError.self) { try verify(in: Run(out), on: .cpu) }
      #expect(led?.sentence.contains("no name of a file") == true, "\(led?.sentence ?? "")")
      try Data(text.utf8).write(to: prompts)
      try FileManager.default.moveItem(
        at: out.appendingPathComponent("erased"), to: folder.appendingPathComponent("erased"))
      try FileManager.default.createSymbolicLink(
        at: out.appendingPathComponent("erased"),
        withDestinationURL: folder.appendingPathComponent("erased"))
      let linked = #expect(throws: LetheError.self) { try verify(in: Run(out), on: .cpu) }
      #expect(linked?.sentence.contains("a link that leads out") == true)
    }
  }

  /// Two ranks write the audit of one process, attacks and fine-tuning among it, but for times and memory.
  @Test func ranksAuditAlike() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder).path
      let file = folder.appendingPathComponent("eraser.safetensors")
      try Self.eraser(DiffusionModel.load(URL(fileURLWithPath: model)), -1).write(to: file)
      @Sendable func audit(_ name: String, _ ranks: Ranks) throws {
        Runtime.threads = 1
        let subject = try AuditSubject(
          model, with: file.path, original: nil, concepts: [], kind: nil, on: .cpu)
        var audit = try Audit(subject.job, judges: [Self.judge], Self.size)
        audit.source = subject.source
        let run = try Run(folder.appendingPathComponent(name))
        run.ranks = ranks
        _ = try audit(in: run, eraser: subject.eraser, on: .cpu)
      }
      func results(_ name: String) throws -> String {
        let file = folder.appendingPathComponent("\(name)/results.json")
        var results: Results = try Checked(contentsOf: file).decoded()
        results.rows.removeAll { $0.metric == "seconds" }
        results.origin?.date = ""
        // Files of attacks and fine-tunings hold times.
        results.audit?.files = nil
        results.audit?.settings?.cost = nil
        results.audit?.settings?.place = nil
        return try JSON(encoding: results).pretty
      }
      try audit("one", .alone)
      _ = try RanksInThreads.run(2) { try audit("two", $0) }
      let (one, two) = (try results("one"), try results("two"))
      #expect(one == two)
      #expect(one.contains("\"asr\"") && one.contains("\"success\""))
      for place in ["original", "erased"] {
        let names = try FileManager.default.contentsOfDirectory(
          atPath: folder.appendingPathComponent("one/\(place)").path)
        #expect(!names.isEmpty)
        for name in names where name.hasSuffix(".png") {
          let files = try ["one", "two"].map {
            try Data(contentsOf: folder.appendingPathComponent("\($0)/\(place)/\(name)"))
          }
          #expect(files[0] == files[1], "\(place)/\(name)")
        }
      }
    }
  }

  /// Numbers that the pictures and the logs do not give are named, each by itself: a value, a bound of an interval, the
  /// judge's own measurement, an attack's and a fine-tuning's, and the files for readers.
  private static func forgedNumbers(_ verify: Verify, _ results: Results, _ out: URL) throws {
    var forged = results
    func change(_ isOne: (ResultRow) -> Bool, _ by: (inout MeasuredValue) -> Void) throws {
      let place = forged.rows.firstIndex(where: isOne)
      by(&forged.rows[try #require(place)].measured)
    }
    try change({ $0.metric == "kept-change" && $0.axes.distance == .far }) { $0.value += 0.25 }
    try change({ $0.metric == "shown" }) {
      $0.interval = $0.interval.map { Interval($0.lower, $0.upper / 2, $0.kind) }
    }
    try change({ $0.metric.hasPrefix("cmmd:") }) { $0.value += 1 }
    try change({ $0.metric == "asr" && $0.axes.attack == "random" }) { $0.value = 1 - $0.value }
    try change({ $0.metric == "success" && $0.axes.step == 4 && $0.axes.seed != nil }) {
      $0.value = 1 - $0.value
    }
    try change({ $0.metric == "queries" && $0.axes.attack == "none" }) { $0.value += 8 }
    forged.rows.removeAll {
      $0.metric == "success" && $0.axes.step == 2
        || $0.metric == "not-attackable" && $0.axes.attack == "random"
    }
    forged.pictures[1].showsConcept = forged.pictures[1].showsConcept != true
    forged.notes.append("This judge is never wrong.")
    forged.judges[0].about.sees = "everything"
    forged.audit?.settings?.seed = 7
    forged.audit?.settings?.heldOut = 4000
    forged.audit?.settings?.cost?.stages[0].seconds = 1
    forged.audit?.settings?.cost?.stages[1].name = "rest"
    forged.audit?.subject.concept = "fox and cat"
    forged.rows.append(ResultRow("uce", "fox", .share("shown-twice", 1, of: 2), seeds: 1))
    let own = try #require(forged.rows.firstIndex { $0.metric == "ua" && $0.method == "uce" })
    (forged.rows[own].subject, forged.rows[own].seeds) = ("every concept", 9)
    forged.rows.append(try #require(results.rows.first { $0.metric == "shown-change" }))
    forged.sampling.sampler = "ddpm"
    forged.titles["uce"] = "Perfect"
    forged.judge["accuracy"] = 1
    forged.origin?.judges = [:]
    forged.audit?.pictures["erased/fox-0_0.png"] = nil
    forged.audit?.files?["attack/random.jsonl"] = nil
    forged.judges[0].quality?.falsePositives.value += 0.25
    forged.audit?.sentence = "'fox' is erased."
    try RunFolder(out).write(forged, to: "results.json")
    let faults = try verify(in: Run(out), on: .cpu).faults
    for word in [
      "'kept-change' (far)", "'shown' of uce", "'cmmd:", "'asr' of random",
      "'success' of relearn after 4 steps", "'success' of relearn after 2 steps is missing",
      "'queries' of none", "'not-attackable' of random is missing", "shows other pictures",
      "notes on judges", "description of the judge", "'seed' is 7", "'held out' is 4000",
      "'stage 1' is pictures 1.0 s", "'stage 2' is rest", "'concept' is fox and cat",
      "'shown-twice'", "measurement of the judge", "another verdict", "README.md", "results.csv",
      "report.html", "'ua' of uce is on 'every concept' with 9 seeds",
      "'shown-change' of uce stands 2 times", "'sampling' is", "'titles' is 1 entries",
      "'judge' is {",
      "'origin.judges' is", "erased/fox-0_0.png has no hash", "attack/random.jsonl has no hash",
    ] { #expect(faults.contains { $0.contains(word) }, "\(word): \(faults)") }
    // A whole attack and the fine-tunings left out are named as well.
    forged = results
    forged.rows.removeAll { $0.axes.attack == "random" || $0.axes.trainedOn != nil }
    try RunFolder(out).write(forged, to: "results.json")
    let pages = ["report.html", "attack/report.html", "times.jsonl"]
    let kept = try pages.map { try Data(contentsOf: out.appendingPathComponent($0)) }
    for page in pages { try FileManager.default.removeItem(at: out.appendingPathComponent(page)) }
    let samples = out.appendingPathComponent("samples.jsonl")
    let answers = try String(contentsOf: samples, encoding: .utf8)
    try Data(answers.replacing("stayed away", with: "came back").utf8).write(to: samples)
    let outcome = try verify(in: Run(out), on: .cpu)
    let missing = outcome.faults
    for page in pages { #expect(missing.contains("\(page) is missing"), "\(missing)") }
    #expect(missing.contains { $0.hasPrefix("samples.jsonl has other answers") }, "\(missing)")
    // The rest of the record is named as the author's word.
    for word in ["command '", "machine ", "date ", "libtorch "] {
      #expect(outcome.unverified.contains { $0.hasPrefix(word) }, "\(outcome.unverified)")
    }
    for (page, data) in zip(pages, kept) { try data.write(to: out.appendingPathComponent(page)) }
    try Data(answers.utf8).write(to: samples)
    #expect(missing.contains { $0.hasPrefix("the attack random was asked for") }, "\(missing)")
    #expect(missing.contains { $0.hasPrefix("a fine-tuning was asked for") }, "\(missing)")
    try RunFolder(out).write(results, to: "results.json")
  }

  /// Files that the audit did not make are named and no faults; a broken line and a missing picture are.
  private static func strangeFiles(
    _ verify: Verify, _ out: URL, _ summary: AuditSummary
  ) throws {
    func place(_ name: String) -> URL { out.appendingPathComponent(name) }
    let strange = ["erased/fox_9.png", "notes/letter.txt", "verdict.html"]
    try FileManager.default.createDirectory(
      at: place("notes"), withIntermediateDirectories: true)
    for name in strange + [".DS_Store", "statistics/real.npz"] {
      try FileManager.default.createDirectory(
        at: place(name).deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: place(name))
    }
    let beside = try verify(in: Run(out), on: .cpu)
    #expect(beside.extra == strange && beside.faults == [], "\(beside)")
    let gone = try #require(summary.pictures.keys.sorted().first { $0.hasPrefix("original/") })
    let samples = place("samples.jsonl")
    let (answers, picture) = (try Data(contentsOf: samples), try Data(contentsOf: place(gone)))
    try (answers + Data("{\"file\": \"ori".utf8)).write(to: samples)
    let lines = answers.split(separator: UInt8(ascii: "\n")).count + 1
    let broken = try verify(in: Run(out), on: .cpu).faults
    #expect(broken == ["samples.jsonl: line \(lines) of \(lines) is no judge's answer"])
    try answers.write(to: samples)
    try FileManager.default.removeItem(at: place(gone))
    let faults = try verify(in: Run(out), on: .cpu).faults
    #expect(faults.contains("the picture \(gone) is missing"), "\(faults)")
    #expect(faults.last == "1 picture is missing, so that nothing was measured or drawn again")
    try picture.write(to: place(gone))
    for name in strange { try FileManager.default.removeItem(at: place(name)) }
  }

  /// A fault has two texts that differ, whatever part of a tile or a number is another one.
  @Test func faultsSayTwoThings() {
    let value = MeasuredValue.share("x", 3, of: 40)
    let tile = AuditSummary.Tile("erased", .bad, "damaged", value, limit: "at most 5 %")
    var (finer, other) = (value, [AuditSummary.Tile]())
    finer.value += 1e-9
    for change: (inout AuditSummary.Tile) -> Void in [
      { $0.word = "kept" }, { $0.answer = .open }, { $0.measured = nil }, { $0.measured = finer },
      { $0.measured?.n = 41 }, { $0.measured?.interval = nil }, { $0.limit = "none" },
      { $0.beside = ["kid 0.1"] },
    ] {
      other.append(tile)
      change(&other[other.count - 1])
    }
    for tile2 in other {
      let sentence = Verify.difference(tile2, tile)
      let found = sentence.wholeMatch(of: /the audit says (.*), the rules give (.*)/)
      #expect(found != nil && found.map { !$0.1.hasSuffix($0.2) } == true, "\(sentence)")
    }
  }

  /// A judge, a model, and a log of an attack that are others than the audit's are named.
  private static func exchangedFiles(
    _ verify: Verify, _ out: URL, _ model: ModelFolder, _ judge: URL, eraser: Eraser,
    _ network: DiffusionModel
  ) throws {
    let files = FileManager.default
    let exchanged: [(place: URL, word: String)] = [
      (judge.appendingPathComponent("config.json"), "the judge clip:"),
      (model.file("unet/diffusion_pytorch_model.safetensors"), "the original model"),
      (out.appendingPathComponent("attack/random.jsonl"), "attack/random.jsonl"),
      (out.appendingPathComponent("README.md"), "README.md"),
    ]
    let kept = try exchanged.map { try Data(contentsOf: $0.place) }
    let other = try network.applying([eraser])
    let place = judge.deletingLastPathComponent().appendingPathComponent("other")
    try other.save(to: place)
    for (place, data) in zip(exchanged.map(\.place), kept) {
      try (data + Data("\n".utf8)).write(to: place)
    }
    let weights = exchanged[1].place
    try files.removeItem(at: weights)
    try files.copyItem(
      at: place.appendingPathComponent("unet/diffusion_pytorch_model.safetensors"), to: weights)
    let faults = try verify(in: Run(out), on: .cpu).faults
    for (_, word) in exchanged {
      #expect(faults.contains { $0.contains(word) }, "\(word): \(faults)")
    }
    for ((place, _), data) in zip(exchanged, kept) { try data.write(to: place) }
  }

  /// An audit of an older form says which fields it may lack, and one of a later form is refused.
  private static func olderForms(_ verify: Verify, _ results: Results, _ out: URL) throws {
    func outcome(schema: Int?) throws -> Verify.Outcome {
      var other = results
      other.audit?.schema = schema
      try RunFolder(out).write(other, to: "results.json")
      return try verify(in: Run(out), on: .cpu)
    }
    let note = "counts of prompts that rows do not have"
    let today = try outcome(schema: AuditSummary.currentSchema)
    #expect(!today.unverified.contains { $0.hasPrefix(note) }, "\(today.unverified)")
    let older = try outcome(schema: nil)
    #expect(older.unverified.contains { $0.hasPrefix(note) }, "\(older.unverified)")
    // Pages of another form are not compared.
    #expect(older.faults == today.faults.filter { !$0.hasPrefix("report.html") })
    #expect(older.unverified.contains { $0.contains("pages and notes") })
    // One that said that a concept came back which the judge never saw is held to the rule of its form.
    var former = AuditRules()
    former.returnsUnseen = true
    var unseen = results
    unseen.audit?.schema = nil
    unseen.audit?.tiles =
      former.summary(
        AuditMeasurements(results, isByFirst: true), concept: results.audit?.subject.concept ?? ""
      ).tiles
    #expect(unseen.audit?.tiles.last?.answer == .bad, "\(unseen.audit?.tiles.last?.word ?? "")")
    try RunFolder(out).write(unseen, to: "results.json")
    #expect(try verify(in: Run(out), on: .cpu).faults == older.faults)
    let error = #expect(throws: LetheError.self) { try outcome(schema: 99) }
    #expect(error?.kind == .model && error?.sentence.contains("'audit.schema' is 99") == true)
    try RunFolder(out).write(results, to: "results.json")
  }

  /// A fine-tuning without rows is a fault where one was asked for, by steps and by repetitions.
  private static func fineTuningsAsked(_ verify: Verify, _ results: Results, _ out: URL) throws {
    for (repetitions, steps) in [(1, 4), (0, 4), (1, 0)] {
      var other = results
      other.rows.removeAll { $0.axes.trainedOn != nil }
      var size = AuditTests.size
      (size.repetitions, size.relearning) = (repetitions, steps)
      other.audit?.settings?.size = try JSON(encoding: size)
      try RunFolder(out).write(other, to: "results.json")
      let faults = try verify(in: Run(out), on: .cpu).faults
      let isMissed = faults.contains { $0.hasPrefix("a fine-tuning was asked for") }
      #expect(isMissed == (repetitions * steps > 0), "\(faults)")
    }
    try RunFolder(out).write(results, to: "results.json")
  }

  /// Rows without a count of prompts, or with the seeds that were asked for, are those of older forms alone.
  @Test(arguments: [false, true]) func countsOfOlderRows(_ isOlder: Bool) {
    var own = ResultRow("uce", "fox", .share("shown", 1, of: 4), seeds: 2)
    own.measured.prompts = 2
    var old = own
    (old.measured.prompts, old.seeds) = (nil, 1)
    #expect(Verify.agree(own.measured, own.measured, isOlder: isOlder))
    #expect(Verify.agree(old.measured, own.measured, isOlder: isOlder) == isOlder)
    #expect(!Verify.agree(nil, own.measured, isOlder: isOlder))
    var outcome = Verify.Outcome()
    let verify = Verify(RunFolder("nowhere"))
    verify.check(labels: [old], of: [own], isOlder: isOlder, &outcome)
    #expect(outcome.faults.isEmpty == isOlder, "\(outcome.faults)")
    old.measured.prompts = 3
    #expect(!Verify.agree(old.measured, own.measured, isOlder: isOlder))
  }

  /// A record of the request that says nothing, or something else, is no record.
  private static func strangeIdentities(_ verify: Verify, _ out: URL) throws {
    let file = out.appendingPathComponent("identity.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    for (strange, word) in [
      ("{}", "'command' is missing"), (#"{"command": "audit", "hash": "", "request": {}}"#, "size"),
    ] {
      try Data(strange.utf8).write(to: file)
      let error = #expect(throws: LetheError.self) { try verify(in: Run(out), on: .cpu) }
      #expect(error?.sentence.contains(word) == true, "\(error?.sentence ?? "")")
    }
    let changed = text.replacing("\"seed\" : 0", with: "\"seed\" : 1")
    #expect(changed != text)
    try Data(changed.utf8).write(to: file)
    let faults = try verify(in: Run(out), on: .cpu).faults
    #expect(faults.contains("identity.json has another hash than its request"), "\(faults)")
    #expect(faults.contains { $0.hasPrefix("'seed' is 0 in results.json, and 1") }, "\(faults)")
    try Data(text.utf8).write(to: file)
  }

  /// A changed file is named by the check.
  private func check(
    _ verify: Verify, _ out: URL, _ word: String, _ change: (String) throws -> String?
  ) throws {
    let file = out.appendingPathComponent("results.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    if let changed = try change(text) { try Data(changed.utf8).write(to: file) }
    let outcome = try verify(in: Run(out), on: .cpu)
    #expect(outcome.faults.contains { $0.contains(word) }, "\(word): \(outcome.faults)")
    try Data(text.utf8).write(to: file)
  }

  /// A model that was erased elsewhere is its difference from the original.
  @Test func erasedElsewhere() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let network = try model.model()
      let eraser = try Self.eraser(network, -1)
      let other = folder.appendingPathComponent("edited")
      try network.applying([eraser]).save(to: other)
      let subject = try AuditSubject(
        other.path, with: nil, original: model.path, concepts: ["fox"], kind: "object", on: .cpu)
      #expect(subject.eraser.vector.paths == eraser.vector.paths)
      #expect(subject.source == AuditSource(other.path, isModel: true))
      for path in eraser.vector.paths {
        let (a, b) = (subject.eraser.vector.tensors[path], eraser.vector.tensors[path])
        #expect(a.map { x in b.map { x.distance(to: $0) } ?? 1 } ?? 1 < 1e-6)
      }
      #expect(throws: LetheError.self) {
        try AuditSubject(
          other.path, with: "x", original: model.path, concepts: [], kind: nil, on: .cpu)
      }
      #expect(throws: LetheError.self) {
        try AuditSubject(
          other.path, with: nil, original: model.path, concepts: [], kind: nil, on: .cpu)
      }
      // The words of a run are its job's, whatever the strength behind its name.
      let run = RunFolder(folder.appendingPathComponent("run"))
      try Run.makeFolder(run.url)
      var job = EraseJob(model, "uce", "fox", seed: 0, command: [])
      job.wording = ConceptWording(related: ["owl"])
      try run.write(job, to: "job.json")
      try eraser.write(to: run.eraserFile)
      let half = try AuditSubject(
        model.path, with: run.path + ":0.5", original: nil, concepts: [], kind: nil, on: .cpu)
      #expect(half.job.wording == job.wording)
      #expect(abs(half.eraser.vector.norm / eraser.vector.norm - 0.5) < 1e-6)
    }
  }

  @Test func picturesDrawnElsewhere() throws {
    try Fixtures.temporaryFolder { folder in
      Runtime.threads = 1
      let pictures = folder.appendingPathComponent("pictures")
      try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
      for (i, caption) in ["a fox", "a cat", "the fox again"].enumerated() {
        let shade = Image(width: 8, height: 8, pixels: Array(repeating: UInt8(60 * i), count: 192))
        try PNG.write(shade, to: pictures.appendingPathComponent("\(i).png"))
        try Data(caption.utf8).write(to: pictures.appendingPathComponent("\(i).txt"))
      }
      let scores = folder.appendingPathComponent("scores.csv")
      try Data(
        "file,label,score\n0.png,fox,1\n1.png,cat,1\n2.png,fox,0.2\n2.png,cat,0.8\n".utf8
      ).write(to: scores)
      let judge = try JudgePictures(
        pictures, concepts: ["fox"], .object, judges: [JudgeSpec("scores", scores.path)])
      let results = try judge(in: Run(folder.appendingPathComponent("out")), on: .cpu)
      #expect(results.rows.value("shown")?.value == 0.5)
      #expect(results.rows.value("false-positives")?.value == 0)
      #expect(results.origin?.judges.keys.sorted() == ["scores:\(scores.path)"])
      // Folders of classes: a class with the concept's name in its own is no picture of the concept.
      let classes = folder.appendingPathComponent("classes")
      for (i, name) in ["bear", "polar bear"].enumerated() {
        let place = classes.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let file = place.appendingPathComponent("\(i).png")
        try FileManager.default.copyItem(at: pictures.appendingPathComponent("\(i).png"), to: file)
      }
      try Data("file,label,score\n0.png,bear,1\n1.png,bear,1\n".utf8).write(to: scores)
      let bears = try JudgePictures(
        classes, concepts: ["bear"], .object, judges: [JudgeSpec("scores", scores.path)])(
          in: Run(folder.appendingPathComponent("bears")), on: .cpu)
      #expect(bears.rows.value("shown")?.n == 1 && bears.rows.value("false-positives")?.value == 1)
      #expect(throws: LetheError.self) {
        try JudgePictures(pictures, concepts: [], .object, judges: [Self.judge])
      }
    }
  }
}
