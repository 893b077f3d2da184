# Everything a developer or a first-time user does. `make demo` and `make test` set up by themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .venv-peers

# As the launcher sets it (src/sundog/cli/allocator.py).
MALLOC := MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=64000000000 MALLOC_TRIM_THRESHOLD_=64000000000 MALLOC_TOP_PAD_=500000000

.PHONY: setup demo check test test-slow bench peers fix clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sundog needs Python 3.11 or newer; try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

# 512 water molecules under the published weights, with the published simulations' electrostatics.
demo: setup
	$(BIN)/sundog prepare water --molecules 512 --output demo-water.extxyz --overwrite
	$(BIN)/sundog nvt demo-water.extxyz --output demo-run --overwrite \
	    --electrostatics truncated --cutoff-angstrom 12 --temperature-kelvin 300 \
	    --minimize --minimize-steps 30 --steps 200 --timestep-fs 0.5

check: setup
	$(BIN)/ruff format --check src tests scripts benchmarks
	$(BIN)/ruff check src tests scripts benchmarks
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python scripts/size_budget.py src

test: check
	$(BIN)/python -m pytest -m "not slow" -n 2

test-slow: setup
	$(BIN)/python -m pytest -m slow

bench: setup
	$(MALLOC) $(BIN)/python benchmarks/plain.py

# Other implementations of SO3LR, in an environment of their own (benchmarks/peers/README.md).
peers: $(PEERS)/.installed

$(PEERS)/.installed: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/bin/python -m pip install --quiet --requirement $<
	touch $@

fix: setup
	$(BIN)/ruff format src tests scripts benchmarks
	$(BIN)/ruff check --fix src tests scripts benchmarks

clean:
	rm -rf $(VENV) $(PEERS) demo-run demo-water.extxyz build dist
