# `make up` and `make test` need nothing but Python 3.11 or newer and, somewhere, a Python 3.10.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
SINCE := $(shell date +%s)

.PHONY: help up test lint train bench screenshots install install-test clean

help:           ## what there is
	@grep -hE '^[a-z-]+: .*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

up: install     ## everything on this machine; says where the console and the phones are
	@exec env HOTLINE_UP_SINCE=$(SINCE) $(BIN)/hotline up

test: install-test ## every test, with the linters
	@ops/test-tools
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest

lint: install-test ## ruff, mypy, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check hotline connectors ops
	@$(BIN)/mypy
	@$(BIN)/lint-imports

train: install  ## the assistant's model, if what it learns from has changed

bench: install-test ## the benchmarks, each beside its baseline
	@$(BIN)/python -m bench

install:
	@$(PYTHON) ops/install.py

install-test:
	@$(PYTHON) ops/install.py test

screenshots: install-test ## the pictures of the README
	@$(BIN)/python -m ops.screenshots

clean:          ## remove what was built; data under var/ stays
	rm -rf .venv .venv-bot node_modules models hotline/console/static/vendor
