#!/usr/bin/env python3
"""Makes the fixtures of Tests/DiffusionTests: two tiny Stable Diffusion models and what diffusers
and transformers compute with them. Run with diffusers 0.42.1 and transformers 5:

    python scripts/golden/diffusion.py Tests/Fixtures [sd1 sd2 sdxl]
"""
import json, sys
from pathlib import Path

import diffusers, numpy, torch, transformers
from diffusers import (AutoencoderKL, DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler,
                       EulerAncestralDiscreteScheduler, EulerDiscreteScheduler, LMSDiscreteScheduler,
                       PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
torch.set_num_threads(1)

SAMPLERS = {
    "ddim": DDIMScheduler, "ddpm": DDPMScheduler, "pndm": PNDMScheduler, "lms": LMSDiscreteScheduler,
    "euler": EulerDiscreteScheduler, "euler-a": EulerAncestralDiscreteScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
}
PROMPTS = ["a noto emoji of a fox", "an umbrella, symbola style"]
SPECIAL = ["!!! a fox !!!", "a cat!<|endoftext|>a fox", "a <cat-toy> of a <CAT-TOY>, fox", "fox " * 90 + "!"]
NASTY = [
    "", " ", "a", "A Photo OF a CAT", "fox's den, they'll've we're I'm he'd", "don't!!!...?!", "123 4567 8,9.10",
    "naïve café Ångström", "e\u0301 vs \u00e9", "東京の猫", "한국어 텍스트", "🦊🐱👩‍👩‍👧‍👦 🏳️‍🌈", "tab\tnew\nline\r\nend", "  many   spaces  ",
    "____--==++//\\\\", "<|startoftext|> in the middle <|endoftext|> end", "<|endoftext|", "ＦＵＬＬ ｗｉｄｔｈ", "İstanbul ẞ ß ﬁ", "ΑΒΓ Σίσυφος ς",
    "мир ЁЖ", "عربى", "हिन्दी", "x²+y³=½", "①②③ Ⅷ", "a\u200db\u200bc", "\u00a0nbsp\u2003em", "word " * 100, "!" * 120, "1" * 100, "🦊" * 40,
    "l'été d'un 'quoted' ''double''", "'s 't 're 've 'm 'll 'd 'x", "don’t", "C++ & C# @home #tag $5 100%", "\u0000null", "ǅ ǈ titlecase",
    "combining: a\u0300\u0301\u0302", "zero\ufeffwidth", "\U0001d54f math", "한글 ㄱㄴ", "a.b.c...d", "émigré", "Ⅻ ⅻ", "٣٤٥", "㍿ ㎏",
]


def settings(pad, named=None):
    """tokenizer_config.json and special_tokens_map.json as the published folders have them."""
    flags = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    special = {key: {"content": f"<|{name}oftext|>", **flags} for key, name in (("bos_token", "start"), ("eos_token", "end"), ("unk_token", "end"))}
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": named or pad,
              **{key: {"__type": "AddedToken", **value} for key, value in special.items()}}
    return {"tokenizer_config.json": config, "special_tokens_map.json": {**special, "pad_token": pad}}


def tokenizer(folder, files=None):
    """A CLIP-format byte-level vocabulary with a handful of merges."""
    def characters():
        bs = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
        cs, n = bs[:], 0
        for b in range(256):
            if b not in bs:
                bs.append(b)
                cs.append(256 + n)
                n += 1
        return [chr(c) for _, c in sorted(zip(bs, cs))]

    letters = characters()
    tokens = letters + [c + "</w>" for c in letters]
    merges = []
    def learn(word):
        parts = list(word[:-1]) + [word[-1] + "</w>"]
        while len(parts) > 1:
            merges.append((parts[0], parts[1]))
            parts = [parts[0] + parts[1]] + parts[2:]
    for word in ["a", "an", "of", "emoji", "fox", "cat", "noto", "symbola", "style", "umbrella", "the", "photo", "'s", "...", "!!"]:
        learn(word)
    merges = list(dict.fromkeys(merges))
    tokens += [a + b for a, b in merges] + ["<|startoftext|>", "<|endoftext|>"]
    tokens = list(dict.fromkeys(tokens))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    for name in ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.json"):
        (folder / name).unlink(missing_ok=True)
    files = files or {"tokenizer_config.json": {
        "tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}}
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value))
    return CLIPTokenizer.from_pretrained(folder), len(tokens)


