// A method from outside the package: seen by a catalog, and by what wraps methods of that catalog.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

/// Adds `change` to every bias of the U-Net's last layer.
private struct Shift: UnlearningMethod {
  static let name = "shift"
  static let card = MethodCard(title: "Shift", paper: "a test", year: 2025, trains: "one bias")
  static let path = ParameterPath("unet.conv_out.bias")
  var change = 0.5

  func erase(_ erasure: Erasure, from model: DiffusionModel, _ run: Run) throws -> Erased {
    guard let bias = model.parameters[Self.path] else { return Erased(.zero) }
    return Erased(ParameterVector([Self.path: change * Tensor.ones(bias.shape)]))
  }
}

@Suite struct MethodCatalogTests {
  @Test func additionsComeAfterTheBuiltInMethods() throws {
    let catalog = try MethodCatalog.builtIn.adding(Shift.self)
    #expect(catalog.names == MethodCatalog.builtIn.names + ["shift"])
    #expect(try catalog.named("shift") is Shift.Type)
    #expect(throws: LetheError.self) { try catalog.adding(Shift.self) }
    #expect(throws: LetheError.self) { try MethodCatalog.builtIn.adding(ESD.self) }
    // Nothing is registered: the built-in catalog stays as it is.
    #expect(throws: LetheError.self) { try MethodCatalog.builtIn.named("shift") }
  }

  /// Meta-Unlearning around an added method begins where that ends; with the built-in catalog it is refused.
  @Test func wrappingMethodsSeeAdditions() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let settings: JSON = [
      "base": "shift", "options": ["change": 0.25], "pictures": 2, "pictureSteps": 2,
      "training": ["steps": 0], "guarding": ["limit": 0],
    ]
    func erase(_ catalog: MethodCatalog) throws -> ParameterVector {
      let method = try catalog.method("meta", settings)
      return try Fixtures.temporaryFolder {
        try method.erase(MethodContractTests.erasure, from: model, Run($0, seed: 1)).vector
      }
    }
    let found = try erase(.builtIn.adding(Shift.self))
    #expect(found.tensors[Shift.path]?.mean().item == 0.25)
    #expect(throws: LetheError.self) { try erase(.builtIn) }
  }

  /// The names of Meta-Unlearning's paper have the paper's objective; those of ours say what they add.
  @Test func variantsOfESD() throws {
    func esd(_ name: String) throws -> ESD {
      let (method, options) = MethodCatalog.builtIn.variant(named: name)
      return try #require(MethodCatalog.builtIn.method(method, options) as? ESD)
    }
    for (name, eta) in [("esd-u", 1), ("esd-u-1", 1), ("esd-u-3", 3)] as [(String, Double)] {
      let paper = try esd(name)
      #expect((paper.parameters, paper.eta, paper.preserveWeight) == ("noxattn", eta, 0))
      #expect(!paper.captions && !paper.anchored)
    }
    for (name, eta) in [("esd-u-captions-1", 1), ("esd-u-captions-3", 3)] as [(String, Double)] {
      let ours = try esd(name)
      #expect((ours.parameters, ours.eta, ours.preserveWeight) == ("noxattn", eta, 1))
      #expect(ours.captions && ours.anchored)
    }
  }

  /// The advice for an unknown name has names of the catalog.
  @Test func unknownNamesAreTold() throws {
    let fault = #expect(throws: LetheError.self) { try MethodCatalog.builtIn.named("xyzzy") }
    #expect(fault?.sentence.contains("uce takes seconds, esd trains for minutes") == true)
  }

  /// Sets of erasers ask the catalog for a method, and refuse options with which no eraser stands alone.
  @Test func theSeparableMethod() throws {
    let method = try MethodCatalog.builtIn.separable(["tolerance": 0.1], in: "--set")
    #expect(type(of: method).name == "sepme" && method.tolerance == 0.1)
    #expect(throws: LetheError.self) {
      try MethodCatalog.builtIn.separable(["form": "joint"], in: "--set")
    }
  }

  /// A wrapped method that wraps another hands the catalog on.
  @Test func theCatalogReachesTheInnermostMethod() throws {
    let catalog = try MethodCatalog.builtIn.adding(Shift.self)
    let meta = try catalog.method("meta", ["base": "advunlearn", "options": ["base": "shift"]])
    let adv = try #require(meta as? any WrappingMethod).inner()
    let shift = try #require(adv as? any WrappingMethod).inner()
    #expect(shift is Shift)
  }

  /// The catalog is no option: a file has the name alone, as it always had.
  @Test func theCatalogIsNotWritten() throws {
    let catalog = try MethodCatalog.builtIn.adding(Shift.self)
    let meta = try #require(
      try catalog.method("meta", ["base": "shift"]) as? MetaUnlearning)
    #expect(try JSON(encoding: meta)["base"] == "shift")
  }
}
