#!/usr/bin/env bash
# A GPU beside the CPU and beside diffusers, in one command: the same pictures, time and peak memory at the size of the embedded
# model, of SD 1.4 and of SDXL (random weights), and one short run of each expensive method.
#
#   scripts/gpu/check.sh [DEVICE=cuda:0] [OUT=runs/gpu] [SIZES="emoji sd14 sdxl"] [ROUNDS=3]
#                        [DTYPES="float32 bfloat16 float16"] [MODES="eager compiled"] [LETHE=.build/release/lethe]
#
# It builds with CUDA, makes .venv/ as `make bench` does, and writes OUT/check.md and OUT/check.json. A finished part is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
for setting in "$@"; do export "${setting?}"; done
export DTYPES=${DTYPES:-float32 bfloat16 float16} MODES=${MODES:-eager compiled}
export DEVICE=${DEVICE:-cuda:0} OUT=${OUT:-runs/gpu} SIZES=${SIZES:-emoji sd14 sdxl} ROUNDS=${ROUNDS:-3}
case $DEVICE in cuda*) export CUDA=1 ;; esac
if [ -z "${LETHE:-}" ]; then make build; fi
export LETHE=${LETHE:-.build/release/lethe}
scripts/bench/setup.sh
mkdir -p "$OUT"
"$LETHE" doctor --json > "$OUT/doctor.json" || true
exec .venv/bin/python scripts/gpu/check.py
