# `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python

# The existing environment's Python, else the first that suits; `make PYTHON=...` names another.
SUITABLE = import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
CANDIDATES = $(PY) python3 python3.13 python3.12 python3.11
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(SUITABLE)' 2>/dev/null && { echo $$p; break; }; done)

# Checks and tests leave the data folder of a running site alone.
SCRATCH = tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && export FINTECH_DATA_DIR="$$tmp" &&
TESTS ?= -n 2 --dist loadgroup -m "not soak"

.PHONY: help run demo test lint types imports checks unit soak password migrate format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Install, migrate, create an admin user, serve on 127.0.0.1:8000 (PORT=...)
	@$(PY) manage.py start

demo: $(VENV)/.installed ## The site under load for a minute, with pictures of it; then it stays
	@$(PY) manage.py demo

test: lint types imports checks unit ## Lint, types, import rules, migrations, tests

lint: $(VENV)/.installed-dev ## Style and common mistakes (ruff)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: $(VENV)/.installed-dev ## Types (mypy, strict)
	@$(SCRATCH) $(VENV)/bin/mypy

imports: $(VENV)/.installed-dev ## Which package may import which
	@$(SCRATCH) $(VENV)/bin/lint-imports --no-cache

checks: $(VENV)/.installed-dev ## Django's checks; models and migrations agree
	@$(SCRATCH) $(PY) manage.py check --fail-level WARNING
	@$(SCRATCH) $(PY) manage.py makemigrations --check --dry-run

unit: $(VENV)/.installed-dev ## The tests alone; TESTS="tests/fintech -k name" narrows them
	@$(PY) -m pytest $(TESTS)

soak: $(VENV)/.installed-dev ## The tests that run for minutes; a table of records under every fault
	@$(PY) -m pytest -m soak

password: $(VENV)/.installed ## Set a new admin password and print it
	@$(PY) manage.py password

migrate: $(VENV)/.installed ## Bring both databases to the code's schema
	@$(PY) manage.py migrate
	@$(PY) manage.py migrate --database telemetry

format: $(VENV)/.installed-dev ## Rewrite the code in the project's style
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

clean: ## Remove what can be made again: .venv, caches, build output (never var/)
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp per list of packages: installed again only when a list or the Python changed.
$(VENV)/.installed: requirements.txt $(VENV)/.python
	@echo "Installing requirements.txt ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt $(VENV)/.installed
	@echo "Installing requirements-dev.txt ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

VERSION = import sys; print(*sys.version_info[:2], sep=".")
$(VENV)/.python: FORCE
	@if ! $(if $(PYTHON),"$(PYTHON)",false) -c '$(SUITABLE)' 2>/dev/null; then \
		echo "Python 3.11, 3.12 or 3.13 is needed$(if $(PYTHON), and $(PYTHON) is not one). Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@want=$$("$(PYTHON)" -c '$(VERSION)'); \
	if [ "$$(cat $@ 2>/dev/null)" != "$$want" ] || [ ! -x $(PY) ]; then \
		echo "Creating $(VENV) with Python $$want ..."; \
		"$(PYTHON)" -m venv --clear $(VENV) || { \
			echo "$(PYTHON) cannot create virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
		echo "$$want" > $@; \
	fi
FORCE:
