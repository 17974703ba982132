"""The folder that the commands of `commands.py` run in: models, pictures and recipes, the same for both versions."""
import json
import shutil
import struct
import zlib
from pathlib import Path

OBJECTS, STYLES, CLASSES = ["fox", "cat", "owl"], ["noto", "symbola"], ["bear", "bird", "cat"]


def prepare(folder, checkout):
    """Fills an empty folder from a checkout; only the model and fixture files come from there."""
    fixtures = checkout / "Tests" / "Fixtures"
    (folder / "Models").symlink_to(checkout / "Models")
    (folder / "Fixtures").symlink_to(fixtures)
    captions = json.loads((checkout / "Models/emoji/themes.json").read_text())["captions"]
    copy(fixtures / "tiny-sd1", folder / "tiny")
    themes(folder / "tiny", OBJECTS, STYLES, captions, "../Models/judges/emoji")
    copy(folder / "tiny", folder / "moved")
    for file in (folder / "moved").rglob("*model.safetensors"):
        moved(file)
    copy(fixtures / "tiny-ddpm", folder / "classes")
    own = {**captions, "both": ["{name}"], "object": ["{name}"], "style": []}
    themes(folder / "classes", CLASSES, [], own, "../Models/judges/animals")
    squares(folder / "squares")
    drawings(folder / "drawings")
    recipes(folder / "recipes", fixtures, captions)
    (folder / "prompts.csv").write_text(
        "case_number,prompt,evaluation_seed,evaluation_guidance\n7,a fox,11,7.5\n8,an owl in symbola style,12,3\n")
    (folder / "erasers.csv").write_text("prompt,seed,erasers\nfox,0,fox;cat\nfox,0,\na cat,1,cat\n")
    (folder / "bad.csv").write_text("case_number,prompt,evaluation_seed\n0,a\n")
    for name in ["apply-lora", "apply-rank", "apply-set"]:
        (folder / name).mkdir()


def copy(source, target):
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("golden.safetensors"))


def themes(model, objects, styles, captions, judge):
    text = json.dumps({"objects": objects, "styles": styles, "captions": captions, "judge": judge}, indent=1)
    (model / "themes.json").write_text(text)


def moved(file):
    """Adds 0.01 to every number of a safetensors file of 16 or 32 bits."""
    data = bytearray(file.read_bytes())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__" or entry["dtype"] not in ("F16", "F32"):
            continue
        low, high = (start + offset for offset in entry["data_offsets"])
        letter, size = ("e", 2) if entry["dtype"] == "F16" else ("f", 4)
        form = f"<{(high - low) // size}{letter}"
        data[low:high] = struct.pack(form, *(x + 0.01 for x in struct.unpack(form, data[low:high])))
    file.write_bytes(data)


def squares(folder):
    """Three classes of 8 x 8 bytes: a square at the left, in the middle, at the right."""
    folder.mkdir()
    count = 30
    pixels = bytearray(count * 64)
    for i in range(count):
        for y in range(2, 6):
            for x in range(3):
                pixels[i * 64 + y * 8 + x + i % 3 * 2] = 200 + i
    npy(folder / "images.npy", "|u1", (count, 8, 8), bytes(pixels))
    npy(folder / "labels.npy", "<i8", (count,), struct.pack(f"<{count}q", *(i % 3 for i in range(count))))
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n")


def npy(file, kind, shape, data):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    file.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


def drawings(folder):
    """Four objects in two styles, 16 x 16, as `scripts/emoji-dataset` lays them out."""
    names = OBJECTS + ["key"]
    folder.mkdir()
    (folder / "objects.jsonl").write_text(
        "".join(json.dumps({"object": name, "file": f"{name}.png"}) + "\n" for name in names))
    for s, style in enumerate(STYLES):
        (folder / style).mkdir()
        for i, name in enumerate(names):
            rows = bytearray()
            for y in range(16):
                rows.append(0)
                for x in range(16):
                    inside = 4 <= x < 10 + i and 3 + i <= y < 12
                    rows += bytes([40 + 50 * i, 200 * s, 90 + 9 * x]) if inside else b"\xff\xff\xff"
            png(folder / style / f"{name}.png", 16, 16, bytes(rows))


def png(file, width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    file.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def recipes(folder, fixtures, captions):
    folder.mkdir()

    def config(path):
        return json.loads((fixtures / path).read_text())

    def training(steps, batch):
        return {"steps": steps, "batch": batch, "learningRate": 0.001, "saveEvery": 4, "logEvery": 2}

    data = {"folder": "drawings", "objects": OBJECTS, "styles": STYLES}
    text = config("tiny-sd1/text_encoder/config.json")
    for key in ["vocab_size", "max_position_embeddings", "bos_token_id", "eos_token_id", "pad_token_id"]:
        text.pop(key, None)
    files = {
        "model": {
            "kind": "stable-diffusion", "name": "drawings", "seed": 1, "data": data, "captions": captions,
            "tokenizer": {"size": 560, "length": 16}, "vae": config("tiny-sd1/vae/config.json"),
            "unet": config("tiny-sd1/unet/config.json"), "textEncoder": text,
            "scheduler": config("tiny-sd1/scheduler/scheduler_config.json"),
            "autoencoder": {"training": training(4, 2)}, "decoder": {"training": training(2, 2)},
            "denoiser": {"training": {**training(6, 2), "averaging": 0.9}, "sampleEvery": 3},
        },
        "ddpm": {
            "kind": "ddpm", "name": "squares", "data": {"folder": "squares", "heldOutEvery": 5},
            "unet": {
                key: value for key, value in config("tiny-ddpm/unet/config.json").items() if key != "num_class_embeds"
            },
            "scheduler": {"_class_name": "DDIMScheduler", "beta_schedule": "linear"},
            "training": {**training(6, 4), "averaging": 0.9}, "sampleEvery": 3,
        },
        "judge": {
            "kind": "judge", "name": "drawings", "data": data, "widths": [4, 8, 8], "training": training(6, 4),
        },
        "judge-classes": {
            "kind": "judge", "name": "squares", "data": {"folder": "squares", "objects": CLASSES, "styles": []},
            "widths": [4, 8, 8], "heldOutEvery": 5, "training": training(6, 4),
        },
    }
    for name, recipe in files.items():
        (folder / f"{name}.json").write_text(json.dumps(recipe, indent=1))
