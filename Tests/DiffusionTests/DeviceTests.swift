// Samplers on libtorch's meta device: a loop sends the step's noise and its time, and looks at nothing before its end.
import Foundation
import TestSupport
import Testing
import Torch

@testable import Diffusion

@Suite struct DeviceTests {
  private static func traffic(_ sampler: String, _ model: String, steps: Int) throws -> HostTraffic
  {
    let traffic = HostTraffic()
    try HostTraffic.$watched.withValue(traffic) {
      let model = try DiffusionModel.load(Fixtures.url(model), on: .meta)
      var options = SamplingOptions()
      (options.sampler, options.steps, options.guidance) = (sampler, steps, 3)
      let images = try model.images(["a fox", "a cat"], seeds: [1, 2], options)
      #expect(images.count == 2)
    }
    return traffic
  }

  @Test(arguments: Samplers.all.map { $0.name }) func staysOnTheDevice(_ sampler: String) throws {
    for model in ["tiny-sd1", "tiny-sdxl"] {
      let few = try Self.traffic(sampler, model, steps: 4)
      let more = try Self.traffic(sampler, model, steps: 12)
      #expect(more.reads == few.reads, "\(model)")
      // Noise of samplers that add some.
      let uploads = Double(more.uploads - few.uploads) / 8
      #expect(uploads <= 2.5, "\(uploads) uploads a step of \(model)")
    }
  }
}
