#!/usr/bin/env python3
"""The parts of scripts/gpu/check.sh: pictures on two devices, speed beside diffusers, methods at full size."""
import importlib.util, json, os, shutil, statistics, subprocess, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/bench"))
OUT, DEVICE = Path(os.environ["OUT"]), os.environ["DEVICE"]
SIZES, ROUNDS = os.environ["SIZES"].split(), int(os.environ["ROUNDS"])
DTYPES, MODES = os.environ["DTYPES"].split(), os.environ["MODES"].split()
LETHE, REFERENCE = Path(os.environ["LETHE"]), ROOT / "scripts/bench/reference.py"
# In a dry run diffusers computes on the CPU, beside a device that torch does not know, or not at all.
DRY = bool(os.environ.get("DRY"))
HAS_REFERENCE = not DRY or importlib.util.find_spec("diffusers") is not None
REFERENCE_DEVICE = "cpu" if DRY else DEVICE
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
    known = {"emoji": "Models/emoji", "tiny": "Tests/Fixtures/tiny-sd1", "tinyxl": "Tests/Fixtures/tiny-sdxl"}
    if size in known:
        return ROOT / known[size]
    folder = OUT / size
    import random_models
    random_models.write(size, folder, "cpu" if DRY else DEVICE)
    return folder


def pictures(size, dtype):
    """The largest and the mean difference of a level of 255 between the CPU's pictures and the device's."""
    places = []
    for device, kind in (("cpu", "float32"), (DEVICE, dtype)):
        place = OUT / "pictures" / f"{size}-{device.replace(':', '')}-{kind}"
        run(LETHE, "generate", model(size), "--prompt", "a noto emoji of a fox", "--count", "4", "--steps", "20", "--device", device,
            "--dtype", kind, "--out", place, "--overwrite", "--quiet")
        places.append(place)
    return difference([sorted(p.glob("*.png")) for p in places])


def difference(sides):
    """Of two lists of PNG files, level by level."""
    a, b = ([level for file in files for level in levels(file)] for files in sides)
    gaps = [abs(x - y) for x, y in zip(a, b, strict=True)]
    return {"largest": max(gaps), "mean": sum(gaps) / len(gaps)}


