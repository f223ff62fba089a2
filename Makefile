# Everything here needs nothing but python3 (3.11 or later): each target makes its own environment.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test fuzz lint docs bench clean

demo: $(VENV)/.demo
	$(BIN)/mixmaster demo demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto

# Every fault at every call, some minutes; then new seeds each time, printed; what is found is kept
# in tests/fuzz/found, made small.
FUZZ_MINUTES ?= 60
fuzz: $(VENV)/.dev
	nice $(BIN)/python -m tests.faults.run
	nice $(BIN)/python -m tests.fuzz.run minutes=$(FUZZ_MINUTES)

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: $(VENV)/.dev
	$(BIN)/mixmaster effects --markdown > docs/effects.md
	$(BIN)/mixmaster presets keys --markdown > docs/documents.md
	$(BIN)/python tests/rooms.py > docs/rooms.svg

bench: $(VENV)/.bench
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) demo

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "$(PYTHON) is missing: install Python 3.11 or later"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) --version); mixmaster needs Python 3.11 or later."; \
	  echo "Name another one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) cannot make an environment; on Debian and Ubuntu: apt install python3-venv"; \
	  rm -rf $(VENV); exit 1; }
	@touch $@

# A marker says which extras are in; it is older than pyproject.toml when that has changed.
$(VENV)/.demo: $(VENV)/.python pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . || { \
	  echo "The packages could not be installed: is there a network, or a package index?"; exit 1; }
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' || { \
	  echo "The packages could not be installed: is there a network, or a package index?"; exit 1; }
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]' || { \
	  echo "The packages could not be installed: is there a network, or a package index?"; exit 1; }
	@touch $@
