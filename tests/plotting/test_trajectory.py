"""Shares during training, judged by their artists and places, never by pixels."""

import itertools

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


def test_of_many_channels_six_are_coloured_and_the_others_grey_and_summed_up():
    ax = plot_trajectory(history(30))
    lines = {line.get_label(): line.get_color() for line in ax.lines}
    top, rest = names(30)[-6:], names(30)[:-6]
    assert len({lines[name] for name in top}) == 6
    assert len({lines[name] for name in rest}) == 1
    labels = [text.get_text() for text in ax.texts]
    assert len(labels) == 7
    assert labels[-1].startswith("24 others")


@pytest.mark.parametrize("number", [2, 8, 30])
def test_labels_of_lines_never_touch_and_keep_their_order(number, assert_apart, assert_inside):
    frame = history(number)
    frame["share"] = 0.2 + 1e-6 * frame["share"]
    ax = plot_trajectory(frame)
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
