#!/usr/bin/env bash
# A virtual environment with the reference that Lethe is measured against.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python - <<'PY' 2>/dev/null && exit 0
import diffusers, peft, transformers, torch
assert diffusers.__version__ == "0.42.1"
PY
.venv/bin/python -m pip install --quiet torch==2.13.0 torchvision==0.28.0 diffusers==0.42.1 "transformers>=5,<6" accelerate peft scipy pillow
