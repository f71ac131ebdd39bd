"""How far plates differ in brightness: what a ranking may learn instead of a phenotype."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from keras_dcmix._common.wording import number
from keras_dcmix.inspection.pixels import Field

_LARGE = 1.0  # spread between plates, in spreads between the wells of a plate
_SURE = 0.01


def plate_intensities(
    fields: Sequence[Field], places: pd.DataFrame, channel_names: Sequence[str]
) -> pd.DataFrame:
    """Mean intensity of each channel on each plate.

    Args:
        fields: the fields that were read.
        places: as `places_of` returns them.
        channel_names: names of the channels.

    Returns:
        One row a channel and plate: `channel`, `plate`, `wells` (how many were read), `mean` (of
        the wells' means, in the files' units), `std` (of the wells' means).
    """
    rows = [
        (name, places["plate"].iloc[field.row], places["well"].iloc[field.row], plane.mean)
        for field in fields
        for name, plane in field.planes.items()
    ]
    means = pd.DataFrame(rows, columns=["channel", "plate", "well", "mean"])
    wells = means.groupby(["channel", "plate", "well"], sort=False)["mean"].mean()
    table = wells.groupby(["channel", "plate"], sort=False).agg(
        wells="size", mean="mean", std="std"
    )
    table = table.reset_index()
    order = table["channel"].map({name: number for number, name in enumerate(channel_names)})
    return table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def plate_spread(intensities: pd.DataFrame) -> tuple[float, float]:
    """How many times the spread between the wells of a plate the spread between plates is.

    Args:
        intensities: rows of `plate_intensities` of one channel.

    Returns:
        The ratio of the two standard deviations, estimated by an analysis of variance, and the
        p-value of its F test; NaN where there are not two plates, or not two wells on any.
    """
    wells = intensities["wells"].to_numpy()
    plates, total = len(wells), int(wells.sum())
    if plates < 2 or total <= plates:
        return float("nan"), float("nan")
    mean = np.average(intensities["mean"], weights=wells)
    between = (wells * (intensities["mean"] - mean) ** 2).sum() / (plates - 1)
    within = ((wells - 1) * intensities["std"].fillna(0) ** 2).sum() / (total - plates)
    size = (total - (wells**2).sum() / total) / (plates - 1)
    if within == 0:
        return (float("inf"), 0.0) if between > 0 else (0.0, 1.0)
    ratio = np.sqrt(max(between - within, 0) / size / within)
    return float(ratio), float(stats.f.sf(between / within, plates - 1, total - plates))


def batch_warnings(intensities: pd.DataFrame) -> list[str]:
    """Says, in one sentence for all channels, where plates differ more than their wells do."""
    found = []
    for name, rows in intensities.groupby("channel", sort=False):
        ratio, p_value = plate_spread(rows)
        if ratio >= _LARGE and p_value <= _SURE:
            dark, bright = (
                rows.loc[pick] for pick in (rows["mean"].idxmin(), rows["mean"].idxmax())
            )
            found.append((ratio, name, dark, bright))
    if not found:
        return []
    found.sort(key=lambda each: -each[0])
    ratio, name, dark, bright = found[0]
    others = [f"'{each[1]}' {each[0]:.1f}" for each in found[1:6]]
    also = f" Other channels: {', '.join(others)} times." if others else ""
    return [
        f"Plates differ in brightness {ratio:.1f} times as much as the wells of one "
        f"plate do, most in the channel '{name}' (on average {number(round(dark['mean'], 1))} on "
        f"plate '{dark['plate']}', {number(round(bright['mean'], 1))} on plate "
        f"'{bright['plate']}').{also} A ranking may learn the plates: use --normalize plate."
    ]
