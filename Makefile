# Everything a developer or a first-time user does. `make demo` and `make test` set up by themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .venv-peers
FLOORS := .venv-floors
# Processes of the tests: one for each core, of which more than eight would want much memory.
CORES := $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
WORKERS ?= $(shell echo $$(( $(CORES) < 8 ? $(CORES) : 8 )))

.PHONY: setup demo check check-native test test-slow test-floors bench peers leaderboard fix clean

setup: $(STAMP)

$(STAMP): pyproject.toml $(wildcard native/*)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sundog needs Python 3.11 or newer; try make PYTHON=python3.12")'
	@echo "Installing sundog and its tools into $(VENV), which takes a few minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev,prepare]'
	touch $@

# 128 water molecules under the published weights, with the published simulations' electrostatics: 2 ps
# in which a strong thermostat takes the strain of the lattice away, and the cell finds its density.
demo: setup
	$(BIN)/sundog prepare water --molecules 128 --output demo-water.extxyz --overwrite
	$(BIN)/sundog npt demo-water.extxyz --output demo-run --overwrite \
	    --electrostatics truncated --cutoff-angstrom 12 --temperature-kelvin 300 \
	    --friction-per-ps 10 --barostat-time-fs 500 --minimize --minimize-steps 50 \
	    --steps 4000 --timestep-fs 0.5 --sample-every 5 --frame-every 20
	$(BIN)/sundog report demo-run --overwrite

check: setup
	$(BIN)/ruff format --check src tests scripts benchmarks
	$(BIN)/ruff check src tests scripts benchmarks
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python scripts/size_budget.py src tests scripts
	$(BIN)/python scripts/check_words.py src/sundog scripts
	$(BIN)/python scripts/check_mirror.py

# The C++ sources: their style, a build without warnings, and their tests under AddressSanitizer and
# UndefinedBehaviorSanitizer. Needs g++ or clang++ with its sanitizers.
ifeq ($(origin CXX),default)
CXX := $(firstword $(foreach one,g++ clang++,$(shell command -v $(one))))
endif
ifneq ($(findstring clang,$(shell $(CXX) --version 2>/dev/null)),)
# Python is not linked with a sanitizer, so its library must be a shared one.
SANITIZER := libclang_rt.asan-$(shell uname -m).so
SHARED_SANITIZER := -DCMAKE_MODULE_LINKER_FLAGS=-shared-libasan
else
SANITIZER := libasan.so
SHARED_SANITIZER :=
endif
NATIVE_BUILD = $(BIN)/cmake -S native -G Ninja -DPython3_EXECUTABLE="$(abspath $(BIN)/python)" \
    -DCMAKE_MAKE_PROGRAM="$(abspath $(BIN)/ninja)" -DCMAKE_CXX_COMPILER="$(CXX)"
NATIVE_TESTS := tests/unit/kernels/test_cpu_lists.py tests/unit/kernels/test_cpu_kernels.py \
    tests/unit/kernels/test_cpu_mesh.py

check-native: setup
	$(BIN)/clang-format --dry-run --Werror native/*.hpp native/*.cpp
	$(NATIVE_BUILD) -B build/strict -DSUNDOG_WERROR=ON
	$(BIN)/cmake --build build/strict
	$(NATIVE_BUILD) -B build/sanitized -DSUNDOG_SANITIZE=ON $(SHARED_SANITIZER)
	$(BIN)/cmake --build build/sanitized
	SUNDOG_NATIVE_LIBRARY="$(abspath build/sanitized/native.so)" \
	    ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
	    LD_PRELOAD="$(foreach one,$(SANITIZER) libstdc++.so.6,$(shell $(CXX) -print-file-name=$(one)))" \
	    $(BIN)/python -m pytest $(NATIVE_TESTS)

test: check
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist worksteal

test-slow: setup
	$(BIN)/python -m pytest -m slow

# The lowest versions that pyproject.toml allows, in an environment of their own. They meet newer
# versions of what they depend on themselves, and warn of what is deprecated there.
test-floors: $(FLOORS)/.installed
	$(FLOORS)/bin/python -m pytest -m "not slow" -n $(WORKERS) --dist worksteal \
	    -W ignore::DeprecationWarning tests/unit tests/golden

$(FLOORS)/.installed: pyproject.toml $(wildcard native/*)
	$(PYTHON) -m venv $(FLOORS)
	$(FLOORS)/bin/python -m pip install --quiet uv
	$(FLOORS)/bin/uv pip install --quiet --python $(FLOORS)/bin/python \
	    --resolution lowest-direct --editable '.[dev,prepare]'
	touch $@

bench: setup
	mkdir -p benchmarks/results
	$(BIN)/sundog bench --cases water-1536 --kernels reference,plain,cpu \
	    --json benchmarks/results/water-1536.json

# Other implementations of SO3LR, in an environment of their own (benchmarks/peers/README.md).
peers: $(PEERS)/.installed

$(PEERS)/.installed: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/bin/python -m pip install --quiet --requirement $<
	touch $@

# sundog beside them, judged on the same benchmarks (docs/evaluate.md); DATA holds what they need.
leaderboard: peers
	$(PEERS)/bin/python -m pip install --quiet .
	PYTHONPATH=benchmarks/peers $(PEERS)/bin/sundog evaluate --suite quick \
	    $(if $(DATA),--data-dir "$(DATA)") --calculator GFN2-xTB=calculators:gfn2 --output leaderboard

fix: setup
	$(BIN)/ruff format src tests scripts benchmarks
	$(BIN)/ruff check --fix src tests scripts benchmarks

clean:
	rm -rf $(VENV) $(PEERS) $(FLOORS) demo-run demo-run-report.html demo-water.extxyz build dist
