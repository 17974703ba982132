// Whole trainings of every method of the catalog on the device `rehearsal`, where a tensor of the CPU beside one of the
// device is an error, as on a GPU.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct RehearsalMethodTests {
  /// Waits for a GPU in a step, where they are more than one, for the loss: for numbers that a method decides
  /// by, and for losses that it adds. A step that is logged reads more.
  static let mostWaits = [
    "sepme": 2, "amnesia": 2, "scissorhands": 2, "erasediff": 3, "munba": 3, "meta": 3,
  ]

  /// Copies to a GPU in a step and their bytes, where they are more than six of 512 bytes, for timesteps, the places of
  /// rows and factors of the losses. Methods that train on pictures bring noise: 1 KB for a picture of the tiny model.
  static let mostCopies = [
    "advunlearn": (18, 512), "meta": (41, 101_408), "erasediff": (7, 21_024),
    "salun": (11, 24_832), "randomlabel": (11, 24_832), "amnesia": (10, 41_536),
    "scissorhands": (10, 24_768), "munba": (11, 41_664), "ascent": (10, 41_536),
    "finetune": (6, 20_768), "retrain": (6, 71_072),
  ]

  /// The vector of a training on the tiny model, and what its steps had asked of the device at their ends.
  private func erase(
    _ name: String, on device: Device, in type: ComputeType? = nil
  ) throws -> (vector: ParameterVector, steps: [DeviceCopies]) {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"), on: device)
    return try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 1)
      run.computeType = type
      var steps: [DeviceCopies] = []
      run.onProgress = { p in
        guard p.total == MethodContractTests.steps, p.stage.hasPrefix(name) else { return }
        steps.append(.now)
      }
      var vector = try MethodContractTests.erase(name, MethodContractTests.erasure, model, run)
      #expect(model.parameters.tensors.values.allSatisfy { $0.device == device })
      vector.tensors = vector.tensors.mapValues { $0.to(.cpu) }
      return (vector, steps)
    }
  }

  /// A step asks no more of the device than is known.
  /// - Parameter more: waits beside those of a step in float32
  private func check(_ name: String, _ steps: [DeviceCopies], more: Int = 0) throws {
    let trains = try MethodContractTests.encoded(name)["training"] != nil
    #expect(trains == (steps.count == MethodContractTests.steps))
    guard steps.count >= 2 else { return }
    // No state is saved and nothing is logged between the first step's end and the second's.
    let found = steps[1] - steps[0]
    let (copies, bytes) = Self.mostCopies[name] ?? (6, 512)
    let bound = DeviceCopies(
      waits: (Self.mostWaits[name] ?? 1) + more, writes: copies, uploads: copies, bytes: bytes)
    #expect(found.isWithin(bound), "\(found) in a step of \(name)")
  }

  /// The same direction as on the CPU, with as few waits and copies as are known.
  @Test(arguments: MethodCatalog.builtIn.names) func trainings(_ name: String) throws {
    Runtime.threads = 1
    let (here, there) = (try erase(name, on: .cpu), try erase(name, on: Fixtures.gpu()))
    #expect(there.vector.paths == here.vector.paths)
    // Adam moves a weight by its rate whichever sign a gradient near 0 has.
    let away = (there.vector - here.vector).norm / here.vector.norm
    #expect(away <= 0.2, "\(away)")
    try check(name, there.steps)
  }

  /// In float16 a step waits once more: it reads whether the scaled gradients are finite.
  @Test(arguments: MethodCatalog.builtIn.names) func inFloat16(_ name: String) throws {
    Runtime.threads = 1
    guard try MethodContractTests.encoded(name)["training"] != nil else { return }
    let found = try erase(name, on: Fixtures.gpu(), in: .float16)
    #expect(found.vector.norm > 0 && found.vector.tensors.values.allSatisfy { $0.isFinite })
    try check(name, found.steps, more: 1)
  }

  /// Methods on two text encoders with a pooled prompt.
  @Test(arguments: ["esd", "sepme", "uce", "advunlearn"]) func onSDXL(_ name: String) throws {
    Runtime.threads = 1
    let device = try Fixtures.gpu()
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"), on: device)
    try Fixtures.temporaryFolder { folder in
      let vector = try MethodContractTests.erase(
        name, MethodContractTests.erasure, model, Run(folder, seed: 1))
      #expect(vector.norm > 0 && vector.tensors.values.allSatisfy { $0.isFinite })
    }
  }

  /// Methods that train on pictures, on a model with classes.
  @Test(arguments: MethodCatalog.builtIn.all.filter { $0 is any DataMethod.Type }.map { $0.name })
  func onClasses(_ name: String) throws {
    Runtime.threads = 1
    let device = try Fixtures.gpu()
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"), on: device)
    try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      let vector = try MethodContractTests.erase(
        name, ThreeClasses.erasure(folder), model,
        Run(folder.appendingPathComponent("run"), seed: 1))
      #expect(vector.norm > 0 && vector.tensors.values.allSatisfy { $0.isFinite })
    }
  }
}
