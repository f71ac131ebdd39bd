"""Images of a source, made as a model's training images were made."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.cli.sources import chosen_crops, chosen_steps, open_fields
from keras_dcmix.data import Crops, ImageSet, Preprocessing, crop_fields
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.validation import refuse_missing
from keras_dcmix.inference.formats import ModelCard
from keras_dcmix.inference.prediction.channels import source_channels


def open_crops(
    source: str,
    card: ModelCard,
    options: SourceOptions | None = None,
    *,
    renamed: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Crops:
    """Opens a source of image files for a model.

    Channels are found by name and put into the model's order. Images are cut and corrected as the
    card says; options overrule it, with a warning where that makes other images.

    Args:
        source: The path of a plate, screen or table in a known format.
        card: The model's card.
        options: How to read the source, and what shall be other than in training.
        renamed: What the source calls channels of the model, where the names differ.
        progress: Called with `(done, total)` while fields are read.

    Raises:
        ValueError: If a channel is missing, the source cannot be read, or the size is not the
            model's.
    """
    options = options or SourceOptions()
    if source in ("simulated", "mnist") and not Path(source).exists():
        raise ArtefactError(
            f"predict needs the path of image files, received '{source}', which is made anew in "
            "each run: write such a screen with keras-dcmix simulate"
        )
    recipe = card.recipe or CropRecipe(size=card.image_size[0] or CropRecipe.size)
    _refuse_other_sizes(card, options.size or recipe.size)
    trained_z = str(recipe.z or Reading.z)
    options = replace(options, z=options.z or (None if trained_z == Reading.z else trained_z))
    image_set = open_fields(source, options, check_files=False)
    image_set = _as_the_model_calls_them(image_set, card, renamed)
    if not options.skip_unreadable:
        refuse_missing(image_set)
    cut = _cut(recipe, chosen_crops(options), image_set)
    steps = _steps(recipe, chosen_steps(options))
    if card.recipe is None:
        _say_what_is_guessed(recipe, options)
    else:
        _warn_of_others(
            {"z": trained_z, **_looks(recipe.crop, recipe.size, recipe.preprocessing)},
            {"z": options.z or Reading.z, **_looks(cut["crop"], cut["size"], steps)},
        )
    return crop_fields(image_set, preprocessing=steps, progress=progress, **cut)


def _as_the_model_calls_them(
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
            f"`size` must be {height}, that of the images which the model takes. Received: {size}"
        )


def _cut(recipe: CropRecipe, chosen: dict[str, Any], image_set: ImageSet) -> dict[str, Any]:
    """The arguments of `crop_fields`: as in training, where nothing else is chosen."""
    known = {*image_set.channel_names, *image_set.all_channels.channel_names}
    trained = {"crop": recipe.crop, "size": recipe.size, "nuclei_channel": recipe.nuclei_channel}
    cut = trained | chosen
    is_called_otherwise = recipe.nuclei_channel not in known  # then it is found by its name
    if "nuclei_channel" not in chosen and (cut["crop"] != "cells" or is_called_otherwise):
        cut["nuclei_channel"] = None
    return cut


def _steps(recipe: CropRecipe, chosen: dict[str, Any]) -> Preprocessing:
    if "normalize" in chosen:
        # The controls of the training go with its own way of normalising.
        chosen = {"controls": None} | chosen
    return replace(recipe.preprocessing, **chosen)


def _looks(crop: str, size: int, steps: Preprocessing) -> dict[str, Any]:
    return {"crop": crop, "size": size, **asdict(steps)}


def _warn_of_others(trained: dict[str, Any], made: dict[str, Any]) -> None:
    others = [name for name in made if made[name] != trained[name]]
    if others:
        now, then = (", ".join(f"{n}={d[n]!r}" for n in others) for d in (made, trained))
        warnings.warn(
            f"images are made with {now}, those that the model was trained on with {then}: its "
            "predictions may mean little",
            UserWarning,
            stacklevel=3,
        )


def _say_what_is_guessed(recipe: CropRecipe, options: SourceOptions) -> None:
    guessed = {
        name: getattr(recipe, name) for name in ("crop", "size") if getattr(options, name) is None
    }
    if "crop" in guessed:
        made = " and ".join(f"{name}={value!r}" for name, value in guessed.items())
        warnings.warn(
            "the model does not say how its images were cut and corrected (it was trained on "
            f"arrays): they are made with {made} and raw pixels; say otherwise with `crop` and its "
            "like",
            UserWarning,
            stacklevel=3,
        )
