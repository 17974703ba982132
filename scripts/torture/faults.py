#!/usr/bin/env python3
"""Lets the n-th write of small runs fail, for every n: a full disk, an error of the disk, a short write, a read-only disk.

    scripts/torture/faults.py --out runs/torture [--commands "erase uce;generate"] [--minutes 5] [--seed 1]

The program has to end with exit code 5 and one sentence that names a file, or to finish; a second run without faults has to end
as one that had none, bit for bit. The faults of all commands come in the order of the seed. OUT/faults.json has the counts; a
second call goes on.
"""
import argparse
import os
import pathlib
import random
import shutil
import subprocess
import time

from base import Lethe, Log, difference, scratch
from cases import Cases

KINDS = ("enospc", "eio", "short", "erofs")
# A command of each kind that writes. Workers of a bench write in processes of their own, whose order no seed gives.
COMMANDS = ("erase esd, short;erase uce;erase uce, exported;generate, short;make-set;evaluate;attack --quick;relearn, short;apply;"
            "apply, one file;apply, LoRA;audit, short;report;compare;bench;eraser train;train judge;pull")

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--program", default=".build/release/lethe")
parser.add_argument("--out", default="runs/torture")
parser.add_argument("--commands", default=COMMANDS)
parser.add_argument("--kinds", default=",".join(KINDS), help="kinds of fault, with commas between")
parser.add_argument("--minutes", type=float, default=1e9)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()


class Server:
    """The program with libtorch open, which forks for each run; see faults.c."""

    def __init__(self, program, shim, said):
        (requests, self.requests), (self.answers, answers) = os.pipe(), os.pipe()
        environment = {**os.environ, "LD_PRELOAD": str(shim), "FAULT_SERVER": "libLetheTorch.so", "GOMP_SPINCOUNT": "2000",
                       "SWIFT_BACKTRACE": "enable=no",
                       "LD_LIBRARY_PATH": f"{pathlib.Path(program).parent}:{os.environ.get('LD_LIBRARY_PATH', '')}"}

        def take():
            os.dup2(os.dup(requests), 3)
            os.dup2(os.dup(answers), 4)
        self.process = subprocess.Popen([program], env=environment, pass_fds=(3, 4), preexec_fn=take)
        os.close(requests), os.close(answers)
        self.said, self.answers = said, os.fdopen(self.answers)

    def __call__(self, arguments, environment):
        """The exit code, negative for a signal, and what was said."""
        parts = [self.said, *(f"{key}={value}" for key, value in environment.items()), "", *arguments]
        os.write(self.requests, ("\37".join(map(str, parts)) + "\n").encode())
        answer = self.answers.readline()
        if not answer:
            raise SystemExit("the server of faults ended")
        return os.waitstatus_to_exitcode(int(answer)), self.said.read_text().strip()


log = Log(pathlib.Path(options.out) / "faults.json", dict(tried=[], counts={}))
tried = {tuple(one) for one in log["tried"]}
place = scratch("faults")
shim, count = place / "faults.so", place / "count"
source = pathlib.Path(__file__).with_name("faults.c")
subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
lethe = Lethe(options.program)
all_cases = Cases(lethe, place / "base")
server = Server(lethe.program, shim, place / "said")
end = time.time() + 60 * options.minutes
draw = random.Random(options.seed)


def run(case, folder, **more):
    arguments = lethe.arguments(case.arguments(folder))[1:]
    return server(arguments, dict(case.environment(folder), FAULT_FOLDER=folder, FAULT_COUNT=count, **more))


def plan(name):
    """Runs a command without faults, keeps its folder, and draws the order of its faults."""
    case = all_cases[name]
    folder = place / "work" / name.replace(" ", "-").replace(",", "")
    case.begin(folder)
    code, said = run(case, folder)
    if code:
        raise SystemExit(f"{name} ended with {code}: {said}")
    writes = int(count.read_text())
    kept = place / "kept" / folder.name
    kept.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(kept)
    faults = [(n, kind) for n in range(1, writes + 1) for kind in KINDS]
    draw.shuffle(faults)
    faults = [fault for fault in faults if fault[1] in options.kinds.split(",")]
    tally = log["counts"].setdefault(name, dict(writes=writes, faults=0, ended=0, survived=0))
    if tally["writes"] != writes:
        log.found(f"{name}: {writes} writes, and {tally['writes']} before")
    return folder, kept, faults


def fault(name, folder, kept, n, kind):
    case, tally, place_of_fault = all_cases[name], log["counts"][name], f"{name}, write {n}, {kind}"
    case.begin(folder)
    code, said = run(case, folder, FAULT_AT=n, FAULT_KIND=kind)
    tally["faults"] += 1
    if code == 0:
        tally["survived"] += 1
    elif code == 5:
        tally["ended"] += 1
        if "\n" in said or str(place) not in said:
            log.found(f"{place_of_fault}: no single sentence with a file: {said[:300]}")
    else:
        log.found(f"{place_of_fault}: exit {code}: {said[:300]}")
    if kind == "short" and code:
        log.found(f"{place_of_fault}: a short write is not an error: {said[:300]}")
    if code == 0 and kind == "short" and not difference(kept, folder):
        pass  # Nothing is missing, and nothing is left to do.
    else:
        again, said = run(case, folder)
        other = difference(kept, folder)
        if again or other:
            log.found(f"{place_of_fault}, exit {code}: then exit {again}, {other}: {said[:300]}")
    tried.add((name, n, kind))
    log["tried"].append([name, n, kind])
    log.save()


plans = {}
left = [name for name in options.commands.split(";") if name in all_cases]
while left and time.time() < end:
    for name in list(left):
        if time.time() > end:
            break
        plans[name] = plans.get(name) or plan(name)
        folder, kept, faults = plans[name]
        while faults and (name, *faults[-1]) in tried:
            faults.pop()
        if faults:
            fault(name, folder, kept, *faults.pop())
        else:
            left.remove(name)
os.close(server.requests)
server.process.wait()
shutil.rmtree(place, ignore_errors=True)
every = sum(len(KINDS) * tally["writes"] for tally in log["counts"].values())
log.end(f"{len(log['tried'])} faults of {every}")
