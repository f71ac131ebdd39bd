"""Finished seeds on disk, so that an interrupted ranking goes on where it stopped."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class SeedRun:
    """What is kept of one seed's training, beside its model.

    Attributes:
        seed: Its seed.
        accuracy: Share of test images classified rightly, 0 to 1.
        validation_loss: Cross-entropy on the validation images, in nats.
        epochs: Epochs trained.
        seconds: Wall time.
        shares: Each channel's share of the mix, in the order of the channels.
        train_groups: Groups that it trained on.
        validation_groups: Groups that chose its weights.
    """

    seed: int
    accuracy: float
    validation_loss: float
    epochs: int
    seconds: float
    shares: list[float]
    train_groups: list[str]
    validation_groups: list[str]


class SeedStore:
    """A folder of finished seeds; a seed counts once its JSON file is there.

    Args:
        folder: Made where it is missing.
        settings: What the runs depend on, JSON-able. A folder that already holds runs with
            other settings is refused.

    Raises:
        ValueError: If the folder belongs to runs with other settings.
    """

    def __init__(self, folder: str | Path, settings: dict[str, Any]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = json.loads(json.dumps(settings))
        path = self.folder / "settings.json"
        if not path.exists():
            _write_whole(path, json.dumps(settings, indent=1))
        found = json.loads(path.read_text())
        changed = _differences(found, settings)
        if changed:
            raise ValueError(
                f"The unfinished run in {self.folder} was started with other settings "
                f"({'; '.join(changed)}): repeat them, or start anew"
            )

    def __contains__(self, seed: int) -> bool:
        try:
            self.run(seed)
        except (OSError, ValueError, TypeError):  # missing or damaged: it is trained again
            return False
        return True

    def run(self, seed: int) -> SeedRun:
        return SeedRun(**json.loads(self._path(seed, "json").read_text()))

    def history(self, seed: int) -> pd.DataFrame:
        import pandas as pd

        return pd.read_csv(self._path(seed, "csv"), dtype={"channel": str}, keep_default_na=False)

    def model(self, seed: int) -> keras.Model:
        return keras.models.load_model(self._path(seed, "keras"))

    def save(self, run: SeedRun, history: pd.DataFrame, model: keras.Model) -> None:
        model.save(self._path(run.seed, "keras"))
        history.to_csv(self._path(run.seed, "csv"), index=False)
        _write_whole(self._path(run.seed, "json"), json.dumps(asdict(run)))

    def _path(self, seed: int, suffix: str) -> Path:
        return self.folder / f"seed_{seed}.{suffix}"


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs, as text: `epochs was 1, is 2`."""
    old, new = ({**each.pop("training", {}), **each} for each in (dict(old), dict(new)))
    return [
        "the images or labels are others"
        if name == "data"
        else f"{name} was {old.get(name)}, is {new.get(name)}"
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]


def names_of(values: np.ndarray) -> list[str]:
    """The distinct values as sorted text, for JSON."""
    return [str(value) for value in np.unique(values)]


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_text(text)
    os.replace(partial, path)
