"""Images of a source, made as the training images of a model were made."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from os import PathLike
from typing import Any

from keras_dcmix._common.errors import ArtefactError, InputWarning, argument
from keras_dcmix.data import Crops, ImageSet, Preprocessing, crop_fields
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.formats import open_images
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.validation import refuse_missing
from keras_dcmix.inference.formats import ModelCard
from keras_dcmix.inference.prediction.channels import source_channels


def open_crops(
    source: str | PathLike[str] | ImageSet,
    card: ModelCard,
    *,
    renamed: Mapping[str, str] | None = None,
    preprocessing: Mapping[str, Any] | None = None,
    skip_unreadable: bool = False,
    progress: Callable[[int, int], None] | None = None,
    **crops: Any,
) -> Crops:
    """Opens a source of image files for a model.

    Channels are found by name and put into the model's order. Images are cut and corrected as the
    card says; arguments overrule it, with a warning where that makes other images.

    Args:
        source: The path of a plate, screen or table in a known format, read at the plane of z
            stacks that the model was trained on; or an image set, for sources that are read
            otherwise (see `trained_plane` for the plane).
        card: The model's card.
        renamed: What the source calls channels of the model, where the names differ.
        preprocessing: Arguments of `Preprocessing` that differ from the training.
        skip_unreadable: Whether fields with a missing or damaged file are skipped and listed in
            `Crops.skipped`, instead of being an error.
        progress: Called with `(done, total)` while fields are read.
        **crops: Arguments of `crop_fields`: those that differ from the training (`crop`, `size`,
            `nuclei_channel`), and `max_per_field`, `cache_dir` and the like.

    Raises:
        ValueError: If a channel is missing, the source cannot be read, or the size is not the
            model's.
    """
    recipe = card.recipe or CropRecipe(size=card.image_size[0] or CropRecipe.size)
    _refuse_other_sizes(card, crops.get("size", recipe.size))
    if not isinstance(source, ImageSet):
        reading = Reading(z=trained_plane(card))
        source = open_images(source, reading=reading, check_files=False)
    image_set = _named_as_in_model(source, card, renamed)
    if not skip_unreadable:
        refuse_missing(image_set)
    cut = _cut(recipe, crops, image_set)
    steps = _steps(recipe, preprocessing or {})
    if card.recipe is None:
        _warn_of_defaults(recipe, crops)
    else:
        _warn_of_differences(
            {"z": trained_plane(card), **_looks(recipe.crop, recipe.size, recipe.preprocessing)},
            {"z": image_set.z or Reading.z, **_looks(cut["crop"], cut["size"], steps)},
        )
    return crop_fields(
        image_set, preprocessing=steps, skip_unreadable=skip_unreadable, progress=progress, **cut
    )


def trained_plane(card: ModelCard) -> str | int:
    """The plane of z stacks that a model was trained on: `"max"`, or a number from 1."""
    z = None if card.recipe is None else card.recipe.z
    if z is None:
        return Reading.z
    return int(z) if str(z).isdigit() else z  # earlier cards hold the number as text


def _named_as_in_model(
    image_set: ImageSet, card: ModelCard, renamed: Mapping[str, str] | None
) -> ImageSet:
    found = source_channels(card.channel_names, image_set.channel_names, renamed)
    chosen = image_set.select_channels(found)
    names = dict(zip(found, card.channel_names, strict=True))
    functions = chosen.illumination
    return replace(
        chosen,
        files=chosen.files.rename(columns=names),
        illumination=None if functions is None else functions.rename(columns=names),
    )


def _refuse_other_sizes(card: ModelCard, size: int) -> None:
    height, width = card.image_size
    if height != width:
        raise ArtefactError(
            f"Images of a source are cut square, the model takes {height or 'any'} x "
            f"{width or 'any'} pixels: cut them yourself and predict in Python with load_predictor"
        )
    if size != (height or size):
        raise ArtefactError(
            f"{argument('size')} must be {height}, the size of the images that the model takes. "
            f"Received: {argument('size', size)}"
        )


def _cut(recipe: CropRecipe, chosen: dict[str, Any], image_set: ImageSet) -> dict[str, Any]:
    """The arguments of `crop_fields`: as in training, where nothing else is chosen."""
    known = {*image_set.channel_names, *(image_set.all_channels or image_set).channel_names}
    trained = {"crop": recipe.crop, "size": recipe.size, "nuclei_channel": recipe.nuclei_channel}
    cut = trained | chosen
    has_other_name = recipe.nuclei_channel not in known  # then it is found by its name
    if "nuclei_channel" not in chosen and (cut["crop"] != "cells" or has_other_name):
        cut["nuclei_channel"] = None
    return cut


def _steps(recipe: CropRecipe, chosen: Mapping[str, Any]) -> Preprocessing:
    if "normalize" in chosen:
        # The controls of the training belong to its own normalisation.
        chosen = {"controls": None, **chosen}
    return replace(recipe.preprocessing, **chosen)


def _looks(crop: str, size: int, steps: Preprocessing) -> dict[str, Any]:
    return {"crop": crop, "size": size, **asdict(steps)}


def _warn_of_differences(trained: dict[str, Any], made: dict[str, Any]) -> None:
    others = [name for name in made if made[name] != trained[name]]
    if others:
        now, then = (", ".join(argument(n, d[n]) for n in others) for d in (made, trained))
        warnings.warn(
            InputWarning(
                f"Images are made with {now}, but the model was trained with {then}: its "
                "predictions are unreliable"
            ),
            stacklevel=3,
        )


def _warn_of_defaults(recipe: CropRecipe, chosen: Mapping[str, Any]) -> None:
    defaults = {n: getattr(recipe, n) for n in ("crop", "size") if n not in chosen}
    if "crop" in defaults:
        made = " and ".join(argument(name, value) for name, value in defaults.items())
        warnings.warn(
            InputWarning(
                "The model does not say how its training images were cut and corrected (it was "
                f"trained on arrays): images are made with {made} and raw pixels; change this with "
                f"{argument('crop')} and the other options for images"
            ),
            stacklevel=3,
        )
