// Samplers against diffusers' schedulers over random legal combinations of their options
// (scripts/golden/samplers.py); a linear function stands for the network.
import Foundation
import TestSupport
import Testing
import Torch

@testable import Diffusion

@Suite struct SamplerParityTests {
  static let file =
    ProcessInfo.processInfo.environment["LETHE_SAMPLERS"].map { URL(fileURLWithPath: $0) }
    ?? Fixtures.url("samplers.json")
  static let cases = (try? JSON(contentsOf: file))?["cases"]?.array ?? []

  /// x after all steps from sin(1 ... 16), with noise of seed 0.
  static func result(
    _ config: JSON, _ steps: Int, eta: Double? = nil, sampler: String = "model",
    noiseScale: Double = 1, start: Double = 1
  ) throws -> [Float] {
    let schedule = try NoiseSchedule(config)
    var options = SamplingOptions()
    (options.sampler, options.steps, options.eta) = (sampler, steps, eta)
    var s = try Samplers.make(options, schedule)
    let g = Generator(seed: 0)
    var x =
      Tensor((1...16).map { Float(Foundation.sin(Double($0))) }, [1, 4, 2, 2])
      * (s.initialScale * start)
    for (i, t) in s.timesteps.enumerated() {
      let output = 0.5 * s.input(x, i) + 0.1 * Foundation.cos(t / 100)
      x = s.step(output, i, x) { Tensor.randn([1, 4, 2, 2], g) * noiseScale }
    }
    return x.floats
  }

  static func difference(_ found: [Float], _ expected: [Double]) -> Double {
    let scale = max(1, expected.map(abs).max() ?? 1)
    return zip(found, expected).map { abs(Double($0) - $1) / scale }.max() ?? .infinity
  }

  @Test(arguments: Samplers.all.map { $0.className }.filter { $0 != "DPMSolverSDEScheduler" })
  func agreesWithDiffusers(_ name: String) throws {
    let own = Self.cases.filter { $0["config"]?["_class_name"]?.string == name }
    #expect(own.count >= 10)
    for item in own {
      let config = try #require(item["config"])
      let steps = try #require(item["steps"]?.int)
      let expected = try #require(item["x"]?.array).compactMap(\.number)
      do {
        let found = try Self.result(config, steps, eta: item["eta"]?.number)
        let d = Self.difference(found, expected)
        #expect(found.count == 16)
        guard d >= 2e-4 else { continue }
        // Schedules that end without signal divide by almost nothing: rounding of the start moves the result as far.
        let moved = try Self.result(
          config, steps, eta: item["eta"]?.number, start: 1 + 2e-7)
        let floor = Self.difference(moved, found.map(Double.init))
        #expect(d < 100 * floor, "\(d), \(floor) \(config.compact), \(steps) steps")
      } catch let error as LetheError {
        Issue.record("\(error) \(config.compact), \(steps) steps")
      }
    }
  }

  static let stableDiffusion: JSON = [
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
  ]

  /// diffusers' noise comes from a Brownian tree, so that only the steps without noise compare.
  @Test(arguments: [(false, [1.0027, 1.0707, 0.29959]), (true, [0.97889, 1.0498, 0.24626])])
  func stochasticSolverWithoutNoise(_ karras: Bool, _ expected: [Double]) throws {
    var config = Self.stableDiffusion
    config["_class_name"] = "DPMSolverSDEScheduler"
    config["use_karras_sigmas"] = .bool(karras)
    let found = try Self.result(config, 5, noiseScale: 0)
    #expect(Self.difference(Array(found.prefix(3)), expected) < 1e-4)
    #expect(try Self.result(config, 5, noiseScale: 1) != found)
  }

  /// The name asks for the stochastic form, whatever the configuration says.
  @Test func stochasticMultistepByName() throws {
    var config = Self.stableDiffusion
    config["use_karras_sigmas"] = true
    let found = try Self.result(config, 5, sampler: "dpm++2m-sde")
    #expect(Self.difference(Array(found.prefix(3)), [-4.8741, -5.1384, -0.20287]) < 1e-4)
  }

  /// Levels of the four shapes for Stable Diffusion and five steps.
  @Test func shapes() {
    let expected: [(SigmaShape, [Double])] = [
      (.exponential, [14.615, 3.0890, 0.65290, 0.13800, 0.029168]),
      (.beta, [14.615, 12.052, 7.3219, 2.5916, 0.029168]),
    ]
    for (shape, values) in expected {
      let found = shape.levels(5, from: 14.61465, to: 0.0291675)
      #expect(zip(found, values).allSatisfy { abs($0 / $1 - 1) < 1e-4 }, "\(found)")
    }
    let karras = SigmaShape.karras.levels(10, from: 14.61465, to: 0.0291675)
    #expect(abs(karras[4] - 1.7494) < 1e-4 && abs(karras[8] - 0.081911) < 1e-5)
    #expect(abs(SigmaShape.betaQuantile(0.5, 0.6) - 0.5) < 1e-12)
  }

  /// No signal is left at the last step; the first keeps its own.
  @Test func zeroSignalToNoise() throws {
    var config = Self.stableDiffusion
    config["rescale_betas_zero_snr"] = true
    let bar = try NoiseSchedule(config).alphaBar
    #expect(bar[999] == 0 && abs(bar[0] - 0.99914998) < 1e-7)
    #expect(abs(bar[250] - 0.65245676) < 1e-6 && abs(bar[998] - 1.968e-7) < 1e-9)
    config["timestep_spacing"] = "trailing"
    #expect(throws: LetheError.self) { try DDIM(NoiseSchedule(config), steps: 5) }
    config["prediction_type"] = "v_prediction"
    #expect(try DDIM(NoiseSchedule(config), steps: 5).timesteps.first == 999)
  }

  /// A scheduler that is not known stops pictures, and nothing before.
  @Test(arguments: [
    ("_class_name", "FlowMatchEulerDiscreteScheduler" as JSON), ("beta_schedule", "sigmoid"),
    ("prediction_type", "flow_prediction"),
  ])
  func unknownSchedulersBlockDrawingAlone(_ key: String, _ value: JSON) throws {
    var config = Self.stableDiffusion
    config[key] = value
    let schedule = try NoiseSchedule(config)
    for name in ["model", "ddim", "euler", "unipc", "lcm"] {
      var options = SamplingOptions()
      options.sampler = name
      let error = #expect(throws: LetheError.self) { try Samplers.make(options, schedule) }
      #expect(error?.sentence.contains(key) == true)
    }
  }

  @Test func optionsThatExcludeEachOther() throws {
    for (name, options) in [
      ("EulerDiscreteScheduler", ["use_karras_sigmas": true, "use_beta_sigmas": true]),
      ("UniPCMultistepScheduler", ["solver_type": "bh1"]),
      ("DPMSolverMultistepScheduler", ["algorithm_type": "dpmsolver"]),
      ("DPMSolverMultistepScheduler", ["use_flow_sigmas": true]),
      ("LCMScheduler", ["original_inference_steps": 4]),
    ] as [(String, [String: JSON])] {
      var config = Self.stableDiffusion
      config["_class_name"] = .string(name)
      for (key, value) in options { config[key] = value }
      #expect(throws: LetheError.self, "\(name) \(options)") { try Self.result(config, 5) }
    }
  }
}
