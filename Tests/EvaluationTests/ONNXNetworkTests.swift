import Foundation
import TestSupport
import Testing
import Torch

@testable import Evaluation

@Suite struct ONNXNetworkTests {
  /// onnxruntime's numbers of three graphs (scripts/golden/onnx_graphs.py).
  @Test(arguments: ["classifier", "shapes", "old"]) func agreesWithOnnxruntime(_ name: String)
    throws
  {
    Runtime.threads = 1
    let network = try ONNXNetwork(contentsOf: Fixtures.url("onnx/\(name).onnx"))
    let found = try #require(try network(NPY.read(Fixtures.url("onnx/\(name)-x.npy"))).first)
    let expected = try NPY.read(Fixtures.url("onnx/\(name)-y.npy"))
    #expect(found.shape == expected.shape)
    #expect((found - expected).abs().max().item < 1e-5)
    #expect(network.labels == ["fox", "cat", "an owl"])
  }

  /// Every cut of a file, and every file with a changed byte, ends with a sentence or with numbers.
  @Test func damagedFilesAreRefused() throws {
    try Fixtures.temporaryFolder { folder in
      let whole = try Data(contentsOf: Fixtures.url("onnx/shapes.onnx"))
      let file = folder.appendingPathComponent("damaged.onnx")
      let x = try NPY.read(Fixtures.url("onnx/shapes-x.npy"))
      func open(_ data: Data) throws {
        try data.write(to: file)
        do { _ = try ONNXNetwork(contentsOf: file)(x) } catch let error as LetheError {
          #expect(error.kind == .model)
        }
      }
      for count in stride(from: 0, to: whole.count, by: 41) { try open(whole.prefix(count)) }
      let g = Generator(seed: 3)
      for _ in 0..<60 {
        var data = whole
        let (place, byte) = (
          Tensor.randint(below: data.count, [1], g).ints[0],
          Tensor.randint(below: 256, [1], g).ints[0]
        )
        data[place] = UInt8(byte)
        try open(data)
      }
    }
  }

  /// A picture of another size is refused by the input's name and shape, and by ours where the file leaves it open.
  @Test func inputsOfAnotherShapeAreRefused() throws {
    Runtime.threads = 1
    let network = try ONNXNetwork(contentsOf: Fixtures.url("onnx/classifier.onnx"))
    let x = try NPY.read(Fixtures.url("onnx/classifier-x.npy"))
    let name = "classifier.onnx: its input 'x' is [N, 3, 8, 8], and "
    for wrong in [
      Tensor.zeros([2, 3, 16, 16]), Tensor.zeros([3, 8, 8]), Tensor.zeros([1, 4, 8, 8]),
    ] {
      let error = #expect(throws: LetheError.self) { try network(wrong) }
      #expect(
        error?.kind == .model
          && error?.sentence.hasSuffix(name + "\(wrong.shape) is given") == true,
        "\(error?.sentence ?? "")")
    }
    // One picture more is no other shape.
    #expect(throws: Never.self) { try network(Tensor.concatenate([x, x])) }
    try Fixtures.temporaryFolder { folder in
      // The height of the input as a name: dim_param in the place of dim_value.
      var data = try Data(contentsOf: Fixtures.url("onnx/classifier.onnx"))
      let dims = try #require(data.range(of: Data([0x0A, 2, 8, 3, 0x0A, 2, 8, 8, 0x0A, 2, 8, 8])))
      data.replaceSubrange(
        dims, with: [0x0A, 2, 8, 3, 0x0A, 2, 0x12, 0, 0x0A, 2, 0x12, 0])
      let file = folder.appendingPathComponent("open.onnx")
      try data.write(to: file)
      let open = try ONNXNetwork(contentsOf: file)
      #expect(try open(x)[0].distance(to: network(x)[0]) == 0)
      let error = #expect(throws: LetheError.self) { try open(Tensor.zeros([1, 4, 8, 8])) }
      #expect(error?.sentence.contains("is [N, 3, any, any], and [1, 4, 8, 8] is given") == true)
      // A size that the layers end with other numbers for.
      let deep = #expect(throws: LetheError.self) { try open(Tensor.zeros([1, 3, 40, 40])) }
      let sentence = deep?.sentence ?? ""
      #expect(sentence.contains("Gemm 'Gemm-logits' cannot take float32[1, "), "\(sentence)")
      #expect(sentence.hasSuffix("is [N, 3, any, any], and [1, 3, 40, 40] is given"))
      #expect(!sentence.contains("aten"))
    }
  }

  @Test func missingOperatorsAreNamed() throws {
    try Fixtures.temporaryFolder { folder in
      var data = try Data(contentsOf: Fixtures.url("onnx/old.onnx"))
      // The node's name and its operator.
      while let range = data.range(of: Data("Softmax".utf8)) {
        data.replaceSubrange(range, with: Data("Softmix".utf8))
      }
      let file = folder.appendingPathComponent("other.onnx")
      try data.write(to: file)
      #expect { try ONNXNetwork(contentsOf: file) } throws: { "\($0)".contains("Softmix") }
    }
  }
}
