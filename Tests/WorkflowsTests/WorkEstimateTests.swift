import Attacks
import Diffusion
import Evaluation
import TestSupport
import Testing
import Torch
import Workbench
import WorkbenchSupport

@testable import Workflows

@Suite struct WorkEstimateTests {
  private static func sample(_ width: Int?, _ height: Int?, guidance: Double? = nil)
    -> SampleSet.Sample
  {
    var sample = SampleSet.Sample("fox", 0, prompt: "a fox", seed: 1)
    (sample.width, sample.height, sample.guidance) = (width, height, guidance)
    return sample
  }

  private static var sampling: SamplingOptions {
    var sampling = SamplingOptions()
    (sampling.steps, sampling.guidance) = (3, 7.5)
    return sampling
  }

  /// Pictures are counted by the size and the guidance that their prompts bring.
  @Test func sizesOfPrompts() {
    let samples = [
      Self.sample(nil, nil), Self.sample(64, 32), Self.sample(64, 32, guidance: 1),
    ]
    let work = WorkEstimate(samples, Self.sampling)
    let (own, wide) = (
      WorkEstimate.Size(Self.sampling),
      WorkEstimate.Size(samples[1].sampling(over: Self.sampling))
    )
    #expect(work.drawings[own] == .init(evaluations: 6, pictures: 1))
    #expect(work.drawings[wide] == .init(evaluations: 6 + 3, pictures: 2))
    #expect(work.evaluations == 15 && work.pictures == 3)
    let paces = [
      own: WorkEstimate.Pace(noisy: 1, decoded: 10, read: 0),
      wide: WorkEstimate.Pace(noisy: 4, decoded: 20, read: 0),
    ]
    let seconds: Double = 6 + 10 + 36 + 40
    #expect(work.seconds(at: paces) == seconds)
    // Attempts have the size of their prompt: 2 before the attack, one of it, and as many random tokens.
    var random = RandomTokens()
    random.attempts = 1
    let attack = WorkEstimate([random], on: samples, Self.sampling)
    #expect(attack.drawings[own]?.pictures == 3 && attack.drawings[wide]?.pictures == 6)
    #expect(attack.drawings[wide]?.evaluations == Double(3 * 6 + 3 * 3))
  }

  /// The sentence names each size with a pace of its own, and a size that no picture can have is refused.
  @Test func paceOfEachSize() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder).model()
      let wide = model.pixelsPerLatent * 16
      let work = WorkEstimate([Self.sample(nil, nil), Self.sample(wide, wide)], Self.sampling)
      let sentence = try work.time(on: model, "nothing else")
      #expect(sentence.contains("6 noisy pictures through the U-Net at "), "\(sentence)")
      #expect(
        sentence.contains("6 noisy pictures of \(wide) x \(wide) pixels through the U-Net at "),
        "\(sentence)")
      #expect(sentence.hasSuffix("; nothing else"))
      let odd = WorkEstimate([Self.sample(wide + 1, nil)], Self.sampling)
      let error = #expect(throws: LetheError.self) { try odd.time(on: model, "") }
      #expect(error?.sentence.contains("a size of \(wide + 1) pixels") == true)
    }
  }
}
