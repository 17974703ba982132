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

  /// The same direction as on the CPU, with as few waits as are known.
  @Test(arguments: MethodCatalog.builtIn.names) func trainings(_ name: String) throws {
    Runtime.threads = 1
    let device = try Fixtures.gpu()
    func erase(on device: Device) throws -> (vector: ParameterVector, waits: [Int]) {
      let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"), on: device)
      return try Fixtures.temporaryFolder { folder in
        let run = try Run(folder, seed: 1)
        var waits: [Int] = []
        run.onProgress = { p in
          guard p.total == MethodContractTests.steps, p.stage.hasPrefix(name) else { return }
          waits.append(HostCopies.waits)
        }
        let vector = try MethodContractTests.erase(
          name, MethodContractTests.erasure, model, run)
        #expect(model.parameters.tensors.values.allSatisfy { $0.device == device })
        return (vector, waits)
      }
    }
    let (here, there) = (try erase(on: .cpu), try erase(on: device))
    #expect(there.vector.paths == here.vector.paths)
    var moved = there.vector
    moved.tensors = moved.tensors.mapValues { $0.to(.cpu) }
    // Adam moves a weight by its rate whichever sign a gradient near 0 has.
    let away = (moved - here.vector).norm / here.vector.norm
    #expect(away <= 0.2, "\(away)")
    let trains = try MethodContractTests.encoded(name)["training"] != nil
    #expect(trains == (there.waits.count == MethodContractTests.steps))
    if there.waits.count >= 2 {
      // No state is saved and nothing is logged between the first step's end and the second's.
      let found = there.waits[1] - there.waits[0]
      #expect(found <= Self.mostWaits[name] ?? 1, "\(found) waits in a step of \(name)")
    }
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
