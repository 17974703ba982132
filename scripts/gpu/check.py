#!/usr/bin/env python3
"""The parts of scripts/gpu/check.sh, which says what they are and reads the settings. Needs the standard library alone."""
import array, hashlib, json, mmap, os, re, shutil, signal, statistics, struct, subprocess, sys, threading, time, zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT, DEVICE = Path(os.environ["OUT"]), os.environ["DEVICE"]
SIZES, DTYPES, MODES = (os.environ[name].split() for name in ("SIZES", "DTYPES", "MODES"))
ROUNDS, LETHE, PYTHON = int(os.environ["ROUNDS"]), Path(os.environ["LETHE"]), os.environ["PYTHON"]
DRY, QUICK, LONG = (bool(os.environ.get(name)) for name in ("DRY", "QUICK", "LONG"))
BUDGET, TESTS = float(os.environ.get("BUDGET") or "inf"), os.environ.get("TESTS")
LIST, ONLY, SKIP = bool(os.environ.get("LIST")), os.environ.get("PARTS"), os.environ.get("SKIP")
REFERENCE, LOOPS = ROOT / "scripts/bench/reference.py", ROOT / "scripts/bench/loops.py"
# In a dry run diffusers computes on the CPU, beside a device that torch does not know, or not at all.
REFERENCE_DEVICE = "cpu" if DRY else DEVICE
CARD = DEVICE.partition(":")[2] or "0"
PROMPT = "a noto emoji of a fox"
EXACT = {"NVIDIA_TF32_OVERRIDE": "0"}
STEPS = 4 if DRY else 6 if QUICK else 12
# Pictures and prompts of a training step: SDXL's gradients fit a card one at a time.
BATCH = {"sdxl": 1, "tiny": 2, "tinyxl": 2}
FIXTURES = {"emoji": "Models/emoji", "tiny": "Tests/Fixtures/tiny-sd1", "tinyxl": "Tests/Fixtures/tiny-sdxl"}
BEGUN, FILE = time.monotonic(), OUT / "check.json"
running = None


class Failed(Exception):
    """A command that ended otherwise than well: `memory`, `time`, `missing` or `error`."""

    def __init__(self, kind, sentence):
        super().__init__(sentence)
        self.kind = kind


def left():
    return BUDGET - (time.monotonic() - BEGUN)


class Clock:
    """The end of the part that runs."""
    end = float("inf")


def run(*command, environment=None, check=True):
    """Runs a command within the part's time, and ends it with all that it started when the time is over."""
    global running
    limit = max(1.0, Clock.end - time.monotonic())
    try:
        process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, **(environment or {})}, start_new_session=True)
    except OSError as error:
        raise Failed("missing", f"{command[0]}: {error.strerror}") from error
    running = process
    try:
        out, err = process.communicate(timeout=None if limit == float("inf") else limit)
    except subprocess.TimeoutExpired:
        end(process)
        out, err = process.communicate()
        process.late = True
    finally:
        running = None
    done = subprocess.CompletedProcess(command, process.returncode, out, err)
    if check and done.returncode:
        raise reason(done, getattr(process, "late", False))
    done.late = getattr(process, "late", False)
    return done


def reason(done, late=False):
    lines = [line for line in done.stderr.strip().splitlines() if line.strip()] or [f"exit code {done.returncode}"]
    if late:
        return Failed("time", f"the part's time was over in {Path(str(done.args[0])).name} {done.args[1]}")
    if done.returncode == 3 or re.search(r"out ?of ?memory", done.stderr, re.I):
        return Failed("memory", lines[-1][:300])
    # A crash ends with a backtrace, behind its reason.
    told = [line for line in lines if line.startswith("lethe: ") or re.search(r"\b(Fatal e|E|e)rror: ", line)]
    return Failed("error", (told or lines)[-1].strip()[:300])


def end(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def stopped(number, _):
    if running:
        end(running)
    sys.exit(128 + number)


def rows_of(command, stages, environment=None):
    """A row of JSON for each stage. A stage that ends its process does not take the others with it."""
    found, waiting = {}, list(stages)
    while waiting:
        done = run(*command, *(word for stage in waiting for word in ("--stage", stage)), environment=environment, check=False)
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                if "error" in row:
                    memory = re.search(r"out ?of ?memory", row["error"], re.I)
                    row["kind"] = "memory" if memory else "error"
                found[row["stage"]] = row
        before, waiting = waiting, [stage for stage in waiting if stage not in found]
        if waiting and (done.returncode or len(waiting) == len(before)):
            fault = reason(done, done.late)
            stage = waiting.pop(0)
            found[stage] = {"stage": stage, "error": str(fault), "kind": fault.kind}
            if fault.kind in ("time", "missing"):
                found |= {stage: {"stage": stage, "error": str(fault), "kind": fault.kind} for stage in waiting}
                break
    return found


def compared(row, label, sides, middle=statistics.median):
    """An entry with medians of seconds, peaks and their ratios. `sides` has lists of rows {seconds, peak} or {error, kind}."""
    entry = {"what": label}
    for name, rows in sides.items():
        good = [r for r in rows if r.get("seconds")]
        for fault in (r for r in rows if "error" in r):
            entry[f"{name}_error"], entry[f"{name}_kind"] = fault["error"], fault["kind"]
        if not good and f"{name}_error" not in entry:
            entry[f"{name}_error"], entry[f"{name}_kind"] = "no time was measured", "error"
        if good:
            entry[f"{name}_s"] = statistics.median(middle(r["seconds"]) for r in good)
            entry[f"{name}_n"] = sum(len(r["seconds"]) for r in good)
            if good[-1].get("peak"):
                entry[f"{name}_peak"] = good[-1]["peak"]
    first, *others = sides
    for other in others:
        for kind, to in (("s", "ratio"), ("peak", "peak_ratio")):
            if f"{first}_{kind}" in entry and entry.get(f"{other}_{kind}"):
                entry[to] = entry[f"{first}_{kind}"] / entry[f"{other}_{kind}"]
    row.setdefault("timed", []).append(entry)
    return entry


def safely(make):
    """A row, or the reason for none."""
    try:
        return make()
    except Failed as fault:
        return {"error": str(fault), "kind": fault.kind}
    except (statistics.StatisticsError, AssertionError, OSError, ValueError, KeyError, IndexError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:300], "kind": "error"}


