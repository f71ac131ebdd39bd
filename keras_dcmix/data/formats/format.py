"""What the package knows about a format; each format's file holds its own entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.image_set import ImageSet


@dataclass(frozen=True)
class Format:
    """A format.

    Args:
        name: its value of `format`.
        title: what people call it.
        recognises: whether a path, which exists, is of this format.
        read: builds the image set, before labels are joined and files are checked.
        options: the fields of `Reading` that its reader uses, besides `reader`.
        opens: its public function in `keras_dcmix.data`; None where images are not read.
        page: the page and section in `docs/` that describes it.
    """

    name: str
    title: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Reading], ImageSet]
    options: tuple[str, ...] = ()
    opens: Callable[..., ImageSet] | None = None
    page: str = "data.md#formats"
