#!/usr/bin/env python3
"""Starts every long command twice at once in one folder.

    scripts/torture/race.py --out runs/torture [--rounds 3]

One has to finish as if it were alone. The other has to find the folder taken (exit code 5, one sentence), or to come after it
and find the work done. OUT/race.json has the counts.
"""
import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import time

from base import Lethe, commands, difference, prepare

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--program", default=".build/release/lethe")
parser.add_argument("--out", default="runs/torture")
parser.add_argument("--rounds", type=int, default=3)
options = parser.parse_args()

out = pathlib.Path(options.out)
out.mkdir(parents=True, exist_ok=True)
place = pathlib.Path(tempfile.mkdtemp(prefix="lethe-race-"))
lethe = Lethe(options.program)
model, made = prepare(lethe, place / "base")
counts, findings = {}, []
for name, (start, arguments) in commands(model, made).items():
    folder, kept = place / "work", place / "kept"
    for n in range(options.rounds + 1):
        shutil.rmtree(folder, ignore_errors=True)
        if start:
            shutil.copytree(start, folder)
        if n == 0:
            done = lethe(arguments(folder))
            if done.returncode:
                raise SystemExit(f"{name} ended with {done.returncode}: {done.stderr}")
            shutil.rmtree(kept, ignore_errors=True)
            folder.rename(kept)
            continue
        both = [lethe.start(arguments(folder))]
        time.sleep(0.05 * (n - 1))
        both.append(lethe.start(arguments(folder)))
        said = [process.communicate(timeout=300)[1] for process in both]
        codes = sorted(process.returncode for process in both)
        counts.setdefault(name, []).append(codes)
        other = difference(kept, folder)
        if codes not in ([0, 0], [0, 5]) or other:
            findings.append(f"{name}: exits {codes}, {other}: {[text.strip()[:200] for text in said]}")
            print(findings[-1], flush=True)
shutil.rmtree(place, ignore_errors=True)
(out / "race.json").write_text(json.dumps(dict(counts=counts, findings=findings), indent=1) + "\n")
print(f"{sum(map(len, counts.values()))} races, {len(findings)} findings, in {out / 'race.json'}")
sys.exit(1 if findings else 0)