# Models and runs


def model(size, dtype="float32"):
    """The folder of a size; random weights are written in their own process, which leaves the device's memory when it ends."""
    if size in FIXTURES:
        return ROOT / FIXTURES[size]
    folder = OUT / "models" / f"{size}-{dtype}"
    if not (folder / "model_index.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        new = folder.with_name(folder.name + ".part")
        shutil.rmtree(new, ignore_errors=True)
        if not reference_versions:
            raise Failed("missing", f"{size} needs {PYTHON} with diffusers, which writes random weights")
        run(PYTHON, ROOT / "scripts/bench/random_models.py", size, new, "--device", REFERENCE_DEVICE, "--dtype", dtype)
        new.rename(folder)
    return folder


def fresh(name):
    """A place for a run, without that of a part that failed."""
    place = OUT / "runs" / name.replace(" ", "-")
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def settings(*pairs):
    return [word for pair in pairs for word in ("--set", pair)]


def erased(place, size, method, *pairs, device=DEVICE, dtype="float32", launched=()):
    """Seconds between the steps of a training and the peak of the whole erasure."""
    start = time.perf_counter()
    run(LETHE, *launched, "erase", model(size), "--method", method, "--concept", "fox", "--kind", "object", "--device", device, "--dtype", dtype,
        *(["--preserve", "others"] if size == "emoji" and method in ("finetune", "erasediff") else []),  # a model that lists its subjects
        "--out", place, "--quiet", *settings(*(["guarding.limit=0"] if method != "sepme" else []), *pairs))
    whole = time.perf_counter() - start
    logged = [e for e in map(json.loads, (place / "events.jsonl").read_text().splitlines()) if "seconds" in e and "loss" in e]
    # The first step begins after the preparations, and the second still warms up.
    gaps = [(b["seconds"] - a["seconds"]) / max(1, b["step"] - a["step"]) for a, b in zip(logged, logged[1:])]
    return {"seconds": gaps[1:] or gaps, "peak": json.loads((place / "provenance.json").read_text()).get("peakMemory"), "whole": whole}


def esd_run(size):
    """A short run of ESD that later parts draw, judge and fine-tune."""
    place = OUT / "runs" / f"{size}-esd"
    if not (place / "eraser.safetensors").exists():
        erased(fresh(f"{size}-esd"), size, "esd", f"training.steps={STEPS}", "trajectories=1", "trajectorySteps=4", "preserveTrajectories=1")
    return place


class CardMemory:
    """The largest memory in use on the card beyond that at the start, for programs that do not report their own: read ten times a second."""

    def __enter__(self):
        self.highest, self.done = None, threading.Event()
        self.lowest = None if DRY else self.used()
        self.thread = threading.Thread(target=self.read, daemon=True)
        if self.lowest is not None:
            self.thread.start()
        return self

    @staticmethod
    def used():
        try:
            return int(subprocess.run(["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "-i", CARD],
                                      capture_output=True, text=True, timeout=30).stdout) << 20
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None

    def read(self):
        while not self.done.wait(0.1):
            if (now := self.used()) is not None:
                self.highest = max(self.highest or 0, now - self.lowest)

    def __exit__(self, *_):
        self.done.set()
        if self.thread.is_alive():
            self.thread.join(30)


# Pictures


def levels(file):
    """The levels of a PNG file of 8-bit RGB, by the standard library alone."""
    bytes_, at, packed = file.read_bytes(), 8, b""
    while at < len(bytes_):
        size, kind = struct.unpack(">I4s", bytes_[at:at + 8])
        body = bytes_[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colours = struct.unpack(">IIBB", body[:10])
            if (depth, colours) != (8, 2):
                raise ValueError(f"{file}: depth {depth}, colour type {colours}")
        packed += body if kind == b"IDAT" else b""
        at += 12 + size
    raw, stride, found, above = zlib.decompress(packed), 3 * width, bytearray(), bytearray(3 * width)
    for y in range(height):
        rule, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride if rule else 0):
            left, up, corner = row[i - 3] if i > 2 else 0, above[i], above[i - 3] if i > 2 else 0
            guess = left + up - corner
            near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            row[i] = (row[i] + (0, left, up, (left + up) // 2, near)[rule]) & 255
        found += row
        above = row
    return found


def agreement(row, label, a, b, largest, mean):
    """The differences of two folders' pictures in levels of 255, and whether they are allowed."""
    a, b = sorted(a.glob("*.png")), sorted(b.glob("*.png"))
    if not a or len(a) != len(b):
        raise ValueError(f"{label}: {len(a)} and {len(b)} pictures")
    gaps = [abs(x - y) for x, y in zip(b"".join(map(levels, a)), b"".join(map(levels, b)), strict=True)]
    found = {"what": label, "largest": max(gaps), "mean": sum(gaps) / len(gaps), "allowed_largest": largest, "allowed_mean": mean, "n": len(a)}
    found["passes"] = found["largest"] <= largest and found["mean"] <= mean
    row.setdefault("pictures", []).append(found)


def kinds_of(size):
    """The types of a size. In a quick check SDXL has float16 alone, and SD 1.4 the two others."""
    return [d for d in DTYPES if not QUICK or {"sd14": d != "float16", "sdxl": d == "float16"}.get(size, True)]


def drawn(size, dtype, device, name, *more, environment=None, count=2, steps=None, folder=None):
    """A folder of Lethe's pictures. One that is there stays."""
    place = OUT / "pictures" / f"{size}-{name}"
    steps = steps or (20 if size == "emoji" else 4)
    side = ["--width", "512", "--height", "512"] if size == "sdxl" else []
    run(LETHE, "generate", folder or model(size, dtype), "--prompt", PROMPT, "--count", count, "--steps", steps, "--guidance", "7.5", "--sampler", "ddim", *side,
        "--device", device, "--dtype", dtype, "--out", place, "--quiet", *more, environment=environment)
    return place


def drawn_plainly(size, dtype, count=2):
    place = OUT / "pictures" / f"{size}-diffusers-{dtype}"
    if len(list(place.glob("*.png"))) != count:
        shutil.rmtree(place, ignore_errors=True)
        run(PYTHON, REFERENCE, model(size, dtype), "--device", REFERENCE_DEVICE, "--dtype", dtype, "--pictures-into", place, "--pictures", count,
            "--prompt", PROMPT, "--sampling-steps", 20 if size == "emoji" else 4, *(["--side", 512] if size == "sdxl" else []), environment=EXACT)
    return place


# Largest and mean difference in levels of 255. The first is the card beside the CPU, the second Lethe beside diffusers on the card.
ALLOWED = {"float32": ((3, 0.15), (2, 0.05)), "float16": ((12, 0.6), (24, 1.5)), "bfloat16": ((48, 2.0), (80, 5.0))}
# The tiny models of the dry run have large random weights: half types round far in them.
ROUGH = ((160, 25.0), (160, 25.0))


def parity(row, size, dtype):
    """Pictures of the CPU, of the device and of diffusers, with TF32 off; of the device also with TF32 as libtorch has it."""
    by_cpu, by_diffusers = ALLOWED[dtype] if dtype == "float32" or not size.startswith("tiny") else ROUGH
    if (size, dtype) == ("sdxl", "float16"):
        # Its 70 transformer blocks round further: 13 and 1.1 where the outputs of layers alone are rounded (docs/results/gpu.md).
        by_cpu = (40, 3.0)
    # The CPU's pictures are drawn once, in float32, with weights that are there for the device too.
    rests = "float32" if "float32" in kinds_of(size) else dtype
    one = drawn(size, "float32", "cpu", f"cpu-{rests}", folder=model(size, rests))
    two = drawn(size, dtype, DEVICE, f"device-{dtype}", environment=EXACT)
    agreement(row, f"{size} {dtype}: device beside CPU in float32, TF32 off", two, one, *by_cpu)
    if dtype == "float32":
        three = drawn(size, dtype, DEVICE, f"device-{dtype}-tf32")
        agreement(row, f"{size} {dtype}: device beside CPU, TF32 as libtorch has it", three, one, 8, 0.5)
    if reference_versions:
        agreement(row, f"{size} {dtype}: device beside diffusers there, TF32 off", two, drawn_plainly(size, dtype), *by_diffusers)


def tests(row):
    """The tests for a device, by the built program that TESTS names: FOLDER/lethePackageTests.xctest."""
    suites = "RecordedWorkTests|Rehearsal|TokenDescentTests" + ("|RankBackendTests" if number_of_cards() > 1 else "")  # NCCL needs two
    done = run(TESTS, "--testing-library", "swift-testing", "--no-parallel", "--filter", suites,
               "--skip", "mixedDevices|waitsAreCounted|copiesInside", environment={"LETHE_TEST_DEVICE": DEVICE, **EXACT}, check=False)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "Test run with" in line]
    row["facts"] = {"tests": lines[-1].strip() if lines else "none ran"}
    if done.returncode or not lines:
        raise reason(done, done.late)


# Times


def speed(row, size, dtype, mode, stages, lethe=(), reference=(), pictures=1, repeats=None, middle=statistics.median, first=0, prefix=""):
    """Stages in turn, each side in one process for all of them."""
    common = ["--repeats", repeats or (1 if DRY else 5), "--pictures", pictures, "--dtype", dtype]
    sides = {"lethe": [LETHE, "speed", model(size, dtype), *common, "--device", DEVICE, "--quiet", *lethe]}
    if reference_versions:
        sides["diffusers"] = [PYTHON, REFERENCE, model(size, dtype), *common, "--device", REFERENCE_DEVICE, *reference,
                              *(["--compile"] if mode == "compiled" else [])]
    found = {stage: {name: [] for name in sides} for stage in stages}
    for _ in range(ROUNDS):
        for name, command in sides.items():
            for stage, one in rows_of(command, stages).items():
                if name == "lethe" and first and "seconds" in one:
                    one["seconds"] = one["seconds"][first:]
                found[stage][name].append(one)
                if "torch" in one:
                    header.setdefault(f"torch of {name}", one["torch"])
    for stage in stages:
        compared(row, f"{prefix}{stage}", found[stage], middle)


def networks(row, size, dtype, mode):
    """Text, U-Net, VAE and a picture. torch.compile does not change the text encoders, which are left out there."""
    stages = ["text", "unet", "decode", "sample", *(["backward"] if dtype == "float32" else [])]
    speed(row, size, dtype, mode, stages[mode == "compiled":])


def esd(row, size, mode):
    """An iteration of ESD with its share of the trajectories. The first training of Lethe's warms up, as two iterations of diffusers'."""
    few = QUICK or size == "sdxl"
    lethe = (3, 1, 4) if DRY else (50, 2, 50) if few else (200, 8, 50)
    reference = (2, 4) if DRY else (12 if few else 25, 50)
    # Lengths of walks differ: means, not medians.
    speed(row, size, "float32", mode, ["esd"], repeats=2, middle=statistics.mean, first=1,
          lethe=[w for pair in zip(("--iterations", "--trajectories", "--trajectory-steps"), lethe) for w in pair],
          reference=[w for pair in zip(("--iterations", "--walk-steps"), reference) for w in pair])


def unlearndiff(row, size, mode):
    """Seconds of a prompt: 80 steps and two pictures. A large model attacks four prompts at once, the embedded one the attack's 16."""
    speed(row, size, "float32", mode, ["unlearndiff"], repeats=1, lethe=() if size == "emoji" else ("--prompts", 1 if size == "sdxl" else 4))


# The settings of a step that loops.py has too.
LOOPED = {
    "advunlearn": ("warmup=0", "adversary.steps=3", "retainTrajectories=5", "options.trajectories=4", "options.trajectorySteps=4"),
    "meta": ("base=uce", "pictures=12", "pictureSteps=2"),
    "finetune": ("data.forget=8", "data.retain=8", "data.steps=2"),
    "erasediff": ("data.forget=8", "data.retain=8", "data.steps=2", "pool=0"),
    "sepme": ("trajectories=2", "trajectorySteps=4"),
}


def step(row, size, method, mode="eager", dtype="float32", extra=(), label=None, name=None, **more):
    """A training step and its peak, beside the plain loop with the same batch."""
    batch = more.pop("batch", BATCH.get(size, 4))
    # A logged step of Meta-Unlearning has passes for the log alone, which the plain loop has not.
    pairs = [*LOOPED[method], f"training.steps={STEPS}", f"training.logEvery={max(1, (STEPS - 2) // 2)}", f"training.batch={batch}", *extra]
    retained = 5
    if method == "advunlearn":
        retained = 1 if size == "sdxl" else 5
        pairs.append(f"retainBatch={retained}")
    if DRY and method == "meta":
        pairs[1] = "pictures=2"
    if DRY and method == "sepme":
        pairs.append("tolerance=0.1")  # the text of the tiny SD 1 is 16 wide
    sides = {"lethe": [], "diffusers": []}
    for k in range(ROUNDS):
        sides["lethe"].append(safely(lambda: erased(fresh(f"{size}-{method}-{name or dtype}"), size, method, *pairs, dtype=dtype, **more)))
        if reference_versions:
            command = [PYTHON, LOOPS, model(size), "--loop", method, "--steps", STEPS - 2, "--batch", batch, "--retained", retained,
                       "--device", REFERENCE_DEVICE, "--dtype", dtype, *(["--compile"] if mode == "compiled" else [])]
            sides["diffusers"].append(safely(lambda: loop(command)))
    compared(row, label or f"{method}, a step of {batch}", {k: v for k, v in sides.items() if v})
    whole = [r["whole"] for r in sides["lethe"] if "whole" in r]
    if whole:
        row.setdefault("facts", {})[f"{label or method}: whole erasure of {STEPS} steps, s"] = statistics.median(whole)


def loop(command):
    done = run(*command, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise reason(done, done.late)
    found = json.loads(lines[-1])
    if "error" in found:
        found["kind"] = "memory" if re.search(r"out ?of ?memory", found["error"], re.I) else "error"
    return found


def types(row, size):
    """Training steps in the types of a GPU."""
    step(row, size, "finetune", dtype="bfloat16", label="finetune, --dtype bfloat16", name="bf16")
    step(row, size, "finetune", dtype="float16", label="finetune, --dtype float16", name="f16")
    step(row, size, "finetune", extra=["training.bfloat16=true"], label="finetune, training.bfloat16=true beside a float32 loop", name="set")


def graphs(row, size, dtype):
    """Pictures and times with and without CUDA graphs."""
    stages = ["sample", *(["unlearndiff"] if size == "emoji" and dtype == "float32" else [])]
    command = [LETHE, "speed", model(size, dtype), "--repeats", 1 if DRY else 5, "--pictures", 1, "--dtype", dtype, "--device", DEVICE, "--quiet"]
    found = {stage: {"on": [], "off": []} for stage in stages}
    for _ in range(ROUNDS):
        for side in ("on", "off"):
            for stage, one in rows_of(command, stages, {"LETHE_CUDA_GRAPHS": "0"} if side == "off" else None).items():
                found[stage][side].append(one)
    for stage in stages:
        compared(row, f"{stage}: CUDA graphs on beside off", found[stage])
    places = [drawn(size, dtype, DEVICE, f"graphs-{side}-{dtype}", environment={**EXACT, "LETHE_CUDA_GRAPHS": side}, steps=8) for side in ("1", "0")]
    agreement(row, f"{size} {dtype}: CUDA graphs on beside off", *places, 0, 0)


def offload(row, size, dtype):
    """Pictures one by one with --offload and without: the same pictures, seconds of a picture and the card's memory."""
    sides, many = {}, 2 if DRY else 5
    for name, more in (("offload", ["--offload"]), ("whole", [])):
        def timed(count):
            place = fresh(f"{size}-{name}-{count}")
            start = time.perf_counter()
            run(LETHE, "generate", model(size, dtype), "--prompt", PROMPT, "--count", count, "--batch", 1, "--steps", 25, "--guidance", "7.5",
                "--sampler", "ddim", "--device", DEVICE, "--dtype", dtype, "--out", place, "--quiet", *more)
            return time.perf_counter() - start

        def both():
            one = timed(1)
            with CardMemory() as memory:
                whole = timed(many)
            return {"seconds": [(whole - one) / (many - 1)], "peak": memory.highest}
        sides[name] = safely(both)
    compared(row, "a picture: --offload beside none", {k: [v] for k, v in sides.items()})
    if all("seconds" in side for side in sides.values()):
        agreement(row, f"{size} {dtype}: --offload beside none", *(OUT / "runs" / f"{size}-{name}-{many}" for name in sides), 0, 0)
    if reference_versions and not DRY:
        def plainly():
            with CardMemory() as memory:
                one = rows_of([PYTHON, REFERENCE, model(size, dtype), "--repeats", 3, "--pictures", 1, "--dtype", dtype, "--device", DEVICE, "--offload"],
                              ["sample"])["sample"]
            return one if "error" in one else {"seconds": one["seconds"], "peak": memory.highest}
        compared(row, "a picture with offloading on both sides", {"lethe": [sides["offload"]], "diffusers": [safely(plainly)]})
    told = run(LETHE, "generate", model(size, dtype), "--prompt", PROMPT, "--device", DEVICE, "--dtype", dtype, "--dry-run", "--out", OUT / "pictures/dry").stderr
    row.setdefault("facts", {})["memory that --dry-run tells"] = " ".join(line.strip() for line in told.splitlines() if "GB" in line or "MB" in line)


def judged(size):
    """Options of the judge: the embedded model has its own; a tiny CLIP says nothing about other pictures and costs little."""
    if size == "emoji":
        return []
    few = OUT / "few.csv"
    few.write_text("prompt\n" + "".join(f"a {subject} {place}\n" for subject in ("fox", "cat", "owl") for place in ("in a wood", "at home")))
    return ["--judge", f"clip:{ROOT}/Tests/Fixtures/tiny-clip", "--prompts", few]


def evaluation(row, size):
    """`lethe evaluate` of a run, which draws with two models and judges, beside diffusers that draws as many pictures with one."""
    place, steps = esd_run(size), 2 if DRY else 10
    for name in ("erased", "original", "pictures", "results.json", "samples.jsonl"):
        one = place / name
        shutil.rmtree(one, ignore_errors=True) if one.is_dir() else one.unlink(missing_ok=True)
    start = time.perf_counter()
    run(LETHE, "evaluate", place, "--quick", "--steps", steps, "--device", DEVICE, "--quiet", *judged(size))
    own, count = time.perf_counter() - start, len(list(place.rglob("*.png")))
    row["facts"] = {"pictures": count, "pictures a second": count / own}
    sides = {"lethe": [{"seconds": [own]}]}
    if reference_versions:
        def plainly():
            start = time.perf_counter()
            run(PYTHON, REFERENCE, model(size), "--device", REFERENCE_DEVICE, "--pictures-into", fresh(f"{size}-plain-pictures"), "--pictures", count,
                "--batch", 4 if size == "sdxl" else 16, "--sampling-steps", steps, "--guidance", 4)
            return {"seconds": [time.perf_counter() - start]}
        sides["diffusers"] = [safely(plainly)]
    compared(row, f"{count} pictures drawn and judged beside as many drawn, loading included", sides)


def relearning(row, size):
    """The command `relearn`; its steps are those of `step SIZE finetune`."""
    shutil.rmtree(esd_run(size) / "relearn", ignore_errors=True)
    tuned, start = 4 if DRY else 20, time.perf_counter()
    with CardMemory() as memory:
        run(LETHE, "relearn", esd_run(size), "--quick", "--limit", 1, "--repeats", 1, "--sampling-steps", 2, "--judge", f"clip:{ROOT}/Tests/Fixtures/tiny-clip",
            "--device", DEVICE, "--quiet", *settings(f"training.steps={tuned}", f"checkpoints=[{tuned}]", "pictures=4", "pictureSteps=2",
                                                     f"training.batch={BATCH.get(size, 4)}"))
    compared(row, f"relearn, two fine-tunings of {tuned} steps, whole command", {"lethe": [{"seconds": [time.perf_counter() - start], "peak": memory.highest}]})


def cards(row, size):
    """Two processes, each on a card of its own, beside one. Ranks exchange tensors by NCCL."""
    batch, device = 8 if size != "sdxl" else 2, DEVICE if DRY else "cuda"
    pairs = [*LOOPED["finetune"], f"training.steps={STEPS}", "training.logEvery=1", f"training.batch={batch}"]
    sides = {"one": [], "two": []}
    for _ in range(ROUNDS):
        sides["two"].append(safely(lambda: erased(fresh(f"{size}-two"), size, "finetune", *pairs, device=device, launched=("launch", "-n", "2", "--"))))
        sides["one"].append(safely(lambda: erased(fresh(f"{size}-one"), size, "finetune", *pairs)))
    compared(row, f"finetune, a step of {batch}: two cards beside one", {"two": sides["two"], "one": sides["one"]})
    places = []
    for name, launched, where in (("two", ("launch", "-n", "2", "--"), device), ("one", (), DEVICE)):
        places.append(fresh(f"{size}-drawn-by-{name}"))
        start = time.perf_counter()
        run(LETHE, *launched, "generate", model(size), "--prompt", PROMPT, "--count", 4 if DRY else 32, "--steps", 4 if DRY else 25, "--device", where,
            "--out", places[-1], "--quiet")
        row.setdefault("facts", {})[f"pictures drawn by {name}, s"] = time.perf_counter() - start
    agreement(row, f"{size}: pictures of two processes beside those of one", *places, 0, 0)


# Two short trainings of ranks that divide each batch, and how far the erasers may be apart. The tests allow 2 % after three steps.
DIVIDED = {
    "esd": ("trajectories=2", "trajectorySteps=4", "preserveTrajectories=1"),
    "finetune": LOOPED["finetune"],
}
ALLOWED_APART = 0.02


def ranks(row, size):
    """Two processes that share one card beside one: trainings with the same batch, whose tensors go by Gloo, and their erasers."""
    batch, two = 2 if size == "sdxl" else 4, ("launch", "-n", "2", "--backend", "gloo", "--")
    for method, own in DIVIDED.items():
        pairs = [*own, "training.steps=4", "training.logEvery=1", f"training.batch={batch}"]
        places = {name: fresh(f"{size}-{method}-ranks-{name}") for name in ("two", "one")}
        sides = {name: [safely(lambda: erased(place, size, method, *pairs, launched=two if name == "two" else ()))] for name, place in places.items()}
        compared(row, f"{method}, a step of {batch}: two ranks on one card beside one process", sides)
        if any("error" in side[0] for side in sides.values()):
            continue
        found = apart(*(place / "eraser.safetensors" for place in places.values()))
        row.setdefault("facts", {})[f"{method}: erasers apart, as a share of their size"] = found
        if not found <= ALLOWED_APART:
            raise Failed("error", f"{method}: the erasers of two ranks and of one process are {found:.3g} of their size apart, allowed {ALLOWED_APART}")


def apart(one, other, most=1 << 20):
    """The distance of two erasers as a share of the second's norm, over numbers that are evenly taken from each tensor."""
    (mine, bytes_of), (theirs, bytes_of_other) = tensors(one), tensors(other)
    if mine != theirs:
        raise ValueError(f"{one} and {other} have other tensors")
    share = max(1, sum(end - start for start, end in mine.values()) // 4 // most)
    gap = size = 0.0
    for start, end in mine.values():
        a, b = (array.array("f", bytes(whole[start:end]))[::share] for whole in (bytes_of, bytes_of_other))
        gap += sum((x - y) ** 2 for x, y in zip(a, b))
        size += sum(y * y for y in b)
    if not size > 0:
        raise ValueError(f"{other} changes nothing")
    return (gap / size) ** 0.5


def tensors(file):
    """Places of the float32 tensors of a safetensors file by name, and its numbers."""
    with file.open("rb") as opened:
        whole = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
    count = struct.unpack("<Q", whole[:8])[0]
    head = {name: one for name, one in json.loads(bytes(whole[8:8 + count])).items() if name != "__metadata__"}
    if other := next((one["dtype"] for one in head.values() if one["dtype"] != "F32"), None):
        raise ValueError(f"{file} has numbers of {other}")
    return {name: tuple(one["data_offsets"]) for name, one in sorted(head.items())}, whole[8 + count:]


def long_training(row, name):
    """A training of an embedded model that is ten times as long, and its pictures judged beside the embedded model's."""
    recipe = json.loads((ROOT / f"Models/{name}/recipe.json").read_text())
    if DRY:
        recipe = tiny_recipe()
    else:
        data = ROOT / recipe["data"]["folder"]
        if not data.exists():
            raise Failed("missing", f"{recipe['data']['folder']} is not there: scripts/{name}-dataset makes it")
        training = recipe["denoiser"]["training"] if "denoiser" in recipe else recipe["training"]
        training["steps"] *= 10
        if "start" in recipe:  # the embedded model goes on
            recipe["start"] = str(ROOT / "Models" / name)
    file, place = OUT / f"long-{name}.json", OUT / "long" / name  # a training that was stopped goes on
    file.write_text(json.dumps(recipe))
    start = time.perf_counter()
    run(LETHE, "train", file, "--data", OUT if DRY else ROOT, "--out", place, "--device", DEVICE, "--quiet")
    row["facts"] = {"seconds": time.perf_counter() - start}
    if not DRY:
        for label, folder in (("embedded", ROOT / "Models" / name), ("longer", place / "model")):
            out = OUT / "long" / f"{name}-{label}"
            run(LETHE, "evaluate", folder, "--quick", "--device", DEVICE, "--quiet", "--out", out)
            for one in json.loads((out / "results.json").read_text())["rows"]:
                if one.get("unit") == "share" and one.get("n", 0) >= 50:
                    row["facts"][f"{label}: {one.get('subject', '')} {one['metric']}"] = one["value"]


def tiny_recipe():
    """Two steps of a small DDPM on 20 random pictures."""
    folder = OUT / "tiny-data"
    folder.mkdir(exist_ok=True)

    def npy(name, shape, kind, body):
        head = str({"descr": kind, "fortran_order": False, "shape": shape}).encode()
        head += b" " * (-(len(head) + 11) % 64) + b"\n"
        (folder / name).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body)
    pixels = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(160))[: 20 * 16 * 16]
    npy("images.npy", (20, 16, 16), "|u1", pixels)
    npy("labels.npy", (20,), "|u1", bytes(i % 2 for i in range(20)))
    (folder / "classes.txt").write_text("fox\ncat\n")
    recipe = json.loads((ROOT / "Models/animals/recipe.json").read_text())
    recipe["data"] = {"folder": "tiny-data", "heldOutEvery": 0, "classes": True, "mirrored": False}
    recipe["unet"] |= {"sample_size": 16, "block_out_channels": [16, 16, 16], "attention_head_dim": 16}
    recipe["training"] |= {"steps": 2, "batch": 4, "warmup": 0, "logEvery": 1}
    return recipe


# The list of parts


def list_of_parts():
    """(rank, name, seconds on an H100 by estimate, part), the most telling first."""
    scale = {"emoji": 0.4, "sd14": 1, "sdxl": 3, "tiny": 0.2, "tinyxl": 0.2}
    parts = []

    def add(rank, name, seconds, body):
        if (not ONLY or re.search(ONLY, name)) and not (SKIP and re.search(SKIP, name)):
            parts.append((rank, name, seconds, body))

    if TESTS:
        add(0, "tests", 90, tests)
    for at, size in enumerate(SIZES):
        large, weight = size == "sdxl", scale.get(size, 1)
        kinds = kinds_of(size)
        for dtype in kinds:
            add(1 + large, f"pictures {size} {dtype}", 30 * weight, lambda row, a=(size, dtype): parity(row, *a))
            for mode in MODES:
                if QUICK and (size == "emoji" and (dtype, mode) != ("float32", "eager") or mode == "compiled" and dtype == "float32"):
                    continue
                rank = (2 if mode == "eager" else 4) + large
                add(rank, f"speed {size} {dtype} {mode}", 25 * weight if mode == "eager" else 60 + 30 * weight, lambda row, a=(size, dtype, mode): networks(row, *a))
            if not QUICK or size != "sdxl":
                add(6, f"graphs {size} {dtype}", 15 * weight, lambda row, a=(size, dtype): graphs(row, *a))
        half = [d for d in kinds if d != "float32"] or kinds
        if half and size not in ("emoji",):
            add(6, f"offload {size} {half[-1]}", 40 * weight, lambda row, a=(size, half[-1]): offload(row, *a))
        if "float32" not in kinds:  # trainings are compared in float32
            continue
        for mode in MODES:
            # A quick check compiles one training loop.
            later = 3 if mode == "compiled" else 0
            if not QUICK or (size != "emoji" and mode == "eager"):
                add(3 + later, f"esd {size} {mode}", 60 * weight + 60 * (later > 0), lambda row, a=(size, mode): esd(row, *a))
            for method in LOOPED:
                if QUICK and (size == "emoji" or (mode == "compiled" and method != "finetune")):
                    continue
                rank = (3 if method in ("advunlearn", "meta", "finetune") else 5) + later
                add(rank, f"step {size} {method} {mode}", 35 * weight + 60 * (later > 0), lambda row, a=(size, method, mode): step(row, *a))
            if not QUICK or (size == "emoji" and mode == "eager"):
                add(5 + later, f"unlearndiff {size} {mode}", (60 if size == "emoji" else 120) * weight, lambda row, a=(size, mode): unlearndiff(row, *a))
        if not QUICK or size == "sd14":
            add(7, f"types {size}", 80 * weight, lambda row, a=size: types(row, a))
        if not QUICK or size == "emoji":
            add(7, f"evaluation {size}", 60 * weight, lambda row, a=size: evaluation(row, a))
        if not QUICK or size == "sd14":
            add(8, f"relearn {size}", 60 * weight, lambda row, a=size: relearning(row, a))
        if DRY or number_of_cards() > 1:
            add(8, f"cards {size}", 90 * weight, lambda row, a=size: cards(row, a))
        if not QUICK or size == "emoji":
            add(8, f"ranks {size}", 100 * weight, lambda row, a=size: ranks(row, a))
    if LONG:
        for name in ("animals",) if DRY else ("emoji", "animals"):
            add(9, f"long {name}", 30 if DRY else 3600, lambda row, a=name: long_training(row, a))
    return sorted(parts, key=lambda part: part[0])


def number_of_cards():
    try:
        return len(subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30).stdout.strip().splitlines())
    except (OSError, subprocess.TimeoutExpired):
        return 0


# The machine


def about():
    """Card, driver and versions of both sides."""
    found = {"date": time.strftime("%Y-%m-%d"), "device": DEVICE}
    try:
        line = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader", "-i", CARD],
                              capture_output=True, text=True, timeout=30).stdout.strip()
        found["card"], found["driver"], found["card's memory"] = (part.strip() for part in line.split(","))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        found["card"] = "none" if DRY else "nvidia-smi gave no answer"
    try:
        info = Path("/proc/cpuinfo").read_text()
        name = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "")
        found["processor"] = f"{name}, {os.cpu_count()} cores"
    except OSError:
        pass
    try:
        doctor = json.loads(subprocess.run([LETHE, "doctor", "--json"], capture_output=True, text=True, timeout=120).stdout)
        found |= {"lethe": next(r["text"] for r in doctor if r["name"] == "lethe"), "torch of lethe": next(r["text"] for r in doctor if r["name"] == "libtorch"),
                  "cuda of lethe": next((r["text"] for r in doctor if r["name"] == "cuda"), "")}
        found["program"] = hashlib.sha256(LETHE.read_bytes()).hexdigest()[:12]
    except (OSError, ValueError, StopIteration, subprocess.TimeoutExpired) as error:
        sys.exit(f"check: {LETHE} does not answer `doctor --json`: {error}; LETHE=PROGRAM names another")
    for name in ("torch", "cuda", "diffusers", "transformers"):
        if name in reference_versions:
            found[f"{name} of diffusers" if name in ("torch", "cuda") else name] = reference_versions[name]
    found["settings"] = f"rounds {ROUNDS}, steps {STEPS}{', quick' if QUICK else ''}{', dry run' if DRY else ''}"
    found["TF32"] = os.environ.get("NVIDIA_TF32_OVERRIDE", "as libtorch has it, but off where a row says so")
    return found


