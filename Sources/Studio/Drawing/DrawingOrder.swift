internal import Diffusion
internal import Foundation
internal import Torch
internal import Workbench

/// A picture that is asked for: prompt, seed and sampling, and the erasers that are on with their strengths.
struct DrawingOrder: Sendable, Hashable {
  struct Switch: Sendable, Hashable {
    let eraser: EraserPlace
    let strength: Double
  }
  let model: ModelFolder
  let prompt: String
  let seed: UInt64
  let sampling: SamplingOptions
  let erasers: [Switch]

  private static let mostErasers = 64

  /// - Throws: ``LetheError`` of the kind `request` for a value that is not accepted, ``Refusal`` for a name of nothing
  init(_ form: Checked, _ erasers: EraserShelf, _ models: [ModelFolder]) throws {
    let name = try form["model"].string()
    guard let model = models.first(where: { $0.path == name }) else {
      throw Refusal(.unknown, "there is no model '\(name.prefix(200))' here")
    }
    self.model = model
    prompt = try form["prompt"].string("")
    // A number of JavaScript holds 53 bits; a seed has 64.
    let digits = try form["seed"].string(longest: 20, "0")
    guard let seed = UInt64(digits) else {
      throw LetheError.badValue(
        "seed", "'\(digits)'; accepted: a whole number from 0 to \(UInt64.max)")
    }
    self.seed = seed
    var sampling = SamplingOptions()
    sampling.sampler = try form["sampler"].string(longest: 100, model.usualSampler)
    sampling.steps = try form["steps"].int(1...1000, 25)
    sampling.guidance = try form["guidance"].number(-100...100, 4)
    let negative = try form["negative"].string("")
    if !negative.isEmpty { sampling.negative = negative }
    self.sampling = sampling
    guard !form["erasers"].isMissing else {
      self.erasers = []
      return
    }
    self.erasers = try form["erasers"].list(0...Self.mostErasers, of: "erasers").map { item in
      Switch(
        eraser: try erasers.place(item["name"].string(longest: 2000)),
        strength: try item["strength"].number(0...4, 1))
    }
  }
}
