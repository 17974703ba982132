import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Editing

@Suite struct LoRAWritingTests {
  private let g = Generator(seed: 3)

  /// A difference comes back from both spellings; norms are told as left out.
  @Test(arguments: LoRAFormat.allCases, ["tiny-sd1", "tiny-sdxl"])
  func writingIsTheInverseOfReading(_ format: LoRAFormat, _ kind: String) throws {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    let paths = model.parameters.paths.filter {
      $0.components.last == "weight" && $0.components.first != "vae"
        && !$0.components.contains("embeddings")
        && [2, 4].contains(model.parameters[$0]?.shape.count ?? 0)
    }
    var vector = ParameterVector()
    for path in paths {
      guard let shape = model.parameters[path]?.shape else { continue }
      vector.tensors[path] = Tensor.randn(shape, g)
    }
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("l.safetensors")
      let done = try model.writeLoRA(
        vector, to: file, format: format, title: "t", texts: ["lethe": "[]"])
      #expect(done.error < 1e-5 && done.leftOutTensors == 0)
      let back = try LoRAFile(file).vector(for: model)
      #expect(back.paths == vector.paths)
      for path in paths {
        let (a, b) = (try #require(back.tensors[path]), try #require(vector.tensors[path]))
        #expect(a.distance(to: b) < 1e-4, "\(path)")
      }
      // diffusers overlooks alphas that differ from the most frequent one, so all are the largest rank.
      let alphas = try SafeTensors.load(file).filter { $0.key.hasSuffix(".alpha") }
      #expect(alphas.values.allSatisfy { $0.item == Double(done.rank) })
      #expect(alphas.count == (format == .kohya ? paths.count : 0))
      if format == .kohya { try checkTextNames(file, model) }
      let header = try SafeTensors(contentsOf: file).metadata
      #expect(header["lethe"] == "[]" && header["ss_network_module"] == "networks.lora")
      #expect(header["modelspec.architecture"]?.hasSuffix("/lora") == true)
      #expect(header["ss_base_model_version"] == (kind == "tiny-sdxl" ? "sdxl_base_v1-0" : "sd_v1"))
      let cut = try model.writeLoRA(vector, to: file, rank: 1, format: format)
      #expect(cut.rank == 1 && cut.error > 0.01)
      let norm = try #require(model.parameters.paths.first { $0.name.hasSuffix("norm1.weight") })
      let size = try #require(model.parameters[norm]).shape
      let mixed = ParameterVector([
        paths[0]: try #require(vector.tensors[paths[0]]), norm: Tensor.ones(size),
      ])
      let left = try model.writeLoRA(mixed, to: file, format: format)
      #expect(left.leftOutTensors == 1 && left.leftOut > 0 && left.leftOut < 1)
      #expect(throws: LetheError.self) {
        try model.writeLoRA(ParameterVector([norm: Tensor.ones(size)]), to: file)
      }
      #expect(throws: LetheError.self) { try model.writeLoRA(.zero, to: file) }
    }
  }

  /// Of each layer of a text encoder kohya and ComfyUI know six modules, by these names.
  private func checkTextNames(_ file: URL, _ model: DiffusionModel) throws {
    let isXL = model.layout.configs[.textEncoder2] != nil
    var expected: Set<String> = isXL ? ["lora_te2_text_projection"] : []
    let encoders: [(Layout.Component, String)] =
      isXL ? [(.textEncoder, "te1"), (.textEncoder2, "te2")] : [(.textEncoder, "te")]
    for (encoder, name) in encoders {
      for layer in 0..<(model.layout.configs[encoder]?["num_hidden_layers"]?.int ?? 0) {
        for module in [
          "self_attn_q_proj", "self_attn_k_proj", "self_attn_v_proj", "self_attn_out_proj",
          "mlp_fc1", "mlp_fc2",
        ] {
          expected.insert("lora_\(name)_text_model_encoder_layers_\(layer)_\(module)")
        }
      }
    }
    let found = try SafeTensors.load(file).keys.filter { $0.hasPrefix("lora_te") }
      .compactMap { $0.split(separator: ".").first.map(String.init) }
    #expect(Set(found) == expected)
  }
}
