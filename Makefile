# Two commands: `make demo` and `make test`. Each sets up what it needs, shows what it does and can be run again.

PY ?= python3
PORT ?= 8000
UV_VERSION := 0.13.9
VENV := .venv
RUN := $(VENV)/bin/python
WITHIN := $(RUN) -m casework.local.within $(RUN)

# Set by some environments; then Python compiles every module at every start.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONUNBUFFERED := 1
export PORT

.DEFAULT_GOAL := help
.PHONY: help demo test faults faults-clean bench-followup bench-plans bench-pages motions check format lint types templates browser openapi messages manage lock reset clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 18

demo: $(VENV)/.local ## start a practice to look at, with everything it needs (PORT=8000)
	@exec $(RUN) -m casework.local.demo

test: $(VENV)/.dev browser ## run all tests on a private PostgreSQL and Valkey
	@$(RUN) -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(if $(NO_BROWSER),--ignore tests/browser)

faults: $(VENV)/.dev ## play the 26 faults (FAULTS="2 13" SEEDS=3 MESSAGES=500 FULL=1 KEYS=1); goes on where it stopped
	@$(RUN) -m tests.faults.run

faults-clean: ## forget what the faults came to
	rm -rf var/faults

bench-followup: $(VENV)/.dev ## measure the follow-up engine beside other ways, and write docs/speed.md (SIZES="10k 1M 5M")
	@mkdir -p var
	@$(VENV)/bin/uv pip install --quiet --target var/bench-packages -r benchmarks/requirements.txt \
		|| echo "procrastinate could not be installed; it is left out of the comparison." >&2
	@$(RUN) -m benchmarks $(if $(SIZES),--sizes $(SIZES)) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-plans: $(VENV)/.dev ## explain every hot query at 1M messages and fail where one reads a big table as a whole
	@$(RUN) -m benchmarks.plans

bench-pages: $(VENV)/.dev ## measure the pages with 10k and 1M notes, and write docs/speed-pages.md (goes on filling where it stopped)
	@$(RUN) -m benchmarks.pages $(if $(ROUNDS),--rounds $(ROUNDS))

motions: $(VENV)/.dev browser ## count the clicks and keys of frequent works in a browser, and write docs/motions.md
	@WRITE_MOTIONS=1 $(RUN) -m pytest -q tests/browser/test_motions.py

check: lint types templates ## everything that can be judged without running the program
	$(WITHIN) manage.py makemigrations --check --dry-run
	$(WITHIN) manage.py check --fail-level WARNING
	@mkdir -p var
	$(WITHIN) manage.py spectacular --validate --fail-on-warn --file var/openapi.yml
	@cmp api/openapi.yml var/openapi.yml || { echo "api/openapi.yml is stale; renew it with:  make openapi" >&2; exit 1; }
	$(RUN) .ci/budgets.py

lint: $(VENV)/.dev
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(VENV)/bin/lint-imports

types: $(VENV)/.dev
	$(WITHIN) -m mypy

templates: $(VENV)/.dev
	$(RUN) -m djlint --quiet --lint templates

format: $(VENV)/.dev ## put the code into its one shape
	$(RUN) -m ruff check --fix-only --quiet .
	$(RUN) -m ruff format .

browser:
	@if command -v chromium >/dev/null; then exit 0; \
	elif [ -n "$(NO_BROWSER)" ] && [ -z "$$CI" ]; then echo "NO_BROWSER is set: the browser tests do not run."; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests …"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null \
		|| { echo "Chromium could not be installed. Is there a network? The command was: apt install chromium" >&2; exit 1; }; \
	else \
		echo "The browser tests need Chromium. Install it with:  sudo apt install chromium" >&2; \
		echo "To run the other tests without it:  make test NO_BROWSER=1" >&2; exit 1; \
	fi

# --- the environment: a folder of its own, from locked and hashed versions -----------------------------------------

# $(VENV)/.dev holds all that $(VENV)/.local holds, so a demo never takes the test tools away again.
$(VENV)/.local: requirements-local.txt $(VENV)/bin/uv
	@if [ -e $(VENV)/.dev ]; then $(MAKE) --no-print-directory $(VENV)/.dev; else $(call sync,requirements-local.txt); fi
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/bin/uv
	@$(call sync,requirements-dev.txt)
	@touch $@

define sync
echo "Installing what $(1) lists …"; \
VIRTUAL_ENV=$(CURDIR)/$(VENV) $(VENV)/bin/uv pip sync --quiet --require-hashes $(1) || { \
echo "Packages could not be installed. Is the package index reachable from here?" >&2; exit 1; }
endef

$(VENV)/bin/uv:
	@command -v $(PY) >/dev/null || { echo "$(PY) was not found. Turnaround needs Python 3.11 or newer: apt install python3 python3-venv" >&2; exit 1; }
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Turnaround needs Python 3.11 or newer; $(PY) is $$($(PY) -V 2>&1). Name another:  make PY=/usr/bin/python3.11" >&2; exit 1; }
	@echo "Making a Python environment in $(VENV) …"
	@$(PY) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PY) cannot make environments. Install that part:  apt install python3-venv" >&2; exit 1; }
	@$(PY) -m venv --clear $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { rm -f $(VENV)/bin/uv; \
		echo "uv could not be downloaded. Is the package index reachable from here?" >&2; exit 1; }

openapi: $(VENV)/.dev ## write the API's description anew
	$(WITHIN) manage.py spectacular --validate --fail-on-warn --file api/openapi.yml

messages: $(VENV)/.dev ## gather the words to translate, and compile those translated (needs gettext)
	$(WITHIN) manage.py makemessages -v 0 -l es --no-location --no-wrap --no-obsolete -i '.*' -i var -i tests -i style.html
	$(RUN) .ci/catalogue.py

manage: $(VENV)/.local ## run a command in the running demo: make manage ARGS="import_fhir --help"
	@$(RUN) -m casework.local.within --demo $(RUN) manage.py $(ARGS)

lock: $(VENV)/bin/uv ## write requirements*.txt anew from pyproject.toml
	$(VENV)/bin/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	$(VENV)/bin/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --group local -c requirements.txt -o requirements-local.txt
	$(VENV)/bin/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --group local --group dev -c requirements.txt -o requirements-dev.txt

reset: ## forget the demo practice; the next `make demo` makes a new one
	@if [ -e var/demo ]; then flock -n var/demo/lock rm -rf var/demo || { echo "The demo is running; stop it first." >&2; exit 1; }; fi

clean: reset ## remove the environment and everything made here
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
