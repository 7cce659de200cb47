# Needs only Python 3.11 or newer and make. `make` alone says what there is.

RUN = .venv/bin/perkline
PYTEST = .venv/bin/python -m pytest
# Properties that `make test` tries 2,000 times, and a night 100,000 times.
STACKS = tests/property/test_price_stacks.py tests/property/test_floor_in_force.py

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test lint bench chaos nightly lock fmt reset

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

setup: ## install everything into .venv; .venv/bin/perkline is the command
	@python=$$(scripts/find-python) && PYTHONPATH=scripts "$$python" -m install

setup-dev:
	@python=$$(scripts/find-python) && PYTHONPATH=scripts "$$python" -m install --dev

run: setup ## start a shop with a demo in it; PORT=8000 by default; Ctrl-C stops everything
	@exec $(RUN) run

test: lint ## every check and every test, except the nightly ones
	@CHROMIUM=$$(scripts/find-chromium) && export CHROMIUM && $(PYTEST) -n 2 --dist loadscope -m "not nightly" $(ARGS)

lint: setup-dev ## style, imports and types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports --no-logo
	@.venv/bin/mypy

fmt: setup-dev ## put the code into the house's format
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .

bench: setup ## measure: make bench NAME=purchase
	@exec $(RUN) bench $(NAME) --json

chaos: setup-dev ## kill processes in the middle of their work and count what is lost
	@$(PYTEST) -m chaos $(ARGS)

nightly: setup-dev ## what takes too long for every change
	@$(PYTEST) -m nightly $(ARGS)
	@$(PYTEST) -n 2 --hypothesis-profile=nightly $(STACKS)

lock: ## write requirements/*.txt from *.in; UPGRADE=1 takes newer versions
	@PYTHONPATH=scripts .venv/bin/python -m install.lock $(if $(UPGRADE),--upgrade)

reset: setup ## delete all data of this checkout; FORCE=1 does not ask
	@exec $(RUN) reset $(if $(FORCE),--force)
