"""The one result type: how important each channel is, by one method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.names import checked_channel_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ChannelImportance"]


@dataclass(frozen=True, eq=False, repr=False)
class ChannelImportance:
    """Scores of all channels by one method, with every single repeat beside them.

    Higher always means more important. The scale differs between methods, so compare
    methods by `ranks` only.

    Two results compare equal only if they are the same object: arrays have no single truth value.

    Args:
        method: name of the method, e.g. `"dcmix"`; it labels tables and figures.
        channel_names: one non-empty, unique name a channel.
        scores: `(num_channels,)`, finite, in `unit`. Kept as a read-only float64 copy.
        repeats: `(num_repeats, num_channels)`, finite, in `unit`: the scores of single seeds,
            folds or permutations. `None` if the method ran once.
        unit: the scale of the scores, e.g. `"share of the mix"`; empty if they have none.
        details: facts beside the scores by name, such as how exact they are. Kept as a read-only
            copy, in no table and no printed line.

    Raises:
        ValueError: if there is no channel, if names are empty, repeated or not as many as scores,
            if a number is not finite, or if `repeats` has another width.
        TypeError: if a name, the method or the unit is not a string, or details no mapping.

    Example:
        >>> importance = ChannelImportance("dcmix", ["DNA", "RNA", "ER"], [0.2, 0.7, 0.1])
        >>> importance.order
        ('RNA', 'DNA', 'ER')
        >>> importance
        ChannelImportance('dcmix', RNA 0.7 > DNA 0.2 > ER 0.1)
    """

    method: str
    channel_names: tuple[str, ...]
    scores: np.ndarray
    repeats: np.ndarray | None = None
    unit: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_text("method", self.method)
        if not isinstance(self.unit, str):
            raise TypeError(f"unit must be a string; use '' for none. Received: {self.unit!r}")
        if not isinstance(self.details, Mapping):
            raise TypeError(f"details must be a mapping by name. Received: {self.details!r}")
        names = checked_channel_names(self.channel_names)
        scores = _read_only(self.scores, "scores", ("num_channels",), names)
        repeats = self.repeats
        if repeats is not None:
            repeats = _read_only(repeats, "repeats", ("num_repeats", "num_channels"), names)
        kept = {
            "channel_names": names,
            "scores": scores,
            "repeats": repeats,
            "details": MappingProxyType(dict(self.details)),
        }
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        # Built anew from its fields: a read-only mapping cannot be pickled, and unpickled arrays
        # could be written to.
        values = [getattr(self, name) for name in self.__dataclass_fields__]
        return type(self), (*values[:-1], dict(self.details))

    @classmethod
    def from_repeats(
        cls, method: str, channel_names: Sequence[str], repeats: Any, unit: str = ""
    ) -> ChannelImportance:
        """Builds the result from repeats alone: the scores are their mean.

        Args:
            method: as in the class.
            channel_names: as in the class.
            repeats: `(num_repeats, num_channels)`, at least one repeat.
            unit: as in the class.

        Returns:
            A `ChannelImportance` whose `scores` are `repeats.mean(axis=0)`.

        Raises:
            ValueError: as the class, and if there is no repeat.

        Example:
            >>> ChannelImportance.from_repeats("dcmix", ["DNA", "RNA"], [[1, 4], [3, 4]]).scores
            array([2., 4.])
        """
        names = checked_channel_names(channel_names)
        repeats = _read_only(repeats, "repeats", ("num_repeats", "num_channels"), names)
        return cls(method, names, repeats.mean(axis=0), repeats, unit)

    @property
    def num_channels(self) -> int:
        """How many channels were scored."""
        return len(self.channel_names)

    @property
    def std(self) -> np.ndarray:
        """`(num_channels,)`: sample standard deviation over repeats, NaN with fewer than two."""
        if self.repeats is None or len(self.repeats) < 2:
            return np.full(self.num_channels, np.nan)
        return self.repeats.std(axis=0, ddof=1)

    @property
    def ranks(self) -> np.ndarray:
        """`(num_channels,)`: 1 is the most important channel; ties share their mean rank."""
        _, group, counts = np.unique(-self.scores, return_inverse=True, return_counts=True)
        last = np.cumsum(counts)
        return (last - (counts - 1) / 2)[group]

    @property
    def order(self) -> tuple[str, ...]:
        """Channel names, the most important first; ties stay in the order given."""
        return tuple(self.channel_names[i] for i in np.argsort(-self.scores, kind="stable"))

    def keep(self, names: Sequence[str]) -> ChannelImportance:
        """The scores of some of the channels, in this order.

        Args:
            names: Names of the channels to keep, at least one.

        Raises:
            ValueError: If a channel does not exist, or none is named.

        Example:
            >>> ChannelImportance("dcmix", ["DNA", "RNA"], [0.3, 0.7]).keep(["RNA"]).scores
            array([0.7])
        """
        unknown = [name for name in names if name not in self.channel_names]
        if unknown:
            raise MethodError(
                f"Expected names of the channels {list(self.channel_names)}. Received: {unknown}"
            )
        kept = [self.channel_names.index(name) for name in names]
        repeats = None if self.repeats is None else self.repeats[:, kept]
        return replace(self, channel_names=tuple(names), scores=self.scores[kept], repeats=repeats)

    def to_frame(self) -> pd.DataFrame:
        """Returns a table with one row a channel, the most important first.

        Returns:
            Columns `method`, `channel`, `score` and `std` (in `unit`), `rank` (from 1), `unit`.

        Example:
            >>> frame = ChannelImportance("dcmix", ["DNA", "RNA"], [0.3, 0.7]).to_frame()
            >>> frame[["channel", "score", "rank"]].values.tolist()
            [['RNA', 0.7, 1.0], ['DNA', 0.3, 2.0]]
        """
        # Kept out of module level: importing pandas would double the time to import the package.
        import pandas as pd

        columns = {
            "method": self.method,
            "channel": list(self.channel_names),
            "score": self.scores,
            "std": self.std,
            "rank": self.ranks,
            "unit": self.unit,
        }
        return pd.DataFrame(columns).sort_values("rank", kind="stable", ignore_index=True)

    def __repr__(self) -> str:
        score = dict(zip(self.channel_names, self.scores, strict=True))
        shown = " > ".join(f"{name} {score[name]:.3g}" for name in self.order[:4])
        rest = f" > {self.num_channels - 4} more" if self.num_channels > 4 else ""
        unit = f", unit={self.unit!r}" if self.unit else ""
        return f"ChannelImportance({self.method!r}, {shown}{rest}{unit})"

    def __str__(self) -> str:
        repeats = "" if self.repeats is None else f", {len(self.repeats)} repeats"
        unit = f", in {self.unit}" if self.unit else ""
        width = max(len(name) for name in self.channel_names)
        lines = [f"{self.method}: importance of {self.num_channels} channels{repeats}{unit}"]
        for index in np.argsort(self.ranks, kind="stable"):
            name, std = self.channel_names[index], self.std[index]
            spread = "" if np.isnan(std) else f" ± {std:.2g}"
            lines.append(
                f"{self.ranks[index]:>5g}  {name:<{width}}  {self.scores[index]:.4g}{spread}"
            )
        return "\n".join(lines)


def _check_text(what: str, value: object) -> None:
    """Raises unless `value` is a string with something in it."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a non-empty string. Received: {value!r}")
    if not value.strip():
        raise MethodError(f"{what} must be a non-empty string. Received: {value!r}")


def _read_only(values: Any, what: str, axes: tuple[str, ...], names: tuple[str, ...]) -> np.ndarray:
    """Returns a read-only float64 copy, or raises and names what does not fit."""
    values = np.array(values, dtype=np.float64)
    if values.ndim != len(axes) or values.shape[-1] != len(names) or not values.size:
        raise MethodError(
            f"{what} must have shape ({', '.join(axes)}) with one number a channel name, "
            f"{len(names)} here. Received: shape {values.shape} for {list(names)}"
        )
    finite = np.isfinite(values).reshape(-1, len(names)).all(axis=0)
    if not finite.all():
        bad = [name for name, good in zip(names, finite, strict=True) if not good]
        raise MethodError(
            f"{what} must be finite; leave a channel out if it has no score. "
            f"Received NaN or infinity for {bad}"
        )
    values.flags.writeable = False
    return values
