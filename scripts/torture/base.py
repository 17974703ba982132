"""Runs, logs and compares commands for the torture of commands."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

def scratch(name):
    """A folder for small runs, in memory where there is a file system for it."""
    return pathlib.Path(tempfile.mkdtemp(prefix=f"lethe-{name}-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))


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
        environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no", **more.pop("env", {})}
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
VOLATILE = {"seconds", "date", "peakMemory", "threads", "erase-seconds", "peak-memory", "lethe", "command", "time", "memory",
            # an audit's hashes of its logs, which hold seconds; the logs themselves are compared
            "files"}
# Logs of moments: a command that was interrupted has a line more.
MOMENTS = ("events.csv", "times.jsonl")


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
        elif name.endswith((".html", ".md", ".log", *MOMENTS)):
            found[name] = "a page or a log of moments"
        elif name.endswith(".json"):
            found[name] = json.dumps(plain(json.loads(file.read_text())), sort_keys=True)
        elif name.endswith(".jsonl"):
            found[name] = [json.dumps(plain(json.loads(line)), sort_keys=True) for line in file.read_text().split("\n") if line]
        elif name.endswith(".safetensors"):
            found[name] = undated(file.read_bytes())
        else:
            found[name] = file.read_bytes()
    return found


def undated(data):
    """A safetensors file without the moment in its model specification."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.get("__metadata__", {}).pop("modelspec.date", None)
    return json.dumps(header, sort_keys=True), data[8 + length:]


def difference(a, b):
    """The first file in which two folders differ; None for none."""
    a, b = contents(a), contents(b)
    for name in sorted(set(a) | set(b)):
        if name not in a or name not in b:
            return f"{name} is {'missing' if name in a else 'more'}"
        if a[name] != b[name]:
            return f"{name} differs"
    return None
