"""Shares during training, judged by their artists and places, never by pixels."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from keras_dcmix.plotting import plot_trajectory


def names(number):
    return [f"Marker number {index:02d} of a long panel" for index in range(number)]


def history(number, num_epochs=4, num_seeds=2, num_mixes=1):
    rows = itertools.product(range(num_seeds), range(num_epochs), range(number), range(num_mixes))
    frame = pd.DataFrame(rows, columns=["seed", "epoch", "channel", "mix"])
    level = (frame["channel"] + 1) * (1 + frame["epoch"] * frame["channel"])
    frame["share"] = level / level.groupby([frame["seed"], frame["epoch"], frame["mix"]]).transform(
        "sum"
    )
    frame["channel"] = [names(number)[index] for index in frame["channel"]]
    return frame.assign(step=(frame["epoch"] + 1) * 100)


@pytest.mark.parametrize("number", [1, 2, 6, 8])
def test_each_channel_is_a_line_of_its_mean_share(number):
    frame = history(number)
    ax = plot_trajectory(frame)
    expected = frame.groupby(["channel", "epoch"])["share"].mean()
    lines = {line.get_label(): line for line in ax.lines}
    for name in names(number):
        np.testing.assert_allclose(lines[name].get_ydata(), expected[name])
        assert lines[name].get_xdata().tolist() == [0, 1, 2, 3]
    assert len({to_hex(lines[name].get_color()) for name in names(number)}) == number


def test_single_seeds_are_thin_lines_beside_the_mean():
    frame = history(2, num_seeds=3)
    frame.loc[frame["seed"] == 2, "share"] /= 2
    lines = plot_trajectory(frame).lines
    thin = [line for line in lines if line.get_label() == "_single seed"]
    assert len(thin) == 2 * 3
    assert len({tuple(line.get_ydata()) for line in thin}) == 2 * 2
    assert max(line.get_linewidth() for line in thin) < 1


def test_a_history_without_seeds_has_no_thin_lines():
    ax = plot_trajectory(history(3, num_seeds=1).drop(columns="seed"))
    assert "_single seed" not in [line.get_label() for line in ax.lines]


def test_several_planes_are_averaged():
    frame = history(2, num_seeds=1, num_mixes=2)
    frame.loc[frame["mix"] == 1, "share"] = 0.0
    one = history(2, num_seeds=1)
    lines = {line.get_label(): line for line in plot_trajectory(frame).lines}
    for name, rows in one.groupby("channel"):
        np.testing.assert_allclose(lines[name].get_ydata(), rows["share"] / 2)


def test_several_records_an_epoch_put_steps_on_the_axis():
    frame = history(3)
    half = frame.assign(step=frame["step"] - 50)
    assert plot_trajectory(frame).get_xlabel() == "epoch"
    ax = plot_trajectory(pd.concat([half, frame]))
    assert ax.get_xlabel() == "step"
    assert ax.lines[0].get_xdata().tolist() == [50, 100, 150, 200, 250, 300, 350, 400]


@pytest.mark.parametrize(("options", "number"), [({}, 8), ({"top": 3}, 3)])
def test_of_many_channels_some_are_coloured_and_the_others_grey_with_one_label(options, number):
    ax = plot_trajectory(history(30), **options)
    lines = {line.get_label(): line for line in ax.lines}
    top, rest = names(30)[-number:], names(30)[:-number]
    assert len({lines[name].get_color() for name in top}) == number
    (grey,) = {lines[name].get_color() for name in rest}
    assert grey not in {lines[name].get_color() for name in top}
    assert max(lines[name].get_zorder() for name in rest) < lines[top[0]].get_zorder()
    labels = [text.get_text() for text in ax.texts]
    assert len(labels) == number + 1
    assert labels[-1].startswith(f"{30 - number} others")


@pytest.mark.parametrize("number", [9, 12, 47, 200])
def test_shares_at_the_ends_and_of_the_others_add_up_to_all(number):
    ax = plot_trajectory(history(number))
    found = [float(re.search(r"([\d.]+)%", text.get_text())[1]) for text in ax.texts]
    assert sum(found) == pytest.approx(100, abs=0.5 * len(found))


def test_all_lines_can_be_labelled_and_told_apart():
    ax = plot_trajectory(history(30), top=None)
    lines = {line.get_label(): line for line in ax.lines}
    looks = {(lines[name].get_color(), lines[name].get_linestyle()) for name in names(30)}
    assert len(looks) == 30
    assert len(ax.texts) == 30


@pytest.mark.parametrize(("number", "is_named"), [(12, False), (13, True)])
def test_the_line_of_an_even_share_is_named_where_channels_are_many(number, is_named):
    ax = plot_trajectory(history(number))
    assert any(set(line.get_ydata()) == {1 / number} for line in ax.lines)
    assert ("even share, 1/13 = 7.7%" in ax.get_xlabel()) == is_named


@pytest.mark.parametrize(("number", "top"), [(2, 8), (8, 8), (30, 8), (30, None)])
def test_labels_of_lines_never_touch_and_keep_their_order(number, top, assert_apart, assert_inside):
    frame = history(number)
    frame["share"] = 0.2 + 1e-6 * frame["share"]
    ax = plot_trajectory(frame, top=top)
    ax.figure.canvas.draw()
    assert_apart(ax.texts)
    assert_inside(ax.figure.bbox, ax.texts)
    spots = [text.get_position()[1] for text in ax.texts]
    assert spots == sorted(spots, reverse=True)


def test_labels_with_room_stand_at_their_lines():
    ax = plot_trajectory(history(2))
    ends = [line.get_ydata()[-1] for line in ax.lines if not line.get_label().startswith("_")]
    for text in ax.texts:
        assert np.isclose(ends, text.get_position()[1]).any()


def test_two_names_that_shorten_alike_both_get_a_label():
    frame = history(2)
    alike = {name: f"the same beginning {name} the same end" for name in names(2)}
    ax = plot_trajectory(frame.replace({"channel": alike}))
    assert len(ax.texts) == 2


@pytest.mark.parametrize("frame", [history(2).drop(columns="share"), history(2).iloc[:0]])
def test_a_history_without_rows_or_columns_is_refused(frame):
    with pytest.raises(ValueError, match=r"at least one row and the columns.*Received"):
        plot_trajectory(frame)
