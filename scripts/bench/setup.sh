#!/usr/bin/env bash
# A virtual environment with the reference that Lethe is measured against. TORCH_VERSION takes another release of torch than 2.13.0.
set -euo pipefail
cd "$(dirname "$0")/../.."
export TORCH_VERSION=${TORCH_VERSION:-2.13.0}
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python - <<'PY' 2>/dev/null && exit 0
import os
import diffusers, peft, transformers, torch
assert diffusers.__version__ == "0.42.1"
assert torch.__version__.split("+")[0] == os.environ["TORCH_VERSION"]
PY
.venv/bin/python -m pip install --quiet "torch==$TORCH_VERSION" torchvision diffusers==0.42.1 "transformers>=5,<6" accelerate peft scipy pillow
# PyPI's torchvision is of torch's CUDA build. Beside another build it breaks transformers, which takes Pillow where there is none.
.venv/bin/python -c 'import torchvision' 2>/dev/null || .venv/bin/python -m pip uninstall --quiet --yes torchvision
