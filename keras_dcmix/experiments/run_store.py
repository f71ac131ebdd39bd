"""Finished trainings on disk, so that an interrupted run continues where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zipfile import BadZipFile

import keras
import numpy as np

from keras_dcmix._common.errors import ResultError, argument
from keras_dcmix._common.files import write_text, written_atomically
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.layers.channel_selection import ChannelSelection
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.own_backbone import fingerprint

if TYPE_CHECKING:
    import pandas as pd

_SETTINGS = "settings.json"
_DAMAGED = (OSError, EOFError, ValueError, TypeError, BadZipFile)

Record = TypeVar("Record")


class RunStore:
    """A folder of finished runs; a run counts once its record, a JSON file, is written.

    Args:
        folder: Made where it is missing.
        settings: What the runs depend on, JSON-able. A folder that already holds runs with
            other settings is refused.

    Raises:
        ValueError: If the folder belongs to runs with other settings, or is a file.
    """

    def __init__(self, folder: str | Path, settings: dict[str, Any]) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ResultError(
                f"{argument('checkpoint_dir')} must be a folder. Received: the file {folder}"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = json.loads(json.dumps(settings))
        path = self.folder / _SETTINGS
        if not path.exists():
            write_text(path, json.dumps(settings, indent=1))
        found = json.loads(path.read_text())
        changed = _differences(found, settings)
        if changed:
            raise ResultError(
                f"The unfinished run in {self.folder} was started with other settings "
                f"({'; '.join(changed)}): repeat them, or start again in another folder"
            )

    def holds(self, name: str, kind: type[Any], arrays: Sequence[str] = ()) -> bool:
        """Whether a run is finished, with its record and these arrays; else it is done again."""
        try:
            self.record(name, kind)
            found = self.arrays(name) if arrays else {}
        except _DAMAGED:  # missing, or of an earlier version
            return False
        return set(arrays) <= set(found)

    def record(self, name: str, kind: type[Record]) -> Record:
        """What was saved of a run beside its model and table, as a dataclass of this kind."""
        found = json.loads(self.path(name, "json").read_text())
        if not isinstance(found, dict):
            raise ResultError(f"{self.path(name, 'json')} must hold an object")
        return kind(**found)

    def table(self, name: str) -> pd.DataFrame:
        """The table of a run."""
        import pandas as pd

        return pd.read_csv(self.path(name, "csv"), dtype={"channel": str}, keep_default_na=False)

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """The arrays of a run, by the names that `save` was given."""
        with np.load(self.path(name, "npz"), allow_pickle=False) as found:
            return dict(found)

    def model(self, name: str, *, compile: bool = True) -> keras.Model:
        """The model of a run; not to be trained on if it is not compiled."""
        return keras.models.load_model(self.path(name, "keras"), compile=compile)

    def save(
        self,
        name: str,
        record: Any,
        *,
        table: pd.DataFrame | None = None,
        model: keras.Model | None = None,
        arrays: Mapping[str, Any] | None = None,
    ) -> None:
        """Saves a run; the record, a dataclass, last: with it the run counts as finished."""
        if arrays is not None:
            with written_atomically(self.path(name, "npz")) as made:
                np.savez(made, **arrays)
        if model is not None:
            model.save(self.path(name, "keras"))
        if table is not None:
            table.to_csv(self.path(name, "csv"), index=False)
        write_text(self.path(name, "json"), json.dumps(asdict(record)))

    def path(self, name: str, suffix: str) -> Path:
        """Where a run keeps its file of that kind."""
        return self.folder / f"{name}.{suffix}"


def finished_runs(folder: Path) -> list[str]:
    """Names of all runs that a folder holds."""
    return sorted(path.stem for path in folder.glob("*.json") if path.name != _SETTINGS)


def run_settings(
    dataset: LabelledImages, training: Training, custom: CustomParts, seed: int
) -> dict[str, Any]:
    """Everything that a run's result depends on, to decide whether finished runs can be reused."""
    digest = hashlib.sha256()
    for part in (dataset.labels, np.array(dataset.groups, dtype=str)):
        digest.update(np.ascontiguousarray(part).tobytes())
    if hasattr(dataset.images, "fingerprint"):
        digest.update(dataset.images.fingerprint().encode())
    else:
        for image in dataset.images:
            digest.update(np.ascontiguousarray(image).tobytes())
    file = fingerprint(training.backbone)
    plates = None if dataset.plates is None else "\0".join(map(str, dataset.plates)).encode()
    return {
        **({} if plates is None else {"plates": hashlib.sha256(plates).hexdigest()}),
        **({} if file is None else {"checksum of the backbone": file}),
        "training": asdict(training),
        "seed": seed,
        "shape": [int(n) for n in dataset.images.shape],
        "channels": list(dataset.channel_names),
        "classes": list(dataset.classes),
        "data": digest.hexdigest(),
        "backend": keras.backend.backend(),
        "how weights are learned": repr(ChannelSelection()),
        **custom.settings(),
    }


def names_of(values: np.ndarray) -> list[str]:
    """The distinct values as sorted text, for JSON."""
    return [str(value) for value in np.unique(values)]


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs, as text: `epochs was 1, is 2`."""
    # A run of an earlier version lacks what was added to `Training` since: it had the default.
    defaults = json.loads(json.dumps(asdict(Training())))
    old, new = (
        {
            **defaults,
            **each.get("training", {}),
            **{k: v for k, v in each.items() if k != "training"},
        }
        for each in (old, new)
    )
    own = ("build_model", "callbacks", "optimizer")
    words = {"data": "the images or labels are others", "plates": "the plates are others"}
    words |= {name: f"{name} is another" for name in own}
    return [
        words.get(name, f"{name} was {old.get(name)}, is {new.get(name)}")
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
