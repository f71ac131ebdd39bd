"""Text of the command line as values that the library takes."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from keras_dcmix._common.errors import ArtefactError, DataError


def parsed_names(text: str | None) -> tuple[str, ...] | None:
    """Splits names at commas, except inside double quotes.

    Example:

    >>> parsed_names('DNA, "488, long"')
    ('DNA', '488, long')
    """
    if text is None:
        return None
    return tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True), []))


def parsed_plane(text: str | None) -> str | int | None:
    """The number of a plane of z stacks; other text as it is.

    Example:

    >>> parsed_plane("3"), parsed_plane("max")
    (3, 'max')
    """
    return int(text) if text is not None and text.isdigit() else text


def parsed_percentiles(text: str | None) -> tuple[float, ...] | None:
    """Percentiles that are joined with a comma.

    Example:

    >>> parsed_percentiles("0.1,99.9")
    (0.1, 99.9)

    Raises:
        ValueError: If one is not a number.
    """
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise DataError(
            "--clip must be two percentiles joined with a comma, such as 0.1,99.9. "
            f"Received: --clip {text}"
        ) from None


def parsed_number_of_fields(text: str) -> int | None:
    """How many fields are read; None for all of them.

    Example:

    >>> parsed_number_of_fields("200"), parsed_number_of_fields("0")
    (200, None)

    Raises:
        ValueError: If it is neither a number nor "all".
    """
    if text.strip().lower() in ("all", "0"):
        return None
    if not text.strip().isdigit():
        raise DataError(
            f"--fields must be a number, or 0 for all fields. Received: --fields {text}"
        )
    return int(text)


def parsed_renaming(pairs: Sequence[str]) -> dict[str, str]:
    """Pairs such as `DNA=Hoechst`, the model's name before the source's.

    Raises:
        ValueError: If one is not a pair, or a channel comes twice.

    Example:

    >>> parsed_renaming(["DNA=Hoechst"])
    {'DNA': 'Hoechst'}
    """
    renamed: dict[str, str] = {}
    for pair in pairs:
        ours, _, theirs = (part.strip() for part in pair.partition("="))
        if not ours or not theirs:
            raise ArtefactError(
                "--map must be the model's name for a channel and the source's, such as "
                f"DNA=Hoechst. Received: --map {pair}"
            )
        if ours in renamed:
            raise ArtefactError(f"--map must name each channel once. Received: {ours} twice")
        renamed[ours] = theirs
    return renamed


def parsed_effects(text: str | None) -> dict[str, dict[str, float]] | None:
    """Phenotypes of a simulated screen.

    Args:
        text: Such as `"siRNA-A:Mito=3,Golgi=1.5;siRNA-B:ER=2"`; nothing after the colon for a
            phenotype that changes nothing.

    Returns:
        For each phenotype the effect on each channel.

    Raises:
        ValueError: If the text has another form, or a name comes twice.

    Example:

    >>> parsed_effects("siRNA-A:Mito=3,Golgi=1.5;siRNA-B:")
    {'siRNA-A': {'Mito': 3.0, 'Golgi': 1.5}, 'siRNA-B': {}}
    """
    if text is None:
        return None
    phenotypes: dict[str, dict[str, float]] = {}
    for part in filter(str.strip, text.split(";")):
        name, colon, pairs = (word.strip() for word in part.rpartition(":"))
        if not colon:
            raise _bad_effects(part, "no colon after the phenotype's name")
        if name in phenotypes:
            raise _bad_effects(part, f"a second phenotype {name}")
        phenotypes[name] = {}
        for pair in filter(str.strip, pairs.split(",")):
            channel, _, effect = (word.strip() for word in pair.partition("="))
            if channel in phenotypes[name]:
                raise _bad_effects(part, f"a second effect on {channel}")
            try:
                phenotypes[name][channel] = float(effect)
            except ValueError:
                raise _bad_effects(part, f"no number after {channel}=") from None
    return phenotypes


def _bad_effects(part: str, reason: str) -> DataError:
    return DataError(
        "--effects must have the form 'siRNA-A:Mito=3,Golgi=1.5;siRNA-B:ER=2'. "
        f"Received: '{part.strip()}' with {reason}"
    )
