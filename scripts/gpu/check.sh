#!/usr/bin/env bash
# A GPU beside the CPU and beside diffusers, in one command: the same pictures, time and peak memory at the size of the embedded
# model, of SD 1.4 and of SDXL (random weights), eager and with torch.compile; steps of ESD, AdvUnlearn, Meta-Unlearning, EraseDiff,
# SepME and fine-tuning, UnlearnDiffAtk, CUDA graphs, CPU offload, types of training, evaluation, relearning, two ranks on one card
# and two cards.
#
#   scripts/gpu/check.sh [--quick] [--long] [--budget SECONDS] [--no-setup] [--list] [NAME=VALUE...]
#   scripts/gpu/check.sh --dry-run [...]
#
#   --quick      the most telling parts, for 15 minutes of a card; the budget is 780 seconds where none is given
#   --long       also trainings of the embedded models ten times as long, for which scripts/*-dataset makes the data
#   --budget     no part begins for which fewer seconds are left than its estimate; a later call goes on
#   --no-setup   nothing is built, downloaded or installed: LETHE and PYTHON are there, or the other side is left out
#   --list       the parts with their seconds by estimate, in the order of the work
#   --dry-run    every part with the tiny models of the tests on the device `rehearsal`, on which a tensor of the CPU in the wrong
#                place is an error; without set-up. Diffusers runs on the CPU beside it where PYTHON has it
#
#   DEVICE=cuda:0 OUT=runs/gpu SIZES="emoji sd14 sdxl" DTYPES="float32 bfloat16 float16" MODES="eager compiled" ROUNDS=3 (1 with --quick)
#   LETHE=PROGRAM          a program that is there; without it `make build` builds one, with CUDA and the chosen release of libtorch
#   PYTHON=PROGRAM         a Python with torch and diffusers of any release; .venv/bin/python, then python3, when left out
#   TESTS=FILE             the tests as built, lethePackageTests.xctest; they run on DEVICE. Set-up builds them
#   PARTS=PATTERN SKIP=PATTERN   regular expressions of parts to take and to leave out
#
# It writes OUT/check.md and OUT/check.json after each part. A finished part is not run again; one that failed is. The exit code is 1
# where a part fails or a picture differs by more than is allowed; too little memory is a result.
set -euo pipefail
cd "$(dirname "$0")/../.."
export DRY='' QUICK='' LONG='' BUDGET='' LIST=''
setup=1
while [ $# -gt 0 ]; do
  case $1 in
  --dry-run) DRY=1 setup='' ;;
  --quick) QUICK=1 ;;
  --long) LONG=1 ;;
  --budget) BUDGET=${2:?--budget needs seconds} && shift ;;
  --no-setup) setup='' ;;
  --list) LIST=1 setup='' ;;
  [A-Z]*=*) export "${1?}" ;;
  *) echo "check: $1 is not known; the head of scripts/gpu/check.sh lists what is" >&2 && exit 2 ;;
  esac
  shift
done
if [ -n "$DRY" ]; then
  export DEVICE=${DEVICE:-rehearsal} OUT=${OUT:-runs/gpu-dry} SIZES=${SIZES:-tiny tinyxl} ROUNDS=${ROUNDS:-1} MODES=${MODES:-eager}
fi
if [ -n "$QUICK" ]; then export ROUNDS=${ROUNDS:-1} BUDGET=${BUDGET:-780}; fi
export DTYPES=${DTYPES:-float32 bfloat16 float16} MODES=${MODES:-eager compiled}
export DEVICE=${DEVICE:-cuda:0} OUT=${OUT:-runs/gpu} SIZES=${SIZES:-emoji sd14 sdxl} ROUNDS=${ROUNDS:-3}

# CUDA=1 alone would be another choice for scripts/setup.py, with its usual release of libtorch.
if [ -n "$setup" ] && [ -z "${LETHE:-}" ]; then
  if [ -z "${TORCH_VERSION:-}${LIBTORCH:-}" ] && [ -f .deps/choice.json ]; then
    while IFS='=' read -r name value; do export "$name=$value"; done < <(python3 -c '
import json
for name, value in json.load(open(".deps/choice.json")).items():
    print(f"{name}={value}")')
  fi
  case $DEVICE in cuda*) [ -n "${LIBTORCH:-}" ] || export CUDA=1 ;; esac
  make build
  if [ -z "${TESTS:-}" ] && swift build --build-tests; then
    TESTS=$(swift build --show-bin-path)/lethePackageTests.xctest
    export TESTS
  fi
fi
export LETHE=${LETHE:-.build/release/lethe}
if [ ! -x "$LETHE" ] && [ -z "$LIST" ]; then
  echo "check: $LETHE is not there; LETHE=PROGRAM names the program, and without --no-setup this command builds it" >&2
  exit 2
fi
if [ -n "$setup" ] && [ -z "${PYTHON:-}" ]; then
  scripts/bench/setup.sh || echo "check: .venv/ could not be made; the Python that is there is taken" >&2
fi
if [ -z "${PYTHON:-}" ]; then
  PYTHON=.venv/bin/python
  [ -x "$PYTHON" ] || PYTHON=python3
fi
export PYTHON
exec python3 scripts/gpu/check.py
