# The README's commands. Each makes a virtual environment of its own in this folder (.venv-NAME-VERSION) and
# touches nothing outside it. Needs make and a Python of at least 3.11: make test PYTHON=python3.13

PYTHON ?= python3
# The folder that the virtual environments are made in.
VENVS ?= .
# Exact versions with their digests, which CI installs: LOCKED=.ci/locked.txt. Otherwise the newest that fit.
LOCKED ?=

VERSION := $(shell "$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
DEMO = $(VENVS)/.venv-demo-$(VERSION)
TEST = $(VENVS)/.venv-test-$(VERSION)
CHECK = $(VENVS)/.venv-check-$(VERSION)
BENCHMARK = $(VENVS)/.venv-benchmark-$(VERSION)
AUDIT = $(VENVS)/.venv-audit-$(VERSION)

SOURCES = $(shell find gdrun -type f ! -name '*.pyc') pyproject.toml
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL = help
.PHONY: help demo test check audit benchmark clean python
.DELETE_ON_ERROR:

help:
	@echo "make demo        train a network on real handwritten digits"
	@echo "make test        run the tests"
	@echo "make check       lint, formatting, types and the import contract"
	@echo "make audit       ask for known vulnerabilities of what CI installs (needs the network)"
	@echo "make benchmark   compare with PyTorch, scikit-learn and JAX (installs them: about 1 GB)"
	@echo "make clean       remove the virtual environments and caches"

demo: $(DEMO)/ready
	$(DEMO)/bin/gdrun train configs/digits-mlp.yaml

test: $(TEST)/ready
	$(TEST)/bin/pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(PYTEST_OPTIONS)

check: $(CHECK)/ready
	$(CHECK)/bin/ruff check .
	$(CHECK)/bin/ruff format --check .
	$(CHECK)/bin/mypy --strict -p gdrun
	$(CHECK)/bin/lint-imports

audit: $(AUDIT)/ready
	@$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip --requirement .ci/locked.txt $(or_say_why)

benchmark: $(BENCHMARK)/ready
	$(BENCHMARK)/bin/python -m benchmarks $(BENCHMARK_OPTIONS)

clean:
	rm -rf .venv-* build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis .pytest_cache
	find gdrun tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

python:
	@"$(PYTHON)" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "gdrun needs Python 3.11 or newer with its venv module; '$(PYTHON)' is not one." \
	       "Name another: make PYTHON=python3.13 …" >&2; exit 1; }

locked = --require-hashes -r "$(LOCKED)" && "$(1)/bin/python" $(PIP_INSTALL) --no-deps --no-build-isolation .

# A new environment when pyproject.toml changed, the package alone again when only its files did.
define environment
	@test "$(1)/ready" -nt pyproject.toml 2>/dev/null || "$(PYTHON)" -m venv --clear "$(1)"
	@test ! -e "$(1)/ready" || "$(1)/bin/python" $(PIP_INSTALL) --force-reinstall --no-deps .
	@test -e "$(1)/ready" || "$(1)/bin/python" $(PIP_INSTALL) $(if $(LOCKED),$(call locked,$(1)),$(2))
	@touch "$(1)/ready"
endef

$(DEMO)/ready: $(SOURCES) | python
	$(call environment,$(DEMO),.)

$(TEST)/ready: $(SOURCES) | python
	$(call environment,$(TEST),'.[test]')

$(CHECK)/ready: pyproject.toml | python
	$(call environment,$(CHECK),'.[dev]')

or_say_why = || { echo "audit: nothing was shown to be safe. Unless vulnerabilities are listed above, PyPI gave no" \
  "answer: run it where https://pypi.org can be reached." >&2; exit 1; }

$(AUDIT)/ready: | python
	@"$(PYTHON)" -m venv --clear "$(AUDIT)"
	@"$(AUDIT)/bin/python" $(PIP_INSTALL) pip-audit $(or_say_why)
	@touch "$@"

$(BENCHMARK)/ready: $(SOURCES) benchmarks/requirements.txt | python
	$(call environment,$(BENCHMARK),. -r benchmarks/requirements.txt)
