"""The preprocessing of pixels that a user chooses."""

from __future__ import annotations

from dataclasses import dataclass

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import suggestion

ILLUMINATION = ("none", "files", "estimate")
NORMALIZE = ("none", "image", "plate")


@dataclass(frozen=True)
class Preprocessing:
    """Steps from raw pixels to images, in this order; the defaults leave pixels unchanged.

    Args:
        illumination: what each field is divided by, `"files"`: the illumination functions that
            the source names (LoadData's `FileName_IllumX`); `"estimate"`: the smoothed mean of
            the fields of its plate, its own mean 1.
        background: percentile, 0 to 100, of each field and channel that is subtracted from it;
            None subtracts nothing.
        clip: lower and upper percentile, 0 to 100, at which each channel is cut off; None cuts
            nothing. Over a set, a percentile is the median of the fields' own.
        normalize: whose mean and standard deviation a channel is brought to 0 and 1 by, and whose
            percentiles it is clipped at: `"image"`: the field's own; `"plate"`: its plate's, for
            plates that differ in staining or exposure; `"none"`: pixels keep their scale
            and are clipped alike in the complete set.
        controls: for `"plate"`: `COLUMN=VALUE`, the fields that plates are normalised by, such as
            `Metadata_Treatment=DMSO`, so that a plate with many strong treatments is not taken
            for a bright one; all fields where None.

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
                    f"{argument(name)} must be one of {', '.join(allowed)}. Received: "
                    f"{argument(name, value)}{suggestion(value, allowed)}"
                )
        if self.background is not None and not 0 <= self.background < 100:
            raise DataError(
                f"{argument('background')} must be a percentile from 0 up to 100. Received: "
                f"{argument('background', self.background)}"
            )
        clip = self.clip
        if clip is not None and not (len(clip) == 2 and 0 <= clip[0] < clip[1] <= 100):
            raise DataError(
                f"{argument('clip')} must be a lower and an upper percentile from 0 to 100, such "
                f"as 0.1 and 99.9. Received: {argument('clip', clip)}"
            )
        if self.controls is not None and self.normalize != "plate":
            raise DataError(
                f"{argument('controls')} needs {argument('normalize', 'plate')}. Received: "
                f"{argument('normalize', self.normalize)}. Leave {argument('controls')} out"
            )
        if self.controls is not None and "=" not in self.controls:
            raise DataError(
                f"{argument('controls')} must be COLUMN=VALUE, such as Metadata_Treatment=DMSO. "
                f"Received: {argument('controls', self.controls)}"
            )

    @property
    def corrects(self) -> bool:
        """Whether single fields are changed before anything is measured on them."""
        return self.illumination != "none" or self.background is not None

    @property
    def scales(self) -> bool:
        """Whether pixels are clipped or normalised after that."""
        return self.clip is not None or self.normalize != "none"
