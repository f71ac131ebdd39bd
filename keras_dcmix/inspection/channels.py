"""Channels: their intensities over all fields looked at, and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from keras_dcmix._common.wording import number, precise_percent, quoted
from keras_dcmix.inspection.pixels import Field, Plane

PERCENTILES = (0.1, 1, 50, 99, 99.9)

# Camera limits below the file's own: 10, 12 and 14 bits.
_CAMERA_LIMITS = (1023, 4095, 16383)
_FEWEST_AT_LIMIT = 20
_SAME = 0.999
_NOISE = 1.3  # agreement of neighbours; uneven light adds a little to that of noise
_NEARLY_ALL = 0.9  # of the fields
_MUCH_SATURATION = 0.01


def channel_table(fields: Sequence[Field], channel_names: Sequence[str]) -> pd.DataFrame:
    """Describes each channel.

    Returns:
        One row a channel: `channel`, `fields` (how many were read), `dtype`, `size`, `min`,
        `p0.1`, `p1`, `p50`, `p99`, `p99.9`, `max`, `mean` (in the files' units), `limit` (the
        value at which pixels are cut off; NaN if they are not), `saturated` (share of the pixels
        at that limit, 0 to 1), `constant` (share of the fields that are constant), `noise` (share
        of the fields in which neighbouring pixels agree no more than in noise), `remark`.
    """
    remarks = _remarks(fields, channel_names)
    rows = []
    for name in channel_names:
        planes = [field.planes[name] for field in fields if name in field.planes]
        rows.append({"channel": name, "fields": len(planes)} | _described(planes))
    table = pd.DataFrame(rows)
    for name in table.loc[table["noise"] > _NEARLY_ALL, "channel"]:
        remarks.setdefault(name, []).append("nothing but noise")
    for name in table.loc[table["constant"] == 1, "channel"]:
        remarks.setdefault(name, []).append("constant")
    return table.assign(remark=["; ".join(remarks.get(name, [])) for name in channel_names])


def channel_warnings(channels: pd.DataFrame, fields: Sequence[Field]) -> list[str]:
    """Says which channels cannot be trusted, the worst first."""
    return [
        *_twins_warnings(fields, list(channels["channel"])),
        *_flat_warnings(channels),
        *_saturation_warnings(channels),
    ]


def twins(fields: Sequence[Field], channel_names: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Pairs of channels that show the same, and whether they are equal pixel by pixel."""
    if not fields:
        return []
    correlation = np.stack([field.correlation for field in fields])
    identical = np.stack([field.identical for field in fields])
    known = np.isfinite(correlation)
    found = []
    for one, other in zip(*np.triu_indices(len(channel_names), 1), strict=True):
        seen = known[:, one, other]
        if not seen.any():
            continue
        is_equal = bool(identical[seen, one, other].all())
        if is_equal or np.median(correlation[seen, one, other]) > _SAME:
            found.append((channel_names[one], channel_names[other], is_equal))
    return found


def _described(planes: Sequence[Plane]) -> dict[str, object]:
    names = ["min", *(f"p{value:g}" for value in PERCENTILES), "max", "mean"]
    if not planes:
        blank = dict.fromkeys([*names, "limit", "saturated", "constant", "noise"], np.nan)
        return {"dtype": "", "size": "", **blank}
    pooled = np.concatenate([plane.sample for plane in planes]).astype(np.float64)
    values = [
        min(plane.minimum for plane in planes),
        *np.percentile(pooled, PERCENTILES),
        max(plane.maximum for plane in planes),
        float(np.mean([plane.mean for plane in planes])),
    ]
    limit, saturated = _saturation(planes)
    agreement = np.array([plane.agreement for plane in planes])
    return {
        "dtype": _listed(plane.dtype for plane in planes),
        "size": _listed(plane.size for plane in planes),
        **dict(zip(names, values, strict=True)),
        "limit": limit,
        "saturated": saturated,
        "constant": float(np.mean([plane.is_constant for plane in planes])),
        "noise": float(np.mean(agreement < _NOISE)),
    }


