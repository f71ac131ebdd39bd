"""The pictures of evidence, panels, predictions and cells on the page of a ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import percent, plural, quantity
from keras_dcmix.evidence.panel_verdict import Interval, PanelsVerdict
from keras_dcmix.evidence.sentences import evidence as evidence_sentences
from keras_dcmix.evidence.sentences import mix
from keras_dcmix.evidence.sentences import panels as panel_sentences
from keras_dcmix.evidence.verdict import RankingVerdict
from keras_dcmix.plotting.folding import FEW, ROWS
from keras_dcmix.report.figures import NARROW, Picture, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from keras_dcmix.experiments.rank import ChannelRanking

_MOST_CLASSES = 3  # of which each channel shows a picture

_NAN = float("nan")
NOTHING_RETRAINED = PanelsVerdict(Interval(_NAN, _NAN, _NAN), (), _NAN)


def draw_evidence(ranking: ChannelRanking, ax: Axes | None = None) -> Axes:
    """Draws the evidence, each channel with a picture of each of the first classes."""
    from keras_dcmix.plotting import plot_evidence

    table = ranking.evidence
    if table is None:
        raise TypeError("a ranking without a check has no evidence")
    classes = _pictured_classes(ranking)
    examples = ranking.examples[: len(classes)]
    names = ranking.importance.channel_names
    images = {name: examples[..., number] for number, name in enumerate(names)}
    return plot_evidence(table, images=images, image_names=classes, ax=ax)


def _pictured_classes(ranking: ChannelRanking) -> tuple[str, ...]:
    """All of a few classes; of many only the first."""
    classes = ranking.classes[: len(ranking.examples)]
    return classes if len(classes) <= _MOST_CLASSES else classes[:1]


def evidence(ranking: ChannelRanking) -> Picture:
    """The figure of evidence."""
    found = ranking.verdict().evidence
    if found is None:
        raise TypeError("a ranking without a check has no evidence")
    words = "; ".join(f"{each.channel}: {each.verdict}" for each in found.channels[:ROWS])
    pictures = _pictured_classes(ranking)
    return picture(
        lambda ax: draw_evidence(ranking, ax),
        alt=(
            "A row for each channel with its picture, its share of the mix, and its gains alone "
            f"and unique with intervals. {words}."
        ),
        caption=(
            f"{evidence_sentences.CAPTION} A filled dot is above 0 at the level of 5%. The scales "
            f"of alone and unique differ. Pictures: a test image of {' and of '.join(pictures)}, "
            "each channel with the same grey values."
        ),
    )


def draw_panels(ranking: ChannelRanking, *, is_reliable: bool, ax: Axes | None = None) -> Axes:
    """Draws the panels; without retraining, or of models that are not reliable, only estimates."""
    from keras_dcmix.plotting import plot_panels

    if ranking.check is None:
        raise TypeError("a ranking without a check has no estimates")
    retrained = ranking.verdict().panels if is_reliable else None
    scores = ranking.check.scores
    ax = plot_panels(scores, retrained=retrained or NOTHING_RETRAINED, metric="accuracy", ax=ax)
    if not is_reliable:
        ax.set_title(panel_sentences.UNRELIABLE_TITLE, loc="left", fontsize="medium")
    return ax


def panels(ranking: ChannelRanking, *, is_reliable: bool) -> Picture | None:
    """The figure of panels; `None` without estimates."""
    if ranking.check is None:
        return None
    verdict = ranking.verdict().panels
    words = "; ".join(
        f"{panel_sentences.panel_name(each.channels[:FEW])}: {percent(each.accuracy.value)}, "
        f"{each.decision}"
        for each in (() if verdict is None else verdict.panels)
    )
    return picture(
        lambda ax: draw_panels(ranking, is_reliable=is_reliable, ax=ax),
        alt=(
            "Accuracy of panels of channels, from one channel to all channels. "
            f"Retrained: {words or 'none'}."
        ),
        caption=panel_sentences.CAPTION if is_reliable else panel_sentences.UNRELIABLE_CAPTION,
        is_photo=ranking.importance.num_channels > ROWS,  # thousands of dots
    )


def are_on_plates(ranking: ChannelRanking) -> bool:
    """Whether the tested groups can be drawn as a plate."""
    from keras_dcmix.plotting.plate_wells import are_wells

    is_named = ranking.group_unit in ("well", "group")
    return is_named and are_wells(np.unique(ranking.main_predictions.groups))


def predictions(ranking: ChannelRanking, verdict: RankingVerdict) -> Picture | None:
    """The predictions of each group, on plates where groups are wells; `None` of images."""
    from keras_dcmix.plotting import plot_groups, plot_plate

    unit = ranking.group_unit
    if unit == "image":
        return None
    table = ranking.main_predictions.group_table()
    wrong = int((table["predicted"] != table["label"]).sum())
    what = (
        f"mean probability over its images, predicted by {mix.models(verdict)} that have not seen "
        f"the {unit} in training"
    )
    alt = (
        f"The predictions for {quantity(len(table), unit)}; for {wrong} another class is predicted."
    )
    if are_on_plates(ranking):
        return picture(
            lambda ax: plot_plate(table, ax=ax),
            alt=f"Plates with a mark for each well. {alt}",
            caption=(
                f"Each {unit} where it lies on its plate: the {what}. Wrong {plural(unit)} at an "
                "edge or in a corner hint at an effect of the position."
            ),
        )
    return picture(
        lambda ax: plot_groups(table, ax=ax),
        alt=f"Dots for each group, a row a class. {alt}",
        caption=f"One dot for each {unit}: the {what}. The rows are the true classes.",
        size=(NARROW + 1.5, 1.3 + 0.42 * min(len(ranking.classes), ROWS)),
    )


def draw_cells(ranking: ChannelRanking, ax: Axes | None = None) -> Axes:
    """Draws example cells in up to three channels, those that the evidence names first."""
    from keras_dcmix.plotting import plot_cells
    from keras_dcmix.plotting.cells import MOST_CHANNELS

    if ranking.cells is None:
        raise TypeError("this ranking holds no cells")
    found = ranking.verdict().evidence
    order = ranking.importance.order if found is None else [each.channel for each in found.channels]
    names = ranking.importance.channel_names
    shown = sorted(order[:MOST_CHANNELS], key=names.index)
    return plot_cells(ranking.cells, channel_names=names, channels=shown, ax=ax)


def cells(ranking: ChannelRanking, verdict: RankingVerdict) -> Picture | None:
    """Typical and worst cells; `None` where there are none."""
    if ranking.cells is None or not ranking.cells.typical:
        return None
    return picture(
        lambda ax: draw_cells(ranking, ax),
        alt="Test images of each class that are classified most surely, and those most wrong.",
        caption=(
            "Left: test images with the highest probability of their class. Right: those with the "
            f"lowest. Below each: this probability, by the {mix.models(verdict)}, and the "
            f"{ranking.group_unit}. Look for debris, dead cells or wrong labels among the worst."
        ),
        is_photo=True,
    )
