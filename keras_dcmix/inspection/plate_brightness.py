"""How much plates differ in brightness, which a ranking may learn instead of a phenotype."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_dcmix._common.wording import number
from keras_dcmix.inspection.findings import Finding
from keras_dcmix.inspection.pixels import FieldStatistics

_LARGE = 1.0  # spread between plates over that between the wells of a plate
_SIGNIFICANCE = 0.01
_MOST_CHANNELS = 5


def plate_intensities(
    fields: Sequence[FieldStatistics], places: pd.DataFrame, channel_names: Sequence[str]
) -> pd.DataFrame:
    """Mean intensity of each channel on each plate.

    Args:
        fields: The fields that were read.
        places: As `places_of` returns them.
        channel_names: Names of the channels.

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
    of_plates = wells.groupby(["channel", "plate"], sort=False)
    table = pd.DataFrame(
        {"wells": of_plates.size(), "mean": of_plates.mean(), "std": of_plates.std()}
    ).reset_index()
    order = table["channel"].map({name: index for index, name in enumerate(channel_names)})
    return table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def plate_spread(intensities: pd.DataFrame) -> tuple[float, float]:
    """Compares the spread between plates with the spread between the wells of a plate.

    Args:
        intensities: Rows of `plate_intensities` of one channel.

    Returns:
        The ratio of the two standard deviations, estimated by an analysis of variance, and the
        p-value of its F test; NaN where there are not two plates, or not two wells on any.
    """
    from scipy import stats

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


def plate_warnings(intensities: pd.DataFrame) -> list[Finding]:
    """Warns once, for all channels, where plates differ more than the wells of one plate do."""
    found = []
    for name in intensities["channel"].unique():
        ratio, p_value = plate_spread(intensities[intensities["channel"] == name])
        if ratio >= _LARGE and p_value <= _SIGNIFICANCE:
            found.append((ratio, name))
    if not found:
        return []
    found.sort(key=lambda each: -each[0])
    (ratio, name), *others = found
    listed = ", ".join(f"'{other}' {value:.1f}" for value, other in others[:_MOST_CHANNELS])
    also = f" Other channels: {listed} times." if others else ""
    means = intensities[intensities["channel"] == name].set_index("plate")["mean"]
    text = (
        f"Plates differ in brightness {ratio:.1f} times as much as the wells of one plate do, most "
        f"in the channel '{name}' (mean {number(round(means.min(), 1))} on plate "
        f"'{means.idxmin()}', {number(round(means.max(), 1))} on plate '{means.idxmax()}').{also} "
        "A ranking may learn the plates: use --normalize plate."
    )
    return [Finding(text, {"normalize": "plate"})]
