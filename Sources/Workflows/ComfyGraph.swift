// A picture's settings as the graph that ComfyUI's interface opens: nodes by number, each with its class and its
// inputs; an input from another node is [number, place of the output].
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench

struct ComfyGraph {
  let sample: SampleSet.Sample
  let sampler: String
  let steps: Int
  let guidance: Double
  let negative: String
  let model: ModelReference

  /// Names of ComfyUI's samplers; the nearest for those that it does not have.
  private static let samplers = [
    "ddim": "ddim", "ddpm": "ddpm", "pndm": "ipndm", "lms": "lms", "euler": "euler",
    "euler-a": "euler_ancestral", "heun": "heun", "dpm++2m": "dpmpp_2m",
    "dpm++2m-sde": "dpmpp_2m_sde", "dpm++sde": "dpmpp_sde", "unipc": "uni_pc", "deis": "deis",
    "lcm": "lcm", "tcd": "lcm", "edm-euler": "euler", "edm-dpm++2m": "dpmpp_2m",
  ]

  /// The files of LoRAs with their weights: those of the model, then one for each eraser, as `lethe apply --lora`
  /// writes it.
  private var loras: [LoRA] {
    let own = (model.additions?.loras ?? []).map { LoRA($0, "--lora") }
    let erasers = model.erasers.map { LoRA($0, "--with") }
    return own + erasers + (sample.erasers ?? []).map { LoRA($0.slug, "--active") }
  }

  private struct LoRA {
    var file: String
    var weight = 1.0

    /// - Parameter text: a file or a run, perhaps with a weight after a colon
    init(_ text: String, _ option: String) {
      file = text
      if let (named, own) = try? Weighted.parse(text, option) { (file, weight) = (named, own) }
      file = ComfyGraph.file(file.fileName)
    }
  }

  private static func file(_ name: String) -> String {
    name.hasSuffix(".safetensors") ? name : "\(name).safetensors"
  }

  /// - Parameter size: of the picture
  func json(_ size: (width: Int, height: Int)) -> JSON {
    var nodes: [String: JSON] = [:]
    /// - Returns: the node's number
    func add(_ kind: String, _ inputs: [String: JSON], _ title: String) -> String {
      let number = "\(nodes.count + 1)"
      nodes[number] = [
        "class_type": .string(kind), "inputs": .object(inputs), "_meta": ["title": .string(title)],
      ]
      return number
    }
    func from(_ number: String, _ output: Int) -> JSON { [.string(number), .int(output)] }
    let name = ModelFolder(model.folder).name
    var last = add("CheckpointLoaderSimple", ["ckpt_name": .string(Self.file(name))], name)
    let own = model.additions?.vae?.fileName
    let vae = from(
      own.map { add("VAELoader", ["vae_name": .string(Self.file($0))], $0) } ?? last,
      own == nil ? 2 : 0)
    for lora in loras {
      last = add(
        "LoraLoader",
        [
          "model": from(last, 0), "clip": from(last, 1), "lora_name": .string(lora.file),
          "strength_model": .number(lora.weight), "strength_clip": .number(lora.weight),
        ], lora.file)
    }
    let clip = from(last, 1)
    let positive = add("CLIPTextEncode", ["text": .string(sample.prompt), "clip": clip], "prompt")
    let other = add("CLIPTextEncode", ["text": .string(negative), "clip": clip], "negative prompt")
    let latent = add(
      "EmptyLatentImage",
      ["width": .int(size.width), "height": .int(size.height), "batch_size": 1], "size")
    let drawn = add(
      "KSampler",
      [
        "model": from(last, 0), "positive": from(positive, 0), "negative": from(other, 0),
        "latent_image": from(latent, 0), "seed": JSON(sample.seed), "steps": .int(steps),
        "cfg": .number(sample.guidance ?? guidance),
        "sampler_name": .string(Self.samplers[sampler] ?? "euler"), "scheduler": "normal",
        "denoise": 1,
      ], "lethe: \(sampler)")
    let picture = add("VAEDecode", ["samples": from(drawn, 0), "vae": vae], "decode")
    _ = add("SaveImage", ["images": from(picture, 0), "filename_prefix": "lethe"], "save")
    return .object(nodes)
  }

  /// The graph in ASCII, because ComfyUI reads a chunk's text as Latin-1.
  func text(_ size: (width: Int, height: Int)) -> String {
    json(size).compact.utf16.reduce(into: "") { text, unit in
      text += unit < 128 ? String(Unicode.Scalar(UInt8(unit))) : String(format: "\\u%04x", unit)
    }
  }
}
