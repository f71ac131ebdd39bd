"""Writes the files of an inspection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.inspection.examples import example_fields, read_examples
from keras_dcmix.inspection.result import Inspection


def save_inspection(
    inspection: Inspection, image_set: ImageSet, folder: Path, *, arguments: dict[str, Any]
) -> None:
    """Writes `inspection.json`, three tables and the page of thumbnails into a folder.

    Args:
        inspection: What `inspect_images` returned.
        image_set: The set that was inspected.
        folder: An existing folder.
        arguments: Arguments of the command; written to `inspection.json`, paths as strings.
    """
    content = {"arguments": arguments, **inspection.to_dict()}
    text = json.dumps(content, indent=1, ensure_ascii=False, default=str)
    (folder / "inspection.json").write_text(text, encoding="utf-8")
    inspection.channels.to_csv(folder / "channels.csv", index=False)
    inspection.problems.to_csv(folder / "problems.csv", index=False)
    _field_table(inspection, image_set).to_csv(folder / "fields.csv", index=False)
    _save_thumbnails(image_set, folder / "thumbnails.png")


def _field_table(inspection: Inspection, image_set: ImageSet) -> pd.DataFrame:
    """The metadata of each field, after its group and whether its pixels were read."""
    table = image_set.table
    own = pd.DataFrame(index=table.index)
    if image_set.groups is not None:
        own["group"] = image_set.groups
    own["inspected"] = table.index.isin(inspection.rows)
    return pd.concat([own, table], axis=1)


def _save_thumbnails(image_set: ImageSet, path: Path) -> None:
    import matplotlib.pyplot as plt

    from keras_dcmix.plotting import plot_thumbnails
    from keras_dcmix.plotting.style import root_figure

    rows, names = zip(*example_fields(image_set), strict=True)
    axes = plot_thumbnails(
        read_examples(image_set, list(rows)),
        channel_names=image_set.channel_names,
        field_names=names,
    )
    figure = root_figure(axes)
    figure.savefig(path, dpi=150, bbox_inches="tight")
    plt.close(figure)
