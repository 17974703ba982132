#!/usr/bin/env python3
"""Lets the n-th write of small runs fail, for every n: a full disk, an error of the disk, a short write, a read-only disk.

    scripts/torture/faults.py --out runs/torture [--every 1] [--commands erase,generate]

The program has to end with exit code 5 and one sentence that names a file, or to finish; a second run without faults has to end
as one that had none, bit for bit. OUT/faults.json has the counts.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from base import Lethe, commands, difference, prepare

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--program", default=".build/release/lethe")
parser.add_argument("--out", default="runs/torture")
parser.add_argument("--every", type=int, default=1, help="only each n-th write")
parser.add_argument("--commands", default="erase esd,erase uce,generate,evaluate,apply,eraser train")
parser.add_argument("--minutes", type=float, default=1e9)
options = parser.parse_args()

out = pathlib.Path(options.out)
out.mkdir(parents=True, exist_ok=True)
place = pathlib.Path(tempfile.mkdtemp(prefix="lethe-faults-"))
shim = place / "faults.so"
source = pathlib.Path(__file__).with_name("faults.c")
subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
lethe = Lethe(options.program)
model, made = prepare(lethe, place / "base")
counts, findings = {}, []
end = time.time() + 60 * options.minutes


def begin(start, folder):
    shutil.rmtree(folder, ignore_errors=True)
    if start:
        shutil.copytree(start, folder)


def found(text):
    findings.append(text)
    print(text, flush=True)


for name in [n for n in commands(model, made) if n in options.commands.split(",")]:
    start, arguments = commands(model, made)[name]
    folder, kept, count = place / "work", place / "kept", place / "count"
    preload = dict(LD_PRELOAD=str(shim), FAULT_FOLDER=str(folder), FAULT_COUNT=str(count))
    begin(start, folder)
    done = lethe(arguments(folder), env=preload)
    if done.returncode:
        raise SystemExit(f"{name} ended with {done.returncode}: {done.stderr}")
    total = int(count.read_text())
    shutil.rmtree(kept, ignore_errors=True)
    folder.rename(kept)
    tally = counts.setdefault(name, dict(writes=total, faults=0, ended=0, survived=0))
    for n in range(1, total + 1, options.every):
        for kind in ("enospc", "eio", "short", "erofs"):
            if time.time() > end:
                break
            begin(start, folder)
            done = lethe(arguments(folder), env={**preload, "FAULT_AT": str(n), "FAULT_KIND": kind})
            tally["faults"] += 1
            lines = done.stderr.strip().split("\n")
            if done.returncode == 0:
                tally["survived"] += 1
            elif done.returncode == 5:
                tally["ended"] += 1
                if len(lines) != 1 or str(place) not in lines[0]:
                    found(f"{name}, write {n}, {kind}: no single sentence with a file: {done.stderr.strip()[:300]}")
            else:
                found(f"{name}, write {n}, {kind}: exit {done.returncode}: {done.stderr.strip()[:300]}")
            if kind == "short" and done.returncode:
                found(f"{name}, write {n}: a short write is not an error: {done.stderr.strip()[:300]}")
            again = lethe(arguments(folder))
            other = difference(kept, folder)
            if again.returncode or other:
                found(f"{name}, write {n}, {kind}: then exit {again.returncode}, {other}: {again.stderr.strip()[:300]}")
shutil.rmtree(place, ignore_errors=True)
(out / "faults.json").write_text(json.dumps(dict(counts=counts, findings=findings), indent=1) + "\n")
print(f"{sum(c['faults'] for c in counts.values())} faults, {len(findings)} findings, in {out / 'faults.json'}")
sys.exit(1 if findings else 0)
