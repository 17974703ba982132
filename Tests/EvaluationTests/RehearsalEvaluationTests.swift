// Judges and measures on the device `rehearsal`, where a tensor of the CPU beside one of the device is an error, as on
// a GPU. Pictures come from files, and so lie on the CPU.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite struct RehearsalEvaluationTests {
  private static let question = JudgeQuestion(
    Forgotten(kind: "object", names: ["fox"]), classes: ["object": ["fox", "cat"]])
  /// Twelve pictures, of which each has a prompt of its own. Intervals need ten.
  private static func pictures(_ side: Int, seed: UInt64) -> Tensor {
    Tensor.rand([12, 3, side, side], Generator(seed: seed)) * 2 - 1
  }
  private static let prompts = (0..<12).map { "picture \($0)" }

  /// The place of a tiny judge of a kind, in `folder` where it is made.
  private static func judge(_ name: String, in folder: URL) throws -> JudgeSpec {
    switch name {
    case "own":
      var card = JudgeNetwork.Card(heads: ["object": ["fox", "cat"], "style": ["noto", "line"]])
      (card.widths, card.size) = ([4, 8], 16)
      try JudgeNetwork(card, .initial(Generator(seed: 1))).save(to: folder, card: card)
      return JudgeSpec("own", folder.path)
    case "onnx":
      let file = folder.appendingPathComponent("model.onnx")
      try FileManager.default.copyItem(at: Fixtures.url("onnx/classifier.onnx"), to: file)
      let processor = #"{"image_processor_type": "ViTImageProcessor", "size": 8}"#
      try Data(processor.utf8).write(
        to: folder.appendingPathComponent("preprocessor_config.json"))
      return JudgeSpec("onnx", file.path)
    case "tiny-clip": return JudgeSpec("clip", Fixtures.url(name).path)
    default: return JudgeSpec("classifier", Fixtures.url(name).path)
    }
  }

  /// A judge says the same, and every measure of judged pictures has the same value, also beside a reference whose
  /// features were read from a file.
  @Test(arguments: ["own", "tiny-clip", "tiny-vit", "tiny-resnet", "tiny-convnext", "onnx"])
  func judges(_ name: String) throws {
    Runtime.threads = 1
    let device = try Fixtures.gpu()
    try Fixtures.temporaryFolder { folder in
      let spec = try Self.judge(name, in: folder)
      let asked = (0..<12).map { ["object": $0 < 6 ? "fox" : "cat"] }
      func judged(_ seed: UInt64, on device: Device) throws -> JudgedSet {
        var found = try spec.open(asked: Self.question, on: device)
          .judged(Self.pictures(32, seed: seed), asked: asked)
        found.prompts = Self.prompts
        return found
      }
      let (here, there) = (try judged(1, on: .cpu), try judged(1, on: device))
      #expect(there.seen == here.seen && there.asked == here.asked)
      let scale = here.features.abs().max().item
      #expect(there.features.to(.cpu).distance(to: here.features) <= 1e-4 * scale)
      for (a, b) in zip(here.beliefs, there.beliefs) {
        for (kind, beliefs) in a {
          #expect(beliefs.allSatisfy { abs($1 - (b[kind]?[$0] ?? -1)) <= 1e-4 })
        }
      }
      let reference = try judged(2, on: .cpu)
      for metric in MetricCatalog.builtIn.all.map({ $0.init() }) {
        let forgotten = Self.question.forgotten
        let expected = metric.measure(here, forgotten: forgotten, reference: reference)
        for other in [reference, try judged(2, on: device)] {
          let found = metric.measure(there, forgotten: forgotten, reference: other)
          #expect(
            Self.agree(found, expected),
            "\(type(of: metric).name): \(found?.value ?? 0), \(expected?.value ?? 0)")
        }
      }
    }
  }

  /// Every measure of the catalog by the networks that it needs, on pictures and their reference.
  @Test func measures() throws {
    Runtime.threads = 1
    func metrics(on device: Device) throws -> [any PictureMetric] {
      var networks = MetricNetworks()
      networks.clip = (try CLIPModel.load(Fixtures.url("tiny-clip"), on: device), "tiny", "0a1b")
      networks.perceptual = try PerceptualNetwork.Kind.allCases.map {
        (try PerceptualNetwork($0, .initial(Generator(seed: 1)), on: device), "5f6e")
      }
      return PictureMetricCatalog.builtIn.metrics(networks)
    }
    let drawn = try DrawnPictures(Self.pictures(32, seed: 1), prompts: Self.prompts)
    let reference = try DrawnPictures(Self.pictures(32, seed: 2), prompts: Self.prompts)
    let (here, there) = (try metrics(on: .cpu), try metrics(on: Fixtures.gpu()))
    #expect(there.map(\.name) == here.map(\.name) && there.count == 8)
    for (one, other) in zip(here, there) {
      let found = try other.measure(drawn, reference: reference)
      #expect(found != nil, "\(one.name)")
      #expect(Self.agree(found, try one.measure(drawn, reference: reference)), "\(one.name)")
      #expect(
        Self.agree(
          try other.change(drawn, from: reference), try one.change(drawn, from: reference)),
        "\(one.name)")
    }
  }

  /// FID and KID in one of the four ways to resize, with their intervals.
  @Test func distancesInInception() throws {
    Runtime.threads = 1
    let x = Self.pictures(16, seed: 1)
    func found(on device: Device) throws -> [MeasuredValue?] {
      let network = try InceptionV3(.initial(Generator(seed: 1)), on: device)
      let features = network.features(x, .pytorchFID)
      let others = features.narrowed(0, 0, 9).squared()
      let clusters = ClusterBootstrap(Self.prompts)
      let few = try [0, 2].map {
        try DrawnPictures(x.narrowed(0, $0, 2), prompts: ["a", "b"])
      }
      return [
        FID.value("fid", features, others, clusters),
        KID.value("kid", features, others, clusters),
        try FID(network, .pytorchFID).measure(few[0], reference: few[1]),
      ]
    }
    let (here, there) = (try found(on: .cpu), try found(on: Fixtures.gpu()))
    for (one, other) in zip(here, there) {
      #expect(other != nil && Self.agree(other, one), "\(one?.metric ?? "")")
    }
    #expect(there.prefix(2).allSatisfy { $0?.interval != nil })
  }

  /// The distance in a judge's maps.
  @Test func distanceInAJudge() throws {
    func found(on device: Device) throws -> [Double] {
      var card = JudgeNetwork.Card(heads: ["object": ["a", "b"]])
      (card.widths, card.size) = ([4, 8], 16)
      let network = try JudgeNetwork(card, .initial(Generator(seed: 1)), on: device)
      return PerceptualDistance(network)(Self.pictures(16, seed: 1), Self.pictures(16, seed: 2))
    }
    let (here, there) = (try found(on: .cpu), try found(on: Fixtures.gpu()))
    #expect(zip(here, there).allSatisfy { abs($0 - $1) < 1e-5 } && here.count == 12)
  }

  private static func agree(_ a: MeasuredValue?, _ b: MeasuredValue?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    func isNear(_ x: Double, _ y: Double) -> Bool { abs(x - y) <= 1e-3 * max(abs(y), 1e-3) }
    return isNear(a.value, b.value) && a.n == b.n
      && (a.interval == nil) == (b.interval == nil)
      && isNear(a.interval?.lower ?? 0, b.interval?.lower ?? 0)
      && isNear(a.interval?.upper ?? 0, b.interval?.upper ?? 0)
  }
}
