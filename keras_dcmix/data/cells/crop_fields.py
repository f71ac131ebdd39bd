"""Crops of one size from fields of view: the pass over all fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from numbers import Integral
from os import PathLike

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError, argument, in_python
from keras_dcmix._common.names import suggestion
from keras_dcmix.data.cells.correction import correction_of
from keras_dcmix.data.cells.crop_pixels import DecodedPixels, FieldLoader, StoredPixels
from keras_dcmix.data.cells.crop_store import CroppedField, CropStore, FileProblem
from keras_dcmix.data.cells.crops import Crops
from keras_dcmix.data.cells.cutting import CROPS, FieldCutter, NucleiChannel, finder_of
from keras_dcmix.data.cells.field_cache import FieldCache
from keras_dcmix.data.cells.file_states import file_states
from keras_dcmix.data.cells.intensities import IntensityStatistics, scaling_of
from keras_dcmix.data.cells.plates import control_fields
from keras_dcmix.data.cells.preprocessing import Preprocessing
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.columns import prefix_source_columns
from keras_dcmix.data.image_files import UnreadableImageError
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.threads import ordered_map


def crop_fields(
    image_set: ImageSet,
    *,
    crop: str = CropRecipe.crop,
    size: int = CropRecipe.size,
    nuclei_channel: str | None = None,
    max_per_field: int | None = None,
    preprocessing: Preprocessing | None = None,
    skip_unreadable: bool = False,
    cache_dir: str | PathLike[str] | None = None,
    cache_bytes: int = 2**29,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Crops:
    """Makes images of one size from fields of view.

    Every field is read once here, in threads, so that a damaged file is found before a training
    starts.

    Args:
        image_set: the fields; their sizes may differ.
        crop: `"none"`, the complete field resized (its sides are squeezed to a square); `"tiles"`,
            windows side by side from the top left, the remainder dropped; `"cells"`, windows
            centred on nuclei; those that cross the field's border are dropped.
        size: height and width of the crops in pixels.
        nuclei_channel: DNA channel for `"cells"`; where None, found by its name. It need not be one
            of the channels that were chosen.
        max_per_field: upper limit of the crops of a field, drawn at random; all where None.
        preprocessing: correction, clipping and normalisation; None leaves raw pixels.
        skip_unreadable: whether fields with a missing or damaged file are left out and listed in
            `Crops.skipped`, instead of being an error.
        cache_dir: folder that keeps the decoded crops; a second call with the same files and
            settings reads them from there, and an interrupted one resumes. None keeps none.
        cache_bytes: memory for decoded fields where there is no `cache_dir`, in bytes.
        seed: for the draw of crops.
        progress: called with `(done, total)` after each field.

    Returns:
        `Crops`, in the order of the fields: the raw data type, or `float32` where they are
        resized or preprocessed.

    Raises:
        ValueError: for an unknown `crop`, a size below 1, a field smaller than a crop, an
            unreadable file, a channel that changes its data type, an unclear DNA channel, or if
            no nucleus is found in any field.
    """
    _refuse_arguments(crop, size, max_per_field, cache_bytes)
    steps = preprocessing or Preprocessing()
    nuclei = NucleiChannel.of(image_set, nuclei_channel) if crop == "cells" else None
    find = finder_of(nuclei, crop=crop, size=size, nuclei_channel=nuclei_channel)
    seen = _with_unlabelled_controls(image_set, steps)
    cutter = FieldCutter(
        FieldLoader(seen, correction_of(seen, steps), size if crop == "none" else None),
        find,
        int(size),
        max_per_field,
        seed,
        steps.clip,
        num_cut=len(image_set),
        nuclei=_nuclei_loader(seen, nuclei, steps),
    )
    loader = cutter.loader
    cache = FieldCache(0 if cache_dir is not None else cache_bytes)
    store = None
    if cache_dir is not None:
        # Normalising comes after the store, so that its settings share one.
        stored = replace(steps, normalize="none", controls=None)
        store = CropStore(cache_dir, f"{file_states(seen)} {stored} {cutter.cache_key(crop)}")
    fields = []
    for number, field in enumerate(_passed(cutter, store, cache)):
        if field.problem is not None and not skip_unreadable:
            raise UnreadableImageError(field.problem.message, channel=field.problem.channel)
        fields.append(field)
        if progress is not None:
            progress(number + 1, len(seen))
    _refuse_unusable(fields, seen, size)
    positions = _positions([field.corners for field in fields])
    dtype = cutter.dtype_of(next(field for field in fields if field.problem is None))
    shape = (len(positions), int(size), int(size), image_set.num_channels)
    return Crops(
        image_set,
        positions,
        size=int(size),
        pixels=(
            DecodedPixels(loader, positions, int(size), dtype, cache)
            if store is None
            else StoredPixels(store, shape, dtype)
        ),
        scaling=scaling_of(*_intensities(fields), table=seen.table, steps=steps),
        skipped=_skipped(fields, seen),
        num_empty_fields=sum(
            not len(field.corners) for field in fields[: len(image_set)] if not field.problem
        ),
        cache_key=f"{steps} {cutter.cache_key(crop)}",
        recipe=CropRecipe(
            crop, int(size), None if nuclei is None else nuclei.name, steps, image_set.z
        ),
    )


def _nuclei_loader(
    image_set: ImageSet, nuclei: NucleiChannel | None, steps: Preprocessing
) -> FieldLoader | None:
    """Reads the channel of the nuclei where it is not one of the chosen channels."""
    if nuclei is None or nuclei.position is not None:
        return None
    others = image_set.all_channels or image_set
    alone = others.select_channels([nuclei.name])
    return FieldLoader(alone, correction_of(alone, steps))


def _passed(
    cutter: FieldCutter, store: CropStore | None, cache: FieldCache
) -> Iterator[CroppedField]:
    """Passes over all fields in order; those in a store are not decoded again."""
    numbers = range(len(cutter.loader.image_set))
    if store is None:
        for number, (field, pixels) in zip(numbers, ordered_map(cutter, numbers), strict=True):
            if pixels is not None:
                cache.keep(number, pixels)
            yield field
        return
    done = store.finished_fields()
    if len(done) == len(numbers) and not any(field.problem for field in done):
        yield from done
        return
    with store.writing():
        done = _still_true(store.finished_fields(), cutter)
        yield from done
        with store.appending(done) as append:
            for field, pixels in ordered_map(cutter, numbers[len(done) :]):
                append(field, cutter.windows(pixels, field))
                yield field


def _still_true(done: list[CroppedField], cutter: FieldCutter) -> list[CroppedField]:
    """The finished fields up to the first that could not be read before, but can now."""
    for number, field in enumerate(done):
        if field.problem is not None and cutter(number)[0].problem is None:
            return done[:number]
    return done


def _with_unlabelled_controls(image_set: ImageSet, steps: Preprocessing) -> ImageSet:
    """Adds controls whose label is blank: plates are normalised by them, no crop is cut there."""
    rest = image_set.unlabelled
    if steps.controls is None or rest is None:
        return image_set
    is_control = control_fields(rest.table, steps.controls, allow_none=True)
    return image_set.joined(rest.subset(is_control)) if is_control.any() else image_set


def _intensities(fields: list[CroppedField]) -> tuple[IntensityStatistics, np.ndarray]:
    """Statistics of all fields, and which of them were measured."""
    measured = [field.intensities for field in fields]
    known = next(each for each in measured if each is not None)
    blank = IntensityStatistics(*(np.zeros_like(part) for part in vars(known).values()))
    used = np.array([each is not None for each in measured])
    return IntensityStatistics.stack([each or blank for each in measured]), used


def _positions(corners: list[np.ndarray]) -> pd.DataFrame:
    """Joins the corners of all fields."""
    counts = [len(found) for found in corners]
    tops, lefts = np.concatenate(corners).T
    numbers = np.repeat(np.arange(len(corners)), counts)
    return pd.DataFrame({"field": numbers, "top": tops, "left": lefts})


def _skipped(fields: list[CroppedField], image_set: ImageSet) -> pd.DataFrame:
    """The fields that cannot be read, and why."""
    problems = {number: field.problem for number, field in enumerate(fields) if field.problem}
    table = image_set.table.iloc[list(problems)].reset_index(drop=True)
    table = prefix_source_columns(table, ["field", "channel", "path", "problem"])
    table.insert(0, "field", [image_set.where(number) for number in problems])
    # As objects, or pandas 3 makes NaN of None.
    return table.assign(
        channel=_objects([problem.channel for problem in problems.values()]),
        path=_objects([_file(image_set, *each) for each in problems.items()]),
        problem=[in_python(problem.message) for problem in problems.values()],
    )


def _objects(values: list[str | None]) -> pd.Series:
    return pd.Series(values, dtype=object)


def _file(image_set: ImageSet, number: int, problem: FileProblem) -> str | None:
    """The file of a problem, whose channel may be that of nuclei, which was not chosen."""
    if problem.channel is None:
        return None
    is_chosen = problem.channel in image_set.channel_names
    channels = image_set if is_chosen else image_set.all_channels or image_set
    return str(channels.files[problem.channel][number])


def _refuse_unusable(fields: list[CroppedField], image_set: ImageSet, size: int) -> None:
    """Raises where no field or no crop is left, or where a channel changes its data type."""
    readable = [number for number, field in enumerate(fields) if field.problem is None]
    if not readable:
        first_problem = fields[0].problem
        raise UnreadableImageError(
            f"At least one field must be readable. Received: {len(fields)} that are not, the "
            f"first: {first_problem.message if first_problem else ''}"
        )
    first = readable[0]
    for number in readable:
        for name, here, there in zip(
            image_set.channel_names, fields[number].dtypes, fields[first].dtypes, strict=True
        ):
            if here != there:
                raise DataError(
                    "A channel must have one data type, or its intensities are not on one scale. "
                    f"Received: {there} in {image_set.where(first)} and {here} in "
                    f"{image_set.where(number)} for channel '{name}' "
                    f"('{image_set.files[name][number]}'). Convert the files, or leave one kind out"
                )
    if not any(len(field.corners) for field in fields):
        raise DataError(
            f"{argument('crop', 'cells')} needs nuclei with room for a {size} x {size} crop. "
            f"Received: none in {len(image_set)} fields. Check {argument('nuclei_channel')}, "
            f"choose a smaller {argument('size')}, or {argument('crop', 'tiles')}"
        )


def _refuse_arguments(crop: str, size: int, max_per_field: int | None, cache_bytes: int) -> None:
    if crop not in CROPS:
        raise DataError(
            f"{argument('crop')} must be one of {', '.join(CROPS)}. Received: "
            f"{argument('crop', crop)}{suggestion(crop, CROPS)}"
        )
    if max_per_field is not None and crop == "none":
        raise DataError(
            f"{argument('max_per_field')} needs {argument('crop', 'tiles')} or 'cells'. Received: "
            f"{argument('crop', crop)}, which makes one image of each field. Leave it out"
        )
    counts = {"size": (size, 1), "cache_bytes": (cache_bytes, 0)}
    if max_per_field is not None:
        counts["max_per_field"] = (max_per_field, 1)
    for name, (value, least) in counts.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise DataError(
                f"{argument(name)} must be an integer of at least {least}. Received: "
                f"{argument(name, value)}"
            )
