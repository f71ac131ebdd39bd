"""Which channel of a source is which channel of a model: by name, never by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keras_dcmix._common.errors import ArtefactError, argument
from keras_dcmix._common.names import suggestion
from keras_dcmix.data.cells.nuclei import find_dna_channel


def source_channels(
    wanted: Sequence[str],
    available: Sequence[str],
    renamed: Mapping[str, str] | None = None,
) -> list[str]:
    """Finds each channel of a model among those of a source.

    Args:
        wanted: The model's channels, in its order.
        available: The source's channels, in any order; others may be among them.
        renamed: What the source calls a channel of the model, where the names differ.

    Returns:
        The name in the source of each channel of the model.

    Raises:
        ValueError: If one is missing, or two would be the same.

    Example:

    >>> source_channels(["DNA", "ER"], ["ER", "RNA", "Hoechst"], {"DNA": "Hoechst"})
    ['Hoechst', 'ER']
    """
    renamed = dict(renamed or {})
    _check_renaming(wanted, available, renamed)
    found = [renamed.get(name, name) for name in wanted]
    missing = [name for name in found if name not in available]
    if missing:
        free = [name for name in available if name not in found]
        raise ArtefactError(
            f"The model needs the channels {', '.join(wanted)}, the images lack "
            f"{', '.join(missing)}: they have {', '.join(available)}{_offer(missing, free)}"
        )
    twice = {name for name in found if found.count(name) > 1}
    if twice:
        both = [name for name in wanted if renamed.get(name, name) in twice]
        raise ArtefactError(
            f"Each channel of the model must be another one of the images. Received "
            f"'{twice.pop()}' for {' and '.join(both)}: correct {argument('renamed')}"
        )
    return found


def _offer(missing: Sequence[str], free: Sequence[str]) -> str:
    if len(free) < len(missing):
        return ", too few for this model"
    pairs = {name: _likely(name, free) for name in missing}
    return f". Where only a name differs, use {argument('renamed', pairs)}"


def _likely(name: str, free: Sequence[str]) -> str:
    """The channel that is probably meant, or OTHER: a wrong guess would be copied."""
    try:
        find_dna_channel([name])
        return free[find_dna_channel(free)]
    except ValueError:
        ours = name.casefold()
        theirs = [other for other in free if ours in other.casefold() or other.casefold() in ours]
        return theirs[0] if len(theirs) == 1 else "OTHER"


def _check_renaming(
    wanted: Sequence[str], available: Sequence[str], renamed: Mapping[str, str]
) -> None:
    for ours, theirs in renamed.items():
        sides = (("model has", ours, wanted), ("images have", theirs, available))
        for who, name, known in sides:
            if name not in known:
                raise ArtefactError(
                    f"{argument('renamed', {ours: theirs})}: the {who} no channel "
                    f"'{name}'{suggestion(name, known)} Known: {', '.join(known)}"
                )
