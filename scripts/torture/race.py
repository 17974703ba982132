#!/usr/bin/env python3
"""Starts every long command twice at once in one folder.

    scripts/torture/race.py --out runs/torture [--rounds 3] [--minutes 5] [--seed 1]

One has to finish as if it were alone. The other has to find the folder taken (exit code 5, one sentence), or to come after it
and find the work done. OUT/race.json has the counts; a second call goes on.
"""
import argparse
import pathlib
import random
import shutil
import sys
import time

from base import Lethe, Log, difference, scratch
from cases import Cases

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--program", default=".build/release/lethe")
parser.add_argument("--out", default="runs/torture")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--minutes", type=float, default=1e9)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()

log = Log(pathlib.Path(options.out) / "race.json", dict(counts={}))
place = scratch("race")
lethe = Lethe(options.program)
all_cases = Cases(lethe, place / "base")
end = time.time() + 60 * options.minutes
names = list(all_cases)
random.Random(options.seed).shuffle(names)


for name in names:
    case = all_cases[name]
    folder, kept = place / "work", place / "kept"
    known = log["counts"].setdefault(name, [])
    if len(known) >= options.rounds or time.time() > end:
        continue
    case.begin(folder)
    moment = time.time()
    done = lethe(case.arguments(folder), env=case.environment(folder))
    seconds = time.time() - moment
    if done.returncode:
        raise SystemExit(f"{name} ended with {done.returncode}: {done.stderr}")
    shutil.rmtree(kept, ignore_errors=True)
    folder.rename(kept)
    while len(known) < options.rounds and time.time() < end:
        case.begin(folder)
        both = [lethe.start(case.arguments(folder), env=case.environment(folder))]
        # At once, then after a quarter and a half of the command's time.
        time.sleep(len(known) % 3 * seconds / 4)
        both.append(lethe.start(case.arguments(folder), env=case.environment(folder)))
        said = [process.communicate(timeout=1800)[1].strip() for process in both]
        codes = sorted(process.returncode for process in both)
        other = difference(kept, folder)
        refused = [text for process, text in zip(both, said) if process.returncode == 5]
        if codes not in ([0, 0], [0, 5]) or other or any("\n" in text or not text for text in refused):
            log.found(f"{name}: exits {codes}, {other}: {[text[:200] for text in said]}")
        known.append(codes)
        log.save()
shutil.rmtree(place, ignore_errors=True)
log.end(f"{sum(map(len, log['counts'].values()))} races")
