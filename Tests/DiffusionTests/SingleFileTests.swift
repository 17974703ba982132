// Single files against folders, and against the names that diffusers' conversion writes.
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

@Suite struct SingleFileTests {
  /// The same weights as a folder and as a single file draw the same picture, to the bit.
  @Test(arguments: ["tiny-sd1", "tiny-sd2", "tiny-sdxl"])
  func folderAndFileAreOneModel(_ kind: String) throws {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("model.safetensors")
      try model.writeSingleFile(to: file, title: "tiny")
      let again = try DiffusionModel.load(file)
      #expect(again.parameters.paths == model.parameters.paths)
      for path in model.parameters.paths {
        #expect(
          again.parameters[path]?.isIdentical(to: try #require(model.parameters[path])) == true,
          "\(path)")
      }
      var options = SamplingOptions()
      (options.sampler, options.steps) = ("model", 3)
      let prompts = ["a noto emoji of a fox!"]
      #expect(
        try again.images(prompts, seeds: [5], options)
          == model.images(prompts, seeds: [5], options))
      // A folder written from the file is the first folder again.
      let back = folder.appendingPathComponent("folder")
      try again.save(to: back)
      let third = try DiffusionModel.load(back)
      #expect(
        try third.images(prompts, seeds: [5], options)
          == model.images(prompts, seeds: [5], options))
    }
  }

  /// Names that diffusers' own conversion gives.
  @Test func names() {
    let sd1 = OriginalNames(layers: 2, upAttention: [false, true, true, true], codecLevels: 4)
    let xl = OriginalNames(layers: 2, upAttention: [true, true, false], codecLevels: 4)
    for (names, own, original) in [
      (sd1, "conv_in.weight", "input_blocks.0.0.weight"),
      (sd1, "down_blocks.0.attentions.1.proj_in.weight", "input_blocks.2.1.proj_in.weight"),
      (sd1, "down_blocks.0.downsamplers.0.conv.bias", "input_blocks.3.0.op.bias"),
      (sd1, "mid_block.resnets.1.conv1.weight", "middle_block.2.in_layers.2.weight"),
      (sd1, "up_blocks.0.upsamplers.0.conv.weight", "output_blocks.2.1.conv.weight"),
      (sd1, "up_blocks.1.upsamplers.0.conv.weight", "output_blocks.5.2.conv.weight"),
      (
        sd1, "up_blocks.3.resnets.2.conv_shortcut.weight",
        "output_blocks.11.0.skip_connection.weight"
      ),
      (xl, "down_blocks.1.attentions.0.norm.weight", "input_blocks.4.1.norm.weight"),
      (xl, "down_blocks.2.attentions.1.norm.weight", "input_blocks.8.1.norm.weight"),
      (xl, "up_blocks.0.attentions.2.norm.weight", "output_blocks.2.1.norm.weight"),
      (xl, "up_blocks.1.attentions.0.norm.weight", "output_blocks.3.1.norm.weight"),
      (xl, "up_blocks.0.upsamplers.0.conv.weight", "output_blocks.2.2.conv.weight"),
      (xl, "down_blocks.0.resnets.1.time_emb_proj.bias", "input_blocks.2.0.emb_layers.1.bias"),
      (xl, "add_embedding.linear_1.weight", "label_emb.0.0.weight"),
      (xl, "time_embedding.linear_2.bias", "time_embed.2.bias"),
      (xl, "conv_out.bias", "out.2.bias"),
    ] {
      #expect(names.unet(own) == original)
    }
    for (own, original) in [
      ("decoder.up_blocks.0.resnets.1.norm2.bias", "decoder.up.3.block.1.norm2.bias"),
      ("encoder.down_blocks.2.downsamplers.0.conv.weight", "encoder.down.2.downsample.conv.weight"),
      ("decoder.mid_block.resnets.0.conv1.weight", "decoder.mid.block_1.conv1.weight"),
      ("encoder.mid_block.attentions.0.to_out.0.bias", "encoder.mid.attn_1.proj_out.bias"),
      ("encoder.mid_block.attentions.0.group_norm.bias", "encoder.mid.attn_1.norm.bias"),
      ("encoder.conv_norm_out.weight", "encoder.norm_out.weight"),
      ("quant_conv.bias", "quant_conv.bias"),
    ] {
      #expect(sd1.codec(own) == original)
    }
  }

  /// A model of the smallest widths that Stable Diffusion's rules allow, with CLIP's vocabulary.
  static func small() throws -> DiffusionModel {
    let (tokenizer, files) = try CLIPTokenizer.clip(length: 77, pad: CLIPTokenizer.end)
    let layout = Layout(
      configs: [
        .unet: [
          "_class_name": "UNet2DConditionModel", "sample_size": 64, "block_out_channels": [32, 64],
          "layers_per_block": 2,
          "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
          "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"], "cross_attention_dim": 64,
          "attention_head_dim": 8, "norm_num_groups": 32,
        ],
        .vae: [
          "_class_name": "AutoencoderKL", "block_out_channels": [32, 32], "layers_per_block": 2,
          "latent_channels": 4,
          "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
          "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"], "norm_num_groups": 32,
        ],
        .textEncoder: [
          "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 1,
          "num_hidden_layers": 2, "vocab_size": 49408, "max_position_embeddings": 77,
          "hidden_act": "quick_gelu",
        ],
      ],
      scheduler: [
        "_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
        "beta_schedule": "scaled_linear", "skip_prk_steps": true, "set_alpha_to_one": false,
      ], tokenizer: tokenizer, tokenizerFiles: files)
    return try DiffusionModel(layout, .initial(Generator(seed: 4)))
  }

  /// A stranger's file has no configurations: they are deduced, and the tokenizer is CLIP's.
  @Test func foreignFiles() throws {
    let model = try Self.small()
    #expect(
      model.tokens("a photo of a cat, don't").rows[0].prefix(9) == [
        49406, 320, 1125, 539, 320, 2368, 267, 847, 713,
      ])
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("model.safetensors")
      try model.writeSingleFile(to: file, dtype: .float32, title: "small")
      var tensors = try SafeTensors.load(file)
      // As people find them: averaged weights, position ids, schedules, and the autoencoder's attention as matrices.
      tensors["model_ema.decay"] = Tensor.scalar(1)
      tensors["cond_stage_model.transformer.text_model.embeddings.position_ids"] = Tensor([0, 1])
      tensors["alphas_cumprod"] = Tensor.ones([1000])
      let q = "first_stage_model.encoder.mid.attn_1.q.weight"
      tensors[q] = try #require(tensors[q]).reshaped(32, 32)
      try SafeTensors.write(tensors, to: file)
      let again = try DiffusionModel.load(file)
      for path in model.parameters.paths {
        #expect(
          again.parameters[path]?.isIdentical(to: try #require(model.parameters[path])) == true,
          "\(path)")
      }
      var options = SamplingOptions()
      (options.sampler, options.steps, options.width, options.height) = ("model", 2, 16, 16)
      #expect(
        try again.images(["a cat"], seeds: [1], options)
          == model.images(["a cat"], seeds: [1], options))

      func error(_ change: (inout [String: Tensor]) -> Void) throws -> String {
        var changed = tensors
        change(&changed)
        try SafeTensors.write(changed, to: file)
        return (#expect(throws: LetheError.self) { try DiffusionModel.load(file) })?.sentence ?? ""
      }
      let first = "model.diffusion_model.input_blocks.0.0.weight"
      #expect(try error { $0[first] = Tensor.zeros([32, 9, 3, 3]) }.contains("inpainting"))
      #expect(try error { $0["control.weight"] = Tensor.zeros([1]) }.contains("'control.weight'"))
      #expect(try error { $0 = ["lora_unet_x.lora_down.weight": .zeros([1])] }.contains("--lora"))
      #expect(try error { $0["model.x.scale_weight"] = .zeros([1]) }.contains("8-bit"))
      #expect(
        try error { $0["conditioner.embedders.0.model.transformer.x"] = .zeros([1]) }
          .contains("refiner"))
    }
  }

  /// Averaged weights of training are read where they are asked for, under LDM's names without dots.
  @Test func averagedWeights() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("m.safetensors")
      try model.writeSingleFile(to: file, dtype: .float32, title: "tiny")
      let stored = try SafeTensors(contentsOf: file)
      var tensors = stored.tensors
      func refusal(_ variant: String) -> String {
        (#expect(throws: LetheError.self) { try DiffusionModel.load(file, variant: variant) })?
          .sentence ?? ""
      }
      #expect(refusal("ema").contains("no averaged weights"))
      for (name, tensor) in stored.tensors where name.hasPrefix("model.diffusion_model.") {
        let average = name.dropFirst("model.".count).replacingOccurrences(of: ".", with: "")
        tensors["model_ema." + average] = tensor * 0.5
      }
      tensors["model_ema.decay"] = Tensor.scalar(0.9999)
      tensors["model_ema.num_updates"] = Tensor([1])
      try SafeTensors.write(tensors, metadata: stored.metadata, to: file)
      let (last, average) = (
        try DiffusionModel.load(file), try DiffusionModel.load(file, variant: "ema")
      )
      for path in model.parameters.paths {
        let weight = try #require(model.parameters[path])
        let isAveraged = path.components.first == "unet"
        #expect(last.parameters[path]?.isIdentical(to: weight) == true, "\(path)")
        #expect(
          average.parameters[path]?.isIdentical(to: isAveraged ? weight * 0.5 : weight) == true,
          "\(path)")
      }
      #expect(refusal("fp16").contains("'fp16'"))
    }
  }

  /// No pipeline of Stable Diffusion clips predicted latents; DDIM does where the configuration leaves it open.
  @Test(arguments: [OriginalFamily.sd1, .sd2, .sdxl])
  func latentsAreNotClipped(_ family: OriginalFamily) {
    let configs = OriginalConfigs([:], family, [:], nil, URL(fileURLWithPath: "m.safetensors"))
    let config = configs.scheduler()
    #expect(config["clip_sample"] == false && config["set_alpha_to_one"] == false)
  }

  /// Marks of v-prediction: asked for, in the header, by a tensor; SD 2.x without any predicts v.
  @Test func predictions() throws {
    for (kind, expected) in [("tiny-sd1", "epsilon"), ("tiny-sd2", "v_prediction")] {
      let model = try DiffusionModel.load(Fixtures.url(kind))
      #expect(model.schedule.prediction.rawValue == expected)
      try Fixtures.temporaryFolder { folder in
        let file = folder.appendingPathComponent("m.safetensors")
        try model.writeSingleFile(to: file, title: "t")
        let header = try SafeTensors(contentsOf: file).metadata
        #expect(
          header["modelspec.prediction_type"] == (expected == "epsilon" ? "epsilon" : "v"))
        #expect(header["modelspec.sai_model_spec"] == "1.0.1")
        #expect(header["modelspec.architecture"]?.hasPrefix("stable-diffusion-v") == true)
      }
    }
  }
}
