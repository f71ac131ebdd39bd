"""The page of thumbnails, judged by its artists and their places, never by pixels."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from keras_dcmix.plotting import plot_thumbnails

NAMES = [
    *("DNA", "Mitochondria (MitoTracker Deep Red)", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"),
    *("ER (Concanavalin A / Alexa Fluor 488 conjugate)", "a $ and another $", "x_1^2", "<b>"),
    *("CD3", "CD20", "Ki-67", "panCK", "Metadata_OrigBrightfieldHighContrast", "RNA", "Golgi"),
    "Actin/Phalloidin",
]


def fields_of(number, channels=3, shape=(24, 30)):
    """Channel c lies in 100 c to 100 c + 1, a little brighter from field to field."""
    pixels = np.random.default_rng(0).random((number, *shape, channels))
    return pixels + 100 * np.arange(channels) + np.arange(number)[:, None, None, None]


def picture(ax, row, column, channels=3):
    return ax.child_axes[row * channels + column]


def extents(ax, artists):
    """Boxes of artists in pixels, as they are drawn."""
    figure = ax.get_figure(root=True)
    figure.canvas.draw()
    return [artist.get_window_extent() for artist in artists]


def texts_of(ax):
    titles = [picture.title for picture in ax.child_axes if picture.get_title()]
    return [text for text in [*titles, *ax.texts] if text.get_text()]


def test_fields_are_rows_and_channels_are_columns():
    fields = fields_of(2)
    ax = plot_thumbnails(fields, channel_names=["a", "b", "c"])
    assert len(ax.child_axes) == 6
    shown = picture(ax, 1, 2).images[0].get_array()
    np.testing.assert_array_equal(shown, fields[1, ..., 2])
    boxes = [picture(ax, row, column).get_position() for row, column in ((0, 0), (0, 2), (1, 0))]
    assert boxes[0].x0 < boxes[1].x0
    assert boxes[0].y0 > boxes[2].y0


def test_many_channels_are_wrapped_into_bands_with_names_and_ranges(assert_apart, assert_inside):
    names = [f"marker {index}" for index in range(30)]
    ax = plot_thumbnails(fields_of(2, 30), channel_names=names, field_names=["a", "b"])
    assert len(ax.child_axes) == 2 * 30
    assert [picture.get_title() for picture in ax.child_axes[:30]] == names
    boxes = extents(ax, ax.child_axes[:30])
    assert len({round(box.y0) for box in boxes}) == 3
    assert len({round(box.x0) for box in boxes}) == 10
    texts = texts_of(ax)
    assert sum(text.get_text() == "black\nwhite" for text in texts) == 3
    assert sum(text.get_text() == "a" for text in texts) == 3
    assert_apart(texts)
    assert_inside(ax.figure.bbox, texts)
    assert not [text for text in extents(ax, texts) if text.count_overlaps(boxes)]


def test_up_to_sixteen_channels_are_in_one_band():
    ax = plot_thumbnails(fields_of(1, 16), channel_names=[str(index) for index in range(16)])
    assert len({round(box.y0) for box in extents(ax, ax.child_axes)}) == 1


def test_the_first_channels_are_shown_and_a_line_counts_the_others(assert_apart, assert_inside):
    ax = plot_thumbnails(fields_of(2), channel_names=["a", "b", "c"], top=2)
    assert [picture.get_title() for picture in ax.child_axes[:2]] == ["a", "b"]
    assert len(ax.child_axes) == 2 * 2
    texts = texts_of(ax)
    assert texts[-1].get_text() == "and 1 more channel without a picture"
    extents(ax, texts)
    assert_apart(texts)
    assert_inside(ax.figure.bbox, texts)


def test_a_channel_has_one_range_in_all_fields_and_it_is_written_below():
    fields = 1000 * fields_of(3)
    ax = plot_thumbnails(fields, channel_names=["a", "b", "c"])
    expected = np.percentile(fields[..., 1], (0.1, 99.9))
    for row in range(3):
        np.testing.assert_allclose(picture(ax, row, 1).images[0].get_clim(), expected)
    assert f"{expected[0]:,.0f}\n{expected[1]:,.0f}" in [text.get_text() for text in ax.texts]


def test_large_fields_are_shrunk_by_means():
    field = fields_of(1, shape=(520, 516))[0]
    ax = plot_thumbnails([field], channel_names=["a", "b", "c"])
    shown = picture(ax, 0, 0).images[0].get_array()
    assert shown.shape == (260, 258)
    assert shown[3, 5] == pytest.approx(field[6:8, 10:12, 0].mean())


def test_a_channel_that_a_field_lacks_is_blank_and_changes_no_range():
    fields = fields_of(2)
    fields[1, ..., 0] = np.nan
    ax = plot_thumbnails(fields, channel_names=["a", "b", "c"])
    assert not picture(ax, 1, 0).images
    assert [text.get_text() for text in picture(ax, 1, 0).texts] == ["no image"]
    expected = np.percentile(fields[0, ..., 0], (0.1, 99.9))
    np.testing.assert_allclose(picture(ax, 0, 0).images[0].get_clim(), expected)


def test_a_channel_that_all_fields_lack_has_no_range():
    fields = fields_of(2)
    fields[..., 2] = np.nan
    ax = plot_thumbnails(fields, channel_names=["a", "b", "c"])
    assert sum("\n" in text.get_text() for text in ax.texts) == 2


def test_a_constant_channel_is_black():
    fields = fields_of(2)
    fields[..., 0] = 5
    ax = plot_thumbnails(fields, channel_names=["a", "b", "c"])
    assert picture(ax, 0, 0).images[0].get_clim() == (5, 6)


def test_fields_of_several_sizes_stand_in_the_middle_of_rows_of_one_height():
    fields = [fields_of(1, shape=(40, 40))[0], fields_of(1, shape=(20, 40))[0]]
    ax = plot_thumbnails(fields, channel_names=["a", "b", "c"])
    square, low = extents(ax, [picture(ax, 0, 0), picture(ax, 1, 0)])
    assert square.width == pytest.approx(low.width)
    assert square.height == pytest.approx(2 * low.height)


@pytest.mark.parametrize("size", [10, 20])
@pytest.mark.parametrize(("rows", "columns"), [(6, 2), (3, 6), (6, 15), (1, 1)])
def test_texts_neither_overlap_nor_run_out(rows, columns, size, assert_apart, assert_inside):
    with mpl.rc_context({"font.size": size}):
        ax = plot_thumbnails(
            fields_of(rows, columns),
            channel_names=NAMES[-columns:] if columns < 6 else NAMES[:columns],
            field_names=["a treatment with a very long name\nHUVEC-01/Plate 1\nB03"] * rows,
        )
        texts = texts_of(ax)
        boxes = extents(ax, texts)
    assert len(texts) == 2 * columns + rows + 1
    assert_apart(texts)
    assert_inside(ax.figure.bbox, texts)
    pictures = [picture.get_window_extent() for picture in ax.child_axes]
    assert not [box for box in boxes if box.count_overlaps(pictures)]


def test_short_names_are_written_in_full():
    ax = plot_thumbnails(fields_of(1), channel_names=["a", "DNA", "x_1^2"], field_names=["0"])
    assert [picture.get_title() for picture in ax.child_axes] == ["a", "DNA", "x_1^2"]
    assert "0" in [text.get_text() for text in ax.texts]


def test_a_long_name_is_broken_before_it_is_cut():
    ax = plot_thumbnails(fields_of(1, 15), channel_names=NAMES)
    assert ax.child_axes[1].get_title() == "Mitochondria\n(MitoTra…ep Red)"


def test_given_axes_keep_their_place():
    _, (left, right) = plt.subplots(1, 2, figsize=(12, 5))
    ax = plot_thumbnails(fields_of(2), channel_names=["a", "b", "c"], ax=right)
    assert ax is right
    inside = right.get_window_extent()
    for box in extents(ax, [*ax.child_axes, *texts_of(ax)]):
        assert inside.x0 - 1 <= box.x0
        assert box.x1 <= inside.x1 + 1
    assert not left.child_axes


@pytest.mark.parametrize(
    ("fields", "arguments", "message"),
    [
        ([], {}, "`fields` must be 1 to 6. Received: 0 fields"),
        (fields_of(7), {}, "`fields` must be 1 to 6. Received: 7 fields"),
        (fields_of(1, 2), {}, r"`fields\[0\]` must have shape \(height, width, 3\)"),
        (fields_of(1)[0], {}, r"Received: shape=\(30, 3\)|Received: 24 fields"),
        (fields_of(1), {"channel_names": "abc"}, "`channel_names` must be a list of at least one"),
        (fields_of(1), {"channel_names": []}, "`channel_names` must be a list of at least one"),
        (fields_of(2), {"field_names": ["x"]}, "`field_names` must be a list of 2 names"),
        (fields_of(2), {"field_names": "xy"}, "`field_names` must be a list of 2 names"),
    ],
)
def test_what_does_not_fit_is_refused(fields, arguments, message):
    with pytest.raises(ValueError, match=message):
        plot_thumbnails(fields, **{"channel_names": ["a", "b", "c"], **arguments})
