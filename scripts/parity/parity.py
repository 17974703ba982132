#!/usr/bin/env python3
"""Writes the last section of docs/results/parity.md: for each model folder below TREES, whether Lethe loads or refuses it, and how far its picture is from
diffusers' with the model's own scheduler.

    python scripts/parity/parity.py LETHE TREES docs/results/parity.md

Widths are reduced and weights are random; every other key of the configurations stays as published. Folders of a tokenizer without a
vocabulary get CLIP's. The exit code is 1 where a picture differs by more than 2/255 in a channel, and where Lethe refuses what diffusers
draws as a picture of a prompt. Needs diffusers and transformers.
"""
import json, shutil, subprocess, sys, tempfile, warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import diffusers, numpy, torch, transformers
from PIL import Image
from diffusers import AutoencoderKL, DiffusionPipeline, UNet2DConditionModel, UNet2DModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from reduced import picture, save, spread, vocabulary

diffusers.logging.set_verbosity_error()
diffusers.utils.logging.disable_progress_bar()
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)
LETHE, TREES, OUT = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
HEADING = "## Trees of published models"
PROMPT, SEED, STEPS = "a photo of a cat, don't", 3, 4
SUPPORTED = {"StableDiffusionPipeline", "StableDiffusionXLPipeline", "LatentConsistencyModelPipeline", "DDPMPipeline", "DDIMPipeline"}


def narrow(config, pixels):
    """A U-Net's configuration with small widths."""
    config = dict(config)
    levels = len(config["block_out_channels"])
    config["block_out_channels"] = [16, 32, 32, 32, 32, 32][:levels]
    config["norm_num_groups"] = 8
    config["sample_size"] = 32 if pixels else 8
    heads = config.get("attention_head_dim")
    if isinstance(heads, list):
        config["attention_head_dim"] = [2, 4, 4, 4][:levels]
    elif heads is not None:
        config["attention_head_dim"] = 8
    if config.get("cross_attention_dim"):
        config["cross_attention_dim"] = 64 if config.get("addition_embed_type") == "text_time" else 32
    if config.get("addition_embed_type") == "text_time":
        config["projection_class_embeddings_input_dim"] = 32 + 6 * config.get("addition_time_embed_dim", 256)
    return config


def text(config, folder, projected):
    config = dict(config, hidden_size=32, intermediate_size=64, num_attention_heads=2, num_hidden_layers=2, projection_dim=32)
    known = {k: v for k, v in config.items() if k not in ("_name_or_path", "torch_dtype", "transformers_version")}
    model = (CLIPTextModelWithProjection if projected else CLIPTextModel)(CLIPTextConfig(**known))
    save(spread(model, 5 if projected else 4), config, folder, "config.json")


def shrink(tree, folder):
    """A copy of the tree with random weights of small widths, where all that they need is there; the pipeline's class."""
    shutil.copytree(tree, folder)
    index = json.loads((folder / "model_index.json").read_text())
    name = index.get("_class_name")
    name = name[-1] if isinstance(name, list) else name
    if name not in SUPPORTED:
        return name
    flat = not (folder / "unet").exists()
    place = folder if flat else folder / "unet"
    if not (place / "config.json").exists():
        return name
    config = json.loads((place / "config.json").read_text())
    pixels = name in ("DDPMPipeline", "DDIMPipeline")
    config = narrow(config, pixels)
    cls = UNet2DModel if pixels else UNet2DConditionModel
    weights = spread(cls.from_config(config), 1)
    save(weights, config, place, "config.json")
    if pixels:
        return name
    vae = json.loads((folder / "vae/config.json").read_text())
    levels = len(vae["block_out_channels"])
    vae.update(block_out_channels=[8, 16, 16, 16][:levels], norm_num_groups=8, sample_size=64)
    save(spread(AutoencoderKL.from_config(vae), 2), vae, folder / "vae", "config.json")
    for place in ("text_encoder", "text_encoder_2"):
        if (folder / place / "config.json").exists():
            text(json.loads((folder / place / "config.json").read_text()), folder / place, place.endswith("2"))
    for place in ("tokenizer", "tokenizer_2"):
        if (folder / place).exists() and not (folder / place / "merges.txt").exists():
            vocabulary(folder / place)
    return name


