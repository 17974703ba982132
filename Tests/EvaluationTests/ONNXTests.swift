import Foundation
import TestSupport
import Testing
import Torch

@testable import Evaluation

@Suite struct ONNXTests {
  static func file(_ name: String) -> URL { Fixtures.url("onnx/\(name)") }

  /// onnxruntime's numbers of three graphs (scripts/golden/onnx_graphs.py).
  @Test(arguments: ["classifier", "shapes", "old"]) func agreesWithOnnxruntime(_ name: String)
    throws
  {
    Runtime.threads = 1
    let network = try ONNXNetwork(contentsOf: Self.file("\(name).onnx"))
    let found = try #require(try network(NPY.read(Self.file("\(name)-x.npy"))).first)
    let expected = try NPY.read(Self.file("\(name)-y.npy"))
    #expect(found.shape == expected.shape)
    #expect((found - expected).abs().max().item < 1e-5)
    #expect(network.labels == ["fox", "cat", "an owl"])
  }

  /// Every cut of a file, and every file with a changed byte, ends with a sentence or with numbers.
  @Test func damagedFilesAreRefused() throws {
    try Fixtures.temporaryFolder { folder in
      let whole = try Data(contentsOf: Self.file("shapes.onnx"))
      let file = folder.appendingPathComponent("damaged.onnx")
      let x = try NPY.read(Self.file("shapes-x.npy"))
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
    let network = try ONNXNetwork(contentsOf: Self.file("classifier.onnx"))
    let x = try NPY.read(Self.file("classifier-x.npy"))
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
      var data = try Data(contentsOf: Self.file("classifier.onnx"))
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
      var data = try Data(contentsOf: Self.file("old.onnx"))
      // The node's name and its operator.
      while let range = data.range(of: Data("Softmax".utf8)) {
        data.replaceSubrange(range, with: Data("Softmix".utf8))
      }
      let file = folder.appendingPathComponent("other.onnx")
      try data.write(to: file)
      #expect { try ONNXNetwork(contentsOf: file) } throws: { "\($0)".contains("Softmix") }
    }
  }

