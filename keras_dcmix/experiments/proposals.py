"""Which panels are trained again: those that the user names, then the one the scores propose."""

from __future__ import annotations

from collections.abc import Sequence

from keras_dcmix._common.errors import SubsetError, argument
from keras_dcmix._common.names import suggestion
from keras_dcmix.importance.subsets import SubsetScores

# Each proposal costs a training in every fold.
MOST_PROPOSALS = 3


def checked_panels(
    panels: Sequence[Sequence[str]], channel_names: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    """The panels that the user names, their channels in the order of the images.

    Args:
        panels: One sequence of channels a panel.
        channel_names: All channels.

    Raises:
        ValueError: If a panel is empty, names an unknown channel or one twice, or has all channels.
        TypeError: If a panel is a text.
    """
    listed = [panels] if isinstance(panels, str) else panels
    text = next((panel for panel in listed if isinstance(panel, str)), None)
    if text is not None:
        raise TypeError(
            f"Each panel must be a list of channels, such as [[{text!r}]], not one text. "
            f"Received: panels={panels!r}"
        )
    return tuple(dict.fromkeys(_checked(panel, channel_names) for panel in panels))


def _checked(panel: Sequence[str], channel_names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = next((name for name in panel if name not in channel_names), None)
    if unknown is not None:
        raise SubsetError(
            f"{argument('panel')} must name channels of the images. Received: {unknown!r}"
            f"{suggestion(unknown, channel_names)} Channels are: {', '.join(channel_names)}"
        )
    if not panel or len(set(panel)) < len(panel) or len(panel) == len(channel_names):
        raise SubsetError(
            f"{argument('panel')} must name some of the {len(channel_names)} channels, each once; "
            f"all channels are always trained. Received: {', '.join(panel) or 'none'}"
        )
    return tuple(name for name in channel_names if name in panel)


def propose(
    scores: SubsetScores, margin: float, needed: tuple[str, ...] = ()
) -> list[tuple[str, ...]]:
    """The panels to train again, one after the other until one is sufficient; three at most.

    The channels that the evidence calls needed come first, where they are not all channels. Then,
    of the best panels of each size, the smallest larger one whose estimated loss is within the
    margin, and larger ones. Where no smaller panel is within the margin, the best panel with one
    channel fewer than all shows what dropping a channel costs.

    Args:
        scores: Estimated accuracy of subsets.
        margin: Largest loss of accuracy that is accepted, 0 to 1.
        needed: Channels that are needed, alone or in combination.
    """
    first = tuple(name for name in scores.channel_names if name in needed)
    if len(first) == scores.num_channels:
        first = ()
    larger = [
        panel for panel in scores.panels("accuracy")[1:-1] if len(panel.channels) > len(first)
    ]
    within = [number for number, panel in enumerate(larger) if panel.cost <= margin]
    start = within[0] if within else max(0, len(larger) - 1)
    found = [first] if first else []
    found += [panel.channels for panel in larger[start:]]
    return found[:MOST_PROPOSALS]
