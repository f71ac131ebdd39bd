"""What is done to pixels before a model sees them, as a user chooses it."""

from __future__ import annotations

from dataclasses import dataclass

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.names import nearest

ILLUMINATION = ("none", "files", "estimate")
NORMALIZE = ("none", "image", "plate")


@dataclass(frozen=True)
class Preprocessing:
    """Steps from raw pixels to images, in this order; the defaults leave pixels as they are.

    Args:
        illumination: what each field is divided by, `"files"`: the illumination functions that
            the source names (LoadData's `FileName_IllumX`); `"estimate"`: the smoothed mean of
            the fields of its plate, its own mean 1.
        background: percentile, 0 to 100, of each field and channel that is subtracted from it;
            None subtracts nothing.
        clip: lower and upper percentile, 0 to 100, at which each channel is cut off; None cuts
            nothing. Over a set, a percentile is the median of the fields' own.
        normalize: whose mean and standard deviation a channel is brought to 0 and 1 by, and whose
            percentiles it is clipped at: `"image"`: the field's own; `"plate"`: its plate's, the
            remedy where plates differ in staining or exposure; `"none"`: pixels keep their scale
            and are clipped alike in the whole set.
        controls: for `"plate"`: `COLUMN=VALUE`, the fields that plates are judged by, such as
            `Metadata_Treatment=DMSO`, so that a plate of strong treatments is not mistaken for a
            bright one; all fields where None.

    Raises:
        ValueError: if a value is not allowed.
    """

    illumination: str = "none"
    background: float | None = None
    clip: tuple[float, float] | None = None
    normalize: str = "none"
    controls: str | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("illumination", ILLUMINATION), ("normalize", NORMALIZE)):
            value = getattr(self, name)
            if value not in allowed:
                raise DataError(
                    f"unknown {name} {value!r}, did you mean '{nearest(value, allowed)}'? Allowed "
                    f"are: {', '.join(allowed)}"
                )
        if self.background is not None and not 0 <= self.background < 100:
            raise DataError(
                f"background must be a percentile from 0 up to 100, received {self.background!r}"
            )
        if self.clip is not None:
            self._check_clip()
        if self.controls is not None:
            self._check_controls()

    def _check_clip(self) -> None:
        is_pair = len(self.clip) == 2 and 0 <= self.clip[0] < self.clip[1] <= 100
        if not is_pair:
            raise DataError(
                "clip must be a lower and an upper percentile from 0 to 100, such as (0.1, 99.9), "
                f"received {self.clip!r}"
            )

    def _check_controls(self) -> None:
        if self.normalize != "plate":
            raise DataError(
                "controls go with normalize='plate', received "
                f"normalize={self.normalize!r}: leave them out"
            )
        if "=" not in self.controls:
            raise DataError(
                "controls must be COLUMN=VALUE, such as Metadata_Treatment=DMSO, received "
                f"{self.controls!r}"
            )

    @property
    def corrects(self) -> bool:
        """Whether single fields are changed before anything is measured on them."""
        return self.illumination != "none" or self.background is not None

    @property
    def levels(self) -> bool:
        """Whether pixels are clipped or normalised after that."""
        return self.clip is not None or self.normalize != "none"
