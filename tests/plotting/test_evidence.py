"""The figure of evidence, judged by its artists and their places, never by pixels."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex

from keras_dcmix.plotting import plot_evidence
from keras_dcmix.plotting.evidence_rows import evidence_rows
from keras_dcmix.plotting.verdict_style import ORDER, verdict_color

VERDICTS = ["no evidence", "needed", "replaceable", "needed in combination", "undecided"]


def frame(number=5, *, half=0.05, names=None):
    """Channels that take turns in having each verdict; a gain that is shown is 0.4 or 0.2."""
    verdicts = [VERDICTS[i % 5] for i in range(number)]
    alone = np.array([0.4 if each in ("needed", "replaceable") else 0.01 for each in verdicts])
    unique = np.array([0.2 if each.startswith("needed") else 0.0 for each in verdicts])
    gains = {}
    for name, values in (("alone", alone), ("unique", unique)):
        gains |= {name: values, f"{name}_low": values - half, f"{name}_high": values + half}
        gains[f"{name}_p"] = np.where(values > 0.1, 0.001, 0.5)
    channels = names or [f"Marker {i:03d} of a long panel" for i in range(number)]
    by = ["DNA + ER" if each == "replaceable" else "" for each in verdicts]
    shares = np.linspace(2, 1, number) / np.linspace(2, 1, number).sum()
    return pd.DataFrame(
        {"channel": channels, "share": shares, **gains, "verdict": verdicts, "replaced_by": by}
    )


def pictures(table, number=2):
    return {name: np.arange(number * 36.0).reshape(number, 6, 6) for name in table["channel"]}


def forest(ax, gain):
    return next(child for child in ax.child_axes if child.get_label() == gain)


def dots(ax):
    return [part for part in ax.collections if isinstance(part, PathCollection)]


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_what_must_be_kept_is_on_top():
    rows = evidence_rows(frame(10), None)
    order = [str(each) for each in ORDER]
    places = [order.index(each) for each in rows.shown["verdict"]]
    assert places == sorted(places)
    assert rows.shown["channel"].tolist()[:2] == [frame(10)["channel"][1], frame(10)["channel"][6]]


def test_each_dot_is_at_its_estimate_and_filled_where_it_is_shown():
    ax = plot_evidence(frame())
    rows = evidence_rows(frame(), None).shown
    for gain in ("alone", "unique"):
        found = dots(forest(ax, gain))
        np.testing.assert_allclose([part.get_offsets()[0][0] for part in found], rows[gain])
        filled = [to_hex(part.get_facecolor()[0]) != "#ffffff" for part in found]
        assert filled == (rows[f"{gain}_p"] <= 0.05).tolist()


def test_dots_have_the_colour_of_the_verdict():
    ax = plot_evidence(frame())
    expected = [
        verdict_color(ax, each).lower() for each in evidence_rows(frame(), None).shown["verdict"]
    ]
    found = [to_hex(part.get_edgecolor()[0]) for part in dots(forest(ax, "alone"))]
    assert found == expected
    assert len(set(expected)) == 5


def intervals(ax):
    return [line for line in ax.lines if line.get_label() == "_interval"]


def test_intervals_are_drawn_where_they_are_known():
    table = frame()
    table.loc[1, ["alone_low", "alone_high"]] = np.nan
    ax = forest(plot_evidence(table), "alone")
    ends = [tuple(line.get_xdata()) for line in intervals(ax)]
    assert len(ends) == 4
    assert ends[-1] == pytest.approx((-0.04, 0.06))


def test_a_very_wide_interval_ends_in_an_arrow_and_does_not_hide_the_estimates():
    table = frame()
    table.loc[1, "alone_high"] = 50
    ax = forest(plot_evidence(table), "alone")
    assert ax.get_xlim()[1] < 1
    assert [line.get_marker() for line in ax.lines if line.get_label() == "_arrow"] == [">"]


def test_the_verdict_is_also_a_text_and_says_what_replaces_a_channel():
    texts = words(plot_evidence(frame()))
    assert {*VERDICTS} <= {*texts}
    assert "by DNA + ER" in texts


def test_pictures_have_the_same_grey_values_for_all_images_of_a_channel():
    table = frame(2)
    ax = plot_evidence(table, images=pictures(table), image_names=["a", "b"])
    shown = [child.images[0] for child in ax.child_axes if child.images]
    assert len(shown) == 4
    assert shown[0].get_clim() == shown[1].get_clim()
    assert {"a", "b"} <= {*words(ax)}


def test_names_of_images_that_do_not_fit_are_left_to_the_caption():
    table = frame(2)
    ax = plot_evidence(table, images=pictures(table), image_names=["negative control", "b"])
    assert "b" not in words(ax)


def test_other_channels_are_counted_by_verdict_and_have_ticks():
    ax = plot_evidence(frame(10), top=8)
    assert "2 other channels" in words(ax)
    assert "2 no evidence" in words(ax)
    (ticks,) = [line for line in forest(ax, "alone").lines if line.get_label() == "_others"]
    assert len(ticks.get_xdata()) == 2


def test_shares_add_up_to_all():
    texts = words(plot_evidence(frame(10), top=8))
    shares = [text for text in texts if re.fullmatch(r"[\d.]+%( together)?", text)]
    found = [float(text.split("%")[0]) for text in shares]
    assert sum(found) == pytest.approx(100, abs=1)


@pytest.mark.parametrize("number", [1, 2, 6, 12, 47, 200])
def test_texts_stay_apart_and_inside_the_figure(number, assert_apart, assert_inside):
    table = frame(number)
    ax = plot_evidence(table, images=pictures(table), image_names=["a", "b"])
    ax.figure.canvas.draw()
    assert_apart(ax.texts)
    assert_inside(ax.figure.bbox, ax.texts)
    assert ax.figure.get_size_inches()[1] < 11


def test_the_table_can_come_from_a_file():
    read = pd.read_csv(io.StringIO(frame().to_csv(index=False)))
    assert words(plot_evidence(read)) == words(plot_evidence(frame()))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"columns of `evidence.csv`.*without \['unique_p'\]"):
        plot_evidence(frame().drop(columns="unique_p"))
    with pytest.raises(ValueError, match=r"verdicts needed.*Received: useful"):
        plot_evidence(frame().assign(verdict="useful"))
    some = pictures(frame().iloc[:3])
    with pytest.raises(ValueError, match=r"picture of each channel.*'Marker 003"):
        plot_evidence(frame(), images=some)
    with pytest.raises(ValueError, match="one shape"):
        plot_evidence(frame(1), images={frame(1)["channel"][0]: np.zeros((2, 2, 6, 6))})
