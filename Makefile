# make demo, make test and make bench each set up what they need in .venv; nothing else on the machine is changed.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough, unless PYTHON says which.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: demo test bench lint types check docs clean

demo: $(VENV)/.demo ## From real logs to explained recommendations
	$(BIN)/interestgraph demo

test: $(VENV)/.test lint types ## Lint, types and the whole suite on a real Neo4j
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

bench: $(VENV)/.test ## Benchmarks; results go to docs/benchmarks.md
	$(BIN)/python -m benchmarks

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

docs: $(VENV)/.test ## Write the references of commands and questions anew
	$(BIN)/python docs/make_cli_reference.py
	$(BIN)/python docs/make_analysis_reference.py

clean: ## Remove the virtual environment and caches (the graph stays: `interestgraph db reset` empties it)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or newer is needed; set PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "error: '$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[demo]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[demo,test]'
	@touch $@ $(VENV)/.demo
