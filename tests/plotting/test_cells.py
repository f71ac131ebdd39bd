"""Typical and worst cells."""

from types import SimpleNamespace

import numpy as np
import pytest

from keras_dcmix.plotting import plot_cells
from keras_dcmix.plotting.composite import bar_length, composites, key_colors

NAMES = ["DNA", "ER", "Mito", "GFP"]


def cells(num_classes=2, channels=4, worst=2):
    def some(label, number, probability):
        return SimpleNamespace(
            label=label,
            images=np.random.default_rng(0).random((number, 8, 8, channels)),
            probabilities=np.full(number, probability),
            groups=["A01"] * number,
        )

    labels = [f"dose {index}" for index in range(num_classes)]
    return SimpleNamespace(
        typical=[some(each, 3, 0.97) for each in labels],
        worst=[some(each, worst, 0.04) for each in labels],
    )


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_cell_has_its_probability_and_its_group():
    ax = plot_cells(cells(), channel_names=NAMES)
    assert len(ax.child_axes) == 10
    assert (texts(ax).count("97%"), texts(ax).count("4%"), texts(ax).count("A01")) == (6, 4, 10)
    assert {"typical cells", "worst cells", "dose 0", "dose 1"} <= {*texts(ax)}


def test_the_channels_asked_for_are_shown_in_colour():
    ax = plot_cells(cells(), channel_names=NAMES, channels=["GFP"])
    assert "GFP" in texts(ax)
    assert "DNA" not in texts(ax)
    pixels = np.asarray(ax.child_axes[0].images[0].get_array())
    assert np.allclose(pixels[..., 0], pixels[..., 1])  # one channel is grey
    assert "Mito" in texts(plot_cells(cells(), channel_names=NAMES))


@pytest.mark.parametrize("channels", [["FITC"], [], NAMES])
def test_channels_that_cannot_be_shown_are_refused(channels):
    with pytest.raises(ValueError, match="`channels` must be 1 to 3 of the names"):
        plot_cells(cells(), channel_names=NAMES, channels=channels)


@pytest.mark.parametrize("size", [0, -0.5, float("nan")])
def test_a_pixel_without_a_width_is_refused(size):
    with pytest.raises(ValueError, match="`pixel_size` must be a width in micrometres above 0"):
        plot_cells(cells(), channel_names=NAMES, pixel_size=size)


def test_a_scale_bar_is_drawn_where_the_size_of_a_pixel_is_given():
    ax = plot_cells(cells(), channel_names=NAMES, pixel_size=0.5)
    first, *others = ax.child_axes
    assert [text.get_text() for text in first.texts] == ["1 µm"]
    assert first.patches[0].get_width() == pytest.approx(2)
    assert not any(each.texts for each in others)
    without = plot_cells(cells(), channel_names=NAMES)
    assert not any(each.texts for each in without.child_axes)


@pytest.mark.parametrize(
    ("width", "length"), [(48, 20), (64, 20), (100, 20), (120, 50), (0.5, 0.2)]
)
def test_the_bar_has_a_round_length_below_half_of_the_picture(width, length):
    assert bar_length(width) == pytest.approx(length)


def test_all_cells_share_the_limits_of_a_channel():
    dim, bright = np.zeros((1, 4, 4, 1)), np.ones((1, 4, 4, 1))
    ((first, second),) = composites([[dim, bright]], 1)
    assert (first.max(), second.min()) == (0, 1)


def test_pixels_that_are_not_known_are_dark():
    ((picture,),) = composites([[np.array([np.nan, 1.0, 0.0, 0.5]).reshape(1, 2, 2, 1)]], 1)
    assert np.isfinite(picture).all()


def test_colours_of_channels_differ():
    assert len({*key_colors(3)}) == 3


def test_classes_may_lack_cells_of_a_kind():
    ax = plot_cells(cells(worst=0), channel_names=NAMES, pixel_size=0.5)
    assert len(ax.child_axes) == 6


def test_no_class_is_refused():
    empty = SimpleNamespace(typical=[], worst=[])
    with pytest.raises(ValueError, match="at least one class"):
        plot_cells(empty, channel_names=NAMES)