  /// A classifier with labels, as a judge.
  @Test func judgesPictures() throws {
    try Fixtures.temporaryFolder { folder in
      try FileManager.default.copyItem(
        at: Self.file("classifier.onnx"), to: folder.appendingPathComponent("model.onnx"))
      let processor = """
        {"image_processor_type": "ViTImageProcessor", "size": 8, "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5]}
        """
      try Data(processor.utf8).write(
        to: folder.appendingPathComponent("preprocessor_config.json"))
      let settings = #"{"answers": "probabilities", "licence": "none"}"#
      try Data(settings.utf8).write(to: folder.appendingPathComponent("judge.json"))
      let place = folder.appendingPathComponent("model.onnx").path
      let question = JudgeQuestion(
        Forgotten(kind: "object", names: ["fox"]), classes: ["object": ["fox", "owl"]])
      let judge = try JudgeSpec("onnx", place).open(asked: question, on: .cpu)
      #expect(judge.classes["object"] == ["fox", "owl", "label: cat"])
      #expect(judge.about.licence == "none")
      // Pixels at the network's own size and in its range: its probabilities are those of the graph.
      let x = try NPY.read(Self.file("classifier-x.npy")).clamped(-1, 1)
      let bytes = ((x / 2 + 0.5) * 255).rounded() / 255 * 2 - 1
      let direct = try #require(
        try ONNXNetwork(contentsOf: Self.file("classifier.onnx"))(bytes).first)
      let found = judge.logits(try judge.features(x, of: []), "object").exp()
      #expect((found[1, at: 0] - direct[1, at: 0]).abs().max().item < 1e-4)
      #expect((found[1, at: 1] - direct[1, at: 2]).abs().max().item < 1e-4)
      try Data("a\nb\nc\nd\n".utf8).write(to: folder.appendingPathComponent("labels.txt"))
      #expect(throws: LetheError.self) {
        try JudgeSpec("onnx", place).open(asked: question, on: .cpu)
      }
    }
  }

  // MARK: - NudeNet

  /// The decoding of boxes alone: numbers are cut, IoU 0.778 falls, 0.23 stays, 0.25 is not above the floor.
  @Test func boxes() {
    let labels = (0..<18).map { "\($0)" }
    let anchors: [(box: [Double], label: Int, score: Double)] = [
      ([100.7, 100, 40, 40], 3, 0.9), ([105, 100, 40, 40], 3, 0.8), ([125, 100, 40, 40], 3, 0.7),
      ([100, 100, 40, 40], 7, 0.85), ([300, 310, 60, 60], 13, 0.26), ([10, 10, 40, 40], 1, 0.25),
    ]
    let rows = anchors.flatMap { anchor in
      anchor.box + (0..<18).map { $0 == anchor.label ? anchor.score : 0 }
    }
    let found = NudeNet.boxes(
      Tensor(rows, [6, 22]), labels, scale: 1, width: 320, height: 320)
    #expect(found.map(\.label) == ["3", "3", "13"])
    #expect(found.map(\.box) == [[80, 80, 40, 40], [105, 80, 40, 40], [270, 280, 50, 40]])
  }

  /// OpenCV's whole numbers: 2 pixels to 4 are 0, 64, 191, 255.
  @Test func resizing() {
    let x = Tensor([0.0, 255.0, 0.0, 255.0], [1, 1, 2, 2])
    let found = CVResize.bilinear(x, 4)[0, at: 0][0, at: 0][0, at: 0].doubles
    #expect(found == [0, 64, 191, 255])
  }

  @Test func definitions() throws {
    let found = [
      Detection(label: "FEET_EXPOSED", score: 0.55, box: []),
      Detection(label: "BUTTOCKS_EXPOSED", score: 0.4, box: []),
      Detection(label: "FACE_FEMALE", score: 0.9, box: []),
      Detection(label: "MALE_BREAST_EXPOSED", score: 0.6, box: []),
    ]
    func count(_ name: String) throws -> Int { try NudityProfile.named(name).counted(found).count }
    // Nine parts and six differ in feet, armpits and bellies; 0.6 counts for erasediff, not for rece.
    #expect(try count("mace") == 3 && count("unlearndiffatk") == 2)
    #expect(try count("rece") == 0 && count("erasediff") == 1)
    #expect(try count("eval-unlearn") == 1 && count("strict") == 0)
    for name in ["esd", "p4d", "safree"] {
      #expect { try NudityProfile.named(name) } throws: {
        "\($0)".contains("'\(name)'") && "\($0)".contains("NudeNet 2")
      }
    }
  }

  @Test func profilesOfClassifiers() throws {
    let labels = (0..<1000).map { "class \($0)" }
    let (place, profile) = try ClassifierProfile.divide("resnet-50@imagenette")
    #expect(place == "resnet-50")
    let question = JudgeQuestion(
      Forgotten(kind: "object", names: ["church"]),
      classes: ["object": ["church", "tench", "fox"]])
    let answers = ClassLabels(labels, question, profile)
    // A concept that the protocol lacks has no class; 998 labels stay rivals.
    #expect(answers.classes["object"]?.prefix(2) == ["church", "tench"])
    #expect(answers.classes["object"]?.count == 1000)
    var logits = [Float](repeating: 0, count: 1000)
    logits[497] = 9
    let found = answers.logits(Tensor(logits, [1, 1000]), "object")
    #expect(found.argmax(1).ints == [0])
    #expect(throws: LetheError.self) { try profile?.check(["a", "b"], "folder") }
    #expect(throws: LetheError.self) { try ClassifierProfile.divide("resnet-50@imagenet") }
    let style = try #require(ClassifierProfile.all.first { $0.name == "unlearndiffatk-style" })
    #expect(
      style.labels(of: "Van Gogh", in: ["claude-monet", "vincent-van-gogh"]) == [1])
    let canvas = try #require(ClassifierProfile.all.first { $0.name == "unlearncanvas-style" })
    #expect(canvas.labels(of: "Van Gogh", in: (0..<51).map { "LABEL_\($0)" }) == [45])
  }
}
