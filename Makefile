# Two commands: `make run` starts the demo, `make test` checks everything. They need python3 >= 3.11 and nothing else.

PORT ?= 8000
PY = .venv/bin/python

help:
	@echo "make run         the demo on http://127.0.0.1:$(PORT) (PORT=... moves it); Ctrl-C stops it, the data stay"
	@echo "make code        the second factors of the demo's staff, for now"
	@echo "make demo-reset  throws the demo's data away"
	@echo "make test        all checks, on SQLite and PostgreSQL, in the browser where there is one"
	@echo "make test-fast   format, lint and the tests on SQLite, without the browser"
	@echo "make bench       speed against a bare server    make soak      long fault runs"
	@echo "make mutants     takes one guard of the gate away at a time: the tests must notice each"
	@echo "make invoices    2,000 random orders against the official rules; workers killed while they issue"
	@echo "make bench-imports  real lists: seconds, memory, growth to a million accounts"
	@echo "make bench-search  a search in 20,000 and in 100,000 bundles, on both engines"
	@echo "make fmt         format the code                make messages  collect texts for translation"
	@echo "make lock        the lock files anew from pyproject.toml (needs uv)"

environment:
	@sh .ci/environment

run: environment
	@PORT=$(PORT) $(PY) -m dev.run

code: environment
	@$(PY) -m dev.run --code

demo-reset: environment
	@$(PY) -m dev.run --reset

test: environment
	@$(PY) -m tests.suite

test-fast: environment
	@$(PY) -m tests.suite --fast

bench: environment
	@$(PY) -m tests.bench

bench-imports: environment
	@$(PY) -m tests.bench.imports

bench-screening: environment
	@$(PY) -m tests.bench.screening

bench-search: environment
	@$(PY) -m tests.bench.search

soak: environment
	@$(PY) -m pytest -n 2 -m soak --timeout=1800 tests
	@$(PY) -m pytest -n 2 -m soak --timeout=1800 --db=postgresql tests

invoices: environment
	@$(PY) -m pytest -n 0 -m soak --timeout=3600 tests/invoices tests/faults/test_invoices.py
	@$(PY) -m pytest -n 0 -m soak --timeout=3600 --db=postgresql tests/faults/test_invoices.py

mutants: environment
	@$(PY) -m tests.mutants

fmt: environment
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

messages: environment
	@sh .ci/messages

lock:
	@sh .ci/lock

.PHONY: help environment run code demo-reset test test-fast bench bench-imports bench-screening bench-search soak invoices mutants fmt messages lock