def _listed(values: Iterable[str]) -> str:
    """The values, the most common first, with their numbers where they differ."""
    counts = Counter(values).most_common()
    if len(counts) == 1:
        return counts[0][0]
    return ", ".join(f"{value} ({count})" for value, count in counts)


def _saturation(planes: Sequence[Plane]) -> tuple[float, float]:
    """The value at which pixels are cut off (NaN if none are), and the share of pixels there."""
    varied = [plane for plane in planes if not plane.is_constant]
    if not varied:
        return float("nan"), 0.0
    limit = max(plane.maximum for plane in varied)
    reach = [plane for plane in varied if plane.maximum == limit]
    at_limit = sum(plane.at_maximum for plane in reach)
    # Where nothing is cut off, fewer pixels have the largest value than the values below it.
    is_plateau = at_limit >= _FEWEST_AT_LIMIT and at_limit > sum(p.just_below for p in reach)
    own = [float(np.iinfo(p.dtype).max) for p in reach if np.dtype(p.dtype).kind in "ui"]
    is_known = bool(own) and (limit in own or limit in _CAMERA_LIMITS)
    if not (is_plateau or is_known):
        return float("nan"), 0.0
    return limit, at_limit / sum(plane.shape[0] * plane.shape[1] for plane in planes)


def _remarks(fields: Sequence[Field], channel_names: Sequence[str]) -> dict[str, list[str]]:
    remarks: dict[str, list[str]] = {}
    for one, other, is_equal in twins(fields, channel_names):
        word = "the same as" if is_equal else "nearly the same as"
        remarks.setdefault(one, []).append(f"{word} {other}")
        remarks.setdefault(other, []).append(f"{word} {one}")
    return remarks


def _twins_warnings(fields: Sequence[Field], names: list[str]) -> list[str]:
    pairs = twins(fields, names)
    found = []
    for one, other, is_equal in pairs:
        how = "hold the same pixels" if is_equal else f"agree almost wholly (above {_SAME})"
        found.append(
            f"The channels {quoted([one, other])} {how}: a file was named twice, or channels are "
            "mixed up, and their ranks would share what is one signal. Correct the source, or "
            f"leave one out: {_without(names, [other])}."
        )
    return found


def _flat_warnings(channels: pd.DataFrame) -> list[str]:
    names = list(channels["channel"])
    found = []
    for row in channels.to_dict("records"):
        name, way_out = row["channel"], _without(names, [row["channel"]])
        if row["constant"] > 0:
            found.append(
                f"The channel '{name}' is constant, all pixels alike, in "
                f"{precise_percent(row['constant'])} of the {row['fields']} fields read: it shows "
                f"nothing there. Check shutter and file names, or leave the channel out: {way_out}."
            )
        if row["noise"] > _NEARLY_ALL:
            found.append(
                f"The channel '{name}' shows nothing but noise in "
                f"{precise_percent(row['noise'])} of the {row['fields']} fields read (99 % of its "
                f"pixels are below {number(row['p99'])}): empty background can only tell "
                f"plates apart. Check the staining, or leave the channel out: {way_out}."
            )
    return found


def _saturation_warnings(channels: pd.DataFrame) -> list[str]:
    names = list(channels["channel"])
    return [
        f"In the channel '{row.channel}' {precise_percent(row.saturated)} of the pixels are at the "
        f"limit of {number(row.limit)}, where brighter and brightest look alike. No option "
        "brings that back: image it with a shorter exposure, or see whether the "
        f"ranking holds without it: {_without(names, [row.channel])}."
        for row in channels.itertuples()
        if row.saturated > _MUCH_SATURATION
    ]


def _without(names: list[str], left_out: list[str]) -> str:
    kept = [name for name in names if name not in left_out]
    if not kept:
        return "--channels with others"
    text = ",".join(kept)
    return f'--channels "{text}"' if " " in text else f"--channels {text}"
