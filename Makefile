# Needs Python 3.11+ and make, nothing else: the environment is made here, from the lock file.

PYTHON ?= python3
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export DO_NOT_TRACK := 1

.PHONY: run test check bench docs screenshots clean

run: .venv/ready ## play the demo fortnight, then keep running
	$(BIN)/duban up --demo

test: .venv/ready ## the whole suite, on SQLite and PostgreSQL
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

check: .venv/ready ## lint, types, layers, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.migrations

bench: .venv/ready ## measure, side by side
	$(BIN)/python -m bench

docs: .venv/ready ## print what is printed from the code
	$(BIN)/python -m rules.lifecycle > docs/lifecycle.md
	$(BIN)/python -m tests.stories.test_explained > docs/samples/explain.md

screenshots: .venv/ready ## every page of the portal, both sizes, both languages (needs chromium)
	$(BIN)/python -m tests.screenshots
	$(BIN)/python -m tests.message_shots

clean: ## the environment and what the tools left
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/ready: pyproject.toml uv.lock
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Duban needs Python 3.11 or newer: make PYTHON=python3.12 …')"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	$(BIN)/uv sync --quiet --locked --inexact --python $(BIN)/python
	touch $@
