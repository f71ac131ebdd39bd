"""The pictures on the page of a ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_dcmix._common.wording import percent
from keras_dcmix.evidence.sentences import dropping
from keras_dcmix.report.figures import NARROW, Picture, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from keras_dcmix.experiments.rank import ChannelRanking
    from keras_dcmix.importance.subsets import SubsetScores


def bars(ranking: ChannelRanking) -> Picture:
    """The share of each channel."""
    from keras_dcmix.plotting import plot_importance

    importance, runs = ranking.importance, len(ranking.runs)
    alt, caption = "", "One bar for each channel: its share of the mix."
    if runs > 1:
        alt = " Each bar has a dot for each run."
        caption += f" Dots are the {runs} runs; the whisker is their standard deviation."
    return picture(
        lambda ax: _untitled(plot_importance(importance, ax=ax)),
        alt=f"Bars of each channel's share of the mix: {_shares_in_words(ranking)}.{alt}",
        caption=caption,
        size=(NARROW, 1.1 + 0.3 * importance.num_channels),
    )


def _untitled(ax: Axes) -> Axes:
    """The page has a heading of its own, and a caption for the dots."""
    ax.set_title("", loc="left")
    ax.set_xlabel("share of the mix")
    return ax


def _shares_in_words(ranking: ChannelRanking) -> str:
    importance = ranking.importance
    shares = dict(zip(importance.channel_names, importance.scores, strict=True))
    return ", ".join(f"{name} {percent(shares[name])}" for name in importance.order)


def mix(ranking: ChannelRanking) -> Picture:
    """Example images, channel by channel, and the mix of each."""
    shown = ranking.classes[: len(ranking.examples[:4])]
    return picture(
        lambda ax: ranking.plot_mix(ax=ax),
        alt=(
            f"One raw image of each of the classes {', '.join(shown)}: its "
            f"{ranking.importance.num_channels} channels in grey with their shares, and to the "
            "right the single image that they are mixed into."
        ),
        caption=(
            "Left: the channels of a test image as they were read, with their shares. Right: the "
            f"single image that the classifier receives. Model of seed {ranking.best_seed}, which "
            "has the lowest validation loss."
        ),
        is_photo=True,
    )


def paths(ranking: ChannelRanking) -> Picture:
    """The share of each channel during training."""
    from keras_dcmix.plotting import plot_trajectory

    runs = " Thin lines are single runs, thick lines their mean." if len(ranking.runs) > 1 else ""
    return picture(
        lambda ax: plot_trajectory(ranking.history, ax=ax),
        alt=(
            "Lines of each channel's share of the mix after each training epoch. The ranking, "
            f"of the best epoch of each run, is {_shares_in_words(ranking)}."
        ),
        caption=(
            "All channels start with the same share (dotted line); 0 is after the first epoch. "
            "Where lines still diverge at the right end, more epochs would separate them further."
            f"{runs}"
        ),
        size=(NARROW + 0.5, 3.6),
    )


def panels(scores: SubsetScores, *, is_reliable: bool) -> Picture:
    """Accuracy of the best set of channels of each size."""
    from keras_dcmix.plotting import plot_panels

    def draw(ax: Axes | None) -> Axes:
        ax = plot_panels(scores, metric="accuracy", ax=ax)
        if not is_reliable:
            ax.set_title(dropping.UNRELIABLE_TITLE, loc="left")
        return ax

    best = "; ".join(
        f"{dropping.panel_name(panel)}: {percent(panel.score)}"
        for panel in scores.panels("accuracy")
    )
    return picture(
        draw,
        alt=f"Accuracy of the best set of channels of each size, from none to all. {best}.",
        caption=dropping.PANEL_CAPTION if is_reliable else dropping.UNRELIABLE_CAPTION,
    )
