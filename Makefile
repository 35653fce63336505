# Four words: demo, test, lint, bench. Each makes its own .venv first; Python 3.11+, pip and make are all it needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
BENCH := .venv-bench
# pictures are drawn without a display
export MPLBACKEND := Agg

.PHONY: help demo test lint bench clean

help:
	@echo "make demo    the lecture's examples, a fitted equation, a trained network; says where everything was written"
	@echo "make test    every test and every doctest"
	@echo "make lint    ruff check, ruff format --check, mypy --strict"
	@echo "make bench   the benchmarks, beside C, JAX, PyTorch and autograd; ARGUMENTS=\"--only lu\" for some"

demo: $(READY)
	$(BIN)/pathgrad demo

test: $(READY)
	$(BIN)/python -m pytest -n auto --doctest-modules tests src/pathgrad

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# what is measured must not depend on what is developed with: an environment of its own, with those it is compared with
bench: $(BENCH)/.ready
	$(BENCH)/bin/python benchmarks/run.py $(ARGUMENTS)

clean:
	rm -rf .venv .venv-bench benchmarks/build .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Dependency groups need pip 25.1. Where Python comes without ensurepip, its own pip fills the environment.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "pathgrad needs Python 3.11 or later; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv || \
	  { $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[draw,learn]" --group dev
	@touch $@

# A peer that cannot be installed is left out of the results, which say so.
$(BENCH)/.ready: pyproject.toml
	$(PYTHON) -m venv $(BENCH) || \
	  { $(PYTHON) -m venv --clear --without-pip $(BENCH) && $(PYTHON) -m pip --python $(BENCH)/bin/python install --quiet pip; }
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	for peer in "jax[cpu]" torch==2.13.0 autograd; do \
	  $(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check "$$peer" || echo "$$peer: not installed"; done
	@touch $@
