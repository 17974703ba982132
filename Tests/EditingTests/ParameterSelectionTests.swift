import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct ParameterSelectionTests {
  @Test func selectionsMatchComponentsNotPrefixes() throws {
    let selection = ParameterSelection("layer 1") { $0.components.starts(with: ["layers", "1"]) }
    #expect(selection.matches(ParameterPath("layers.1.weight")))
    #expect(!selection.matches(ParameterPath("layers.10.weight")))
    #expect(try ParameterSelection.named("esd-x").name == "xattn")
    // The guide has every name of other tools, and the selection that it means.
    let page = try String(
      contentsOf: Fixtures.package.appendingPathComponent("docs/guide/erasing.md"), encoding: .utf8)
    for (alias, name) in ParameterSelection.aliases {
      #expect(try ParameterSelection.named(alias).name == name)
      let row = page.split(separator: "\n").first { $0.hasPrefix("|") && $0.contains("`\(alias)`") }
      #expect(row?.contains("`\(name)`") == true, "\(alias)")
    }
    let error = try #require(throws: LetheError.self) { try ParameterSelection.named("xatn") }
    #expect(error.description.contains("did you mean 'xattn'"))
  }

  /// First layers are a whole number from 1, and no more than the text encoders have.
  @Test func firstLayersAreThoseOfTheModel() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let all = ParameterSelection.textEncoder.paths(of: model.parameters)
    let layers = Set(all.compactMap { $0.name.firstMatch(of: /layers\.(\d+)\./)?.1 }).count
    for encoder in ["text_encoders", "text_encoder"] {
      for count in 1...layers {
        let selection = try ParameterSelection.named("\(encoder):\(count)")
        try selection.requireLayers(of: model.parameters)
        #expect(!selection.paths(of: model.parameters).isEmpty)
      }
      for count in [layers + 1, 99] {
        let selection = try ParameterSelection.named("\(encoder):\(count)")
        let error = #expect(throws: LetheError.self) {
          try selection.requireLayers(of: model.parameters)
        }
        #expect(error?.kind == .request)
        #expect(
          error?.sentence
            == "parameters: '\(encoder):\(count)'; the model's text encoder has \(layers) layers; accepted: "
            + "\(encoder):1 to \(encoder):\(layers), or \(encoder) for the whole",
          "\(String(describing: error))")
      }
      for wrong in ["0", "-1", "x", "", "1:2"] {
        let error = #expect(throws: LetheError.self) {
          try ParameterSelection.named("\(encoder):\(wrong)")
        }
        #expect(
          error?.sentence
            == "parameters: '\(encoder):\(wrong)'; accepted: \(encoder):N with a whole number N from 1"
        )
      }
    }
  }

  @Test func selectionsCoverWhatTheySay() throws {
    let large = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    for selection in ParameterSelection.all {
      let paths = selection.paths(of: large.parameters)
      #expect(!paths.isEmpty && paths.count < large.parameters.paths.count, "\(selection.name)")
    }
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    for selection in ParameterSelection.all where selection.name != "text_encoder_2" {
      let paths = selection.paths(of: model.parameters)
      #expect(!paths.isEmpty && paths.count < model.parameters.paths.count, "\(selection.name)")
    }
    let keysValues = ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters)
    // Down 1, middle 1, up 2 transformer blocks, two matrices each.
    #expect(keysValues.count == 8)
    #expect(
      ParameterSelection.textEncoder.paths(of: model.parameters).allSatisfy {
        !$0.name.contains("embedding")
      })
  }
}
