# Everything works on a machine that has Python 3.11 or newer and nothing else.
PYTHON ?= python3
PORT ?= 8123
PLANT ?= ref-5m
VENV := .venv
BIN := $(VENV)/bin
PAGE := src/bessinside/web/page/index.html

.PHONY: help demo test check format qualify soak page install clean
help:            ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# Python's compiled files are kept, whatever the shell says, and each stamp is as new as what it was made from: a second
# run starts in seconds.
unexport PYTHONDONTWRITEBYTECODE

$(VENV)/.base: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -U pip
	$(BIN)/python -m pip install -q -c requirements.lock -e .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install -q -c requirements.lock -e '.[test,check,fast,plots,frames]'
	@touch $@

$(VENV)/.machine: $(VENV)/.test tests/prepare.py
	$(BIN)/python tests/prepare.py
	@touch $@

$(PAGE): $(VENV)/.base $(shell find ui -path ui/node_modules -prune -o -type f -print 2>/dev/null)
	$(BIN)/python hatch_build.py
	@touch $@

install: $(VENV)/.base  ## the package in .venv
page: $(PAGE)    ## the page, built into the package

demo: $(PAGE)    ## reference plant and twin: the page on http://127.0.0.1:8123 (PORT=… for another)
	$(BIN)/bessinside demo --plant $(PLANT) --port $(PORT)

test: $(VENV)/.test $(VENV)/.machine $(PAGE)  ## all tests, sampled sizes
	@failed=0; \
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup --ignore tests/e2e || failed=1; \
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder tests/e2e || failed=1; \
	$(BIN)/python hatch_build.py npm test --silent || failed=1; \
	exit $$failed  # every part says what it found, whatever the one before did

check: $(VENV)/.test $(PAGE)  ## format, lint, types, floors, maps, TypeScript
	$(BIN)/ruff format --check src tests benchmarks docs hatch_build.py
	$(BIN)/ruff check src tests benchmarks docs hatch_build.py
	$(BIN)/python docs/make_reference.py --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bessinside maps lint
	$(BIN)/python hatch_build.py npm run --silent check

format: $(VENV)/.test  ## format the source
	$(BIN)/ruff format src tests benchmarks docs hatch_build.py
	$(BIN)/ruff check --fix src tests benchmarks docs hatch_build.py

qualify: $(VENV)/.test $(PAGE)  ## full lists and benchmarks into docs/figures.md (PART=… for one part)
	$(BIN)/python benchmarks/qualify.py $(PART)

soak: $(VENV)/.test  ## a recorded day once more in fifteen minutes: memory and open files stay flat, nothing is missing
	$(BIN)/python benchmarks/soak.py

clean:           ## everything that was made
	rm -rf $(VENV) ui/node_modules src/bessinside/web/page dist
