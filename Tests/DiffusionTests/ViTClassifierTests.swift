import Diffusion
import Testing
import Torch

@Suite struct ViTClassifierTests {
  @Test func namesOfTransformers5() {
    let old = "vit.encoder.layer.3.attention.attention.query.weight"
    let new = "vit.layers.3.attention.q_proj.weight"
    #expect(ViTClassifier.path(old) == ViTClassifier.path(new))
    #expect(
      ViTClassifier.path("vit.encoder.layer.0.attention.output.dense.bias")
        == "vit.encoder.layer.0.self_attn.out_proj.bias")
    #expect(
      ViTClassifier.path("vit.encoder.layer.0.output.dense.bias")
        == "vit.encoder.layer.0.mlp.fc2.bias")
  }
}
