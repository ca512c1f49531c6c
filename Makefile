# Two commands do everything: `make run` and `make test`. The rest are parts of them.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
WORKERS ?= auto
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# CUDA libraries that the registry's own torch build asks for; a CPU build does not.
NOT_LOCKED := torch triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cupti \
  nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-curand \
  nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink \
  nvidia-nvshmem-cu13 nvidia-nvtx

.PHONY: run test check lock system system-tests bench clean help

help:  ## what there is to say
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@echo "Creating the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python requirements.lock requirements-torch.txt pyproject.toml
	@echo "1/3 Installing the locked dependencies (a minute or two)"
	@$(PIP) --require-hashes -r requirements.lock
	@echo "2/3 Installing torch"
	@$(PIP) -r requirements-torch.txt
	@echo "3/3 Installing the service"
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Installing the tools of development"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

system:  ## install the one system library (libchromaprint), if it is missing
	@scripts/system chromaprint

system-tests:
	@scripts/system chromaprint chromium softhsm

run: system $(VENV)/.run  ## set up, load the demo, serve until Ctrl-C
	@$(BIN)/python manage.py serve --demo --port $(PORT)

test: system-tests $(VENV)/.dev  ## set up and run every test
	@$(BIN)/python -m pytest -n $(WORKERS)

check: $(VENV)/.dev  ## format, lint, types, import contracts, migrations, no float in money
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run --settings tests.offline
	@$(BIN)/python scripts/exactness.py

lock: $(VENV)/.dev  ## write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  $(addprefix --no-emit-package ,$(NOT_LOCKED)) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --quiet \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  $(addprefix --no-emit-package ,$(NOT_LOCKED)) -o requirements-dev.lock

bench: system $(VENV)/.dev  ## measure, and print each figure beside its peer
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks clearances

clean:  ## forget the virtual environment and the demo's data
	rm -rf $(VENV) var
