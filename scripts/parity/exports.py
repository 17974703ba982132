#!/usr/bin/env python3
"""Shows that diffusers loads whatever Lethe writes, and draws the same picture with it.

    python scripts/parity/exports.py LETHE Tests/Fixtures [docs/results/parity.md]

Models of the kinds SD 1, SD 2 and SDXL with small widths and random weights are made from the fixtures' configurations. A concept is
erased, and the result is written by `erase --export` and `apply` as a folder, as a single file and as a LoRA, in float32, float16 and
bfloat16. diffusers loads each with no other argument; a single file finds its configurations where the hub's cache would have them.
Two more are read: a single file without its VAE beside `--vae`, and a LoRA in the text encoders under kohya's names.
The exit code is 1 where one does not load or differs by more than 2/255 in a channel. Needs diffusers, transformers and peft.
"""
import json, os, shutil, subprocess, sys, tempfile, warnings
from pathlib import Path

WORK = tempfile.TemporaryDirectory()
os.environ.update(HF_HUB_CACHE=f"{WORK.name}/hub", HF_HUB_OFFLINE="1")
warnings.filterwarnings("ignore")
import diffusers, numpy, torch, transformers
from PIL import Image
from diffusers import AutoencoderKL, DiffusionPipeline, StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from reduced import picture, save, spread

diffusers.logging.set_verbosity_error()
diffusers.utils.logging.disable_progress_bar()
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)
LETHE, FIXTURES = Path(sys.argv[1]).absolute(), Path(sys.argv[2])
HEADING = "## Files of Lethe in diffusers"
PROMPT, TOY, SEED, STEPS, GUIDANCE = "a photo of a cat", "a photo of <toy>", 3, 4, 5
# Facts that a single file lacks come from these names of the hub, as diffusers takes them.
KINDS = {
    "sd1": (StableDiffusionPipeline, "stable-diffusion-v1-5/stable-diffusion-v1-5"),
    "sd2": (StableDiffusionPipeline, "stabilityai/stable-diffusion-2-1"),
    "sdxl": (StableDiffusionXLPipeline, "stabilityai/stable-diffusion-xl-base-1.0"),
}


def changes(kind):
    """Keys by which diffusers tells the kinds of single files apart: SD 2 by 1,024 numbers of context, SDXL by ten layers of text."""
    unet, text, text2 = {"layers_per_block": 2, "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
                         "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"], "mid_block_type": "UNetMidBlock2DCrossAttn"}, {}, {}
    if kind == "sd2":
        unet["cross_attention_dim"] = 1024
        text = {"hidden_size": 1024, "intermediate_size": 64}
    if kind == "sdxl":
        unet = {"cross_attention_dim": 80, "addition_time_embed_dim": 8, "projection_class_embeddings_input_dim": 64 + 6 * 8}
        text = {"hidden_size": 16}
        # Heads of 64, as the conversion of attention biases and projections has them.
        text2 = {"hidden_size": 64, "intermediate_size": 64, "num_attention_heads": 2, "num_hidden_layers": 10, "projection_dim": 64}
    return {"unet": unet, "text_encoder": text, "text_encoder_2": text2, "vae": {}}


def model(kind, folder):
    """A folder in the diffusers layout with new widths and weights."""
    shutil.copytree(FIXTURES / f"tiny-{kind}", folder, ignore=shutil.ignore_patterns("golden*", "*.safetensors"))
    for seed, (part, more) in enumerate(changes(kind).items()):
        place = folder / part
        if not place.exists():
            continue
        config = {**json.loads((place / "config.json").read_text()), **more}
        known = {k: v for k, v in config.items() if k not in ("dtype", "transformers_version")}
        module = (UNet2DConditionModel.from_config(config) if part == "unet" else AutoencoderKL.from_config(config) if part == "vae" else
                  (CLIPTextModelWithProjection if part.endswith("2") else CLIPTextModel)(CLIPTextConfig(**known)))
        save(spread(module, seed), config, place)


