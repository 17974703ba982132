// Readers of judges' networks, LoRA files, and tables and archives beside them.
import Diffusion
import Editing
import Evaluation
import Foundation
import Torch
import TorchNN
import Training

extension Corpus {
  func networks() throws -> [Format] { try clips() + classifiers() + loose() }

  /// Pictures go through a processor whose pictures are not too many for a campaign.
  private func read(_ processor: PictureProcessor, _ network: (Tensor) -> Tensor) {
    guard (processor.size ?? [512]).allSatisfy({ $0 <= 512 }) else { return }
    withoutGradients { _ = network(processor(Tensor.zeros([1, 3, 16, 16]))) }
  }

  private func clips() throws -> [Format] {
    let clip = try copied("tiny-clip", as: "clip")
    return try [("config.json", 3), ("preprocessor_config.json", 2)].map { file, share in
      try format("clip/\(file)", share, clip, file, { $0.jsonFile($1) }) { draw in
        let model = try CLIPModel.load(clip)
        guard draw.oneIn(2) else { return }
        read(model.processor, model.imageVectors)
        _ = withoutGradients { model.textVectors(["a fox"]) }
      }
    }
  }

  private func classifiers() throws -> [Format] {
    try ["tiny-vit", "tiny-resnet", "tiny-convnext"].flatMap { name -> [Format] in
      let folder = try copied(name, as: name)
      return try ["config.json", "preprocessor_config.json"].map { file in
        try format("\(name)/\(file)", 1, folder, file, { $0.jsonFile($1) }) { _ in
          let classifier = try ImageClassifier(folder)
          read(classifier.processor, classifier.logits)
        }
      }
    }
  }

  private func loose() throws -> [Format] {
    let place = try folder("loose")
    let model = try DiffusionModel.load(fixtures.appendingPathComponent("tiny-sd1"))
    let module = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    let lora = place.appendingPathComponent("own.safetensors")
    try SafeTensors.write(
      [
        "\(module).lora_down.weight": Tensor.ones([2, 16]),
        "\(module).lora_up.weight": Tensor.ones([8, 2]), "\(module).alpha": Tensor.ones([1]),
      ], metadata: ["lora_adapter_metadata": #"{"lora_alpha": 2}"#], to: lora)
    let single = place.appendingPathComponent("single.safetensors")
    try model.writeSingleFile(to: single, title: "tiny")
    let stored = try SafeTensors(contentsOf: single)
    let vae = place.appendingPathComponent("own-vae.safetensors")
    try SafeTensors.write(
      stored.tensors.filter { $0.key.hasPrefix("first_stage_model.") }, metadata: stored.metadata,
      to: vae)
    let whole: JSON = [
      "model": ["type": "BPE", "vocab": ["a": 0, "b</w>": 1], "merges": [["a", "b</w>"]]],
      "added_tokens": [["content": "<|endoftext|>", "id": 2]],
    ]
    let tokens = try folder("tokens")
    let lines = #"{"prompt": "a fox", "seed": 5, "width": 64, "guidance": 7.5, "id": "3"}"#
    return [
      try format(
        "LoRA", 6, place, "l.safetensors", { $0.safetensors($1) }, more: [Data(contentsOf: lora)]
      ) { _ in
        let file = try LoRAFile(place.appendingPathComponent("l.safetensors"))
        _ = try model.check(file.vector(for: model))
      },
      try format(
        "VAE", 3, place, "v.safetensors", { $0.safetensors($1) }, more: [Data(contentsOf: vae)]
      ) { _ in
        _ = try DiffusionModel.load(
          fixtures.appendingPathComponent("tiny-sd1"),
          vae: place.appendingPathComponent("v.safetensors"))
      },
      try format(
        "archive of arrays", 4, place, "a.npz", { $0.bytes($1) },
        more: [Data(contentsOf: fixtures.appendingPathComponent("statistics.npz"))]
      ) { _ in _ = try NPZ.read(place.appendingPathComponent("a.npz")) },
      try format(
        "table of judgements", 2, place, "s.csv", { $0.text($1) },
        more: [Data("file,label,score\na/0_0.png,fox,0.5\na/0_0.png,cat,0.25\n".utf8)]
      ) { _ in
        _ = try ScoreTable(contentsOf: place.appendingPathComponent("s.csv"), kind: "object")
      },
      try format(
        "lines of prompts", 3, place, "p.jsonl", { $0.lines($1) }, more: [Data(lines.utf8)]
      ) { _ in _ = try PromptTable(contentsOf: place.appendingPathComponent("p.jsonl")) },
      try format(
        "tokenizer.json", 3, tokens, "tokenizer.json", { $0.jsonFile($1) },
        more: [Data(whole.compact.utf8)]
      ) { _ in _ = try CLIPTokenizer(folder: tokens, length: 77)("a fox") },
    ]
  }
}
