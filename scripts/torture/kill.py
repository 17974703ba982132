#!/usr/bin/env python3
"""Ends long commands with SIGKILL at random moments, goes on with them, and compares with a run that nobody ended.

    scripts/torture/kill.py --kills 300 --out runs/torture [--minutes 5] [--seed 1]

A command is killed up to three times, then goes on to its end. Every file has to be the same, bit for bit, but for fields that
tell of time or machine; no temporary file may be left. OUT/kill.json has the counts; a second call goes on.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

from base import Lethe, commands, difference, prepare

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--program", default=".build/release/lethe")
parser.add_argument("--kills", type=int, default=300)
parser.add_argument("--minutes", type=float, default=1e9)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--out", default="runs/torture")
options = parser.parse_args()

out = pathlib.Path(options.out)
out.mkdir(parents=True, exist_ok=True)
file = out / "kill.json"
known = json.loads(file.read_text()) if file.exists() else {}
counts, findings = known.get("counts", {}), known.get("findings", [])
kills, rounds = known.get("kills", 0), known.get("rounds", 0)
end = time.time() + 60 * options.minutes
lethe = Lethe(options.program)
place = pathlib.Path(tempfile.mkdtemp(prefix="lethe-kill-"))


def save():
    half = file.with_suffix(".half")
    half.write_text(json.dumps(dict(kills=kills, rounds=rounds, counts=counts, findings=findings), indent=1) + "\n")
    half.replace(file)


def found(name, text):
    findings.append(dict(command=name, text=text, round=rounds))
    print(f"{name}: {text}", flush=True)


def begin(name, start, folder):
    if start:
        shutil.copytree(start, folder)


model, made = prepare(lethe, place / "base")
all_commands = commands(model, made)
expected, seconds = {}, {}
while kills < options.kills and time.time() < end:
    draw = random.Random(options.seed * 1_000_003 + rounds)
    name = list(all_commands)[rounds % len(all_commands)]
    start, arguments = all_commands[name]
    # The same path for both, because some files name it.
    folder = place / "work" / name.replace(" ", "-").replace(",", "")
    kept = place / "expected" / name.replace(" ", "-").replace(",", "")
    if name not in expected:
        begin(name, start, folder)
        moment = time.time()
        done = lethe(arguments(folder))
        seconds[name] = time.time() - moment
        if done.returncode:
            raise SystemExit(f"{name} ended with {done.returncode}: {done.stderr}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(kept)
        expected[name] = kept
    begin(name, start, folder)
    own = 0
    for _ in range(draw.randint(1, 3)):
        process = lethe.start(arguments(folder))
        try:
            process.wait(timeout=draw.random() * seconds[name])
        except Exception:
            pass
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        own += 1
    done = lethe(arguments(folder), timeout=300)
    kills += own
    counts[name] = counts.get(name, 0) + own
    if done.returncode:
        found(name, f"exit {done.returncode} after {own} kills: {done.stderr.strip()[:300]}")
    else:
        other = difference(kept, folder)
        if other:
            found(name, f"{other} after {own} kills")
    if findings and findings[-1]["round"] == rounds:
        shutil.rmtree(out / f"kill-{rounds}", ignore_errors=True)
        shutil.copytree(folder, out / f"kill-{rounds}")
    shutil.rmtree(folder, ignore_errors=True)
    rounds += 1
    save()
save()
shutil.rmtree(place, ignore_errors=True)
print(f"{kills} kills in {rounds} runs, {len(findings)} findings, in {file}")
sys.exit(1 if findings else 0)
