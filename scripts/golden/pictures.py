#!/usr/bin/env python3
"""Writes Tests/Fixtures/pictures: small pictures of every kind that people have, and what Pillow makes of them.

    python scripts/golden/pictures.py Tests/Fixtures/pictures

Two rules are Lethe's own: alpha is laid on white, where Pillow's convert("RGB") drops it, and 16-bit grey is its high byte, which
Pillow clips to white.
"""
import json, struct, sys, zlib
from pathlib import Path

import numpy
from PIL import Image, ImageOps

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
expected = {}


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(name, width, height, depth, kind, rows, *chunks):
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    (out / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def keep(name, rgb):
    rgb = numpy.asarray(rgb)
    expected[name] = {"width": rgb.shape[1], "height": rgb.shape[0], "pixels": rgb.reshape(-1).tolist()}


def pillow(name):
    return Image.open(out / name).convert("RGB")


def on_white(name):
    rgba = numpy.asarray(Image.open(out / name).convert("RGBA")).astype(float)
    return numpy.floor(255 + (rgba[..., :3] - 255) * rgba[..., 3:] / 255 + 0.5).astype(int)


wide = numpy.array([[[0x8080, 0x7FFF, 0x0000], [0xFFFF, 0x0100, 0x00FF]]], ">u2")
png("rgb16.png", 2, 1, 16, 2, [row.tobytes() for row in wide])
keep("rgb16.png", pillow("rgb16.png"))
png("grey16.png", 2, 1, 16, 0, [numpy.array([0x8080, 0x7FFF], ">u2").tobytes()])
keep("grey16.png", [[[128] * 3, [127] * 3]])
png("gamma.png", 2, 1, 8, 2, [bytes([128, 60, 200, 1, 2, 3])], chunk(b"gAMA", struct.pack(">I", 100000)))
keep("gamma.png", pillow("gamma.png"))
png("gamma16.png", 2, 1, 16, 2, [row.tobytes() for row in wide], chunk(b"gAMA", struct.pack(">I", 45455)))
keep("gamma16.png", pillow("gamma16.png"))
for depth in (1, 2, 4):
    png(f"grey{depth}.png", 2, 1, depth, 0, [bytes([0b01000000 if depth == 1 else 0b01100000 if depth == 2 else 0x3C])])
    keep(f"grey{depth}.png", pillow(f"grey{depth}.png"))
png("rgba.png", 2, 1, 8, 6, [bytes([200, 100, 50, 77, 0, 0, 0, 128])])
keep("rgba.png", on_white("rgba.png"))
png("greyalpha.png", 2, 1, 8, 4, [bytes([0, 128, 90, 255])])
keep("greyalpha.png", on_white("greyalpha.png"))
png("palette.png", 2, 1, 8, 3, [bytes([0, 1])], chunk(b"PLTE", bytes([200, 100, 50, 0, 0, 255])), chunk(b"tRNS", bytes([77])))
keep("palette.png", on_white("palette.png"))
png("key.png", 2, 1, 8, 2, [bytes([9, 8, 7, 1, 2, 3])], chunk(b"tRNS", struct.pack(">HHH", 9, 8, 7)))
keep("key.png", pillow("key.png"))
tiff = lambda n: b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">H", n) + b"\0\0\0\0\0\0"
six = [bytes([10, 10, 10, 20, 20, 20, 30, 30, 30]), bytes([40, 40, 40, 50, 50, 50, 60, 60, 60])]
for n in range(1, 9):
    png(f"turned{n}.png", 3, 2, 8, 2, six, chunk(b"eXIf", tiff(n)))
    keep(f"turned{n}.png", ImageOps.exif_transpose(Image.open(out / f"turned{n}.png")).convert("RGB"))
blocks = Image.fromarray(numpy.kron(numpy.array([[[20] * 3, [200] * 3]], "u1"), numpy.ones((8, 8, 1), "u1")))
exif = Image.Exif()
exif[0x0112] = 6
blocks.save(out / "turned.jpg", quality=100, subsampling=0, exif=exif)
keep("turned.jpg", ImageOps.exif_transpose(Image.open(out / "turned.jpg")).convert("RGB"))
Image.new("CMYK", (8, 8), (30, 60, 90, 40)).save(out / "inks.jpg", quality=100)
keep("inks.jpg", pillow("inks.jpg"))
blocks.save(out / "turned.webp", lossless=True, exif=exif)
keep("turned.webp", ImageOps.exif_transpose(Image.open(out / "turned.webp")).convert("RGB"))
noise = Image.fromarray(numpy.random.default_rng(1).integers(0, 256, (9, 11, 4), "u1"), "RGBA")
noise.save(out / "alpha.webp", lossless=True, exact=True)
keep("alpha.webp", on_white("alpha.webp"))
Image.fromarray(numpy.kron(numpy.random.default_rng(2).integers(0, 256, (5, 7, 3), "u1"), numpy.ones((4, 4, 1), "u1"))).save(out / "lossy.webp", quality=60)
keep("lossy.webp", pillow("lossy.webp"))
blocks.save(out / "moving.webp", save_all=True, append_images=[blocks.transpose(Image.Transpose.FLIP_LEFT_RIGHT)])
(out / "expected.json").write_text(json.dumps(expected))
print(len(expected), "pictures,", sum(f.stat().st_size for f in out.iterdir()), "bytes", expected["inks.jpg"]["pixels"][:3])