def spread(module, seed):
    """Random weights of a size that makes every layer matter, rounded to half precision."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in module.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            if p.ndim == 1:
                p.copy_((1 if "norm" in name and name.endswith("weight") else 0) + 0.1 * noise)
            else:
                p.copy_(noise / p[0].numel() ** 0.5)
            p.copy_(p.half().float())
    return module


def build(kind):
    old = kind == "sd1"
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16, attention_head_dim=2 if old else [2, 4], norm_num_groups=4, use_linear_projection=not old)
    vae = AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1, latent_channels=4, norm_num_groups=4, sample_size=16)
    folder = OUT / f"tiny-{kind}"
    # SD 2.x names the end token in the configuration and `!` in the map, which wins.
    files = None if old else settings("!", named="<|endoftext|>")
    tok, size = tokenizer(folder / "tokenizer", files)
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=size, hidden_size=16, intermediate_size=32, num_attention_heads=2, num_hidden_layers=2,
        max_position_embeddings=77, hidden_act="quick_gelu" if old else "gelu",
        bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1))
    for i, module in enumerate((unet, vae, text)):
        spread(module, 10 * (1 + i) + (0 if old else 1)).eval()
    scheduler = PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, set_alpha_to_one=False,
        steps_offset=1, prediction_type="epsilon" if old else "v_prediction")
    scheduler.register_to_config(clip_sample=False)
    pipe = StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tok, unet=unet, scheduler=scheduler, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    import copy
    half = copy.deepcopy(pipe)
    half.to(dtype=torch.float16)
    half.save_pretrained(folder)
    tokenizer(folder / "tokenizer", files)
    return folder, pipe


@torch.no_grad()
def golden(folder, pipe):
    g = torch.Generator().manual_seed(7)
    out = {}
    ids = pipe.tokenizer(PROMPTS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    out["ids"] = ids
    out["hidden"] = hidden = pipe.text_encoder(ids)[0]
    out["x"] = x = torch.randn((2, 4, 8, 8), generator=g)
    out["t"] = t = torch.tensor([981.0, 417.625])
    out["unet"] = pipe.unet(x, t, encoder_hidden_states=hidden).sample
    odd = torch.randn((1, 4, 7, 9), generator=g)
    out["x_odd"], out["unet_odd"] = odd, pipe.unet(odd, t[:1], encoder_hidden_states=hidden[:1]).sample
    out["image"] = image = torch.rand((2, 3, 16, 16), generator=g) * 2 - 1
    posterior = pipe.vae.encode(image).latent_dist
    out["mean"], out["logvar"] = posterior.mean, posterior.logvar
    out["decoded"] = pipe.vae.decode(x).sample
    config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())  # as a user's folder has it
    for name, cls in SAMPLERS.items():
        for spacing in ("default", "leading", "trailing", "linspace"):
            kwargs = {} if spacing == "default" else {"timestep_spacing": spacing}
            if spacing == "default" and name in ("lms", "euler", "euler-a", "dpm++2m"):
                c = {k: v for k, v in config.items() if k != "timestep_spacing"}
            else:
                c = dict(config)
            pipe.scheduler = cls.from_config(c, **kwargs)
            steps = 20
            latents = pipe(PROMPTS[0], num_inference_steps=steps, guidance_scale=7.5, output_type="latent",
                           generator=torch.Generator().manual_seed(3)).images
            out[f"latents.{name}.{spacing}"] = latents
            out[f"timesteps.{name}.{spacing}"] = pipe.scheduler.timesteps.float()
    pipe.scheduler = PNDMScheduler.from_config({**config, "skip_prk_steps": False})
    out["latents.pndm.prk"] = pipe(PROMPTS[0], num_inference_steps=20, guidance_scale=7.5, output_type="latent",
                                   generator=torch.Generator().manual_seed(3)).images
    for name in ("ddim", "pndm", "dpm++2m"):
        pipe.scheduler = SAMPLERS[name].from_config(config)
        images = pipe(PROMPTS, num_inference_steps=20, guidance_scale=7.5, output_type="np",
                      generator=[torch.Generator().manual_seed(s) for s in (11, 12)]).images
        out[f"images.{name}"] = torch.from_numpy((images * 255).round().astype("uint8"))
    pipe.scheduler = PNDMScheduler.from_config(config)
    save_file({k: v.contiguous() for k, v in out.items()}, folder / "golden.safetensors")


def build_xl():
    """Two text encoders, pooled prompt, sizes; different depths of the transformers of each level."""
    from diffusers import StableDiffusionXLPipeline
    from transformers import CLIPTextModelWithProjection
    folder = OUT / "tiny-sdxl"
    added = {"<cat-toy>": tokenizer(folder / "tokenizer")[1]}
    files = [{**settings(pad), "added_tokens.json": added} for pad in ("<|endoftext|>", "!")]
    tok, size = tokenizer(folder / "tokenizer", files[0])
    tok2, _ = tokenizer(folder / "tokenizer_2", files[1])
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=[1, 2], cross_attention_dim=24, attention_head_dim=[2, 4], norm_num_groups=4,
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 12)
    vae = AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1, latent_channels=4, norm_num_groups=4, sample_size=16, scaling_factor=0.13025, force_upcast=False)
    # The published configurations say 0, 2 and 1, which are no ids of theirs.
    ids = dict(vocab_size=size + len(added), max_position_embeddings=77, bos_token_id=0, eos_token_id=2, pad_token_id=1)
    text = CLIPTextModel(CLIPTextConfig(
        hidden_size=16, intermediate_size=32, num_attention_heads=2, num_hidden_layers=2, hidden_act="quick_gelu", **ids))
    text2 = CLIPTextModelWithProjection(CLIPTextConfig(
        hidden_size=8, intermediate_size=16, num_attention_heads=2, num_hidden_layers=3, hidden_act="gelu", projection_dim=12, **ids))
    for i, module in enumerate((unet, vae, text, text2)):
        spread(module, 10 * (1 + i) + 2).eval()
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1)
    pipe = StableDiffusionXLPipeline(
        vae=vae, text_encoder=text, text_encoder_2=text2, tokenizer=tok, tokenizer_2=tok2, unet=unet, scheduler=scheduler,
        force_zeros_for_empty_prompt=True, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    import copy
    half = copy.deepcopy(pipe)
    half.to(dtype=torch.float16)
    half.save_pretrained(folder)
    for place, own in zip(("tokenizer", "tokenizer_2"), files):
        tokenizer(folder / place, own)
    return folder, pipe


@torch.no_grad()
def golden_xl(folder, pipe):
    g, out = torch.Generator().manual_seed(9), {}
    hidden, empty, pooled, empty_pooled = pipe.encode_prompt(PROMPTS)
    out["hidden"], out["pooled"], out["empty"] = hidden, pooled, empty
    # Special tokens within a text; the prompt's vector by the old rule and by the new one.
    out["ids"] = torch.tensor([[tok(p, padding="max_length", max_length=77, truncation=True).input_ids for p in SPECIAL]
                               for tok in (pipe.tokenizer, pipe.tokenizer_2)])
    out["hidden_special"], _, out["pooled_special"], _ = pipe.encode_prompt(SPECIAL)
    text = pipe.text_encoder_2.text_model if hasattr(pipe.text_encoder_2, "text_model") else pipe.text_encoder_2
    before, text.eos_token_id = text.eos_token_id, pipe.tokenizer_2.eos_token_id
    _, _, out["pooled_eos"], _ = pipe.encode_prompt(SPECIAL)
    text.eos_token_id = before
    out["x"] = x = torch.randn((2, 4, 8, 8), generator=g)
    out["t"] = t = torch.tensor([981.0, 417.625])
    sizes = torch.tensor([[16.0, 16.0, 0, 0, 16.0, 16.0]] * 2)
    out["unet"] = pipe.unet(x, t, encoder_hidden_states=hidden, added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes}).sample
    config = dict(pipe.scheduler.config)
    for name in ("euler", "ddim", "dpm++2m"):
        pipe.scheduler = SAMPLERS[name].from_config(config)
        out[f"latents.{name}"] = pipe(PROMPTS, num_inference_steps=12, guidance_scale=5.0, output_type="latent", height=16, width=16,
                                      generator=[torch.Generator().manual_seed(s) for s in (11, 12)]).images
    pipe.scheduler = SAMPLERS["euler"].from_config(config)
    images = pipe(PROMPTS, num_inference_steps=12, guidance_scale=5.0, output_type="np", height=16, width=16,
                  generator=[torch.Generator().manual_seed(s) for s in (11, 12)]).images
    out["images"] = torch.from_numpy((images * 255).round().astype("uint8"))
    save_file({k: v.contiguous() for k, v in out.items()}, folder / "golden.safetensors")


def tokens(pipe):
    rows = [{"text": s, "ids": pipe.tokenizer(s, padding="max_length", max_length=77, truncation=True).input_ids} for s in NASTY]
    (OUT / "tokens.json").write_text(json.dumps({"rows": rows}))


if __name__ == "__main__":
    print("diffusers", diffusers.__version__, "transformers", transformers.__version__, "torch", torch.__version__)
    for kind in sys.argv[2:] or ("sd1", "sd2", "sdxl"):
        if kind == "sdxl":
            golden_xl(*build_xl())
            continue
        folder, pipe = build(kind)
        golden(folder, pipe)
        if kind == "sd1":
            tokens(pipe)
