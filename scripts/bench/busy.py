#!/usr/bin/env python3
"""The program on a busy machine: two at once against one alone, and the time until help appears.

    scripts/bench/busy.py [--against OTHER/.build/release/lethe] [--rounds 3]

Draws eight pictures with Models/emoji, alone and in two processes at once, and prints medians. With
--against, another build takes its turn in each round, and the pictures of both are compared.
"""
import argparse
import hashlib
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(program, out):
    prompt = "a noto emoji of a fox"
    return subprocess.Popen(
        [program, "generate", "Models/emoji", "--prompt", prompt, "--count", "8", "-q", "--out", out],
        cwd=ROOT)


def draw(program, processes):
    """Seconds until all processes have drawn, and the pictures' hashes."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        running = [start(program, f"{folder}/{k}") for k in range(processes)]
        codes = [process.wait() for process in running]
        seconds = time.perf_counter() - began
        assert codes == [0] * processes, codes
        return seconds, [
            hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(Path(folder).glob("0/*.png"))]


def answer(program, *arguments):
    """Seconds and text of a command that only prints."""
    began = time.perf_counter()
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - began, done.stdout


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--against", help="another build of the program")
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args()
    programs = [str(ROOT / ".build/release/lethe")]
    if options.against:
        programs.append(str(Path(options.against).resolve()))

    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    # The last but one is the question that a shell asks at the tab key. The last is asked once, at installation.
    tab = ("---completion", "erase", "--", "--concept", "4", "1", "lethe", "erase", "Models/emoji", "--concept", "f")
    for arguments in [("--version",), ("--help",), ("generate", "--help"), tab,
                      ("--generate-completion-script", "bash")]:
        runs = [[answer(program, *arguments) for program in programs] for _ in range(20)]
        for k, program in enumerate(programs):
            times = [run[k][0] * 1000 for run in runs]
            print(f"{' '.join(arguments)[:32]:32} {statistics.median(times):6.0f} ms"
                  f"  ({min(times):.0f} to {max(times):.0f})  {program}")
        print(f"{'':32} same text: {len({text for run in runs for _, text in run}) == 1}")

    seconds = {(program, n): [] for program in programs for n in (1, 2)}
    pictures = set()
    for _ in range(options.rounds):
        for n in (1, 2):
            for program in programs:
                took, hashes = draw(program, n)
                seconds[program, n].append(took)
                pictures.add(tuple(hashes))
    for program in programs:
        one, two = (statistics.median(seconds[program, n]) for n in (1, 2))
        spread = ", ".join(
            f"{min(seconds[program, n]):.1f} to {max(seconds[program, n]):.1f}" for n in (1, 2))
        print(f"eight pictures: alone {one:.1f} s, two at once {two:.1f} s, {two / one:.1f} times"
              f"  ({spread})  {program}")
    print(f"same pictures: {len(pictures) == 1}")


if __name__ == "__main__":
    main()
