"""The model card: channels, classes, images and versions, beside the weights of a model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.names import checked_channel_names
from keras_dcmix._common.wording import is_harmless, short
from keras_dcmix.data.cells.recipe import CropRecipe

# Raised when entries change their meaning; older cards stay readable.
CARD_VERSION = 1
CARD_NAME = "keras_dcmix.json"
_LONGEST_TEXT = 1000


@dataclass(frozen=True)
class ModelCard:
    """Is stored inside every exported model, so that it can be used years later, by itself.

    Args:
        channel_names: Names of the channels in the order in which the model takes them.
        classes: Names of the classes in the order of its outputs.
        image_size: Height and width of its images in pixels; `None` where any size is taken.
        importance: Each channel's share of the mix, 0 to 1; `None` for models without a `DCMix`
            layer.
        recipe: How its training images were cut and corrected; `None` where that is not known.
        data_format: `"channels_last"` or `"channels_first"`, how the model takes images.
        versions: Packages that it was made with.
        card_version: What the entries mean.

    Raises:
        ValueError: If names repeat or are missing, or an entry is not allowed.
        TypeError: If names are not strings.
    """

    channel_names: tuple[str, ...]
    classes: tuple[str, ...]
    image_size: tuple[int | None, int | None] = (None, None)
    importance: Mapping[str, float] | None = None
    recipe: CropRecipe | None = None
    data_format: str = "channels_last"
    versions: Mapping[str, str] = field(default_factory=dict)
    card_version: int = CARD_VERSION

    def __post_init__(self) -> None:
        object.__setattr__(self, "channel_names", checked_channel_names(self.channel_names))
        if isinstance(self.classes, str):
            raise TypeError(f"classes must be a list of names. Received: {self.classes!r}")
        classes = tuple(str(name) for name in self.classes)
        if not classes or len(set(classes)) < len(classes) or not all(map(str.strip, classes)):
            raise ArtefactError(
                f"classes must be different names, none of them blank. Received: {classes}"
            )
        object.__setattr__(self, "classes", classes)
        sides = self.image_size
        if len(sides) != 2 or not all(side is None or _is_size(side) for side in sides):
            raise ArtefactError(
                f"image_size must be height and width in pixels, or None. Received: {sides}"
            )
        if self.data_format not in ("channels_last", "channels_first"):
            raise ArtefactError(
                "data_format must be 'channels_last' or 'channels_first'. "
                f"Received: {self.data_format!r}"
            )

    def to_json(self) -> str:
        """The card as text."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes, *, where: object) -> ModelCard:
        """The card from text.

        Args:
            text: What `to_json` returned.
            where: The file that holds it, for errors.

        Entries that this version does not know are ignored: a card whose other entries mean
        something else has a higher version.

        Raises:
            ValueError: If it is of a later version, not a card, or not safe to print.
        """
        with _readable(where):
            plain = dict(json.loads(text))
            version, made_with = plain["card_version"], dict(plain.get("versions", {}))
            if not _is_size(version):
                raise ArtefactError(f"card_version is {version!r}")
            _refuse_odd_texts(plain)
        if version > CARD_VERSION:
            raise ArtefactError(
                f"{where} was written by keras-dcmix {made_with.get('keras-dcmix', '(unknown)')}, "
                f"with a card of version {version} where this one reads up to {CARD_VERSION}: "
                "install that keras-dcmix, or export the model again with this one"
            )
        with _readable(where):
            known = {entry.name: plain[entry.name] for entry in fields(cls)}
            return cls(**known | _parsed(plain))


@contextmanager
def _readable(where: object) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = f"no entry {error}" if isinstance(error, KeyError) else short(error)
        raise ArtefactError(
            f"The card {CARD_NAME} in {where} is not readable ({reason}): it is damaged, or of "
            "another keras-dcmix; export the model again"
        ) from error


def _is_size(value: Any) -> bool:
    return type(value) is int and value > 0


def _refuse_odd_texts(plain: Any) -> None:
    """Refuses texts that could control a terminal or fill a page."""
    if isinstance(plain, str) and not (is_harmless(plain) and len(plain) <= _LONGEST_TEXT):
        raise ArtefactError(f"it holds the text {plain[:40]!r}, which is not safe to print")
    if isinstance(plain, dict):
        _refuse_odd_texts(list(plain.items()))
    elif isinstance(plain, list | tuple):
        for part in plain:
            _refuse_odd_texts(part)


def _parsed(plain: dict[str, Any]) -> dict[str, Any]:
    """The entries that JSON stores as simpler types."""
    recipe = plain["recipe"]
    return {
        "channel_names": tuple(plain["channel_names"]),
        "classes": tuple(plain["classes"]),
        "image_size": tuple(plain["image_size"]),
        "recipe": None if recipe is None else CropRecipe.from_dict(recipe),
    }
