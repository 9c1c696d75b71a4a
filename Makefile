# The tasks of the portal; `make help` lists them. Nothing but make, git and python3 needs to be there.

PYTHON ?= python3
BIN := .venv/bin
# Whatever the machine says: dozens of processes would compile everything anew, and pytest would rewrite each assert.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help run test fuzz check check-types check-all-else bench clauses schema lock shell css packages packages-dev python

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: packages ## Set everything up and start the portal on http://127.0.0.1:8000 (PORT=9000 moves it)
	@$(BIN)/python -m ceportal.devstack.run

test: packages-dev ## Set everything up and run every test, browser tests included
	@$(BIN)/python -m ceportal.devstack.chromium
	@$(BIN)/pytest -n 2

fuzz: packages-dev ## Call the API with what nobody thought of, by each kind of partner (MINUTES=10; SEED=... repeats a run)
	@FUZZ_MINUTES=$(or $(MINUTES),10) FUZZ_SEED=$(SEED) $(BIN)/pytest -s tests/partner_api/fuzzing

check: export DEBUG = 1
check: packages-dev ## Format, lint, types, import contracts, missing migrations, templates, clauses, schema of the API
	@$(MAKE) --no-print-directory --jobs 2 check-types check-all-else

check-types: # as long as all else together, so beside it
	$(BIN)/mypy

check-all-else:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@# Without a database it cannot compare with the applied migrations, and says so; that is not its task here.
	$(BIN)/python -W "ignore:Got an error checking:RuntimeWarning" manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python -m ceportal.clauses --check
	$(BIN)/python -m ceportal.openapi --check

clauses: packages-dev ## Write docs/clauses.md: where each clause is enforced and what proves it
	@$(BIN)/python -m ceportal.clauses

schema: export DEBUG = 1
schema: packages-dev ## Write docs/api/openapi.yaml, the schema of the API
	@$(BIN)/python -m ceportal.openapi

bench: packages-dev ## Measure what is promised to be fast, as ratios within one run (minutes)
	@$(BIN)/python -m ceportal.bench

lock: packages-dev ## Renew the locks from pyproject.toml (UPGRADE=1 takes newer releases too)
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --extra local --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --extra local --extra dev --constraint requirements.lock \
	    --output-file requirements-dev.lock pyproject.toml
LOCK_OPTIONS = --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

shell: packages ## A Django shell on the running portal's data, or on a stack started for it
	@$(BIN)/python -m ceportal.devstack.manage shell

css: packages ## Build the stylesheet, if templates or styles have changed
	@$(BIN)/python -m ceportal.devstack.stylesheet

packages: python
	@$(PYTHON) ceportal/devstack/bootstrap.py requirements.lock requirements-dev.lock

packages-dev: python
	@$(PYTHON) ceportal/devstack/bootstrap.py requirements-dev.lock

python:
	@command -v $(PYTHON) >/dev/null || { echo "The portal needs Python 3.11 or later, and there is no $(PYTHON) here."; exit 1; }
