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
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct CatalogsTests {
  @Test func commandsSeeAdditions() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let job = Tiny.job(model, "shift", "fox")
      #expect(throws: LetheError.self) { try Erase(job, settings: []) }
      let catalogs = try Added.catalogs()
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(job, settings: ["change=0.25"], catalogs: catalogs)
      let (eraser, _) = try erase(in: run, on: .cpu)
      #expect(eraser.vector.tensors[Shift.path]?.mean().item == 0.25)

      let evaluate = try Evaluate(erase.job, Tiny.evaluation, catalogs: catalogs)
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
        ], catalogs: Added.catalogs())
      let (eraser, _) = try erase(in: Run(folder.appendingPathComponent("run")), on: .cpu)
      #expect(eraser.vector.tensors[Shift.path]?.mean().item == 0.125)
    }
  }

  /// Every variant's options are known to its method, and an added method brings variants of its own.
  @Test func variantsAreMethods() throws {
    let catalog = try Added.catalogs().methods
    for name in catalog.variantNames {
      let (method, options) = catalog.variant(named: name)
      _ = try catalog.method(method, options)
    }
    #expect(catalog.variantNames.filter { $0.hasPrefix("shift") } == ["shift-half"])
    let (method, options) = catalog.variant(named: "shift-half")
    #expect(method == "shift" && options == ["change": 0.25])
    #expect(catalog.variant(named: "uce") == ("uce", [:]))
  }

  /// The variants that are called published have the published options on any model.
  @Test func publishedVariants() throws {
    for name in ["esd-x", "esd-u"] {
      let (method, set) = Catalogs.builtIn.methods.variant(named: name)
      #expect(method == "esd")
      #expect(set["captions"] == false && set["anchored"] == false && set["preserveWeight"] == 0)
    }
  }
}
