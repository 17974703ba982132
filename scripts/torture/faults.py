#!/usr/bin/env python3
"""Lets the n-th write of small runs fail, for every n: a full disk, an error of the disk, a short write, a read-only disk.

    scripts/torture/faults.py --out runs/torture [--commands "erase uce;generate"] [--minutes 5] [--seed 1]

The program has to end with exit code 5 and one sentence that names a file, or to finish; a second run without faults has to end
as one that had none, bit for bit. The faults of all commands come in the order of the seed. OUT/faults.json has the counts; a
second call goes on.
"""
import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from base import Lethe, Log, commands, difference, prepare

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--program", default=".build/release/lethe")
parser.add_argument("--out", default="runs/torture")
parser.add_argument("--commands", default="erase esd, short;erase uce;generate;evaluate;apply;eraser train")
parser.add_argument("--minutes", type=float, default=1e9)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()

log = Log(pathlib.Path(options.out) / "faults.json", dict(tried=[], counts={}))
place = pathlib.Path(tempfile.mkdtemp(prefix="lethe-faults-"))
shim = place / "faults.so"
source = pathlib.Path(__file__).with_name("faults.c")
subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
lethe = Lethe(options.program)
model, made = prepare(lethe, place / "base")
all_commands = commands(model, made)
end = time.time() + 60 * options.minutes
draw = random.Random(options.seed)
count = place / "count"


def begin(start, folder):
    shutil.rmtree(folder, ignore_errors=True)
    if start:
        shutil.copytree(start, folder)


def preload(folder, **more):
    return dict(LD_PRELOAD=str(shim), FAULT_FOLDER=str(folder), FAULT_COUNT=str(count), **more)


def plan(name):
    """Runs a command without faults, keeps its folder, and draws the order of its faults."""
    start, arguments = all_commands[name]
    folder = place / "work" / name.replace(" ", "-")
    begin(start, folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = lethe(arguments(folder), env=preload(folder))
    if done.returncode:
        raise SystemExit(f"{name} ended with {done.returncode}: {done.stderr}")
    writes = int(count.read_text())
    kept = place / "kept" / folder.name
    kept.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(kept)
    faults = [(n, kind) for n in range(1, writes + 1) for kind in ("enospc", "eio", "short", "erofs")]
    draw.shuffle(faults)
    log["counts"].setdefault(name, dict(writes=writes, faults=0, ended=0, survived=0))
    return folder, kept, faults


def fault(name, folder, kept, n, kind):
    start, arguments = all_commands[name]
    begin(start, folder)
    done = lethe(arguments(folder), env=preload(folder, FAULT_AT=str(n), FAULT_KIND=kind))
    tally = log["counts"][name]
    tally["faults"] += 1
    said, place_of_fault = done.stderr.strip(), f"{name}, write {n}, {kind}"
    if done.returncode == 0:
        tally["survived"] += 1
    elif done.returncode == 5:
        tally["ended"] += 1
        if "\n" in said or str(place) not in said:
            log.found(f"{place_of_fault}: no single sentence with a file: {said[:300]}")
    else:
        log.found(f"{place_of_fault}: exit {done.returncode}: {said[:300]}")
    if kind == "short" and done.returncode:
        log.found(f"{place_of_fault}: a short write is not an error: {said[:300]}")
    again = lethe(arguments(folder))
    other = difference(kept, folder)
    if again.returncode or other:
        log.found(f"{place_of_fault}: then exit {again.returncode}, {other}: {again.stderr.strip()[:300]}")
    log["tried"].append([name, n, kind])
    log.save()


plans = {}
left = [name for name in all_commands if name in options.commands.split(";")]
while left and time.time() < end:
    for name in list(left):
        if time.time() > end:
            break
        plans[name] = plans.get(name) or plan(name)
        folder, kept, faults = plans[name]
        while faults and [name, *faults[-1]] in log["tried"]:
            faults.pop()
        if faults:
            fault(name, folder, kept, *faults.pop())
        else:
            left.remove(name)
shutil.rmtree(place, ignore_errors=True)
log.end(f"{len(log['tried'])} faults")
