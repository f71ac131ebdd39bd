"""The Python of the README and of the docs runs as it is printed, on fewer and smaller cells."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import keras
import pytest

import keras_dcmix

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", *(f"docs/{page}.md" for page in ("check", "comparing", "data", "inference")))
BLOCKS = [
    pytest.param(page, block, id=f"{page}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
    )
]


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_each_block_runs(page, block, monkeypatch, tmp_path, capsys):
    cells = keras_dcmix.datasets.simulated_cells(48, size=16, num_plates=1, wells_per_plate=12)
    once = keras_dcmix.Training(epochs=1)
    monkeypatch.setattr(keras_dcmix.datasets, "simulated_cells", lambda *_, **__: cells)
    monkeypatch.setattr(keras_dcmix, "Training", lambda **_: once)
    for name in ("rank_channels", "compare_methods"):
        quick = partial(getattr(keras_dcmix, name), training=once)
        monkeypatch.setattr(
            keras_dcmix, name, lambda *a, _f=quick, **k: _f(*a, **k | {"num_seeds": 1})
        )
    monkeypatch.chdir(tmp_path)
    exec(compile(block, page, "exec"), {})
    assert capsys.readouterr().out.strip() or list(tmp_path.iterdir())
    for saved in tmp_path.glob("*.keras"):
        loaded = keras_dcmix.importance.mixing_weights(keras.models.load_model(saved))
        assert loaded.channel_names == ("DNA", "ER", "RNA", "Actin", "Mito", "Golgi")
