/// Sentences for models that Lethe does not read, so that a refusal says what they are.
enum ModelKind {
  private static let drawsFromText = "Lethe draws from text alone"

  /// - Parameter pipeline: the class that `model_index.json` names
  static func of(pipeline: String) -> String? {
    let kinds: [(String, String)] = [
      ("Onnx", "a model in the ONNX format; Lethe reads safetensors"),
      ("Inpaint", "an inpainting model; \(drawsFromText)"),
      ("Pix2Pix", "a model that edits pictures; \(drawsFromText)"),
      ("Depth2Img", "a model that draws by depth maps; \(drawsFromText)"),
      ("Upscale", "an upscaler; \(drawsFromText)"),
      ("XLImg2Img", "a refiner; \(drawsFromText)"),
      ("Img2Img", "a model that changes pictures; \(drawsFromText)"),
      ("ImageVariation", "a model that varies pictures; \(drawsFromText)"),
      ("ControlNet", "a model with a ControlNet; \(drawsFromText)"),
      ("StableDiffusion3", "a transformer; Lethe erases in U-Nets"),
      ("Flux", "a transformer; Lethe erases in U-Nets"),
      ("DiT", "a transformer; Lethe erases in U-Nets"),
      ("PixArt", "a transformer; Lethe erases in U-Nets"),
      ("Cascade", "a cascade of two models; Lethe erases in one U-Net"),
      ("Audio", "a model of sound"), ("Video", "a model of video"), ("Mochi", "a model of video"),
      ("HotshotXL", "a model of video"), ("Zero123", "a model of views of an object"),
    ]
    return kinds.first { pipeline.contains($0.0) }?.1
  }

  /// - Parameter component: the class of a component
  static func of(component: String) -> String? {
    let kinds: [(String, String)] = [
      ("ChatGLM", "a language model of another family; Lethe reads prompts with CLIP"),
      ("T5", "a language model of another family; Lethe reads prompts with CLIP"),
      ("Bert", "a language model of another family; Lethe reads prompts with CLIP"),
      ("Onnx", "a component in the ONNX format; Lethe reads safetensors"),
      ("UNet3D", "a network over video"), ("MultiView", "a network over views of an object"),
      ("Transformer2D", "a transformer; Lethe erases in U-Nets"),
    ]
    return kinds.first { component.contains($0.0) }?.1
  }

  /// - Parameter channels: of the U-Net's input, where its latents have four
  static func of(inChannels channels: Int) -> String {
    switch channels {
    case 5: "a model that draws by depth maps; \(drawsFromText)"
    case 7: "an upscaler; \(drawsFromText)"
    case 8: "a model that edits pictures; \(drawsFromText)"
    case 9: "an inpainting model; \(drawsFromText)"
    default: "a model with more inputs than noise and text; \(drawsFromText)"
    }
  }
}
