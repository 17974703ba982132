"""The material of the torture of commands: a tiny model with themes and a judge, drawings, and recipes of trainings."""
import json
import pathlib
import random
import shutil
import struct
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/Fixtures"


def add_themes(folder):
    """version 0.1's themes and judge for a model, cut down to what its fixtures have."""
    themes = json.loads((FIXTURES / "version-0.1/themes.json").read_text())
    themes["judge"] = "judge"
    (folder / "themes.json").write_text(json.dumps(themes, indent=1))
    shutil.copytree(FIXTURES / "version-0.1/judge", folder / "judge")


def png(pixels, width, height):
    """An RGB picture of rows without a filter."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + pixels[3 * width * y:3 * width * (y + 1)] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def npy(kind, shape, data):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + data


def drawings(folder):
    """Three objects in two styles, 16 x 16."""
    draw = random.Random(1)
    for style in ("noto", "line"):
        (folder / style).mkdir(parents=True)
        for name in ("fox", "cat", "owl"):
            (folder / style / f"{name}.png").write_bytes(png(draw.randbytes(3 * 16 * 16), 16, 16))
    lines = [json.dumps(dict(object=name, file=f"{name}.png")) for name in ("fox", "cat", "owl")]
    (folder / "objects.jsonl").write_text("\n".join(lines) + "\n")


def squares(folder):
    """Thirty pictures of three classes, 8 x 8: a square at the left, in the middle, at the right."""
    folder.mkdir()
    pixels = bytearray(30 * 64)
    for i in range(30):
        for y in range(2, 6):
            for x in range(3):
                pixels[i * 64 + y * 8 + x + i % 3 * 2] = 200 + i
    (folder / "images.npy").write_bytes(npy("|u1", (30, 8, 8), bytes(pixels)))
    (folder / "labels.npy").write_bytes(npy("<i8", (30,), b"".join(struct.pack("<q", i % 3) for i in range(30))))
    (folder / "classes.txt").write_text("left\nmiddle\nright\n")


TRAINING = {"steps": 6, "batch": 2, "learningRate": 0.01, "saveEvery": 2, "logEvery": 1}
SQUARE_UNET = {
    "sample_size": 8, "in_channels": 1, "out_channels": 1, "block_out_channels": [8, 16], "layers_per_block": 1, "norm_num_groups": 4,
    "attention_head_dim": 8, "dropout": 0.1, "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
}
TOWER = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}


def recipes():
    """A recipe of each kind of training, by its name."""
    data = {"folder": "drawings", "objects": ["fox", "cat"], "styles": ["noto", "line"]}

    def config(part, **changed):
        return {**json.loads((FIXTURES / f"tiny-sd1/{part}").read_text()), **changed}

    # tiny-sd1 with half of its levels: each of its tensors is a write.
    unet = config("unet/config.json", block_out_channels=[8], down_block_types=["CrossAttnDownBlock2D"],
                  up_block_types=["CrossAttnUpBlock2D"])
    vae = config("vae/config.json", block_out_channels=[8, 8], mid_block_add_attention=False)
    text = config("text_encoder/config.json", num_hidden_layers=1)
    # Those of the themes that the model gets: other words are cut into more tokens.
    themes = json.loads((FIXTURES / "version-0.1/themes.json").read_text())["captions"]
    captions = {key: themes[key] for key in ("both", "object", "style")}
    return {
        "judge": dict(kind="judge", name="tiny", seed=1, data=data, widths=[4, 4, 8], heldOutEvery=0, settlingBatches=2, training=TRAINING),
        "squares-judge": dict(kind="judge", name="squares", seed=1, data={"folder": "squares", "styles": []}, widths=[4, 8, 8],
                              heldOutEvery=5, training=TRAINING),
        "clip": dict(kind="clip", name="tiny", seed=1, data=data, captions={"emptyShare": 0, "styleShare": 0.2}, tokenizer={"size": 540},
                     text=TOWER, vision={**TOWER, "image_size": 16, "patch_size": 8}, projection=8, unseenObjectsEvery=0, training=TRAINING),
        "ddpm": dict(kind="ddpm", name="squares", seed=1, data={"folder": "squares", "heldOutEvery": 5}, unet=SQUARE_UNET,
                     scheduler={"_class_name": "DDIMScheduler", "beta_schedule": "linear"}, training={**TRAINING, "averaging": 0.9},
                     sampleEvery=4),
        "model": dict(kind="stable-diffusion", name="tiny", seed=1, data=data, captions=captions, tokenizer={"size": 540, "length": 16},
                      vae=vae, unet=unet, textEncoder=text,
                      scheduler=config("scheduler/scheduler_config.json"), autoencoder={"training": TRAINING},
                      decoder={"training": TRAINING}, denoiser={"training": TRAINING, "sampleEvery": 4}),
    }


def lay_out(base):
    """The drawings and the recipes in a folder."""
    base = pathlib.Path(base)
    base.mkdir(parents=True, exist_ok=True)
    if (base / "recipes").exists():
        return
    drawings(base / "drawings")
    squares(base / "squares")
    (base / "recipes").mkdir()
    for name, recipe in recipes().items():
        (base / f"recipes/{name}.json").write_text(json.dumps(recipe, indent=1) + "\n")