def versions_of_reference():
    """Versions of the Python side, or nothing where it has no diffusers."""
    try:
        done = subprocess.run([PYTHON, ROOT / "scripts/bench/plain.py"], capture_output=True, text=True, timeout=300)
        return json.loads(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 else {}
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        return {}


def plain_number(text):
    return str(text).split("+")[0]


# The results


def written():
    FILE.write_text(json.dumps({"about": header, "parts": found, "left out": omitted}, indent=1))
    lines = [f"- {name}: {value}" for name, value in header.items()]
    ours, theirs = header.get("torch of lethe"), header.get("torch of diffusers")
    if ours and theirs and plain_number(ours) != plain_number(theirs):
        lines.append(f"- **The two sides have different releases of torch, {ours} and {theirs}: ratios compare both at once.**")
    if not reference_versions:
        lines.append(f"- {PYTHON} has no diffusers: the other side was left out.")
    lines += ["", "Ratios below 1: Lethe, or the first named, is faster or smaller.", "", "| part | pictures | n | largest | mean | allowed | |", "|---|---|---|---|---|---|---|"]
    for name, part in found.items():
        for one in part.get("pictures", []):
            lines.append(f"| {name} | {one['what']} | {one['n']} | {one['largest']} | {one['mean']:.3f} | {one['allowed_largest']}, {one['allowed_mean']} | "
                         f"{'passes' if one['passes'] else '**fails**'} |")
    lines += ["", "| part | timed | n | time | peak memory | |", "|---|---|---|---|---|---|"]
    for name, part in found.items():
        for one in part.get("timed", []):
            faults = ", ".join(f"{key.removesuffix('_error')}: {one[key]}" for key in one if key.endswith("_error"))
            counts = ", ".join(str(one[key]) for key in one if key.endswith("_n"))
            alone = "" if "ratio" in one else ", ".join(f"{one[key]:.3g} s" for key in one if key.endswith("_s"))
            time_, peak = (f"{one[key]:.3g}" if key in one else "" for key in ("ratio", "peak_ratio"))
            lines.append(f"| {name} | {one['what']} | {counts} | {time_ or alone} | {peak} | {faults} |")
    lines += ["", "| part | seconds | more |", "|---|---|---|"]
    for name, part in found.items():
        facts = "; ".join(f"{k}: {v:.4g}" if isinstance(v, float) else f"{k}: {v}" for k, v in part.get("facts", {}).items())
        lines.append(f"| {name} | {part['seconds']:.0f} | {'**' + part['error'] + '** ' if 'error' in part else ''}{facts} |")
    lines += [f"| {name} | | left out: {why} |" for name, why in omitted.items()]
    (OUT / "check.md").write_text("\n".join(lines).replace(str(ROOT) + "/", "") + "\n")


def faults(part):
    """Errors of a part that are none of memory."""
    own = [part["error"]] if "error" in part and part.get("kind") != "memory" else []
    own += [one[key] for one in part.get("timed", []) for key in one if key.endswith("_error") and one[key.replace("_error", "_kind")] != "memory"]
    return own + [f"{one['what']}: {one['largest']}, {one['mean']:.3f}" for one in part.get("pictures", []) if not one["passes"]]


def main():
    parts = list_of_parts()
    for name in [name for name, part in found.items() if faults(part) and any(name == p[1] for p in parts)]:
        del found[name]  # run again
    limit = 600 if QUICK else 3600
    for _, name, estimate, body in parts:
        if name in found:
            continue
        omitted.pop(name, None)
        if left() < min(estimate, 5 if DRY else estimate):
            omitted[name] = f"{max(0, left()):.0f} s of the budget were left, about {estimate:.0f} needed"
            continue
        row, start = {}, time.monotonic()
        Clock.end = start + min(10 * limit if name.startswith("long") else limit, left())
        try:
            body(row)
        except Failed as fault:
            row |= {"error": str(fault), "kind": fault.kind}
        except Exception as error:  # a part that fails does not end the others
            row |= {"error": f"{type(error).__name__}: {error}"[:300], "kind": "error"}
        row["seconds"] = time.monotonic() - start
        found[name] = row
        print(f"{name}: {row['seconds']:.0f} s" + "".join(f"\n  {fault}" for fault in faults(row)), flush=True)
        written()
    written()
    print((OUT / "check.md").read_text())
    if any(faults(part) for part in found.values()):
        sys.exit(1)


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, stopped)
if LIST:
    for _, name, seconds, _ in list_of_parts():
        print(f"{seconds:6.0f} s  {name}")
    print(f"{sum(part[2] for part in list_of_parts()):6.0f} s  together, by estimate on an H100")
    sys.exit()
OUT.mkdir(parents=True, exist_ok=True)
reference_versions = versions_of_reference()
header, found, omitted = about(), {}, {}
if FILE.exists():
    before = json.loads(FILE.read_text())
    for key in ("card", "driver", "program", "torch of diffusers", "diffusers", "settings"):
        if before.get("about", {}).get(key) != header.get(key):
            sys.exit(f"check: {FILE} has results of {key} '{before.get('about', {}).get(key)}', not '{header.get(key)}'; OUT=FOLDER names a new folder")
    header["date"], found = before["about"]["date"], before["parts"]
main()
