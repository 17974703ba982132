import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Editing

@Suite struct LoRANamesTests {
  /// kohya's own names.
  @Test func goldenNames() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    let names = try OriginalNames(model.layout)
    func kohya(_ path: String, isXL: Bool) -> String? {
      LoRANames.kohya(ParameterPath(path), names, isXL: isXL)
    }
    #expect(
      kohya("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight", isXL: false)
        == "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k")
    #expect(
      kohya("unet.down_blocks.1.attentions.0.proj_in.weight", isXL: true)
        == "lora_unet_input_blocks_3_1_proj_in")
    #expect(
      kohya("text_encoder.text_model.encoder.layers.0.self_attn.q_proj.weight", isXL: false)
        == "lora_te_text_model_encoder_layers_0_self_attn_q_proj")
    #expect(
      kohya("text_encoder_2.text_model.encoder.layers.0.mlp.fc1.weight", isXL: true)
        == "lora_te2_text_model_encoder_layers_0_mlp_fc1")
  }
}
