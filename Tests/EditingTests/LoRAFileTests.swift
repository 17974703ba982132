import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Editing

@Suite struct LoRAFileTests {
  private let g = Generator(seed: 3)

  private func load(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], name: String = "l.safetensors",
    config: JSON? = nil, for model: DiffusionModel
  ) throws -> ParameterVector {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent(name)
      try SafeTensors.write(tensors, metadata: metadata, to: file)
      if let config {
        try Data(config.pretty.utf8).write(
          to: folder.appendingPathComponent("adapter_config.json"))
      }
      return try LoRAFile(file).vector(for: model)
    }
  }

  private static let path = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"

  /// Every spelling of one module is W + (alpha / r) B A.
  @Test func spellings() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterPath(Self.path)
    let shape = try #require(model.parameters[path]).shape
    let (a, b) = (Tensor.randn([4, shape[1]], g), Tensor.randn([shape[0], 4], g))
    let module = "down_blocks.0.attentions.0.transformer_blocks.0.attn2"
    let flat = module.replacingOccurrences(of: ".", with: "_")
    let spellings = [
      ("lora_unet_\(flat)_to_k", ".lora_down.weight", ".lora_up.weight"),
      (
        "lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k", ".lora_down.weight",
        ".lora_up.weight"
      ),
      ("unet.\(module).to_k", ".lora_A.weight", ".lora_B.weight"),
      ("unet.\(module).to_k", ".lora.down.weight", ".lora.up.weight"),
      ("unet.\(module).processor.to_k_lora", ".down.weight", ".up.weight"),
      ("\(module).processor.to_k_lora", ".down.weight", ".up.weight"),
      ("base_model.model.\(module).to_k", ".lora_A.weight", ".lora_B.weight"),
      ("base_model.model.\(module).to_k", ".lora_A.default.weight", ".lora_B.default.weight"),
      (
        "diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k", ".lora_A.weight",
        ".lora_B.weight"
      ),
    ]
    let product = b.matmul(a)
    for (base, down, up) in spellings {
      let plain = try load([base + down: a, base + up: b], for: model)
      #expect(plain.paths == [path], "\(base)")
      #expect(try #require(plain.tensors[path]).distance(to: product) < 1e-6, "\(base)")
      let scaled = try load(
        [base + down: a, base + up: b, base + ".alpha": Tensor.scalar(2)], for: model)
      #expect(try #require(scaled.tensors[path]).distance(to: 0.5 * product) < 1e-6)
      // kohya reads an alpha of 0 as the rank.
      let zero = try load(
        [base + down: a, base + up: b, base + ".alpha": Tensor.scalar(0)], for: model)
      #expect(try #require(zero.tensors[path]).distance(to: product) < 1e-6)
    }
    #expect(
      try model.applying(
        load(
          [
            "unet.\(module).to_k.lora_A.weight": a, "unet.\(module).to_k.lora_B.weight": b,
          ], for: model)
      ).hash() != model.hash())
  }

  /// SDXL's own block names and its two text encoders.
  @Test func largeModels() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    for (name, own) in [
      (
        "lora_unet_input_blocks_3_1_transformer_blocks_1_attn1_to_q",
        "unet.down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q.weight"
      ),
      ("lora_unet_output_blocks_0_1_proj_in", "unet.up_blocks.0.attentions.0.proj_in.weight"),
      ("lora_unet_label_emb_0_0", "unet.add_embedding.linear_1.weight"),
      (
        "lora_te1_text_model_encoder_layers_0_mlp_fc1",
        "text_encoder.text_model.encoder.layers.0.mlp.fc1.weight"
      ),
      (
        "lora_te2_text_model_encoder_layers_2_self_attn_out_proj",
        "text_encoder_2.text_model.encoder.layers.2.self_attn.out_proj.weight"
      ),
    ] {
      let path = ParameterPath(own)
      let shape = try #require(model.parameters[path], "\(own)").shape
      let (a, b) = (Tensor.randn([2, shape[1]], g), Tensor.randn([shape[0], 2], g))
      let vector = try load(
        ["\(name).lora_down.weight": a, "\(name).lora_up.weight": b], for: model)
      #expect(try #require(vector.tensors[path], "\(name)").distance(to: b.matmul(a)) < 1e-5)
    }
    let text = "text_encoder.encoder.layers.0.self_attn.q_proj"
    let vector = try load(
      [
        "\(text).lora_linear_layer.down.weight": Tensor.ones([1, 16]),
        "\(text).lora_linear_layer.up.weight": Tensor.ones([16, 1]),
      ], for: model)
    #expect(
      vector.paths.first?.name == "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.weight"
    )
  }

  /// Convolutions, those with a core, and 1 x 1 ones beside matrices.
  @Test func convolutions() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterPath("unet.down_blocks.0.resnets.0.conv1.weight")
    let (down, up) = (Tensor.randn([2, 8, 3, 3], g), Tensor.randn([8, 2, 1, 1], g))
    let name = "lora_unet_down_blocks_0_resnets_0_conv1"
    let vector = try load(
      ["\(name).lora_down.weight": down, "\(name).lora_up.weight": up], for: model)
    let expected = up.reshaped(8, 2).matmul(down.reshaped(2, 72)).reshaped(8, 8, 3, 3)
    #expect(try #require(vector.tensors[path]).distance(to: expected) < 1e-5)
    let (small, core) = (Tensor.randn([2, 8, 1, 1], g), Tensor.randn([3, 2, 3, 3], g))
    let wide = Tensor.randn([8, 3, 1, 1], g)
    // Rows and columns of the core have the sizes of its neighbours.
    #expect(throws: LetheError.self) {
      try load(
        ["\(name).lora_down.weight": small, "\(name).lora_up.weight": wide], for: model)
    }
    let square = Tensor.randn([2, 2, 3, 3], g)
    let tucker = try load(
      [
        "\(name).lora_down.weight": small, "\(name).lora_mid.weight": square,
        "\(name).lora_up.weight": up,
      ], for: model)
    var whole = Tensor.zeros([8, 8, 3, 3], .float64)
    for r in 0..<2 {
      for s in 0..<2 {
        // up[:, r] core[r, s] down[s, :]
        let outer = up.reshaped(8, 2).narrowed(1, r, 1).matmul(
          small.reshaped(2, 8).narrowed(0, s, 1))
        let kernel = square.narrowed(0, r, 1).narrowed(1, s, 1)
        whole = whole + (outer.unsqueezed(2, 3) * kernel).to(.float64)
      }
    }
    #expect(try #require(tucker.tensors[path]).distance(to: whole) < 1e-5)
    _ = core
    // A matrix for a 1 x 1 convolution.
    let projection = "lora_unet_down_blocks_0_attentions_0_proj_in"
    let one = try load(
      [
        "\(projection).lora_down.weight": Tensor.ones([1, 8]),
        "\(projection).lora_up.weight": Tensor.ones([8, 1]),
      ],
      for: model)
    #expect(one.tensors.values.first?.shape == [8, 8, 1, 1])
  }

  /// Alpha stands in the header, in PEFT's file, or nowhere; rank-stabilised ones divide by the root.
  @Test func alphaBesideTheTensors() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterPath(Self.path)
    let name = String(Self.path.dropLast(".weight".count))
    let shape = try #require(model.parameters[path]).shape
    let tensors = [
      "\(name).lora_A.weight": Tensor.ones([4, shape[1]]),
      "\(name).lora_B.weight": Tensor.ones([shape[0], 4]),
    ]
    func value(_ json: JSON) throws -> Double {
      let v = try load(tensors, metadata: ["lora_adapter_metadata": json.compact], for: model)
      return try #require(v.tensors[path]).flattened().max(0).item / 4
    }
    #expect(try value(["unet.r": 4, "unet.lora_alpha": 2]) == 0.5)
    #expect(try value(["unet.lora_alpha": 2, "unet.use_rslora": true]) == 1)
    #expect(try value(["unet.lora_alpha": 2, "unet.alpha_pattern": ["attn2.to_k": 8]]) == 2)
    #expect(try value(["text_encoder.lora_alpha": 2]) == 1)
    let peft = [
      "base_model.model.\(name.dropFirst(5)).lora_A.weight": Tensor.ones([4, shape[1]]),
      "base_model.model.\(name.dropFirst(5)).lora_B.weight": Tensor.ones([shape[0], 4]),
    ]
    let v = try load(
      peft, name: "adapter_model.safetensors", config: ["r": 4, "lora_alpha": 1], for: model)
    #expect(try #require(v.tensors[path]).flattened().max(0).item == 1)
  }

  @Test(arguments: [
    ("dora_scale", "DoRA"), ("lora_magnitude_vector", "DoRA"), ("hada_w1_a", "LoHa"),
    ("lokr_w1", "LoKr"), ("oft_blocks", "OFT"), ("on_input", "(IA)^3"), ("a1.weight", "GLoRA"),
  ])
  func otherKindsAreNamed(_ mark: String, _ kind: String) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let error = #expect(throws: LetheError.self) {
      try load(["lora_unet_conv_in.\(mark)": Tensor.ones([1])], for: model)
    }
    #expect(error?.sentence.contains(kind) == true)
  }

  @Test func leftoversAreCounted() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let good = [
      "lora_unet_conv_in.lora_down.weight": Tensor.ones([1, 4, 3, 3]),
      "lora_unet_conv_in.lora_up.weight": Tensor.ones([8, 1, 1, 1]),
    ]
    #expect(try load(good, for: model).tensors.count == 1)
    for (name, expected) in [
      ("lora_unet_nothing.lora_down.weight", "1 tensors"),
      ("unet.conv_in.lora.down.weight", "change one module"),
    ] {
      var tensors = good
      tensors[name] = Tensor.ones([1, 4, 3, 3])
      let error = #expect(throws: LetheError.self) { try load(tensors, for: model) }
      #expect(error?.sentence.contains(expected) == true, "\(error?.sentence ?? "")")
    }
    let foreign = #expect(throws: LetheError.self) {
      try load(["lora_unet_x.lora_up.weight": Tensor.ones([1])], for: model)
    }
    #expect(foreign?.sentence.contains("changes nothing") == true)
    #expect(throws: LetheError.self) {
      try load(["lora_unet_conv_in.lora_up.weight": Tensor.ones([8, 1])], for: model)
    }
  }
}
