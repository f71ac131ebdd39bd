# `make demo` and `make test` need nothing but Python 3.11+: they make .venv and install into it.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test test-rest tutorials docs figures lint clean

demo: $(INSTALLED)
	$(BIN)/keras-dcmix rank simulated --folds 3 --out demo --overwrite
	@echo 'Now open demo/report.html in a browser'

test: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m 'not tutorial and not slow'

# What `make test` leaves out, for it would take twice as long.
test-rest: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m 'tutorial or slow'

tutorials: $(INSTALLED)
	$(BIN)/python tutorials/execute.py

figures: $(INSTALLED)
	$(BIN)/python docs/figures.py docs/images/ranking.png

docs: .venv/.docs
	$(BIN)/python -m sphinx -b html -c docs -d docs/_build/doctrees --nitpicky --fail-on-warning --keep-going --quiet . docs/_build/html
	@echo 'Now open docs/_build/html/index.html in a browser'

lint: .venv/.lint
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

$(INSTALLED): setup.cfg setup.py
	@echo 'Installing into .venv, a minute or two the first time'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools wheel
	$(BIN)/python -m pip install --quiet --editable '.[tensorflow,test]'
	touch $@

.venv/.lint: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --editable '.[lint]'
	touch $@

.venv/.docs: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $@

clean:
	rm -rf .venv demo docs/_build build dist *.egg-info
