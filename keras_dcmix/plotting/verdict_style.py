"""How verdicts look in all figures: their order, their colours on light and on dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_dcmix.evidence.channel_evidence import ChannelVerdict
from keras_dcmix.plotting.style import background, blend, contrasting, text_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# From what a lab must keep to what it can leave out.
ORDER = (
    ChannelVerdict.NEEDED,
    ChannelVerdict.IN_COMBINATION,
    ChannelVerdict.REPLACEABLE,
    ChannelVerdict.UNDECIDED,
    ChannelVerdict.NO_EVIDENCE,
)

# Okabe and Ito (2008); on dark the lighter of two similar ones. Printed in grey they differ too.
_COLORS = {
    ChannelVerdict.NEEDED: ("#0072B2", "#56B4E9"),
    ChannelVerdict.IN_COMBINATION: ("#D55E00", "#E69F00"),
    ChannelVerdict.REPLACEABLE: ("#009E73", "#2FC298"),
    ChannelVerdict.UNDECIDED: ("#B0578D", "#CC79A7"),
}


def is_dark(ax: Axes) -> bool:
    """Whether the background of the axes is dark."""
    return contrasting(background(ax)) == "white"


def verdict_color(ax: Axes, verdict: str) -> str:
    """The colour of a verdict on the background of the axes; grey for no evidence."""
    pair = _COLORS.get(ChannelVerdict(verdict))
    if pair is None:
        return blend(text_color(), background(ax), 0.5)
    return pair[is_dark(ax)]
