#!/usr/bin/env python3
"""Ends long commands with SIGKILL at random moments, goes on with them, and compares with a run that nobody ended.

    scripts/torture/kill.py --kills 300 --out runs/torture [--each 10] [--minutes 5] [--seed 1]

A command is killed up to three times, then goes on to its end. Every file has to be the same, bit for bit, but for fields that
tell of time or machine; no temporary file may be left. OUT/kill.json has the counts; a second call goes on.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

from base import Lethe, Log, difference, scratch
from cases import Cases

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--program", default=".build/release/lethe")
parser.add_argument("--kills", type=int, default=300)
parser.add_argument("--each", type=int, default=10**9, help="a command that was killed as often is left out")
parser.add_argument("--minutes", type=float, default=1e9)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--out", default="runs/torture")
parser.add_argument("--commands", default="", help="those of cases.py, with semicolons between; all when left out")
options = parser.parse_args()

out = pathlib.Path(options.out)
log = Log(out / "kill.json", dict(kills=0, rounds=0, counts={}))
end = time.time() + 60 * options.minutes
lethe = Lethe(options.program)
place = scratch("kill")


def finish(case, folder):
    """Runs a command to its end; workers of one that was killed may hold its folder until their step is done."""
    for _ in range(60):
        done = lethe(case.arguments(folder), env=case.environment(folder))
        if done.returncode != 5:
            break
        time.sleep(1)
    return done


all_cases = Cases(lethe, place / "base")
names = options.commands.split(";") if options.commands else list(all_cases)
expected, seconds = {}, {}
while log["kills"] < options.kills and time.time() < end:
    draw = random.Random(options.seed * 1_000_003 + log["rounds"])
    left = [name for name in names if log["counts"].get(name, 0) < options.each]
    if not left:
        break
    name = left[log["rounds"] % len(left)]
    case = all_cases[name]
    # The same path for both, because some files name it.
    folder = place / "work" / name.replace(" ", "-").replace(",", "")
    kept = place / "expected" / folder.name
    if name not in expected:
        case.begin(folder)
        moment = time.time()
        done = lethe(case.arguments(folder), env=case.environment(folder))
        seconds[name] = time.time() - moment
        if done.returncode:
            raise SystemExit(f"{name} ended with {done.returncode}: {done.stderr}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(kept)
        expected[name] = kept
    case.begin(folder)
    own = 0
    for _ in range(draw.randint(1, 3)):
        moment = time.time()
        process = lethe.start(case.arguments(folder), env=case.environment(folder))
        try:
            process.wait(timeout=draw.random() * seconds[name])
        except subprocess.TimeoutExpired:
            pass
        if process.poll() is not None:
            # The first run may have waited for the processor longer than others do.
            if own == 0:
                seconds[name] = min(seconds[name], time.time() - moment)
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        own += 1
    done = finish(case, folder)
    log["kills"] += own
    log["counts"][name] = log["counts"].get(name, 0) + own
    other = f"exit {done.returncode}: {done.stderr.strip()[:300]}" if done.returncode else difference(kept, folder)
    if other:
        log.found(f"{name}, round {log['rounds']}: {other} after {own} kills")
        shutil.rmtree(out / f"kill-{log['rounds']}", ignore_errors=True)
        shutil.copytree(folder, out / f"kill-{log['rounds']}")
    shutil.rmtree(folder, ignore_errors=True)
    log["rounds"] += 1
    log.save()
shutil.rmtree(place, ignore_errors=True)
log.end(f"{log['kills']} kills in {log['rounds']} runs")
