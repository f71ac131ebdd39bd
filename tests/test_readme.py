"""The README's Python runs as it is printed, on fewer and smaller cells."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import keras
import pytest

import keras_dcmix

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_each_block_of_the_readme_runs(number, monkeypatch, tmp_path, capsys):
    few = partial(keras_dcmix.datasets.simulated_cells, 48, size=16, num_plates=1)
    monkeypatch.setattr(keras_dcmix.datasets, "simulated_cells", partial(few, wells_per_plate=12))
    quick = partial(keras_dcmix.rank_channels, num_seeds=1, training=keras_dcmix.Training(epochs=1))
    monkeypatch.setattr(keras_dcmix, "rank_channels", quick)
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[number], f"README.md, block {number}", "exec"), {})
    assert capsys.readouterr().out.strip()
    for saved in tmp_path.glob("*.keras"):
        loaded = keras_dcmix.importance.mixing_weights(keras.models.load_model(saved))
        assert loaded.channel_names == ("DNA", "ER", "RNA", "Actin", "Mito", "Golgi")
