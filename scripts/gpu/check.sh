#!/usr/bin/env bash
# A GPU beside the CPU and beside diffusers, in one command: the same pictures, time and peak memory at the size of the embedded
# model, of SD 1.4 and of SDXL (random weights), and one short run of each expensive method.
#
#   scripts/gpu/check.sh [DEVICE=cuda:0] [OUT=runs/gpu] [SIZES="emoji sd14 sdxl"] [ROUNDS=3]
#                        [DTYPES="float32 bfloat16 float16"] [MODES="eager compiled"] [LETHE=.build/release/lethe]
#   scripts/gpu/check.sh --dry-run [...]
#
# It builds with CUDA, makes .venv/ as `make bench` does, and writes OUT/check.md and OUT/check.json. A finished part is kept.
# --dry-run takes every part through on a machine without a GPU, with the tiny models of the tests and the device `rehearsal`,
# on which a tensor of the CPU in the wrong place is an error. Diffusers runs on the CPU beside it where PYTHON (.venv/bin/python)
# has it, and is left out where not. Parts that fail end the command with exit code 1.
set -euo pipefail
cd "$(dirname "$0")/../.."
export DRY=
if [ "${1:-}" = --dry-run ]; then
  shift
  export DRY=1 DEVICE=${DEVICE:-rehearsal} OUT=${OUT:-runs/gpu-dry} SIZES=${SIZES:-tiny tinyxl} ROUNDS=${ROUNDS:-1}
  export MODES=${MODES:-eager}
fi
for setting in "$@"; do export "${setting?}"; done
export DTYPES=${DTYPES:-float32 bfloat16 float16} MODES=${MODES:-eager compiled}
export DEVICE=${DEVICE:-cuda:0} OUT=${OUT:-runs/gpu} SIZES=${SIZES:-emoji sd14 sdxl} ROUNDS=${ROUNDS:-3}
case $DEVICE in cuda*) export CUDA=1 ;; esac
if [ -z "${LETHE:-}" ]; then make build; fi
export LETHE=${LETHE:-.build/release/lethe}
PYTHON=${PYTHON:-.venv/bin/python}
if [ -z "$DRY" ]; then scripts/bench/setup.sh; elif [ ! -x "$PYTHON" ]; then PYTHON=python3; fi
mkdir -p "$OUT"
"$LETHE" doctor --json > "$OUT/doctor.json" || true
exec "$PYTHON" scripts/gpu/check.py
