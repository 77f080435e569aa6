# make demo | make test | make test-long | make check | make bench: each starts from an empty checkout with Python 3.11 and make.
PYTHON ?= python3.11
BIN := .venv/bin
export HF_HUB_OFFLINE ?= 1

.PHONY: demo test test-long check docs bench install clean
.DEFAULT_GOAL := test

install: .venv/installed

.venv/installed: pyproject.toml plugins/geo_rewards_vqa/pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -e '.[train,demo,dev]' -e plugins/geo_rewards_vqa
	touch $@

demo: install
	$(BIN)/python examples/satellite/demo.py --output output/demo

test: install
	$(BIN)/python -m pytest $(ARGS)

test-long: install
	$(BIN)/python -m pytest -m long $(ARGS)

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYTHONPATH=adapters $(BIN)/lint-imports
	PYTHONPATH=adapters:plugins/geo_rewards_vqa $(BIN)/python tools/check_circles.py

docs: install
	$(BIN)/python tools/build_docs.py

bench: install
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf .venv output build dist .mypy_cache .ruff_cache .pytest_cache
