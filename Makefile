# `make demo` and `make test` need nothing but Python 3.11+: they make .venv and install into it.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test tutorials lint figures clean

demo: $(INSTALLED)
	$(BIN)/keras-dcmix rank simulated --seeds 3 --out demo --overwrite
	@echo 'Now open demo/report.html in a browser'

test: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m 'not tutorial'

tutorials: $(INSTALLED)
	$(BIN)/python tutorials/execute.py

figures: $(INSTALLED)
	$(BIN)/python docs/figures.py docs/images/ranking.png

lint: $(INSTALLED)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

$(INSTALLED): setup.cfg setup.py
	@echo 'Installing into .venv, a minute or two the first time'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools wheel
	$(BIN)/python -m pip install --quiet --editable '.[tensorflow,test]'
	touch $@

clean:
	rm -rf .venv demo build dist *.egg-info
