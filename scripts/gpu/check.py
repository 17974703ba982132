#!/usr/bin/env python3
"""The parts of scripts/gpu/check.sh: pictures on two devices, speed beside diffusers, methods at full size."""
import json, os, statistics, subprocess, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/bench"))
OUT, DEVICE = Path(os.environ["OUT"]), os.environ["DEVICE"]
SIZES, ROUNDS = os.environ["SIZES"].split(), int(os.environ["ROUNDS"])
DTYPES, MODES = os.environ["DTYPES"].split(), os.environ["MODES"].split()
LETHE, REFERENCE = Path(os.environ["LETHE"]), ROOT / "scripts/bench/reference.py"
FILE = OUT / "check.json"
found = json.loads(FILE.read_text()) if FILE.exists() else {}


def kept(name, make):
    """A part, unless it was finished before. A part that fails is recorded with its last line and does not end the others."""
    if name in found and "error" not in found[name]:
        return found[name]
    print(name, flush=True)
    try:
        found[name] = make()
    except subprocess.CalledProcessError as error:
        found[name] = {"error": ((error.stderr or "").strip().splitlines() or [str(error)])[-1][:300]}
    FILE.write_text(json.dumps(found, indent=1))
    return found[name]


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)


def model(size):
    if size == "emoji":
        return ROOT / "Models/emoji"
    folder = OUT / size
    import random_models
    random_models.write(size, folder)
    return folder


def pictures(size, dtype):
    """The largest and the mean difference of a level of 255 between the CPU's pictures and the device's."""
    import numpy
    from PIL import Image
    places = []
    for device, kind in (("cpu", "float32"), (DEVICE, dtype)):
        place = OUT / "pictures" / f"{size}-{device.replace(':', '')}-{kind}"
        run(LETHE, "generate", model(size), "--prompt", "a noto emoji of a fox", "--count", "4", "--steps", "20", "--device", device,
            "--dtype", kind, "--out", place, "--overwrite", "--quiet")
        places.append(place)
    a, b = (numpy.stack([numpy.asarray(Image.open(f)).astype(int) for f in sorted(p.glob("*.png"))]) for p in places)
    return {"largest": int(abs(a - b).max()), "mean": float(abs(a - b).mean())}


def offloaded(size):
    """Whether pictures with --offload are those without, and the memory that --dry-run tells."""
    import numpy
    from PIL import Image
    common = ["generate", model(size), "--prompt", "a noto emoji of a fox", "--steps", "4", "--device", DEVICE, "--quiet", "--overwrite"]
    drawn = []
    for name, more in (("whole", []), ("offloaded", ["--offload"])):
        place = OUT / "pictures" / f"{size}-{name}"
        run(LETHE, *common, *more, "--out", place)
        drawn.append(numpy.asarray(Image.open(place / "0_0.png")))
    told = run(LETHE, *[c for c in common if c != "--quiet"], "--dry-run", "--out", OUT / "pictures/dry").stderr
    return {"same": bool((drawn[0] == drawn[1]).all()), "memory": " ".join(line for line in told.splitlines() if "GB" in line)}


def speed(size, stage, dtype, compiled):
    """Medians of seconds and peaks of memory, in turn."""
    rows = ([], [])
    common = ["--stage", stage, "--repeats", "5", "--device", DEVICE, "--dtype", dtype]
    for _ in range(ROUNDS):
        for row, command in zip(rows, ([LETHE, "speed", model(size), *common, "--quiet"],
                                       [sys.executable, REFERENCE, model(size), *common, *(["--compile"] if compiled else [])])):
            row.append(json.loads(run(*command).stdout.strip().splitlines()[-1]))
    (a, b) = ([statistics.median(r["seconds"]) for r in row] for row in rows)
    return {"lethe_s": statistics.median(a), "reference_s": statistics.median(b), "ratio": statistics.median(x / y for x, y in zip(a, b)),
            "lethe_peak": rows[0][-1]["peak"], "reference_peak": rows[1][-1]["peak"]}


def method(size, name, *settings):
    """Seconds of one short erasure, and the peak memory that it reports."""
    place = OUT / "runs" / f"{size}-{name}"
    command = [LETHE, "erase", model(size), "--method", name, "--concept", "fox", "--kind", "object", "--device", DEVICE, "--out", place, "--quiet"]
    for setting in settings:
        command += ["--set", setting]
    start = time.perf_counter()
    run(*command)
    job = json.loads((place / "provenance.json").read_text()) if (place / "provenance.json").exists() else {}
    return {"seconds": time.perf_counter() - start, "peak": job.get("peakMemory")}


for size in SIZES:
    for dtype in DTYPES:
        kept(f"pictures {size} {dtype}", lambda: pictures(size, dtype))
        for stage in ("text", "unet", "sample", "decode"):
            for mode in MODES:
                kept(f"{stage} {size} {dtype} {mode}", lambda: speed(size, stage, dtype, mode == "compiled"))
    kept(f"offload {size}", lambda: offloaded(size))
    short = ("training.steps=5", "trajectories=1", "trajectorySteps=4")
    kept(f"esd {size}", lambda: method(size, "esd", *short))
    kept(f"advunlearn {size}", lambda: method(size, "advunlearn", "training.steps=5", "cleanSteps=1", "adversary.steps=5", "retainTrajectories=1"))
    kept(f"meta {size}", lambda: method(size, "meta", "base=uce", "training.steps=2", "pictureSteps=4"))

lines = ["| part | result |", "|---|---|"]
for name, row in found.items():
    text = ", ".join(f"{k} {v:.4g}" if isinstance(v, (int, float)) else f"{k} {v}" for k, v in row.items())
    lines.append(f"| {name} | {text} |")
(OUT / "check.md").write_text("\n".join(lines) + "\n")
print((OUT / "check.md").read_text())
