"""The pictures of the weights on the page of a ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import percent
from keras_dcmix.evidence.sentences.reliability import UNRELIABLE_BARS
from keras_dcmix.evidence.verdict import RankingVerdict
from keras_dcmix.plotting.folding import FEW, ROWS, even_share, folded, shares_together
from keras_dcmix.report.figures import NARROW, Picture, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from keras_dcmix.experiments.rank import ChannelRanking


def bars(ranking: ChannelRanking, verdict: RankingVerdict) -> Picture:
    """The share of each channel."""
    from keras_dcmix.plotting import plot_importance
    from keras_dcmix.plotting.importance import bars_height

    importance, runs = ranking.importance, len(ranking.runs)
    rows = folded(importance.order, ROWS)
    alt, caption = "", "One bar for each channel: its share of the mix."
    if rows.others:
        caption = (
            f"One bar for each of the {len(rows.shown)} channels with the largest shares of the "
            "mix. The grey bar at the bottom covers the shares of the others, with a tick for each."
        )
    if runs > 1:
        alt = " Each bar has a dot for each run."
        caption += f" Dots are the {runs} runs; the whisker is their standard deviation."
    if importance.num_channels > FEW:
        line = even_share(importance.num_channels).capitalize()
        caption += f" {line}. A channel near it is not separated from the others."
    if not verdict.weights_are_reliable:
        caption = f"{UNRELIABLE_BARS} {caption}"
    return picture(
        lambda ax: _untitled(plot_importance(importance, ax=ax)),
        alt=f"Bars of each channel's share of the mix: {_shares_in_words(ranking)}.{alt}",
        caption=caption,
        size=(NARROW, bars_height(rows)),
    )


def _untitled(ax: Axes) -> Axes:
    """The page has a heading of its own, and a caption for the dots."""
    ax.set_title("", loc="left")
    ax.set_xlabel("share of the mix")
    return ax


def _shares_in_words(ranking: ChannelRanking) -> str:
    importance = ranking.importance
    shares = dict(zip(importance.channel_names, importance.scores, strict=True))
    names = folded(importance.order, ROWS)
    words = ", ".join(f"{name} {percent(shares[name])}" for name in names.shown)
    if names.others:
        together = shares_together(np.array([shares[name] for name in names.others]))
        words += f"; {names.rows[-1]}: {together}"
    return words


def mix(ranking: ChannelRanking) -> Picture:
    """Example images, channel by channel, and the mix of each."""
    from keras_dcmix.plotting.mix import PICTURES

    num_channels = ranking.importance.num_channels
    which, rest = f"{num_channels} channels", ""
    if num_channels > PICTURES:
        which = f"{PICTURES} channels with the largest shares"
        rest = f" The {which} are shown; the mix contains all {num_channels}."
    shown = ranking.classes[: len(ranking.examples[:4])]
    return picture(
        lambda ax: ranking.plot_mix(ax=ax),
        alt=(
            f"One raw image of each of the classes {', '.join(shown)}: its "
            f"{which} in grey with their shares, and to the right the single image that all "
            "channels are mixed into."
        ),
        caption=(
            "Left: the channels of a test image as they were read, with their shares. Right: the "
            f"single image that the classifier receives. Model of seed {ranking.best_seed}, which "
            f"has the lowest validation loss.{rest}"
        ),
        is_photo=True,
    )


def paths(ranking: ChannelRanking) -> Picture:
    """The share of each channel during training."""
    from keras_dcmix.plotting import plot_trajectory
    from keras_dcmix.plotting.trajectory import LINES

    grey = ""
    if ranking.importance.num_channels > LINES:
        grey = f" The {LINES} channels that end highest have colours; the others are grey."
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
            f"{grey}{runs}"
        ),
        size=(NARROW + 0.5, 3.6),
    )
