import Diffusion
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
    let error = try #require(throws: LetheError.self) { try ParameterSelection.named("xatn") }
    #expect(error.description.contains("did you mean 'xattn'"))
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
