internal import Foundation

/// The header that other programs read a file's kind from: `modelspec` 1.0.1.
package struct ModelSpec {
  private let family: OriginalFamily
  private let isVelocity: Bool
  private let title: String
  private let pixels: Int
  /// Whether the file is a LoRA.
  package var isLoRA = false
  package var description: String?
  /// ISO 8601
  package var date: String?

  package init(_ family: OriginalFamily, _ schedule: NoiseSchedule, title: String, pixels: Int) {
    (self.family, self.title, self.pixels) = (family, title, pixels)
    isVelocity = schedule.prediction == .velocity
  }

  package var texts: [String: String] {
    let architecture =
      switch family {
      case .sd1: "stable-diffusion-v1"
      case .sd2: isVelocity ? "stable-diffusion-v2-768-v" : "stable-diffusion-v2-512"
      case .sdxl: "stable-diffusion-xl-v1-base"
      }
    // The names of modules that the file has: diffusers' in a LoRA of SD 1.x and 2.x.
    let isDiffusers = isLoRA && family != .sdxl
    var texts = [
      "modelspec.sai_model_spec": "1.0.1",
      "modelspec.architecture": architecture + (isLoRA ? "/lora" : ""),
      "modelspec.implementation": isDiffusers
        ? "diffusers" : "https://github.com/Stability-AI/generative-models",
      "modelspec.title": title, "modelspec.resolution": "\(pixels)x\(pixels)",
      "modelspec.prediction_type": isVelocity ? "v" : "epsilon",
    ]
    texts["modelspec.description"] = description
    texts["modelspec.date"] = date
    return texts
  }
}
