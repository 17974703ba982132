import Diffusion
import Editing
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct SelectiveAmnesiaTests {
  /// Selective Amnesia's F of a network that predicts b everywhere: g_t = 2 (d b - sum eps) / d over the d numbers of a
  /// picture, so that F = (2 T b)^2 + 4 T / d.
  @Test(arguments: [(0.02, 1000), (-0.1, 100)]) func fisherInformationOfAKnownModel(
    _ b: Double, _ times: Int
  ) throws {
    Runtime.threads = 1
    let flat = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let (weight, bias) = (
      ParameterPath("unet.conv_out.weight"), ParameterPath("unet.conv_out.bias")
    )
    let offset = Tensor([Float(b)])
    let model = try flat.replacing([
      weight: Tensor.zeros(try #require(flat.parameters[weight]).shape), bias: offset,
    ])
    offset.requiresGradient = true
    var method = SelectiveAmnesia()
    (method.fisherPictures, method.fisherTimes, method.picturesInPass) = (16, times, 160)
    let set = LatentSet(Tensor.zeros([2, 1, 8, 8]), captions: ["bird", "cat"])
    try Fixtures.temporaryFolder { folder in
      let found = try method.fisher(set, model, [offset], seed: 7, Run(folder))[0].item
      let expected = (2 * 1000 * b) * (2 * 1000 * b) + 4 * 1000 / 64
      #expect(abs(found / expected - 1) < 0.2, "\(found) \(expected)")
    }
  }

  /// Replay is shown without its caption as often as the pictures of other methods are.
  @Test func replayWithoutCaptions() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func vector(_ share: Double) throws -> ParameterVector {
      try Fixtures.temporaryFolder { folder in
        var method = SelectiveAmnesia.tiny
        (method.data.emptyShare, method.training.steps) = (share, 1)
        return try method.erase(
          Erasure(forget: [Concept("fox")], preserve: ["a cat"]), from: model, Run(folder)
        ).vector
      }
    }
    let (with, without) = (try vector(0), try vector(1))
    #expect((with - without).norm > 0)
  }
}