def cached(kind, folder):
    """Configurations and tokenizers, without weights, in the hub's cache."""
    name = "models--" + KINDS[kind][1].replace("/", "--")
    place = Path(os.environ["HF_HUB_CACHE"]) / name
    shutil.copytree(folder, place / "snapshots" / ("0" * 40), ignore=shutil.ignore_patterns("*.safetensors"))
    # With an element type in one encoder's configuration diffusers fails, whoever wrote the file, unless it is given as an argument.
    for config in place.glob("snapshots/*/text_encoder*/config.json"):
        config.write_text(json.dumps({k: v for k, v in json.loads(config.read_text()).items() if k not in ("dtype", "torch_dtype")}))
    (place / "refs").mkdir()
    (place / "refs/main").write_text("0" * 40)


def without_vae(file):
    """A single file loses its VAE, as many are published."""
    with safe_open(file, "pt") as stored:
        metadata = stored.metadata()
    save_file({name: tensor for name, tensor in load_file(file).items() if not name.startswith("first_stage_model.")}, file, metadata)


def text_lora(kind, base, file):
    """A LoRA under kohya's names in every layer of every text encoder."""
    tensors, g = {}, torch.Generator().manual_seed(7)
    for number, part in enumerate(("text_encoder", "text_encoder_2"), 1):
        if not (base / part).exists():
            continue
        config = json.loads((base / part / "config.json").read_text())
        width, inner = config["hidden_size"], config["intermediate_size"]
        modules = [(f"self_attn_{name}_proj", width, width) for name in "qkv"] + [("self_attn_out_proj", width, width)]
        for layer in range(config["num_hidden_layers"]):
            for module, i, o in modules + [("mlp_fc1", width, inner), ("mlp_fc2", inner, width)]:
                name = f"lora_te{number if kind == 'sdxl' else ''}_text_model_encoder_layers_{layer}_{module}"
                tensors[f"{name}.lora_down.weight"] = torch.randn(4, i, generator=g) / i ** 0.5
                tensors[f"{name}.lora_up.weight"] = torch.randn(o, 4, generator=g)
                tensors[f"{name}.alpha"] = torch.tensor(2.0)
    save_file(tensors, file)


