#!/usr/bin/env python3
"""Writes Tests/Fixtures/embeddings: textual inversions in the forms that trainers write, and what diffusers makes of prompts with their token.

    python scripts/golden/embeddings.py Tests/Fixtures
"""
import sys
from pathlib import Path

import diffusers, torch, transformers
from diffusers import DiffusionPipeline
from safetensors.torch import save_file

diffusers.logging.set_verbosity_error()
transformers.logging.set_verbosity_error()
FIXTURES = Path(sys.argv[1])
OUT = FIXTURES / "embeddings"
# diffusers finds a token with capitals in any case, and puts its other vectors in for none; this one is all small.
PROMPT = "a photo of <toy>, and of a <toy>'s cat"


def vectors(count, width, seed):
    return 0.5 * torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def main():
    OUT.mkdir(exist_ok=True)
    golden = {}
    pipe = DiffusionPipeline.from_pretrained(FIXTURES / "tiny-sd1", torch_dtype=torch.float32)
    toy = vectors(3, pipe.text_encoder.config.hidden_size, 1)
    save_file({"<toy>": toy}, OUT / "diffusers.safetensors")
    save_file({"emb_params": toy}, OUT / "webui.safetensors")
    pipe.load_textual_inversion(str(OUT / "diffusers.safetensors"))
    text = pipe.maybe_convert_prompt(PROMPT, pipe.tokenizer)
    golden["sd1.tokens"] = torch.tensor(pipe.tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids)
    golden["sd1.hidden"] = pipe.encode_prompt(PROMPT, "cpu", 1, False)[0].detach()
    pipe = DiffusionPipeline.from_pretrained(FIXTURES / "tiny-sdxl", torch_dtype=torch.float32)
    both = {name: vectors(2, encoder.config.hidden_size, seed)
            for seed, (name, encoder) in enumerate([("clip_l", pipe.text_encoder), ("clip_g", pipe.text_encoder_2)])}
    save_file(both, OUT / "sdxl.safetensors")
    pipe.load_textual_inversion(both["clip_l"], token="<toy>", text_encoder=pipe.text_encoder, tokenizer=pipe.tokenizer)
    pipe.load_textual_inversion(both["clip_g"], token="<toy>", text_encoder=pipe.text_encoder_2, tokenizer=pipe.tokenizer_2)
    hidden, _, pooled, _ = pipe.encode_prompt(PROMPT, device="cpu", do_classifier_free_guidance=False)
    golden["sdxl.hidden"], golden["sdxl.pooled"] = hidden.detach(), pooled.detach()
    save_file({k: v.contiguous() for k, v in golden.items()}, OUT / "golden.safetensors")


main()
