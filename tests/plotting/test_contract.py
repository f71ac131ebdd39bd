"""Rules for every figure, judged by what was drawn (artists and places), never by pixels."""

import inspect
import re
import warnings
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import keras_dcmix.plotting
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.methods.deletion_insertion import curves_along
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.plotting import (
    plot_cells,
    plot_deletion_insertion,
    plot_evidence,
    plot_groups,
    plot_importance,
    plot_methods,
    plot_mix,
    plot_panels,
    plot_plate,
    plot_rank_correlation,
    plot_thumbnails,
    plot_trajectory,
)

NAMES = ["DNA", "a $ and another $", "x_1^2", "<b>"]
RNG = np.random.default_rng(0)
IMAGES = RNG.random((2, 8, 8, 4))
RESULTS = [
    ChannelImportance.from_repeats(method, NAMES, RNG.random((3, 4)), "$share$")
    for method in ("dcmix", "$m_1$", "occlusion")
]
HISTORY = pd.DataFrame(
    {"epoch": e, "step": 9 * e, "seed": s, "mix": 0, "channel": name, "share": (i + e) / 10}
    for s in range(2)
    for e in range(3)
    for i, name in enumerate(NAMES)
)
MEMBERS = (np.arange(16)[:, None] >> np.arange(4)) & 1 == 1
SCORES = SubsetScores(NAMES, MEMBERS, {"accuracy": MEMBERS @ [3, 2, 0, 0] + RNG.random((5, 16))})
EVIDENCE = pd.DataFrame(
    {"channel": NAMES, "share": [0.4, 0.3, 0.2, 0.1], "replaced_by": ["", "", "DNA", ""]}
    | {"verdict": ["needed", "needed in combination", "replaceable", "no evidence"]}
    | {f"alone{end}": [0.4, 0.1, 0.2, 0.0] for end in ("", "_low", "_high", "_p")}
    | {f"unique{end}": [0.3, 0.1, 0.0, 0.0] for end in ("", "_low", "_high", "_p")}
)
GROUPS = pd.DataFrame(
    {"group": [f"P_{i}_B0{i + 1}" for i in range(4)], "label": NAMES, "predicted": NAMES[0]}
    | {"images": 9, **{f"p:{name}": [0.7, 0.1, 0.1, 0.1] for name in NAMES}}
)
SOME = [
    SimpleNamespace(label=name, images=IMAGES, probabilities=[0.9, 0.8], groups=["_$", "B"])
    for name in NAMES
]
CELLS = SimpleNamespace(typical=SOME, worst=SOME)
CURVES = {"$m_1$": curves_along(NAMES, len), "dcmix": curves_along(NAMES[::-1], len)}
DRAWINGS = {
    "plot_importance": lambda ax: plot_importance(RESULTS[0], ax=ax),
    "plot_trajectory": lambda ax: plot_trajectory(HISTORY, ax=ax),
    "plot_rank_correlation": lambda ax: plot_rank_correlation(RESULTS, ax=ax),
    "plot_mix": lambda ax: plot_mix(IMAGES, [4, 3, 2, 1], channel_names=NAMES, ax=ax),
    "plot_methods": lambda ax: plot_methods(RESULTS, ax=ax),
    "plot_panels": lambda ax: plot_panels(SCORES, ax=ax),
    "plot_thumbnails": lambda ax: plot_thumbnails(IMAGES, channel_names=NAMES, ax=ax),
    "plot_evidence": lambda ax: plot_evidence(EVIDENCE, ax=ax),
    "plot_plate": lambda ax: plot_plate(GROUPS, of=NAMES[1], ax=ax),
    "plot_groups": lambda ax: plot_groups(GROUPS, of=NAMES[1], ax=ax),
    "plot_cells": lambda ax: plot_cells(CELLS, channel_names=NAMES, ax=ax),
    "plot_deletion_insertion": lambda ax: plot_deletion_insertion(CURVES, ax=ax),
}
every_figure = pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)


def shown_texts(ax):
    return [text for text in ax.findobj(mpl.text.Text) if text.get_text()]


TOPS = {
    "plot_importance": lambda top: plot_importance(RESULTS[0], top=top),
    "plot_trajectory": lambda top: plot_trajectory(HISTORY, top=top),
    "plot_mix": lambda top: plot_mix(IMAGES, [4, 3, 2, 1], top=top),
    "plot_methods": lambda top: plot_methods(RESULTS, top=top),
    "plot_panels": lambda top: plot_panels(SCORES, top=top),
    "plot_evidence": lambda top: plot_evidence(EVIDENCE, top=top),
    "plot_plate": lambda top: plot_plate(GROUPS, top=top),
    "plot_groups": lambda top: plot_groups(GROUPS, top=top),
    "plot_cells": lambda top: plot_cells(CELLS, channel_names=NAMES, top=top),
    "plot_thumbnails": lambda top: plot_thumbnails(IMAGES, channel_names=NAMES, top=top),
}
every_top = pytest.mark.parametrize("draw", TOPS.values(), ids=TOPS)


def test_every_figure_that_can_be_cut_is_here():
    functions = {name: getattr(keras_dcmix.plotting, name) for name in DRAWINGS}
    cut = {name for name, each in functions.items() if "top" in inspect.signature(each).parameters}
    assert set(TOPS) == cut


@every_top
def test_channels_after_the_top_are_counted_in_a_text(draw):
    for top, num_others in ((1, 3), (3, 1)):
        assert any(
            re.match(rf"(and )?{num_others} (other|more)", text.get_text())
            for text in shown_texts(draw(top))
        )
    for top in (4, None):
        assert not any(
            re.search(r"\d (other|more)", text.get_text()) for text in shown_texts(draw(top))
        )


@every_top
def test_a_top_below_one_is_refused(draw):
    with pytest.raises(ValueError, match=r"`top` must be a whole number.*Received: top=0"):
        draw(0)


def test_every_figure_is_here():
    assert set(DRAWINGS) == set(keras_dcmix.plotting.__all__)


@every_figure
def test_given_axes_come_back_and_no_figure_is_opened(draw):
    figure, (left, right) = plt.subplots(1, 2)
    plt.sca(left)
    assert draw(right) is right
    assert plt.get_fignums() == [figure.number]
    assert not left.has_data()
    assert not left.child_axes
    assert plt.gca() is left


@every_figure
def test_without_axes_one_figure_is_opened_and_settings_stay(draw):
    settings = dict(mpl.rcParams)
    ax = draw(None)
    assert plt.get_fignums() == [ax.figure.number]
    assert dict(mpl.rcParams) == settings


@every_figure
def test_it_fits_into_a_subfigure(draw):
    inner, _ = plt.figure(layout="constrained").subfigures(1, 2)
    ax = inner.subplots()
    assert draw(ax) is ax


@every_figure
def test_on_a_dark_background_no_text_is_dark(draw):
    with plt.style.context("dark_background"):
        ax = draw(None)
        for text in shown_texts(ax):
            in_cell = text.get_text().replace("\N{MINUS SIGN}", "").replace(".", "").isdigit()
            is_key = text.get_text() == "\N{BLACK SQUARE}"  # in the colour of a line
            if not (is_key or (in_cell and text in ax.texts)):
                assert sum(mpl.colors.to_rgb(text.get_color())) > 1.5, text


@every_figure
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_figures_save_without_a_warning(draw, ending, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(None).figure.savefig(tmp_path / f"figure.{ending}")


@every_figure
def test_names_are_shown_literally(draw):
    literal = [text for text in shown_texts(draw(None)) if {"$", "_"} & set(text.get_text())]
    assert literal
    assert not any(text.get_parse_math() for text in literal)
