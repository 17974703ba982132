// Networks in one file: graphs of ONNX, single files, textual inversions, and those of FID and LPIPS.
import Diffusion
import Evaluation
import Foundation
import TestSupport
import Torch

@testable import Workbench
@testable import Workflows

extension Refusal {
  static var networks: [Refusal] {
    graphs + graphJudges + singleFiles + vaes + inversions + measures
  }

  private static var graphs: [Refusal] {
    func graph(_ fault: String, _ change: @escaping (inout Data) -> Void) -> Refusal {
      Refusal("a.onnx \(fault)") {
        var data = try Data(contentsOf: Fixtures.url("onnx/classifier.onnx"))
        change(&data)
        let network = try ONNXNetwork(contentsOf: $0.write(data, "a.onnx"))
        _ = try network(Tensor.zeros([1, 3, 8, 8]))
      }
    }
    return [
      graph("cut off") { $0 = $0.prefix(100) },
      graph("without a graph") { $0 = Data() },
      // Field 7 is the graph, 25 a function of the model's own, and 15 of the graph a sparse tensor.
      graph("of an empty graph") { $0 = Data([0x3A, 0]) },
      graph("with a function") { $0 = Data([0xCA, 0x01, 0]) },
      graph("with a sparse tensor") { $0 = Data([0x3A, 2, 0x7A, 0]) },
      graph("of an unknown operation") { data in
        // Field 4 of a node, of four bytes.
        let (known, unknown) = (Data([0x22, 4] + "Conv".utf8), Data([0x22, 4] + "Conz".utf8))
        guard let place = data.range(of: known) else { return }
        data.replaceSubrange(place, with: unknown)
      },
      Refusal("a.onnx for a picture of another size") {
        let network = try ONNXNetwork(
          contentsOf: $0.fixture("onnx").appendingPathComponent("classifier.onnx"))
        _ = try network(Tensor.zeros([1, 3, 16, 16]))
      },
    ]
  }

  private static var graphJudges: [Refusal] {
    func judge(_ fault: String, _ change: @escaping (RefusalPlace, URL) throws -> Void) -> Refusal {
      Refusal("judge of ONNX \(fault)") {
        let folder = try $0.fixture("onnx")
        try change($0, folder)
        let question = JudgeQuestion(
          Forgotten(kind: "object", names: ["fox"]), classes: ["object": ["fox", "owl"]])
        _ = try ONNXJudge.open(
          folder.appendingPathComponent("classifier.onnx").path, asked: question, on: .cpu)
      }
    }
    return [
      judge("without a processor") { _, _ in },
      judge("of one label") { place, _ in try place.write("fox\n", "onnx/labels.txt") },
    ]
  }

  private static var singleFiles: [Refusal] {
    func single(_ fault: String, _ tensors: [String: Tensor]) -> Refusal {
      Refusal("single.safetensors \(fault)") {
        let file = $0.url("single.safetensors")
        try SafeTensors.write(tensors, to: file)
        _ = try DiffusionModel.load(file)
      }
    }
    let first = "model.diffusion_model.input_blocks.0.0.weight"
    return [
      single("of another kind", ["a": Tensor.ones([1])]),
      single(
        "of a transformer",
        ["model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": Tensor.ones([1])]),
      single("of an inpainting model", [first: Tensor.ones([320, 9, 3, 3])]),
      single("of a U-Net alone", [first: Tensor.ones([320, 4, 3, 3])]),
    ]
  }

  private static var vaes: [Refusal] {
    func vae(_ fault: String, _ tensors: [String: Tensor]) -> Refusal {
      Refusal("vae.safetensors \(fault)") {
        let file = $0.url("vae.safetensors")
        try SafeTensors.write(tensors, to: file)
        _ = try DiffusionModel.load(Fixtures.url("tiny-sd1"), vae: file)
      }
    }
    let last = "decoder.conv_in.weight"
    return [
      vae("of another kind", ["a": Tensor.ones([1])]),
      vae("of one vector", [last: Tensor.ones([4])]),
      vae("of no blocks", [last: Tensor.ones([8, 4, 3, 3])]),
      vae(
        "of a block with no number",
        [last: Tensor.ones([8, 4, 3, 3]), "decoder.up_blocks.-9.resnets.x.y.z": Tensor.ones([1])]),
      Refusal("vae of a model over pixels") { _ in
        _ = try DiffusionModel.load(Fixtures.url("tiny-ddpm"), vae: Fixtures.url("tiny-sd1"))
      },
    ]
  }

  private static var inversions: [Refusal] {
    func inversion(_ fault: String, _ tensors: [String: Tensor], _ token: String? = nil) -> Refusal
    {
      Refusal("inversion.safetensors \(fault)") {
        let file = $0.url("inversion.safetensors")
        try SafeTensors.write(tensors, to: file)
        _ = try $0.model.model().inserting(TextualInversion(file, token: token))
      }
    }
    return [
      inversion("of two tensors", ["a": Tensor.ones([16]), "b": Tensor.ones([16])]),
      inversion("of 76 vectors", ["<toy>": Tensor.ones([76, 16])]),
      inversion("of rank 3", ["<toy>": Tensor.ones([1, 1, 16])]),
      inversion("without numbers", ["<toy>": Tensor.ones([0, 16])]),
      inversion("of another width", ["<toy>": Tensor.ones([24])]),
      inversion("of a token of two words", ["a toy": Tensor.ones([16])]),
      inversion("of a token that is known", ["<toy>": Tensor.ones([16])], "fox</w>"),
      inversion("not finite", ["<toy>": Tensor.ones([16]) / 0]),
    ]
  }

  private static var measures: [Refusal] {
    func measure(_ fault: String, _ load: @escaping (URL) throws -> Void) -> Refusal {
      Refusal("measure.safetensors \(fault)") {
        let file = $0.url("measure.safetensors")
        try SafeTensors.write(["a": Tensor.ones([1])], to: file)
        try load(file)
      }
    }
    return [
      measure("for InceptionV3") { _ = try InceptionV3.load($0) },
      measure("for LPIPS") { _ = try PerceptualNetwork.load(.squeeze, $0) },
    ]
  }
}
