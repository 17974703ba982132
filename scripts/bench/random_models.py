"""Stable Diffusion folders of full size with random weights, for speed, memory and parity.

    python random_models.py sd14|sdxl FOLDER [--device cuda:0] [--dtype float16]
"""
import argparse
from pathlib import Path

TOKENIZER = Path(__file__).resolve().parents[2] / "Tests/Fixtures/tiny-sd1/tokenizer"


def write(kind, folder, device="cpu", dtype="float32"):
    """Writes the configuration of `sd14` or `sdxl` with random weights, drawn on `device`, unless it is there."""
    folder = Path(folder)
    if (folder / "model_index.json").exists():
        return
    import torch

    made(kind, device).to("cpu", getattr(torch, dtype)).save_pretrained(folder)


def made(kind, device):
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, PNDMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel

    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(TOKENIZER)
    ids = {"vocab_size": 49408, "bos_token_id": len(tokenizer) - 2, "eos_token_id": len(tokenizer) - 1, "pad_token_id": len(tokenizer) - 1}
    small = CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12, **ids)
    betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
    # Schedulers compute with numpy, on the CPU.
    scheduler = PNDMScheduler(skip_prk_steps=True, **betas) if kind == "sd14" else EulerDiscreteScheduler(**betas)
    with torch.device(device):
        vae = AutoencoderKL(block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
                            layers_per_block=2, latent_channels=4, sample_size=512 if kind == "sd14" else 1024)
        if kind == "sd14":
            unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
            return StableDiffusionPipeline(
                vae=vae, text_encoder=CLIPTextModel(small), tokenizer=tokenizer, unet=unet, scheduler=scheduler, safety_checker=None, feature_extractor=None,
                requires_safety_checker=False)
        large = CLIPTextConfig(hidden_size=1280, intermediate_size=5120, num_attention_heads=20, num_hidden_layers=32, hidden_act="gelu", projection_dim=1280, **ids)
        unet = UNet2DConditionModel(
            sample_size=128, cross_attention_dim=2048, block_out_channels=(320, 640, 1280), attention_head_dim=(5, 10, 20), transformer_layers_per_block=(1, 2, 10),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816, use_linear_projection=True)
        return StableDiffusionXLPipeline(
            vae=vae, text_encoder=CLIPTextModel(small), text_encoder_2=CLIPTextModelWithProjection(large), tokenizer=tokenizer, tokenizer_2=tokenizer, unet=unet,
            scheduler=scheduler, add_watermarker=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("sd14", "sdxl"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))
    arguments = parser.parse_args()
    write(arguments.kind, arguments.folder, arguments.device, arguments.dtype)
