# One definition of each chore; pre-commit and CI call the same scripts. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check format docs lock

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

run: ## the demo: a simulated gateway and the daemon together
	scripts/run

test: ## the whole test suite
	scripts/test

check: ## lint, format, types, imports, shell, Dockerfile, generated files
	scripts/check

format: ## rewrite files the way the formatter wants them
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

docs: ## rewrite the pages and tables that are generated from code
	.venv/bin/python scripts/make_docs.py
	.venv/bin/python scripts/make_sessions.py

lock: ## resolve all dependencies anew (needs uv)
	uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --group dev pyproject.toml -o requirements.lock
	for name in ib_async ib_insync ibapi ibapi-build; do \
	    uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	        tests/conformance/$$name.in -o tests/conformance/$$name.lock || exit 1; \
	done
