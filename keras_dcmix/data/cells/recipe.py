"""How images were cut and preprocessed, so that others can be made in the same way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from keras_dcmix.data.cells.preprocessing import Preprocessing


@dataclass(frozen=True)
class CropRecipe:
    """The settings of `crop_fields` that change how an image looks; the draw of crops does not.

    Args:
        crop: `"none"`, `"tiles"` or `"cells"`.
        size: height and width of a crop in pixels.
        nuclei_channel: channel in which `"cells"` found the nuclei; None for the others.
        preprocessing: correction, clipping and normalisation.
        z: `"max"`, or the number of the plane of z stacks; None where the format has none.

    Example:

    >>> recipe = CropRecipe("cells", 48, "DNA", Preprocessing(normalize="plate"))
    >>> CropRecipe.from_dict(recipe.to_dict()) == recipe
    True
    """

    crop: str = "none"
    size: int = 64
    nuclei_channel: str | None = None
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    z: str | int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> CropRecipe:
        """The recipe out of plain data.

        Raises:
            ValueError: if a value is not allowed.
            TypeError: if an entry is unknown.
        """
        steps = dict(plain.get("preprocessing") or {})
        if steps.get("clip") is not None:
            steps["clip"] = tuple(steps["clip"])
        return cls(**{**plain, "preprocessing": Preprocessing(**steps)})