def lethe(*arguments):
    run = subprocess.run([LETHE, *map(str, arguments), "--threads", "1", "-q"], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError((run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[0])


def own(place, work, *more, prompt=PROMPT):
    out = work / f"pictures-{len(list(work.iterdir()))}"
    lethe("generate", place, "--prompt", prompt, "--seed", SEED, "--steps", STEPS, "--guidance", GUIDANCE, "--sampler", "model",
          "--out", out, *more)
    return numpy.asarray(Image.open(out / "0_0.png").convert("RGB")).astype(int)


def rows(kind, work):
    base, run = work / "base", work / "run"
    model(kind, base)
    cached(kind, base)
    cls = KINDS[kind][0]
    before = own(base, work)
    widths = [json.loads((base / part / "config.json").read_text())["hidden_size"] for part in ("text_encoder", "text_encoder_2")
              if (base / part).exists()]
    vectors = [torch.randn(2, width, generator=torch.Generator().manual_seed(9)) for width in widths]
    toy = work / "toy.safetensors"
    save_file(dict(zip(("clip_l", "clip_g"), vectors)) if len(vectors) > 1 else {"emb_params": vectors[0]}, toy)
    embedding = ["--embedding", f"{toy}:<toy>"]

    def compared(name, command, place, load, *more, prompt=PROMPT):
        try:
            if command:
                lethe(*command)
            a = own(place, work, *more, prompt=prompt)
            b = picture(load(), prompt, SEED, STEPS, GUIDANCE, a.shape[0])
            return kind, name, f"{abs(a - b).max()}/255", f"{abs(a - before).max()}/255" if prompt == PROMPT else ""
        except Exception as fault:
            return kind, name, f"{type(fault).__name__}: {str(fault).splitlines()[0][:120]}".replace("|", "/"), ""

    def folder(place):
        return lambda: DiffusionPipeline.from_pretrained(place)

    def single(place):
        return lambda: cls.from_single_file(str(place))

    erase = ["erase", base, "--method", "uce", "--concept", "cat", "--kind", "object"]
    apply = ["apply", base, "--with", run]
    out = run / "model"
    yield compared("erase --export diffusers", [*erase, "--export", "diffusers", "--out", run], out, folder(out))
    out = work / "single"
    yield compared("erase --export single --save-dtype float32", [*erase, "--export", "single", "--save-dtype", "float32", "--out", out],
                   out / "model.safetensors", single(out / "model.safetensors"))
    for dtype in ("float32", "float16", "bfloat16"):
        out = work / f"applied-{dtype}"
        yield compared(f"apply --out, {dtype}", [*apply, "--save-dtype", dtype, "--out", out], out, folder(out))
    out = work / "applied.safetensors"
    yield compared("apply --out, single file, float16", [*apply, "--out", out], out, single(out))
    back = work / "back"
    yield compared("apply SINGLE --out, a folder of it", ["apply", out, "--out", back], back, folder(back))
    out = work / "bare.safetensors"
    lethe("apply", base, "--save-dtype", "float32", "--out", out)
    without_vae(out)

    def plain():
        return DiffusionPipeline.from_pretrained(base, torch_dtype=torch.float32)

    yield compared("nothing: a single file without VAE, --vae FOLDER", None, out, plain, "--vae", base / "vae")

    def laid():
        pipe = plain()
        pipe.load_lora_weights(str(file))
        return pipe

    for spelling in ("kohya", "peft"):
        file = work / f"{spelling}.safetensors"
        yield compared(f"apply --lora, {spelling}", [*apply, "--lora", file, "--lora-format", spelling], base, laid, "--lora", file)
    file = work / "text.safetensors"
    text_lora(kind, base, file)
    yield compared("nothing: a LoRA in the text encoders, kohya", None, base, laid, "--lora", file)

    def inverted():
        pipe = DiffusionPipeline.from_pretrained(base, torch_dtype=torch.float32)
        parts = [(pipe.text_encoder, pipe.tokenizer)] + ([(pipe.text_encoder_2, pipe.tokenizer_2)] if kind == "sdxl" else [])
        for vector, (encoder, tokenizer) in zip(vectors, parts):
            pipe.load_textual_inversion(vector, token="<toy>", text_encoder=encoder, tokenizer=tokenizer)
        return pipe

    yield compared("nothing: a token of two vectors, --embedding", None, base, inverted, *embedding, prompt=TOY)
    out = work / "applied-toy"
    yield compared("apply --embedding --out", ["apply", base, *embedding, "--out", out], out, folder(out), prompt=TOY)


def main():
    lines = [HEADING, "",
             f"Written by `scripts/parity/exports.py`: SD 1, SD 2 and SDXL of small widths with random weights, a concept erased by uce, loaded by",
             f"diffusers {diffusers.__version__} with no argument but the file's place, and drawn with the model's own scheduler in {STEPS} steps, guidance "
             f"{GUIDANCE}, seed {SEED}.", "The last column is the distance to the picture of the model before. Single files find configurations where the hub's cache would have",
             "them, without the element type that the hub's name for SDXL's encoders: with it diffusers loads no single file, whoever wrote it.", "",
             "| model | written by | largest difference in a channel | erasure changes |", "|---|---|---|---|"]
    failed = False
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as work:
            for row in rows(kind, Path(work)):
                lines.append("| " + " | ".join(row) + " |")
                print(lines[-1], flush=True)
                failed = failed or not row[2].endswith("/255") or int(row[2].split("/")[0]) > 2
    if len(sys.argv) > 3:
        out = Path(sys.argv[3])
        parts = out.read_text().split("\n## ")
        kept = [part for part in parts if not part.startswith(HEADING[3:])]
        place = next((i for i, part in enumerate(kept) if part.startswith("Trees of")), len(kept))
        out.write_text("\n## ".join(kept[:place] + ["\n".join(lines)[3:] + "\n"] + kept[place:]))
    sys.exit(int(failed))


main()
