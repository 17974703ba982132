// A method and a metric from outside the package reach every command that looks them up by name.
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning

@testable import Workbench

/// Adds `change` to every bias of the U-Net's last layer.
private struct Shift: UnlearningMethod {
  static let name = "shift"
  static let card = MethodCard(title: "Shifted bias", paper: "a test", year: 2025, trains: "a bias")
  static let path = ParameterPath("unet.conv_out.bias")
  var change = 0.5

  func erase(_ erasure: Erasure, from model: DiffusionModel, _ run: Run) throws -> Erased {
    guard let bias = model.parameters[Self.path] else { return Erased(.zero) }
    return Erased(ParameterVector([Self.path: change * Tensor.ones(bias.shape)]))
  }
}

/// Share of the pictures in which the judge sees another object than the prompt's.
private struct Confusion: Metric {
  static let name = "confusion"
  static let title = "Confused objects"
  static let better = Better.lower

  func measure(
    _ pictures: JudgedSet, forgotten: Forgotten, reference: JudgedSet?
  ) -> MeasuredValue? {
    let wrong = zip(pictures.asked, pictures.seen).filter { $0["object"] != $1["object"] }
    return .share(Self.name, wrong.count, of: pictures.count)
  }
}

@Suite struct CatalogsTests {
  static func catalogs() throws -> Catalogs {
    var catalogs = Catalogs.builtIn
    catalogs.methods = try catalogs.methods.adding(Shift.self)
    catalogs.metrics = try catalogs.metrics.adding(Confusion.self)
    return catalogs
  }

  @Test func commandsSeeAdditions() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let job = Tiny.job(model, "shift", "fox")
      #expect(throws: LetheError.self) { try Erase(job, settings: []) }
      let catalogs = try Self.catalogs()
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(job, settings: ["change=0.25"], catalogs: catalogs)
      let (eraser, _) = try erase(in: run, on: .cpu)
      #expect(eraser.vector.tensors[Shift.path]?.mean().item == 0.25)

      let evaluate = try Evaluate(erase.job, Tiny.evaluation, metrics: catalogs.metrics)
      let results = try evaluate(in: run, eraser: eraser, on: .cpu)
      let confused = results.rows.filter { $0.metric == "confusion" }
      #expect(confused.map(\.method) == ["original", "shift"])
      let page = try WriteReport(run.runFolder, catalogs: catalogs)()
      let html = try String(contentsOf: page, encoding: .utf8)
      #expect(html.contains("Shifted bias") && html.contains("Confused objects"))
    }
  }

  /// Meta-Unlearning wraps an added method, with the options that the model's folder has for it.
  @Test func wrappingMethodsSeeAdditions() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let known: JSON = ["shift": ["change": 0.125]]
      try Data(known.pretty.utf8).write(to: model.file("methods.json"))
      let erase = try Erase(
        Tiny.job(model, "meta", "fox"),
        settings: [
          "base=shift", "pictures=2", "pictureSteps=2", "training.steps=0", "guarding.limit=0",
        ], catalogs: Self.catalogs())
      let (eraser, _) = try erase(in: Run(folder.appendingPathComponent("run")), on: .cpu)
      #expect(eraser.vector.tensors[Shift.path]?.mean().item == 0.125)
    }
  }

  @Test func benchmarksSeeAdditions() throws {
    try Fixtures.temporaryFolder { folder in
      var options = Tiny.benchmark(try Tiny.model(folder), ["shift.change=0.25"])
      options.catalogs = try Self.catalogs()
      let bench = MethodBenchmark(options, methods: ["shift", "uce"], concepts: ["fox"])
      let run = try Run(folder.appendingPathComponent("bench"))
      let results = try Tiny.runner()(bench, in: run, on: .cpu)
      #expect(results.titles["shift"] == "Shifted bias")
      #expect(Set(results.rows.map(\.method)) == ["original", "shift", "uce"])
      let table = try String(contentsOf: run.file("results.md"), encoding: .utf8)
      #expect(table.contains("confusion ↓") && table.contains("| fox | shift |"))
    }
  }
}