def reference(folder, name):
    """diffusers' picture by the model's own scheduler."""
    index = json.loads((folder / "model_index.json").read_text())
    absent = {k: None for k, v in index.items() if k in ("safety_checker", "feature_extractor", "image_encoder") and isinstance(v, list)}
    pipe = DiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, **absent) if (folder / "unet").exists() else getattr(diffusers, name)(
        unet=UNet2DModel.from_pretrained(folder), scheduler=diffusers.DDPMScheduler.from_pretrained(folder))
    if name not in ("DDPMPipeline", "DDIMPipeline"):
        return picture(pipe, PROMPT, SEED, STEPS, 5.0, 8 * pipe.vae_scale_factor)
    pipe.set_progress_bar_config(disable=True)
    g = torch.Generator().manual_seed(SEED)
    pictures = pipe(batch_size=1, generator=g, num_inference_steps=STEPS, output_type="np").images
    return (pictures[0] * 255).round().astype(int)


def by_diffusers(folder, name):
    """The answer of diffusers to a folder of a kind that Lethe knows and refuses all the same."""
    if name not in SUPPORTED:
        return ""
    try:
        reference(folder, name)
    except Exception as fault:
        sentence = str(fault).splitlines()[0].replace(str(folder), folder.name)
        return f"diffusers fails too: {type(fault).__name__}: {sentence[:120]}"
    return "diffusers draws it"


def row(tree, work):
    folder = work / tree.name
    name = shrink(tree, folder)
    prompt = "" if name in ("DDPMPipeline", "DDIMPipeline") else PROMPT
    out = work / f"{tree.name}-out"
    run = subprocess.run([LETHE, "generate", folder, "--prompt", prompt, "--seed", str(SEED), "--steps", str(STEPS), "--guidance", "5",
                          "--sampler", "model", "--out", out, "-q"], capture_output=True, text=True)
    if run.returncode:
        lines = run.stderr.strip().splitlines() or [f"exit code {run.returncode}"]
        sentence = lines[-1].replace("lethe: ", "").replace(str(folder), tree.name).replace("|", "/")
        return "refused", sentence, by_diffusers(folder, name)
    own = numpy.asarray(Image.open(out / "0_0.png").convert("RGB")).astype(int)
    try:
        other = reference(folder, name)
    except Exception as fault:
        return "loads", f"diffusers fails: {type(fault).__name__}: {str(fault).splitlines()[0][:100]}", ""
    if other.shape[-1] == 1:
        other = other.repeat(3, -1)
    scheduler = json.loads(next(folder.rglob("scheduler_config.json")).read_text())["_class_name"]
    return "loads", scheduler, f"{abs(own - other).max()}/255"


def main():
    trees = sorted(p.parent for p in TREES.rglob("model_index.json"))
    lines = [HEADING, "",
             f"Written by `make parity`: {len(trees)} folders of published configurations with reduced widths and random weights, drawn with the",
             f"model's own scheduler in {STEPS} steps, guidance 5, seed {SEED}, beside diffusers {diffusers.__version__}. The difference is the largest in a",
             "channel of a pixel; 1/255 is the rounding of a value between two bytes. A refused folder is of a kind that is no picture of a",
             "prompt by one U-Net, as its sentence says, or lacks files; the last column then says what diffusers does with it.", "",
             "| tree | result | scheduler, or sentence | difference |", "|---|---|---|---|"]
    failed = []
    with tempfile.TemporaryDirectory() as work:
        for tree in trees:
            result = row(tree, Path(work))
            lines.append(f"| {tree.relative_to(TREES)} | " + " | ".join(result) + " |")
            print(lines[-1], flush=True)
            is_far = result[2].endswith("/255") and int(result[2].split("/")[0]) > 2
            if is_far or result[2] == "diffusers draws it" or result[1].startswith("diffusers fails"):
                failed.append(tree.name)
    count = [sum(f"| {word} |" in line for line in lines) for word in ("loads", "refused")]
    lines[2] = lines[2].replace("folders of", f"folders, of which {count[0]} load and {count[1]} are refused, of")
    before = OUT.read_text().split(HEADING)[0].rstrip() if OUT.exists() else ""
    OUT.write_text(before + "\n\n" + "\n".join(lines) + "\n")
    sys.exit(f"without a reason: {', '.join(failed)}" if failed else 0)


main()
