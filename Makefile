# The only commands to remember. They need Python 3.11 or newer, make and git; the rest they install
# into .venv. `make` alone lists them.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$python; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help serve test coverage check lint fix bench wheel clean

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

serve: .venv/.runtime ## build the graph and serve it on http://127.0.0.1:8000
	$(BIN)/klustergraf build
	exec $(BIN)/klustergraf serve

test: lint ## run every check and test, the installed wheel and real servers among them
	@# Those that take minutes and the pages run beside the others, and are told of after them.
	@log=$$(mktemp) && { $(BIN)/python -m pytest -m "long or browser" >"$$log" 2>&1 & } && beside=$$! && \
	trap 'kill $$beside' INT TERM; \
	$(BIN)/python -m pytest -m "not long and not browser"; others=$$?; \
	wait $$beside; status=$$?; cat "$$log"; rm "$$log"; \
	[ "$$status" -eq 0 ] && [ "$$others" -eq 0 ]
	@echo "make test: everything passed"

coverage: .venv/.dev ## run every test and tell which lines none of them reaches (takes twice as long)
	$(BIN)/python -m pytest --cov --cov-report=term

check: lint ## what every commit must pass: `make test` without the wheel, real servers, pages and long walks
	$(BIN)/python -m pytest -m "not wheel and not integration and not browser and not long"
	@echo "make check: everything passed"

lint: .venv/.dev ## the static checks alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos
	$(BIN)/python hatch_build.py npm run --silent lint

fix: .venv/.dev ## repair what can be repaired by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/typos --write-changes
	$(BIN)/python hatch_build.py npm run --silent fix

bench: .venv/.bench ## measure beside other servers (SIZE=10k, 1m or 10m; QUICK=1: a first look; CORDIS=folder of its tables)
	$(BIN)/python bench/sparql.py $(if $(SIZE),--size $(SIZE)) $(if $(QUICK),--quick)
	$(BIN)/python bench/build.py $(addprefix --with ,$(DATA)) $(if $(QUICK),--quick)
	$(BIN)/python bench/shacl.py $(if $(QUICK),--quick)
	$(BIN)/python bench/linked_data.py $(if $(QUICK),--quick)
	$(BIN)/python bench/void.py $(if $(QUICK),--quick)
	$(BIN)/python bench/network.py $(if $(QUICK),--quick) $(if $(CORDIS),--data $(CORDIS))
	$(BIN)/python bench/foretelling.py $(if $(CORDIS),--data $(CORDIS))
	$(BIN)/python bench/search.py $(if $(QUICK),--quick)
	$(BIN)/python bench/network_page.py $(if $(QUICK),--quick)
	$(BIN)/python bench/contribute.py $(if $(QUICK),--quick)

wheel: .venv/.dev ## build the source distribution and the wheel into dist/
	$(BIN)/python -m build --no-isolation .

clean: ## remove the environment, caches and built files (never a version of the graph)
	rm -rf .venv dist build htmlcov .coverage .coverage.* .hypothesis .import_linter_cache
	rm -rf .mypy_cache .pytest_cache .ruff_cache api/web/node_modules
	rm -rf api/klustergraf_api/pages/static/build
	find graph api bench tests -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment. What a stamp stands for is installed again only when a file that decides it is
# newer than the stamp.

.venv/.made:
	@test -n "$(PYTHON)" || { echo "Klustergraf needs Python 3.11 or newer, and none was found." \
		"Debian, Ubuntu: apt-get install python3 python3-venv. Another place: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual" \
		"environments. Debian, Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(PIP) install --quiet --constraint constraints.txt --upgrade pip
	@touch $@

# What the scripts of the pages are built from; hatch_build.py builds them as part of the package.
WEB := hatch_build.py $(wildcard api/web/*.json api/web/*.ts api/web/src/*)

.venv/.runtime: pyproject.toml constraints.txt $(WEB) | .venv/.made
	$(PIP) install --quiet --constraint constraints.txt --build-constraint constraints.txt --editable .
	@touch $@

.venv/.bench: .venv/.runtime
	$(PIP) install --quiet --constraint constraints.txt --group bench
	@touch $@

.venv/.dev: .venv/.runtime
	$(PIP) install --quiet --constraint constraints.txt --group dev
	@touch $@
