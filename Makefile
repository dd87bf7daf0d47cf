# make demo        a talking head from the demo voice: out/demo.mp4
# make test        every check that needs no torch
# make test-train  the tests of training, with torch, in an environment of their own
# make test-ray    the tests of curation on a Ray cluster, in an environment of their own
# make clean       remove what the others made
PYTHON ?= python3
PINS := constraints
RUNTIME := pyproject.toml $(PINS)/runtime.txt $(PINS)/build.txt

# Build tools are pinned too; older versions of pip read the first variable for them, newer ones the second.
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=$(PINS)/build.txt PIP_BUILD_CONSTRAINT=$(PINS)/build.txt

# Two workers with as many threads as cores each would only wait for one another.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: help demo test test-train test-ray clean

help:
	@sed -n '1,5s/^# //p' $(MAKEFILE_LIST)

demo: .venv/.runtime
	@mkdir -p out
	.venv/bin/dxtalker speak src/dxtalker/assets/demo.flac -o out/demo.mp4
	@echo "The demo is in $(CURDIR)/out/demo.mp4"

test: .venv/.dev tests/js/node_modules/.package-lock.json
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 .venv/bin/pyright
	.venv/bin/lint-imports
	$(ONE_THREAD) .venv/bin/pytest -n 2 -m "not train and not ray"

test-train: .venv-train/.train
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 .venv-train/bin/pyright --pythonpath .venv-train/bin/python src/dxtalker/train
	$(ONE_THREAD) .venv-train/bin/pytest -n 2 -m train

test-ray: .venv-ray/.ray
	$(ONE_THREAD) .venv-ray/bin/pytest -m ray tests/curate

.venv/.runtime: $(RUNTIME) | .venv/bin/python
	$(PIP) .venv/bin/python -m pip install -q -c $(PINS)/runtime.txt -e .
	@touch $@

.venv/.dev: $(RUNTIME) $(PINS)/dev.txt | .venv/bin/python
	$(PIP) .venv/bin/python -m pip install -q -c $(PINS)/runtime.txt -c $(PINS)/dev.txt -e ".[dev]"
	@touch $@ .venv/.runtime

.venv-train/.train: $(RUNTIME) $(PINS)/dev.txt $(PINS)/train.txt | .venv-train/bin/python
	$(PIP) .venv-train/bin/python -m pip install -q -c $(PINS)/runtime.txt -c $(PINS)/dev.txt -c $(PINS)/train.txt -e ".[dev,train,hub]"
	@touch $@

.venv-ray/.ray: $(RUNTIME) $(PINS)/dev.txt $(PINS)/ray.txt | .venv-ray/bin/python
	$(PIP) .venv-ray/bin/python -m pip install -q -c $(PINS)/runtime.txt -c $(PINS)/dev.txt -c $(PINS)/ray.txt -e ".[dev,ray]"
	@touch $@

.venv/bin/python .venv-train/bin/python .venv-ray/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'dxtalker needs Python 3.11 or newer and "$(PYTHON)" is not; name one, as in: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(@D:/bin=)

# The GLB checks run in node; without npm those tests are skipped.
tests/js/node_modules/.package-lock.json: tests/js/package.json tests/js/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --prefix tests/js && touch $@; fi

clean:
	rm -rf .venv .venv-train .venv-ray build dist out/demo.mp4 tests/js/node_modules
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
