import ArgumentParser
import Attacks
import Diffusion
import Editing
import Foundation
import Torch
import TorchNN
import Training
import Unlearning
import Workbench

/// Timing of stages in this process. `make bench` runs it in turn with diffusers.
struct SpeedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "speed", abstract: "Time stages (used by `make bench`).", shouldDisplay: false)

  enum Stage: String, ExpressibleByArgument, CaseIterable {
    case text, unet, backward, sample, decode, esd, unlearndiff, nullspace
  }

  @Argument(help: "Model folder in the diffusers layout.") var model: String
  @Option(help: "Stage to time; may be repeated.") var stage: [Stage] = []
  @Option(help: "Number of timed repetitions, at least 1.") var repeats = 5
  @Option(help: "Number of pictures of the stage sample, 1 to 64.") var pictures = 4
  @Option(help: "Number of training iterations of the stage esd.") var iterations = 200
  @Option(help: "Number of trajectories of the stage esd.") var trajectories = 8
  @Option(help: "Number of steps of each trajectory of the stage esd.") var trajectorySteps = 50
  @Option(help: "Number of prompts attacked at once in the stage unlearndiff, 1 to 16.")
  var prompts = UnlearnDiffAtk().batch
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      try accept("--repeats", repeats, .whole(1...1_000_000))
      try accept("--pictures", pictures, .whole(1...64))
      try accept("--iterations", iterations, .whole(1...1_000_000))
      try accept("--trajectories", trajectories, .whole(1...1_000_000))
      try accept("--trajectory-steps", trajectorySteps, .steps)
      try accept("--prompts", prompts, .whole(1...16))
      let device = try common.openDevice()
      let model = try ModelFolder(model).model(on: device)
        .computing(in: common.dtype?.computeType ?? .float32)
      let texts = ["a fox", "an owl", "a cat", "a castle"]
      let g = Generator(seed: 1)
      let size = model.latentSize
      let x = Tensor.randn([2, model.unet.inChannels, size, size], g).to(device)
      let t = Tensor([981, 500] as [Float]).to(device)
      let c = withoutGradients { model.embed([texts[0], texts[1]]) }

      func timed(_ count: Int, _ body: () throws -> Void) rethrows -> [Double] {
        try (0..<count).map { _ in
          let start = DispatchTime.now().uptimeNanoseconds
          try body()
          device.synchronize()
          return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        }
      }
      for stage in stage {
        device.resetPeakMemory()
        let seconds: [Double]
        switch stage {
        case .text: seconds = withoutGradients { timed(repeats + 1) { _ = model.embed(texts) } }
        case .unet:
          seconds = withoutGradients {
            timed(repeats + 1) { _ = model.predict(x, at: t, given: c) }
          }
        case .backward:
          let parameters = ParameterSelection.unet.paths(of: model.parameters).compactMap {
            model.parameters[$0]
          }
          for parameter in parameters { parameter.requiresGradient = true }
          defer { for parameter in parameters { parameter.requiresGradient = false } }
          seconds = timed(repeats + 1) {
            _ = gradients(of: model.predict(x, at: t, given: c).squared().mean(), with: parameters)
          }
        case .sample:
          seconds = try timed(repeats + 1) {
            _ = try model.images(
              (0..<pictures).map { texts[$0 % 4] }, seeds: (0..<pictures).map { UInt64($0 + 1) },
              SamplingOptions())
          }
        case .decode:
          let codec = try model.codec
          seconds = withoutGradients { timed(repeats + 1) { _ = codec.decode(x) } }
        case .esd:
          var esd = ESD()
          (esd.training.steps, esd.trajectories, esd.trajectorySteps) = (
            iterations, trajectories, trajectorySteps
          )
          (esd.guarding.limit, esd.training.saveEvery) = (0, Int.max)
          let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "lethe-speed-\(getpid())")
          defer { try? FileManager.default.removeItem(at: folder) }
          let erasure = Erasure(forget: [Concept("a fox")])
          seconds = try timed(repeats) { _ = try esd.erase(erasure, from: model, Run(folder)) }
            .map { $0 / Double(iterations) }
        case .nullspace:
          // The rows of ten prompts at CLIP's width.
          let rows = Tensor.randn([77 + 76 * 9, 768], g).to(.float64)
          seconds = timed(repeats + 1) { _ = NullSpace(rows: rows, tolerance: 1e-9) }
        case .unlearndiff:
          // One batch of the attack.
          let attacked = (0..<prompts).map {
            AttackedPrompt("a noto emoji of \(["a fox", "an owl"][$0 % 2])", seed: UInt64($0))
          }
          let victim = try Victim(model, original: model, concepts: [Concept("fox")]) {
            try model.images([$0.prompt], seeds: [$0.seed], SamplingOptions())[0]
          }
          // The reference runs the same two rounds. The paper has 50 rounds of 40 steps.
          seconds = try timed(repeats + 1) {
            var session = try UnlearnDiffAtk().session(attacked, WhiteBoxTarget(victim), seed: 1)
            for _ in 0..<2 {
              let tries = try session.next(Array(attacked.indices)).sorted { $0.key < $1.key }
              _ = try model.images(
                given: victim.conditioning(for: tries.map(\.value)), seeds: attacked.map(\.seed),
                SamplingOptions())
            }
          }.map { $0 / Double(attacked.count) }
        }
        // The first round fills caches and is not counted.
        let kept = stage == .esd ? seconds : Array(seconds.dropFirst())
        let result = JSON.object([
          "seconds": .array(kept.map(JSON.number)), "peak": .int(device.peakMemory),
          "threads": .int(Runtime.threads), "torch": .string(Runtime.version),
          "stage": .string(stage.rawValue),
        ])
        print(result.compact)
      }
    }
  }
}
