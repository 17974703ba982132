internal import Foundation
internal import Torch

/// The scale of a LoRA's tensors as it is stated outside them: in the header as diffusers writes it, or in PEFT's
/// `adapter_config.json`.
struct LoRAScale {
  private let settings: [String: JSON]

  init(_ file: URL, _ metadata: [String: String]) throws {
    if let text = metadata["lora_adapter_metadata"] {
      do { settings = try JSONText.value(Data(text.utf8)).members ?? [:] } catch {
        throw LetheError.malformed(file, "its lora_adapter_metadata is no JSON: \(error)")
      }
      return
    }
    let config = file.deletingLastPathComponent().appendingPathComponent("adapter_config.json")
    let isAdapter =
      file.lastPathComponent.hasPrefix("adapter_model")
      && FileManager.default.fileExists(atPath: config.path)
    settings = isAdapter ? try JSON(contentsOf: config).members ?? [:] : [:]
  }

  /// - Parameter alpha: the module's own, where the file has it
  func scale(_ module: String, alpha: Double?, rank r: Int) -> Double {
    if let alpha { return alpha == 0 ? 1 : alpha / Double(r) }
    // Keys begin with the component where the header has several.
    let component =
      ["unet.", "text_encoder_2.", "text_encoder."].first { module.hasPrefix($0) } ?? ""
    func setting(_ key: String) -> JSON? { settings[component + key] ?? settings[key] }
    let own = setting("alpha_pattern")?.members?.first { key, _ in
      module == key || module.hasSuffix("." + key)
    }
    guard let alpha = own?.value.number ?? setting("lora_alpha")?.number else { return 1 }
    let usesRoot = setting("use_rslora")?.bool == true
    return usesRoot ? alpha / Double(r).squareRoot() : alpha / Double(r)
  }
}
