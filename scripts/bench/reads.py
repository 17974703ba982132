#!/usr/bin/env python3
"""Bytes that a command reads from the disk, beside those of a model's weights. Linux.

    scripts/bench/reads.py MODEL -- erase MODEL --concept "a fox" --method uce --out runs/fox

The files of MODEL leave the system's cache first. A ratio of 1 says that nothing is read twice.
"""
import os
import pathlib
import subprocess
import sys
import time

LETHE = pathlib.Path(__file__).parents[2] / ".build/release/lethe"


def files(model):
    return [path for path in sorted(model.rglob("*")) if path.is_file()]


def forget(path):
    """Takes a file out of the system's cache."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read(pid):
    """The bytes that a process has read from the disk and by calls, or None once it has ended."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/io").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    found = dict(line.split(": ") for line in lines)
    return int(found.get("read_bytes", 0)), int(found.get("rchar", 0))


def main():
    if len(sys.argv) < 4 or sys.argv[2] != "--":
        sys.exit(__doc__)
    model = pathlib.Path(sys.argv[1])
    weights = sum(path.stat().st_size for path in files(model))
    for path in files(model):
        forget(path)
    start = time.time()
    process = subprocess.Popen([os.environ.get("LETHE", LETHE), *sys.argv[3:]])
    last = (0, 0)
    while process.poll() is None:
        last = read(process.pid) or last
        time.sleep(0.01)
    print(f"{weights / 1e9:.2f} GB in the folder; from the disk {last[0] / 1e9:.2f} GB, {last[0] / weights:.2f} of it; "
          f"by calls {last[1] / 1e9:.2f} GB; {time.time() - start:.1f} s")
    sys.exit(process.returncode)


main()
