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

.PHONY: quickstart test fuzz check lint types imports docs audit clean

quickstart: $(VENV)/.installed
	$(BIN)/cygnet quickstart --out $(RUN)

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n logical --dist loadfile

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

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
