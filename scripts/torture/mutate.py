#!/usr/bin/env python3
"""Gives mutated files to the program's readers, and goes on after an input that ends the process.

    scripts/torture/mutate.py --inputs 1000000 --out runs/torture [--seed 1] [--minutes 5]

OUT/mutate.json has the counts so far; a second call goes on from there. OUT/findings/ has each input that ended the process, hung
or was refused in other words than one sentence. Input N of seed S is the same on every machine.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--program", default=".build/release/torture")
parser.add_argument("--inputs", type=int, default=1_000_000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--minutes", type=float, default=1e9)
parser.add_argument("--out", default="runs/torture")
parser.add_argument("--fixtures", default="Tests/Fixtures")
options = parser.parse_args()

out = pathlib.Path(options.out)
(out / "findings").mkdir(parents=True, exist_ok=True)
file = out / "mutate.json"
known = json.loads(file.read_text()) if file.exists() else {}
if known.get("seed", options.seed) != options.seed:
    sys.exit(f"{file} is of seed {known['seed']}; choose another --out")
done, counts, findings = known.get("inputs", 0), known.get("counts", {}), known.get("findings", [])
seconds = known.get("seconds", 0.0)
start = time.time()
end = start + 60 * options.minutes
scratch = f"/dev/shm/lethe-torture-{os.getpid()}" if os.path.isdir("/dev/shm") else str(out / "scratch")
state = out / "state"


def save():
    total = dict(seed=options.seed, inputs=done, seconds=round(seconds + time.time() - start, 1),
                 findings=findings, counts=counts)
    half = file.with_suffix(".half")
    half.write_text(json.dumps(total, indent=1, sort_keys=True) + "\n")
    half.replace(file)


def found(kind, number, name, place, text):
    """Keeps an input, once for each kind, format and text."""
    key = [kind, name, text[:160]]
    if any(f["key"] == key for f in findings):
        next(f for f in findings if f["key"] == key)["times"] += 1
        return
    findings.append(dict(key=key, input=number, times=1))
    if place and os.path.exists(place):
        shutil.copy(place, out / "findings" / f"{number}-{os.path.basename(place)}")
    print(f"{kind} at input {number}, {name}: {text[:300]}", flush=True)


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (24 << 30, 24 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


while done < options.inputs and time.time() < end:
    until = min(options.inputs, done + 20_000)
    command = [options.program, "mutate", "--from", str(done), "--until", str(until), "--seed", str(options.seed),
               "--fixtures", options.fixtures, "--scratch", scratch, "--state", str(state)]
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
    with open(out / "stderr", "wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, preexec_fn=limits,
                                   env=environment)
        at = done
        for line in process.stdout:
            if line.startswith("counts "):
                for name, outcomes in json.loads(line[7:]).items():
                    for outcome, n in outcomes.items():
                        own = counts.setdefault(name, {})
                        own[outcome] = own.get(outcome, 0) + n
                        at += n
                done = at
                save()
            elif line.startswith(("raw ", "slow ")):
                kind, rest = line.rstrip("\n").split(" ", 1)
                number, name, text = rest.split("\t", 2)
                found(kind, int(number), name, None, text if kind == "raw" else "")
            else:
                print(line, end="", flush=True)
            if time.time() > end:
                process.terminate()
                break
        code = process.wait()
    if time.time() > end:
        break
    told = state.read_text().strip("\0\n").split("\t") if state.exists() else [""]
    if code == 0:
        done = until
    elif len(told) == 3:
        number, name, place = int(told[0]), told[1], told[2]
        text = (out / "stderr").read_text(errors="replace").strip().split("\n")[0]
        # SIGALRM and SIGPROF: the input waited, or computed, for too long.
        hung = code in (-14, -27)
        found("hang" if hung else f"end {code}", number, name, place, "" if hung else text)
        own = counts.setdefault(name, {})
        own["ended"] = own.get("ended", 0) + 1
        done = number + 1
    else:
        sys.exit(f"{command} ended with {code}: {(out / 'stderr').read_text()[:300]}")
    save()


def table():
    """Counts by format; `named` are refusals that name a key, a tensor or a value in quotes, where the program counts them."""
    faults = {}
    for finding in findings:
        faults[finding["key"][1]] = faults.get(finding["key"][1], 0) + finding["times"]
    rows = [("format", "inputs", "taken", "refused", "of which name a key", "faults")]
    for name, own in sorted(counts.items()):
        named = own.get("named", 0)
        rows.append((name, sum(own.values()), own.get("taken", 0), own.get("refused", 0) + named, named, faults.get(name, 0)))
    rows.append(("all", *(sum(row[i] for row in rows[1:]) for i in range(1, 6))))
    for i, row in enumerate(rows):
        print("| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in row) + " |")
        if i == 0:
            print("|---" * len(row) + "|")


shutil.rmtree(scratch, ignore_errors=True)
save()
table()
print(f"{done} inputs of seed {options.seed}, {len(findings)} findings, in {file}")
sys.exit(1 if findings else 0)
