#!/usr/bin/env python3
"""Lethe and diffusers in turn, on the same weights and inputs, with equal thread counts.

Prints a table of ratios (Lethe / diffusers; below 1 Lethe is faster or smaller) and writes
runs/bench-speed/results.json and results.md with the machine. `--quick` leaves the SD 1.4 size out
and takes fewer rounds.
"""
import argparse, json, os, platform, statistics, subprocess, sys, tempfile, time
from pathlib import Path

import random_models

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "runs" / "bench-speed"
parser = argparse.ArgumentParser()
parser.add_argument("--quick", action="store_true")
parser.add_argument("--rounds", type=int, default=0, help="3, 2 with --quick")
parser.add_argument("--threads", type=int, default=os.cpu_count())
arguments = parser.parse_args()
LETHE, PYTHON = ROOT / ".build/release/lethe", sys.executable
REFERENCE = Path(__file__).with_name("reference.py")
LOOPS = Path(__file__).with_name("loops.py")


def last_line(command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:  # the loops on diffusers print their error as JSON
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}\n{done.stdout[-400:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def compare(label, model, stage, repeats, rounds, lethe=(), reference=()):
    """Ratios of medians, one a round, both programs in turn."""
    ratios, memory, seconds = [], [], ([], [])
    for _ in range(rounds):
        b = last_line([PYTHON, REFERENCE, model, "--stage", stage, "--repeats", repeats, "--threads", arguments.threads, *reference])
        a = last_line([LETHE, "speed", model, "--stage", stage, "--repeats", repeats, "--threads", arguments.threads, "--quiet", *lethe])
        assert a["threads"] == b["threads"], "thread counts differ"
        x, y = statistics.median(a["seconds"]), statistics.median(b["seconds"])
        if stage == "esd":  # iterations differ in how far they denoise
            y = statistics.mean(b["seconds"])
        seconds[0].append(x), seconds[1].append(y)
        ratios.append(x / y)
        memory.append(a["peak"] / b["peak"])
    row = {"stage": label, "ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios),
           "memory": statistics.median(memory), "lethe_s": statistics.median(seconds[0]), "diffusers_s": statistics.median(seconds[1]), "rounds": rounds}
    print(f"| {label} | {row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f}) | {row['memory']:.2f} |", flush=True)
    return row


def timed(*command):
    """Seconds of a command, and its peak of memory in bytes."""
    start = time.perf_counter()
    running = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = running.stderr.read().decode()
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{said[-2000:]}")
    return time.perf_counter() - start, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def beside(label, pairs):
    """The row of (seconds, bytes) of Lethe and of diffusers."""
    return row(label, [a[0] / b[0] for a, b in pairs], [a[1] / b[1] for a, b in pairs])


def first_image(model, rounds):
    """From process start to a picture on disk."""
    code = ("import sys, torch; torch.set_num_threads(%d)\nfrom diffusers import StableDiffusionPipeline\n"
            "p = StableDiffusionPipeline.from_pretrained(sys.argv[1], torch_dtype=torch.float32, safety_checker=None); p.set_progress_bar_config(disable=True)\n"
            "p('a noto emoji of a fox', num_inference_steps=25, generator=torch.Generator().manual_seed(1)).images[0].save(sys.argv[2])" % arguments.threads)
    pairs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            b = timed(PYTHON, "-c", code, model, f"{folder}/x.png")
            pairs.append((timed(LETHE, "generate", model, "--prompt", "a noto emoji of a fox", "--seed", "1", "--guidance", "7.5", "--quiet", "--threads", arguments.threads, "--out", f"{folder}/out"), b))
    return beside("process start to first picture", pairs)


def row(label, ratios, memory=None):
    found = {"stage": label, "ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios), "rounds": len(ratios)}
    if memory:
        found["memory"] = statistics.median(memory)
    print(f"| {label} | {found['ratio']:.2f} ({found['low']:.2f} to {found['high']:.2f}) | {found['memory']:.2f} |" if memory else
          f"| {label} | {found['ratio']:.2f} ({found['low']:.2f} to {found['high']:.2f}) | |", flush=True)
    return found


def erase(model, method, *settings, concepts=("fox",)):
    """Seconds between the steps of a training, seconds of the whole erasure, and its peak of memory."""
    with tempfile.TemporaryDirectory() as folder:
        command = [LETHE, "erase", model, "--method", method, "--out", f"{folder}/run", "--quiet", "--threads", arguments.threads, "--kind", "object"]
        for concept in concepts:
            command += ["--concept", concept]
        if method in ("erasediff", "finetune"):  # pictures to keep
            command += ["--preserve", "others"]
        for setting in settings:
            command += ["--set", setting]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")
        log = Path(folder) / "run/events.jsonl"
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        times = [e["seconds"] for e in events if "seconds" in e and "loss" in e]
        origin = json.loads((Path(folder) / "run/provenance.json").read_text())
        return [b - a for a, b in zip(times, times[1:])], origin["seconds"], origin["peakMemory"]


def steps(label, model, method, loop, settings, extra=(), rounds=1):
    """A step of a method beside the plain loop with the same batch."""
    ratios, memory = [], []
    for _ in range(rounds):
        b = last_line([PYTHON, LOOPS, model, "--loop", loop, "--threads", arguments.threads, *extra])
        seconds, _, peak = erase(model, method, "training.steps=6", "training.logEvery=1", *settings)
        ratios.append(statistics.median(seconds) / statistics.median(b["seconds"]))
        memory.append(peak / b["peak"])
    return row(label, ratios, memory)


def start_time(rounds):
    """From process start to the version on the screen."""
    return beside("process start to the version",
                  [(timed(LETHE, "--version"), timed(PYTHON, "-c", "import diffusers; print(diffusers.__version__)")) for _ in range(rounds)])


def evaluation(model, rounds):
    """Pictures and their judgement: `lethe evaluate MODEL` beside a pipeline that draws as many in batches of 20, without a judge."""
    code = ("import sys, torch; torch.set_num_threads(%d)\nfrom diffusers import DDIMScheduler, StableDiffusionPipeline\n"
            "p = StableDiffusionPipeline.from_pretrained(sys.argv[1], torch_dtype=torch.float32, safety_checker=None); p.set_progress_bar_config(disable=True)\n"
            "p.scheduler = DDIMScheduler.from_config(p.scheduler.config); n = int(sys.argv[2])\n"
            "for i in range(0, n, 20):\n"
            "    for k, x in enumerate(p(['a noto emoji of a fox'] * min(20, n - i), num_inference_steps=25, guidance_scale=4).images): x.save(f'{sys.argv[3]}/{i + k}.png')"
            % arguments.threads)
    pairs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            a = timed(LETHE, "evaluate", model, "--quick", "--quiet", "--threads", arguments.threads, "--out", f"{folder}/out")
            count = len(list((Path(folder) / "out/pictures").glob("*.png")))
            pairs.append((a, timed(PYTHON, "-c", code, model, count, folder)))
    return beside(f"evaluation of {count} pictures with a judge, beside drawing alone", pairs)


def by_concepts(model, method, counts, *settings):
    """Time and memory of some concepts as multiples of those of one."""
    names = [f"thing number {i}" for i in range(max(counts))]
    one, *more = [erase(model, method, *settings, concepts=names[:n])[1:] for n in counts]
    return [beside(f"{method}: {n} concepts, beside one", [(cost, one)]) for n, cost in zip(counts[1:], more)]


def by_size(model, sizes):
    """The time of a picture, loading taken off, and the memory of drawing, as multiples of those of the smallest size."""
    def drawn(side, count):
        with tempfile.TemporaryDirectory() as folder:
            return timed(LETHE, "generate", model, "--prompt", "a noto emoji of a fox", "--count", count, "--batch", "1", "--width", side, "--height", side,
                         "--quiet", "--threads", arguments.threads, "--out", f"{folder}/out")
    one, *more = [(many[0] - few[0], many[1]) for many, few in ((drawn(side, 3), drawn(side, 1)) for side in sizes)]
    return [beside(f"picture of {side} x {side}, beside {sizes[0]} x {sizes[0]}", [(cost, one)]) for side, cost in zip(sizes[1:], more)]


def machine():
    """The processor, its cores and the memory."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, {arguments.threads} threads"


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    model, rounds, rows = ROOT / "Models/emoji", arguments.rounds or (2 if arguments.quick else 3), []
    print(f"{machine()}, rounds {rounds}; ratios Lethe / diffusers, median (lowest to highest)\n")
    print("| stage | time | peak memory |\n|---|---|---|")
    few = 2 if arguments.quick else 1
    for stage, label, repeats in (("text", "text encoding, 4 prompts", 30), ("unet", "U-Net forward, batch 2", 30),
                                  ("backward", "U-Net forward and backward, batch 2", 15), ("sample", "25 guided steps, 4 pictures", 3),
                                  ("decode", "VAE decode, batch 2", 30)):
        rows.append(compare(label, model, stage, max(1, repeats // few), rounds))
    for stage, label, repeats in (("unet", "bfloat16: U-Net forward, batch 2", 4), ("sample", "bfloat16: 25 guided steps, 4 pictures", 1)):
        types = ("--dtype", "bfloat16")
        rows.append(compare(label, model, stage, repeats, 1, lethe=types, reference=types))
    rows.append(compare("ESD iteration", model, "esd", 1, 1 if arguments.quick else rounds, reference=("--iterations", "20")))
    rows.append(compare("UnlearnDiffAtk, a prompt (80 steps and 2 pictures; 16 prompts at once)", model, "unlearndiff", 1, 1 if arguments.quick else rounds))
    rows.append(compare("null space of ten prompts of width 768", model, "nullspace", 5, 1 if arguments.quick else rounds))
    four = ("training.batch=4",)
    pictures = (*four, "guarding.limit=0", "data.forget=8", "data.retain=8", "data.steps=2")
    adversarial = (*four, "warmup=0", "adversary.steps=3", "retainTrajectories=5", "options.trajectories=4", "options.trajectorySteps=4", "guarding.limit=0")
    nested = (*four, "base=uce", "pictures=12", "pictureSteps=2", "guarding.limit=0")
    rows.append(steps("AdvUnlearn, a step of 4 prompts, 3 of the attack", model, "advunlearn", "advunlearn", adversarial, rounds=rounds))
    rows.append(steps("the same beside the step of the authors' code", model, "advunlearn", "advunlearn", adversarial, ("--released",), rounds=rounds))
    rows.append(steps("Meta-Unlearning, a step of 4 pictures, 3 of fine-tuning", model, "meta", "meta", nested, rounds=rounds))
    rows.append(steps("the same beside the step of the authors' code, 12 pictures of each set", model, "meta", "meta", nested, ("--released",), rounds=rounds))
    rows.append(steps("EraseDiff, a step of 4 and 4 pictures", model, "erasediff", "erasediff", (*pictures, "pool=0"), rounds=rounds))
    rows.append(steps("SepME, a step of 4 states", model, "sepme", "sepme", (*four, "trajectories=2", "trajectorySteps=4"), rounds=rounds))
    rows.append(steps("fine-tuning, a step of 4 pictures (relearning)", model, "finetune", "finetune", pictures, rounds=rounds))
    rows.append(evaluation(model, 1))
    rows.append(first_image(model, rounds))
    rows.append(start_time(rounds))
    rows += by_concepts(model, "uce", (1, 10, 100))
    rows += by_concepts(model, "sepme", (1, 10) if arguments.quick else (1, 10, 100), "training.steps=4", "trajectories=1", "trajectorySteps=4")
    rows += by_size(model, (64, 128, 192))
    if not arguments.quick:
        big = OUT / "sd14"
        random_models.write("sd14", big)
        for stage, label, repeats in (("text", "SD 1.4: text encoding, 4 prompts", 5), ("unet", "SD 1.4: U-Net forward, batch 2", 2), ("decode", "SD 1.4: VAE decode, batch 2", 1)):
            rows.append(compare(label, big, stage, repeats, 2))
        rows.append(compare("SD 1.4: ESD, 2 steps of walking (for its memory)", big, "esd", 1, 1,
                            lethe=("--iterations", "1", "--trajectories", "1", "--trajectory-steps", "2"), reference=("--iterations", "1", "--walk-steps", "2")))
    kept = [{k: v for k, v in r.items() if not k.endswith("_s")} for r in rows]
    (OUT / "results.json").write_text(json.dumps({"machine": machine(), "rows": kept}, indent=2))
    lines = [machine(), "", "| stage | time, Lethe / diffusers | peak memory |", "|---|---|---|"]
    for r in kept:
        lines.append(f"| {r['stage']} | {r['ratio']:.2f} ({r['low']:.2f} to {r['high']:.2f}) | {format(r['memory'], '.2f') if 'memory' in r else ''} |")
    (OUT / "results.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
