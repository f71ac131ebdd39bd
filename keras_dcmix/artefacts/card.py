"""What a model must know about itself besides its weights: channels, classes, images, versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from keras_dcmix.data.recipe import CropRecipe
from keras_dcmix.names import checked_channel_names

# Goes up when a card means something else than before; older ones stay readable.
CARD_VERSION = 1
CARD_NAME = "keras_dcmix.json"


@dataclass(frozen=True)
class ModelCard:
    """Travels inside every artefact, so that it can be used years later, by itself.

    Args:
        channel_names: Names of the channels in the order in which the model takes them.
        classes: Names of the classes in the order of its outputs.
        image_size: Height and width of its images in pixels; `None` where any will do.
        importance: Each channel's share of the mix, 0 to 1; `None` for models without a `DCMix`
            layer.
        recipe: How its training images were cut and corrected; `None` where that is not known.
        data_format: `"channels_last"` or `"channels_first"`, how the model takes images.
        versions: Packages that it was made with.
        card_version: What the entries mean.

    Raises:
        ValueError: If names repeat or are missing.
        TypeError: If names are no texts.
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
        if len(set(classes)) < len(classes) or not all(name.strip() for name in classes):
            raise ValueError(
                f"classes must be different names, none of them blank. Received: {classes}"
            )
        object.__setattr__(self, "classes", classes)

    def to_json(self) -> str:
        """The card as text."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes, *, where: object) -> ModelCard:
        """The card out of text.

        Args:
            text: What `to_json` gave.
            where: The file that holds it, for errors.

        Raises:
            ValueError: If it is of a later version, or no card.
        """
        try:
            plain = json.loads(text)
            version = plain["card_version"]
            if isinstance(version, int) and version > CARD_VERSION:
                made_with = plain.get("versions", {}).get("keras-dcmix", "a later version")
                raise _LaterCardError(
                    f"{where} was written by keras-dcmix {made_with}, with a card of version "
                    f"{version} where this one reads up to {CARD_VERSION}: install that "
                    "keras-dcmix, or export the model again with this one"
                )
            return cls(**plain | _parsed(plain))
        except _LaterCardError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(
                f"The card {CARD_NAME} in {where} is not readable ({error}): export the model again"
            ) from error


class _LaterCardError(ValueError):
    pass


def _parsed(plain: dict[str, Any]) -> dict[str, Any]:
    """The entries that JSON has made into something simpler."""
    recipe = plain["recipe"]
    return {
        "channel_names": tuple(plain["channel_names"]),
        "classes": tuple(plain["classes"]),
        "image_size": tuple(plain["image_size"]),
        "recipe": None if recipe is None else CropRecipe.from_dict(recipe),
    }
