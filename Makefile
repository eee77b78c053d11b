# make demo    all the set-up, then a small real run; prints where the report is
# make demo-janus   the same with Debian's Janus, and a search in each scenario
# make test    all the set-up, then every test
# make check   lint, types, layers, fast tests
# make lock    resolve the dependencies anew
# APT=no       print what is missing on this machine instead of installing it

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
APT ?= yes

# Whatever a test sends stays on this machine.
ISOLATED := tests/own_network.sh
PYTEST := $(BIN)/python -m pytest

# Tests run side by side, each worker in a network of its own. Live ones wait more than they compute,
# so that a core has room for two; those that measure have one each.
CORES := $(shell nproc)
WORKERS ?= $(shell expr 2 \* $(CORES))
side_by_side = --dist loadgroup --no-loadscope-reorder \
    --tx '$(1)*popen//python=$(ISOLATED) $(BIN)/python'

# Tests start hundreds of Python processes: what these import is to be compiled once.
unexport PYTHONDONTWRITEBYTECODE

# What is read without being run.
READ := lint format types layers

.NOTPARALLEL:
.PHONY: demo demo-janus test check $(READ) fast-tests shared-tests measuring-tests alone-tests own-network lock clean

demo: $(READY)
	@APT=$(APT) sh infra/machine_setup.sh chromium libatomic top
	@$(BIN)/farm demo

demo-janus: $(READY)
	@APT=$(APT) sh infra/machine_setup.sh chromium janus ip libatomic top
	@$(BIN)/farm demo --server janus

test: $(READY)
	@APT=$(APT) sh infra/machine_setup.sh busybox chromium cloud-init-schema faketime fish janus \
	    janus-demos libatomic ip sshd tcsh top xvfb zsh
	@$(MAKE) --no-print-directory own-network
	@$(MAKE) --no-print-directory --keep-going $(READ) shared-tests measuring-tests alone-tests

check: $(READY)
	@APT=$(APT) sh infra/machine_setup.sh chromium libatomic ip
	@$(MAKE) --no-print-directory own-network
	@$(MAKE) --no-print-directory --keep-going $(READ) fast-tests

# The parts, one after the other; --keep-going: one that fails hides none of those behind it.
lint:
	$(BIN)/ruff check .

format:
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

layers:
	$(BIN)/lint-imports

fast-tests:
	$(PYTEST) -q -m "not live and not slow" $(call side_by_side,$(CORES))

shared-tests:
	$(PYTEST) -q -m "not measures and not alone" $(call side_by_side,$(WORKERS))

measuring-tests:
	$(PYTEST) -m measures $(call side_by_side,$(CORES))

alone-tests:
	$(ISOLATED) $(PYTEST) -m alone

own-network:
	@$(ISOLATED) true || { \
	    echo "Tests run in a network of their own, which this user may not make here." >&2; \
	    echo "Run make as root, or on Ubuntu first:" >&2; \
	    echo "  sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" >&2; exit 2; }

$(READY): pyproject.toml locks/dev.lock
	@echo "Setting up $(VENV): a minute or two, once."
	$(PYTHON) -m venv --clear $(VENV) || { echo "python3 cannot make a virtual environment: install python3-venv" >&2; exit 2; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r locks/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lock:
	@for extra in base cluster dev; do \
	    uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	        --no-header --quiet pyproject.toml -o locks/$$extra.lock \
	        $$([ $$extra = base ] || echo --extra $$extra) || exit 1; \
	done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
