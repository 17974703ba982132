// The code of the library's articles, which is compiled from outside the package.
import Diffusion
import Editing
import Evaluation
import Foundation
import OutsideMethod
import Reports
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct OutsideMethodTests {
  @Test func erasingAConcept() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      let eraser = try erase("fox", from: model, in: run, settings: Tiny.esd)
      #expect(eraser.card.method == "esd" && eraser.vector.norm > 0)
      let (before, after) = (
        try PNG.read(run.file("before.png")), try PNG.read(run.file("after.png"))
      )
      #expect(before != after)
      #expect(run.runFolder.has("report.html"))

      var method = Redirection()
      (method.training.steps, method.trajectories, method.guarding.limit) = (3, 1, 0)
      let alone = try Run(folder.appendingPathComponent("alone").path, seed: 1)
      let other = try eraseAlone("fox", from: model, with: method, in: alone)
      #expect(try model.model().applying([other]).hash() != model.model().hash())
      #expect(try alone.runFolder.eraser().card.concepts == ["fox"])
      let there = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      let picture = try drawWithout("fox", model, method)
      #expect(try picture != model.model().images(["fox"], seeds: [7], SamplingOptions())[0])
      let alike = try model.erasing("fox", by: method, seed: 1).eraser
      #expect((alike.vector - other.vector).norm == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == there)
      #expect(throws: LetheError.self) { try model.erasing("fxo") }
    }
  }

  /// The bound that the method declares wins over that of Lethe's options of the same name.
  @Test func boundsOfItsOwn() throws {
    let catalog = try MethodCatalog.builtIn.adding(Redirection.self)
    #expect(throws: Never.self) { try catalog.method("redirection", ["trajectories": 64]) }
    let fault = #expect(throws: LetheError.self) {
      try catalog.method("redirection", ["trajectories": 65])
    }
    #expect(fault?.sentence.contains("accepted: a whole number from 1 to 64") == true)
    #expect(throws: Never.self) { try catalog.method("esd", ["trajectories": 65]) }
  }

  /// The method trains alone and inside Meta-Unlearning, and the page has its title and the metric.
  @Test func addingAMethod() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("bench"))
      let settings =
        Tiny.esd.map { "esd." + $0 }
        + [
          "redirection.training.steps=2", "redirection.trajectories=1",
          "redirection.guarding.limit=0", "meta.options={\"trajectories\": 1}",
          "meta.training.steps=1", "meta.pictures=2", "meta.pictureSteps=2", "meta.subjects=1",
          "meta.guarding.limit=0", "meta.attack.steps=1",
        ]
      let results = try compare(on: model, concepts: ["fox"], settings: settings, in: run)
      #expect(results.titles["redirection"] == "Redirection")
      #expect(results.rows.contains { $0.method == "meta" && $0.metric == "confusion" })
      let table = try String(contentsOf: run.file("results.md"), encoding: .utf8)
      #expect(table.contains("confusion ↓") && table.contains("| fox | redirection |"))
      let report = try String(
        contentsOf: run.file("redirection-fox/report.html"), encoding: .utf8)
      #expect(report.contains("Redirection") && report.contains("Confused objects"))
      // A program without the method still makes the page of its run.
      let page = try WriteReport(RunFolder(run.file("redirection-fox")))()
      #expect(try String(contentsOf: page, encoding: .utf8).contains("redirection on "))
    }
  }

  /// The judge is found by its scheme in a catalog that has it, and names pictures.
  @Test func addingAJudge() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let judges = try Catalogs.extended().judges
      let spec = try JudgeSpec(parsing: "brightness", in: judges)
      #expect(throws: LetheError.self) { try JudgeSpec(parsing: "brightness") }
      #expect(throws: LetheError.self) { try judges.adding(Brightness.self) }
      let question = JudgeQuestion(
        Forgotten(kind: "object", names: ["fox"]), classes: ["object": ["fox", "cat"]])
      let judge = try spec.open(asked: question, on: .cpu, in: judges)
      let pictures = Tensor([-0.9, 0.8] as [Float], [2, 1, 1, 1]).expanded(2, 3, 4, 4)
      let seen = try judge.judged(pictures, asked: [[:], [:]]).seen
      #expect(seen.map { $0["object"] } == ["fox", "cat"])

      let job = Tiny.job(model, "uce", "fox")
      let run = try Run(folder.appendingPathComponent("run"))
      let (eraser, _) = try Erase(job, settings: [])(in: run, on: .cpu)
      func evaluate(_ catalogs: Catalogs) throws -> Results {
        try Evaluate(
          job, Tiny.evaluation, catalogs: catalogs, .themed(job, Tiny.evaluation), judges: [spec])(
            in: run, eraser: eraser, on: .cpu)
      }
      #expect(throws: LetheError.self) { try evaluate(.builtIn) }
      var catalogs = Catalogs.builtIn
      catalogs.judges = judges
      let results = try evaluate(catalogs)
      #expect(results.judges.map(\.about.name) == ["brightness"])
      #expect(try run.runFolder.results().judges.map(\.spec) == [spec])
    }
  }

  /// The metric of pictures is measured on both models, and its rows are in `results.json` and on the page.
  @Test func addingAMetricOfPictures() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let catalogs = try Catalogs.extended()
      #expect(throws: LetheError.self) { try catalogs.pictureMetrics.adding(Contrast.self) }
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Tiny.job(model, "uce", "fox"), settings: [])
      let (eraser, _) = try erase(in: run, on: .cpu)
      let evaluate = try Evaluate(erase.job, Tiny.evaluation, catalogs: catalogs)
      let results = try evaluate(in: run, eraser: eraser, on: .cpu)
      let own = results.rows.filter { $0.metric == "contrast@pixels" }
      #expect(own.map(\.method) == ["original", "uce"] && own.allSatisfy { $0.value > 0 })
      #expect(try run.runFolder.results().rows.filter(own.contains).count == 2)
      let page = try ResultsPage.content(of: results, in: run.folder, metrics: catalogs.metrics)
      #expect(page.markdown.contains("contrast@pixels"))
      let known = try Evaluate(erase.job, Tiny.evaluation)
      #expect(
        try known(in: run, eraser: eraser, on: .cpu).rows.allSatisfy {
          $0.metric != "contrast@pixels"
        })
    }
  }

  /// The attack is found by its name and makes its attempts in order.
  @Test func addingAnAttack() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let attack = try AttackRun.configured(
        "sentences", settings: ["words=[\"one\", \"two\"]"], of: model,
        in: Catalogs.extended().attacks)
      let run = try Run(folder.appendingPathComponent("run"))
      let made = try Erase(Tiny.job(model, "esd", "fox"), settings: Tiny.esd)
      let (eraser, _) = try made(in: run, on: .cpu)
      let results = try AttackRun(made.job, [attack], Tiny.evaluation, limit: 2)(
        in: run, eraser: eraser, on: .cpu)
      #expect(results.rows.contains { $0.axes.attack == "sentences" && $0.metric == "asr" })
    }
  }
}
