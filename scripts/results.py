#!/usr/bin/env python3
"""Runs the commands behind the tables of docs/results, one after another; each goes on where it was stopped.

    make results                                 all of them
    scripts/results.py --list                    the list, with hours
    scripts/results.py --only separable,robustness [--out runs/results]

Each command writes its page, tables (results.md) and results.json into OUT/NAME. Hours are those of two idle cores.
Settings come from methods.json and attacks.json of the models; concepts that these files list under `development` are
not drawn. The tables of docs/results are copied from there by hand. Not in the list: tables of settings that were tried, which
name their options beside each row; those of one command each, which the page shows (a relearning of one eraser, AdvUnlearn with pooled
pictures, audits in free words, the CLIP beside the judge); and speed (`make bench`).
"""
import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import time

ESD = "--set esd.training.learningRate=3e-4 --set esd.training.batch=4"
# SepME keeps every everyday caption; the others keep so many of them, drawn by the seed.
KEPT = "--set esd.preserveTrajectories=128 --set ablation.preserveTrajectories=128"
SHORT = ("--set relearn.training.steps=100 --set relearn.training.batch=8 --set relearn.training.learningRate=1e-4")
RELEARN = "bench relearning Models/emoji --methods esd-u-captions-1,uce --steps 15 --limit 20 --set relearn.pictureSteps=15 --draw 3,1 --seed 1"

# The settings of SalUn and random label before they had as many steps and pictures as EraseDiff.
BRIEF = "--set {0}.training.steps=120 --set {0}.training.batch=32 --set {0}.training.learningRate=3e-4"

# name: hours, command without --out
COMMANDS = {
    "methods": (0.3, f"bench Models/emoji --methods esd,uce --draw 3,1 --seed 1 {ESD} --set esd.training.steps=400 "
                "--set esd.eta=3 --set esd.trajectories=32 --set esd.preserveTrajectories=48 --set uce.push=1"),
    "separable": (0.8, f"bench separability Models/emoji --seed 2 {ESD} --set esd.training.steps=200 "
                  f"--set ablation.training.learningRate=3e-4 {KEPT}"),
    # The paper's loss, early stop and states: beta as published, and scaled to this text encoder's width.
    "separable-paper": (0.5, "bench separability Models/emoji --seed 2 --kind object --methods sepme "
                        "--set sepme.preset=paper"),
    "separable-paper-scaled": (0.5, "bench separability Models/emoji --seed 2 --kind object --methods sepme "
                               "--set sepme.preset=paper --set sepme.beta=0"),
    "robustness": (2.0, "bench robustness Models/emoji --draw 4,2 --seed 1 --limit 8 --quick --steps 15 "
                   f"--methods none,esd-x,esd-u,uce,esd,advunlearn,advunlearn-fast {SHORT} --jobs 2"),
    # Meta-Unlearning, on two bases beside its two controls: the keep terms alone, and ascent without a simulated attack.
    "relearning": (4.5, f"{RELEARN} --jobs 2"),
    "amnesia": (0.3, "bench Models/emoji --methods amnesia --concept church --concept grapes --concept key --seed 1 --quick"),
    "emoji-data": (0.3, "bench Models/emoji --methods erasediff,esd,uce --concept church --concept \"noto style\" --seed 1 "
                   "--quick --set uce.push=1"),
    # The zebra is a development class: all methods beside retraining.
    "zebra": (1.5, "bench forgetting Models/animals --class zebra --data data/animals --jobs 2 "
              "--set erasediff.data.labels=each --set salun.data.labels=each --set randomlabel.data.labels=each "
              f"{BRIEF.format('salun')} {BRIEF.format('randomlabel')}"),
    # AdvUnlearn's own training without an adversary.
    "robustness-control": (0.4, "bench robustness Models/emoji --draw 4,2 --seed 1 --limit 8 --quick --steps 15 --methods advunlearn "
                           "--attacks random,unlearndiff,p4d,ringabell,inversion --set advunlearn.warmup=260"),
}


def classes(model):
    """The test classes of a model of classes: all but its development concepts."""
    listed = json.loads((model / "themes.json").read_text())["objects"]
    development = json.loads((model / "methods.json").read_text()).get("development", [])
    return [name for name in listed if name not in development]


def commands():
    found = dict(COMMANDS)
    for name in classes(pathlib.Path("Models/animals")):
        found[f"forgetting-{name}"] = (
            0.6, f"bench forgetting Models/animals --class {name} --methods erasediff,salun,randomlabel "
            "--data data/animals --seeds 3 --retrain-seeds 0 --jobs 2")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="the commands and their hours")
    parser.add_argument("--only", help="names, separated by commas")
    parser.add_argument("--out", default="runs/results")
    parser.add_argument("--program", default=".build/release/lethe")
    options = parser.parse_args()
    known = commands()
    names = options.only.split(",") if options.only else list(known)
    for name in names:
        if name not in known:
            sys.exit(f"results: '{name}' is none of them; known: {', '.join(known)}")
    if options.list:
        for name in names:
            print(f"{name:22} {known[name][0]:4.1f} h  lethe {known[name][1]} --out {options.out}/{name}")
        print(f"{sum(known[name][0] for name in names):.1f} hours together")
        return
    if any(name.startswith("forgetting") for name in names) and not pathlib.Path("data/animals").is_dir():
        sys.exit("results: data/animals is not there; scripts/animals-dataset makes it")
    for name in names:
        out = pathlib.Path(options.out) / name
        start = time.time()
        print(f"{name}: about {known[name][0]:.1f} hours", flush=True)
        done = subprocess.run([options.program, *shlex.split(known[name][1]), "--out", str(out)])
        if done.returncode:
            sys.exit(f"results: {name} ended with {done.returncode}; give the command again to go on")
        print(f"{name}: {(time.time() - start) / 3600:.2f} h, {out}/results.md", flush=True)


main()
