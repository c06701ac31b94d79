# `make demo` sets everything up and runs the main job; `make test` sets up and passes the tests.
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo
BENCH ?= ingest,link,profile,engines
SERVE ?= yes
POSTGRES_TESTS := tests/platform tests/registry tests/portal tests/pool/portal tests/policies/portal tests/finance/portal

.DEFAULT_GOAL := help
.PHONY: help install assets demo test test-postgres lint format bench docs screenshots lock clean

help: ## what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed ## a virtual environment with everything in it

$(VENV)/.installed: requirements/dev.txt pyproject.toml scripts/install
	scripts/install $(VENV)
	@touch $@

assets: install ## what browsers need, collected from npm packages
	scripts/assets $(VENV)

demo: assets ## simulate a small province, pool it, resolve it, profile it; then serve the portal on it (SERVE=no: do not)
	$(BIN)/tulou demo $(DEMO)
	[ "$(SERVE)" = no ] || $(BIN)/tulou serve --demo $(DEMO)

test: assets ## the tests, with the coverage of the engines
	$(BIN)/pytest -n 2 --dist loadgroup --cov --cov-report=term

test-postgres: assets ## the portal's tests on the PostgreSQL server that TULOU_TEST_POSTGRES names
	TULOU_TEST_DATABASE=postgres $(BIN)/pytest -n 2 --dist loadgroup $(POSTGRES_TESTS)

lint: install ## style, types, floors of the house, licences' notices
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## ours and the peers, in one run (BENCH=ingest,link,...)
	$(BIN)/tulou bench $(BENCH)

screenshots: assets ## the pictures of docs/images, taken by a browser test of the demo
	$(BIN)/tulou demo $(DEMO)
	TULOU_TEST_PROVINCE=$(DEMO) TULOU_PICTURES=docs/images $(BIN)/pytest -n0 tests/e2e/test_pictures.py

docs: install ## the documentation as a site in build/docs
	$(BIN)/python scripts/reference.py
	$(BIN)/sphinx-build -q -W -b html docs build/docs

lock: ## write requirements/*.txt anew from pyproject.toml
	scripts/lock

clean: ## take away what can be made again
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