def levels(file):
    """The levels of a PNG file of 8-bit RGB, by the standard library alone."""
    import struct, zlib
    bytes_, at, packed = file.read_bytes(), 8, b""
    while at < len(bytes_):
        size, kind = struct.unpack(">I4s", bytes_[at:at + 8])
        body = bytes_[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colours = struct.unpack(">IIBB", body[:10])
            assert (depth, colours) == (8, 2), f"{file}: depth {depth}, colour type {colours}"
        packed += body if kind == b"IDAT" else b""
        at += 12 + size
    raw, stride, found, above = zlib.decompress(packed), 3 * width, [], bytearray(3 * width)
    for y in range(height):
        rule, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left, up, corner = row[i - 3] if i > 2 else 0, above[i], above[i - 3] if i > 2 else 0
            guess = left + up - corner
            near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            row[i] = (row[i] + (0, left, up, (left + up) // 2, near)[rule]) & 255
        found += row
        above = row
    return found


def offloaded(size):
    """Whether pictures with --offload are those without, and the memory that --dry-run tells."""
    common = ["generate", model(size), "--prompt", "a noto emoji of a fox", "--steps", "4", "--device", DEVICE, "--quiet", "--overwrite"]
    drawn = []
    for name, more in (("whole", []), ("offloaded", ["--offload"])):
        place = OUT / "pictures" / f"{size}-{name}"
        run(LETHE, *common, *more, "--out", place)
        drawn.append([place / "0_0.png"])
    told = run(LETHE, *[c for c in common if c != "--quiet"], "--dry-run", "--out", OUT / "pictures/dry").stderr
    return {"same": difference(drawn)["largest"] == 0, "memory": " ".join(line for line in told.splitlines() if "GB" in line)}


def speed(size, stages, dtype, compiled):
    """For each stage medians of seconds and peaks of memory; both sides in turn, each in one process for all stages."""
    common = [*(word for stage in stages for word in ("--stage", stage)), "--repeats", "1" if DRY else "5", "--pictures", "1", "--dtype", dtype]
    esd = "esd" in stages
    commands = {"lethe": [LETHE, "speed", model(size), *common, "--device", DEVICE, "--quiet",
                          *(["--iterations", "3", "--trajectories", "1", "--trajectory-steps", "4"] if esd else [])]}
    if HAS_REFERENCE:
        commands["reference"] = [sys.executable, REFERENCE, model(size), *common, "--device", REFERENCE_DEVICE,
                                 *(["--walk-steps", "4"] if esd else []), *(["--compile"] if compiled else [])]
    rows = {stage: {name: [] for name in commands} for stage in stages}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            for line in run(*command).stdout.strip().splitlines():
                if line.startswith("{"):
                    row = json.loads(line)
                    rows[row["stage"]][name].append(row)
    found = {}
    for stage, sides in rows.items():
        medians = {name: [statistics.median(r["seconds"]) for r in side] for name, side in sides.items()}
        found |= {f"{stage} {name}_s": statistics.median(values) for name, values in medians.items()}
        found |= {f"{stage} {name}_peak": side[-1]["peak"] for name, side in sides.items()}
        if HAS_REFERENCE:
            found[f"{stage} ratio"] = statistics.median(x / y for x, y in zip(medians["lethe"], medians["reference"]))
    return found


def steps(size, name, *settings):
    """A training step beside the plain loop with the same batch."""
    place = place_of(size, f"{name}-steps")
    shutil.rmtree(place, ignore_errors=True)  # that of a part that failed
    command = [LETHE, "erase", model(size), "--method", name, "--concept", "fox", "--kind", "object", "--device", DEVICE, "--out", place, "--quiet"]
    for setting in ("training.steps=5", "training.logEvery=1", "training.batch=4", "guarding.limit=0", *settings):
        command += ["--set", setting]
    run(*command)
    events = [json.loads(line) for line in (place / "events.jsonl").read_text().splitlines()]
    times = [e["seconds"] for e in events if "seconds" in e and "loss" in e]
    result = {"lethe_s": statistics.median(b - a for a, b in zip(times, times[1:]))}
    if HAS_REFERENCE:
        loop = json.loads(run(sys.executable, ROOT / "scripts/bench/loops.py", model(size), "--loop", name, "--steps", "4",
                              "--device", REFERENCE_DEVICE).stdout.strip().splitlines()[-1])
        result |= {"reference_s": statistics.median(loop["seconds"])}
        result["ratio"] = result["lethe_s"] / result["reference_s"]
    return result


def place_of(size, name):
    return OUT / "runs" / f"{size}-{name}"


def method(size, name, *settings):
    """Seconds of one short erasure, and the peak memory that it reports."""
    place = place_of(size, name)
    command = [LETHE, "erase", model(size), "--method", name, "--concept", "fox", "--kind", "object", "--device", DEVICE, "--out", place, "--quiet"]
    for setting in settings:
        command += ["--set", setting]
    start = time.perf_counter()
    run(*command)
    job = json.loads((place / "provenance.json").read_text()) if (place / "provenance.json").exists() else {}
    return {"seconds": time.perf_counter() - start, "peak": job.get("peakMemory")}


def fine_tuned(size):
    """Seconds of one short fine-tuning of the ESD run, judged by a tiny CLIP, which says nothing about the pictures."""
    start = time.perf_counter()
    run(LETHE, "relearn", place_of(size, "esd"), "--quick", "--tuning-steps", "5", "--repeats", "1", "--sampling-steps", "2",
        "--judge", f"clip:{ROOT}/Tests/Fixtures/tiny-clip", "--device", DEVICE, "--quiet")
    return {"seconds": time.perf_counter() - start}


for size in SIZES:
    for dtype in DTYPES:
        kept(f"pictures {size} {dtype}", lambda: pictures(size, dtype))
        # Gradients are taken in float32.
        stages = ("text", "unet", "sample", "decode", *(("backward", "esd") if dtype == "float32" else ()))
        for mode in MODES:
            kept(f"speed {size} {dtype} {mode}", lambda: speed(size, stages, dtype, mode == "compiled"))
    kept(f"offload {size}", lambda: offloaded(size))
    short = ("training.steps=5", "trajectories=1", "trajectorySteps=4")
    kept(f"esd run {size}", lambda: method(size, "esd", *short))
    kept(f"relearn {size}", lambda: fine_tuned(size))
    kept(f"advunlearn {size}", lambda: method(size, "advunlearn", "training.steps=5", "warmup=1", "adversary.steps=5", "retainTrajectories=1"))
    kept(f"meta {size}", lambda: method(size, "meta", "base=uce", "training.steps=2", "pictureSteps=4"))
    if size != "sdxl" and size != "tinyxl":
        kept(f"advunlearn step {size}", lambda: steps(
            size, "advunlearn", "warmup=0", "adversary.steps=3", "retainTrajectories=5", "options.trajectories=4", "options.trajectorySteps=4"))
        kept(f"meta step {size}", lambda: steps(size, "meta", "base=uce", "pictures=8", "pictureSteps=2"))

lines = ["| part | result |", "|---|---|"]
for name, row in found.items():
    text = ", ".join(f"{k} {v:.4g}" if isinstance(v, (int, float)) else f"{k} {v}" for k, v in row.items())
    lines.append(f"| {name} | {text} |")
(OUT / "check.md").write_text("\n".join(lines) + "\n")
print((OUT / "check.md").read_text())
sys.exit(any("error" in row for row in found.values()))
