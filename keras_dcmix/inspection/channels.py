"""Channels: their intensities over all fields read, and what makes a channel unreliable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from keras_dcmix._common.command_lines import command_line, joined_names
from keras_dcmix._common.wording import number, precise_percent, quoted
from keras_dcmix.inspection.findings import Finding
from keras_dcmix.inspection.pixels import FieldStatistics, PlaneStatistics

PERCENTILES = (0.1, 1, 50, 99, 99.9)

# Camera limits below the file's own: 10, 12 and 14 bits.
_CAMERA_LIMITS = (1023, 4095, 16383)
_FEWEST_AT_LIMIT = 20
_ALMOST_IDENTICAL = 0.999  # correlation
_NOISE = 1.3  # agreement of neighbours; uneven light adds a little to that of noise
_NEARLY_ALL = 0.9  # of the fields
_MUCH_SATURATION = 0.01


@dataclass(frozen=True)
class ChannelSummary:
    """One channel over all fields in which it could be read; NaN where there is no such field.

    Args:
        name: The channel.
        num_fields: Number of those fields.
        dtype: Data type of its files; of several all, with their counts.
        size: Height and width in pixels, likewise.
        minimum: Smallest pixel, in the files' units, as all intensities here.
        percentiles: At `PERCENTILES`.
        maximum: Largest pixel.
        mean: Mean of the fields' means.
        limit: Value at which pixels are saturated; NaN if they are not.
        saturated: Share of the pixels at that limit, 0 to 1.
        constant: Share of the fields that are constant, 0 to 1.
        noise: Share of the fields in which neighbouring pixels agree no more than in noise.
    """

    name: str
    num_fields: int = 0
    dtype: str = ""
    size: str = ""
    minimum: float = np.nan
    percentiles: tuple[float, ...] = (np.nan,) * len(PERCENTILES)
    maximum: float = np.nan
    mean: float = np.nan
    limit: float = np.nan
    saturated: float = np.nan
    constant: float = np.nan
    noise: float = np.nan

    @property
    def is_noise(self) -> bool:
        """Whether nearly all fields show only noise."""
        return self.noise > _NEARLY_ALL


class ChannelPair(NamedTuple):
    """Two channels that show the same.

    Args:
        first: One channel.
        second: The other one.
        is_identical: Whether all their pixels are equal.
    """

    first: str
    second: str
    is_identical: bool


def summarise_channels(
    fields: Sequence[FieldStatistics], channel_names: Sequence[str]
) -> list[ChannelSummary]:
    """Summarises each channel over the fields that were read."""
    return [
        _summary(name, [field.planes[name] for field in fields if name in field.planes])
        for name in channel_names
    ]


def similar_pairs(
    fields: Sequence[FieldStatistics], channel_names: Sequence[str]
) -> list[ChannelPair]:
    """Finds pairs of channels that show the same in all fields, or almost the same in half."""
    if not fields:
        return []
    correlation = np.stack([field.correlation for field in fields])
    identical = np.stack([field.identical for field in fields])
    known = np.isfinite(correlation)
    found = []
    for one in range(len(channel_names)):
        for other in range(one + 1, len(channel_names)):
            seen = known[:, one, other]
            if not seen.any():
                continue
            is_identical = bool(identical[seen, one, other].all())
            if is_identical or np.median(correlation[seen, one, other]) > _ALMOST_IDENTICAL:
                found.append(ChannelPair(channel_names[one], channel_names[other], is_identical))
    return found


def channel_table(
    summaries: Sequence[ChannelSummary], pairs: Sequence[ChannelPair]
) -> pd.DataFrame:
    """Puts channels into a table.

    Returns:
        One row a channel: `channel`, `fields` (how many were read), `dtype`, `size`, `min`,
        `p0.1`, `p1`, `p50`, `p99`, `p99.9`, `max`, `mean`, `limit`, `saturated`, `constant`,
        `noise` (see `ChannelSummary`), `note` (what makes it unreliable).
    """
    rows = [
        {
            "channel": each.name,
            "fields": each.num_fields,
            "dtype": each.dtype,
            "size": each.size,
            "min": each.minimum,
            **{f"p{q:g}": value for q, value in zip(PERCENTILES, each.percentiles, strict=True)},
            "max": each.maximum,
            "mean": each.mean,
            "limit": each.limit,
            "saturated": each.saturated,
            "constant": each.constant,
            "noise": each.noise,
            "note": "; ".join(_notes(each, pairs)),
        }
        for each in summaries
    ]
    return pd.DataFrame(rows)


def channel_warnings(
    summaries: Sequence[ChannelSummary], pairs: Sequence[ChannelPair]
) -> list[Finding]:
    """Says which channels are unreliable, the most serious first."""
    names = [each.name for each in summaries]
    texts = [
        *(_pair_warning(pair, names) for pair in pairs),
        *(text for each in summaries for text in _empty_warnings(each, names)),
        *(
            _saturation_warning(each, names)
            for each in summaries
            if each.saturated > _MUCH_SATURATION
        ),
    ]
    return [Finding(text) for text in texts]


def _summary(name: str, planes: Sequence[PlaneStatistics]) -> ChannelSummary:
    if not planes:
        return ChannelSummary(name)
    pooled = np.concatenate([plane.sample for plane in planes]).astype(np.float64)
    limit, saturated = _saturation(planes)
    agreement = np.array([plane.agreement for plane in planes])
    return ChannelSummary(
        name=name,
        num_fields=len(planes),
        dtype=_with_counts(plane.dtype for plane in planes),
        size=_with_counts(plane.size for plane in planes),
        minimum=min(plane.minimum for plane in planes),
        percentiles=tuple(np.percentile(pooled, PERCENTILES).tolist()),
        maximum=max(plane.maximum for plane in planes),
        mean=float(np.mean([plane.mean for plane in planes])),
        limit=limit,
        saturated=saturated,
        constant=float(np.mean([plane.is_constant for plane in planes])),
        noise=float(np.mean(agreement < _NOISE)),
    )


def _with_counts(values: Iterable[str]) -> str:
    """The values, the most common first, with their counts where they differ."""
    counts = Counter(values).most_common()
    if len(counts) == 1:
        return counts[0][0]
    return ", ".join(f"{value} ({count})" for value, count in counts)


def _saturation(planes: Sequence[PlaneStatistics]) -> tuple[float, float]:
    """The value at which pixels are saturated (NaN if none are), and the share of pixels there."""
    varied = [plane for plane in planes if not plane.is_constant]
    if not varied:
        return float("nan"), 0.0
    limit = max(plane.maximum for plane in varied)
    reach = [plane for plane in varied if plane.maximum == limit]
    at_limit = sum(plane.at_maximum for plane in reach)
    # Without saturation, fewer pixels have the largest value than the values just below it.
    is_plateau = at_limit >= _FEWEST_AT_LIMIT and at_limit > sum(p.just_below for p in reach)
    own = [float(np.iinfo(p.dtype).max) for p in reach if np.dtype(p.dtype).kind in "ui"]
    is_known = bool(own) and (limit in own or limit in _CAMERA_LIMITS)
    if not (is_plateau or is_known):
        return float("nan"), 0.0
    return limit, at_limit / sum(plane.shape[0] * plane.shape[1] for plane in planes)


def _notes(each: ChannelSummary, pairs: Sequence[ChannelPair]) -> list[str]:
    found = []
    for first, second, is_identical in pairs:
        how = "identical" if is_identical else "almost identical"
        if each.name in (first, second):
            found.append(f"{how} to {second if each.name == first else first}")
    return [*found, *["only noise"] * each.is_noise, *["constant"] * (each.constant == 1)]


def _pair_warning(pair: ChannelPair, names: list[str]) -> str:
    how = "hold the same pixels"
    if not pair.is_identical:
        how = f"are almost identical (correlation above {_ALMOST_IDENTICAL})"
    return (
        f"The channels {quoted([pair.first, pair.second])} {how}: a file is listed twice, or "
        "channels are mixed up, and their ranks would share one signal. Correct the source, or "
        f"remove one: {_without(names, pair.second)}."
    )


def _empty_warnings(each: ChannelSummary, names: list[str]) -> list[str]:
    way_out = f"or remove the channel: {_without(names, each.name)}."
    found = []
    if each.constant > 0:
        found.append(
            f"The channel '{each.name}' is constant (all pixels equal) in "
            f"{precise_percent(each.constant)} of the {each.num_fields} fields read, so it carries "
            f"no information there. Check the shutter and the file names, {way_out}"
        )
    if each.is_noise:
        p99 = each.percentiles[PERCENTILES.index(99)]
        found.append(
            f"The channel '{each.name}' shows only noise in {precise_percent(each.noise)} of the "
            f"{each.num_fields} fields read (99 % of its pixels are below {number(p99)}): from an "
            "empty background a model can learn the plate, not the cells. Check the staining, "
            f"{way_out}"
        )
    return found


def _saturation_warning(each: ChannelSummary, names: list[str]) -> str:
    return (
        f"In the channel '{each.name}' {precise_percent(each.saturated)} of the pixels are "
        f"saturated, at the limit of {number(each.limit)}, so differences in "
        "brightness are lost there. No "
        "option restores them: use a shorter exposure, or check that the ranking holds without "
        f"the channel: {_without(names, each.name)}."
    )


def _without(names: list[str], removed: str) -> str:
    kept = [name for name in names if name != removed]
    if not kept:
        return "--channels with others"
    return command_line(["--channels", joined_names(kept)])
