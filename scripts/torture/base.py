"""What the torture of commands starts from: a tiny model with themes and a judge, and how a command is run on it."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/Fixtures"


def model(folder):
    """tiny-sd1 with version 0.1's themes and judge, cut down to what its fixtures have."""
    shutil.copytree(FIXTURES / "tiny-sd1", folder)
    (folder / "golden.safetensors").unlink()
    themes = json.loads((FIXTURES / "version-0.1/themes.json").read_text())
    themes["judge"] = "judge"
    (folder / "themes.json").write_text(json.dumps(themes, indent=1))
    shutil.copytree(FIXTURES / "version-0.1/judge", folder / "judge")
    return folder


class Lethe:
    """The program, with one thread. A run that takes half an hour hangs."""

    def __init__(self, program):
        self.program = os.path.abspath(program)

    def arguments(self, command):
        return [self.program, *map(str, command), "--threads", "1", "-q"]

    def __call__(self, command, timeout=1800, **more):
        environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no", **more.pop("env", {})}
        return subprocess.run(self.arguments(command), capture_output=True, text=True, timeout=timeout, env=environment, **more)

    def start(self, command, **more):
        environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
        return subprocess.Popen(self.arguments(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=environment, start_new_session=True, **more)


class Log(dict):
    """Counts and findings of a campaign in a JSON file, which a second call goes on with."""

    def __init__(self, file, empty):
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        super().__init__({**empty, "findings": [], **(json.loads(file.read_text()) if file.exists() else {})})

    def found(self, text):
        self["findings"].append(text)
        print(text, flush=True)

    def save(self):
        half = self.file.with_suffix(".half")
        half.write_text(json.dumps(self, indent=1) + "\n")
        half.replace(self.file)

    def end(self, done):
        self.save()
        print(f"{done}, {len(self['findings'])} findings, in {self.file}")
        sys.exit(1 if self["findings"] else 0)


# Fields that tell of a moment or a machine.
VOLATILE = {"seconds", "date", "peakMemory", "threads", "erase-seconds", "peak-memory", "lethe", "command"}


def plain(value):
    """JSON without fields that differ between two runs of one request."""
    if isinstance(value, dict):
        if value.get("metric") in VOLATILE:
            return {"metric": value["metric"]}
        return {k: plain(v) for k, v in value.items() if k not in VOLATILE}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def contents(folder):
    """Every file of a folder by its name: bytes, and JSON without its volatile fields."""
    found = {}
    for file in sorted(pathlib.Path(folder).rglob("*")):
        name = str(file.relative_to(folder))
        if not file.is_file():
            continue
        if name.endswith((".tmp",)):
            found[name] = "a temporary file is left"
        elif name.endswith(".json"):
            found[name] = json.dumps(plain(json.loads(file.read_text())), sort_keys=True)
        elif name.endswith(".jsonl"):
            found[name] = [json.dumps(plain(json.loads(line)), sort_keys=True) for line in file.read_text().split("\n") if line]
        elif name.endswith((".html", ".md", ".log")) or name.endswith("events.csv"):
            found[name] = "a page, made of the files above"
        else:
            found[name] = file.read_bytes()
    return found


def difference(a, b):
    """The first file in which two folders differ; None for none."""
    a, b = contents(a), contents(b)
    for name in sorted(set(a) | set(b)):
        if name not in a or name not in b:
            return f"{name} is {'missing' if name in a else 'more'}"
        if a[name] != b[name]:
            return f"{name} differs"
    return None


SMALL = ["--set", "training.steps=12", "--set", "training.saveEvery=3", "--set", "training.logEvery=2",
         "--set", "trajectories=2", "--set", "trajectorySteps=3", "--set", "preserveTrajectories=1"]


SHORT = ["--set", "training.steps=4", "--set", "training.saveEvery=2", "--set", "training.logEvery=2", "--set", "trajectories=1",
         "--set", "trajectorySteps=3", "--set", "preserveTrajectories=1", "--set", "parameters=xattn-kv",
         "--set", "guarding.limit=5", "--set", "guarding.every=2", "--set", "guarding.prompts=1"]


def commands(model, made):
    """Long commands by name: what is copied to the folder first, and the arguments for a folder.

    `made` has the results of commands that others need.
    """
    def erase(method, *more):
        return lambda out: ["erase", model, "--method", method, "--concept", "fox", "--preserve", "others", "--out", out, *more]

    return {
        "erase esd": (None, erase("esd", *SMALL, "--set", "guarding.limit=5", "--set", "guarding.every=4", "--set", "guarding.prompts=2")),
        "erase esd, averaged": (None, erase("esd", *SMALL, "--set", "guarding.limit=0", "--set", "training.averaging=0.9")),
        "erase esd, offloaded": (None, erase("esd", *SMALL, "--set", "guarding.limit=0", "--set", "training.offload=true")),
        "erase esd, short": (None, erase("esd", *SHORT)),
        "erase uce": (None, erase("uce")),
        "generate": (None, lambda out: ["generate", model, "--prompt", "fox", "--prompt", "a cat", "--count", 6, "--batch", 2, "--steps", 3, "--out", out]),
        "make-set": (None, lambda out: ["make-set", model, "--concept", "fox", "--count", 8, "--steps", 2, "--out", out]),
        "evaluate": (made / "uce", lambda out: ["evaluate", out, "--seeds", 1, "--steps", 2]),
        "attack": (made / "uce", lambda out: ["attack", out, "--attack", "none,random", "--set", "random.attempts=2", "--steps", 2, "--seeds", 1, "--prompts", 2]),
        "relearn": (made / "uce", lambda out: ["relearn", out, "--set", "training.steps=2", "--set", "checkpoints=[1,2]", "--set", "pictures=2", "--set", "pictureSteps=2", "--seeds", 1, "--prompts", 2, "--sampling-steps", 2]),
        "apply": (None, lambda out: ["apply", model, "--with", made / "uce", "--out", out]),
        "bench": (None, lambda out: ["bench", model, "--methods", "uce", "--concept", "fox", "--steps", 2, "--seeds", 1, "--out", out]),
        "bench, two workers": (None, lambda out: ["bench", model, "--methods", "uce,esd", "--concept", "fox", "--steps", 2, "--seeds", 1, "--set", "esd.training.steps=12", "--set", "esd.training.saveEvery=3", "--set", "esd.trajectories=2", "--set", "esd.trajectorySteps=3", "--set", "esd.guarding.limit=0", "--jobs", 2, "--out", out]),
        "eraser train": (made / "set", lambda out: ["eraser", "train", out, "--set", "tolerance=0.1", "--set", "training.steps=4", "--set", "training.saveEvery=1", "--set", "trajectories=1", "--set", "trajectorySteps=3"]),
    }


def prepare(lethe, folder):
    """The model, and results that commands start from."""
    base = pathlib.Path(folder)
    base.mkdir(parents=True, exist_ok=True)
    own = base / "model"
    if not own.exists():
        model(own)
    made = base / "made"
    made.mkdir(exist_ok=True)
    for name, steps in {
        "uce": [["erase", own, "--method", "uce", "--concept", "fox", "--preserve", "others", "--out", made / "uce"]],
        "set": [["eraser", "init", made / "set", "--model", own], ["eraser", "add", made / "set", "fox", "cat", "--tolerance", "0.1"]],
    }.items():
        if not (made / name).exists():
            for step in steps:
                done = lethe([*step])
                if done.returncode:
                    raise SystemExit(f"{step} ended with {done.returncode}: {done.stderr}")
    return own, made
