"""Figures, judged by what was drawn (artists and their places), never by pixels."""

import itertools
import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from keras_dcmix.evidence.statistics import cluster_order, rank_correlation_matrix
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting import (
    plot_importance,
    plot_mix,
    plot_rank_correlation,
    plot_trajectory,
)
from keras_dcmix.plotting.style import shorten

TRICKY = ["a $ and another $", "x_1^2", "<b>", "ER (Concanavalin A / Alexa Fluor 488 conjugate)"]
METRICS = ("euclidean", "correlation")


@pytest.fixture(autouse=True)
def figures():
    before = mpl.get_backend()
    mpl.use("Agg")
    yield
    plt.close("all")
    mpl.use(before)


def names(number):
    return [f"Marker number {index:02d} of a long panel" for index in range(number)]


def importance(number, method="dcmix", num_repeats=5):
    repeats = np.random.default_rng(number).random((num_repeats, number))
    return ChannelImportance.from_repeats(method, names(number), repeats, "share of the mix")


def history(number, num_epochs=4, num_seeds=2, num_mixes=1):
    rows = itertools.product(range(num_seeds), range(num_epochs), range(number), range(num_mixes))
    frame = pd.DataFrame(rows, columns=["seed", "epoch", "channel", "mix"])
    level = (frame["channel"] + 1) * (1 + frame["epoch"] * frame["channel"])
    frame["share"] = level / level.groupby([frame["seed"], frame["epoch"], frame["mix"]]).transform(
        "sum"
    )
    frame["channel"] = [names(number)[index] for index in frame["channel"]]
    return frame.assign(step=(frame["epoch"] + 1) * 100)


def methods(number):
    scores = np.random.default_rng(number).normal(size=(number, 7))
    scores += np.where(np.arange(number) % 2, 1, -1)[:, None] * np.arange(7)
    labels = [f"a method with the long name {index}" for index in range(number)]
    return [ChannelImportance(m, names(7), row) for m, row in zip(labels, scores, strict=True)]


def assert_apart(texts):
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    assert len(boxes) > 1
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)


def assert_inside(figure, texts):
    for text in texts:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1


def images(number, *leading, height=8):
    return np.random.default_rng(number).random((*leading, height, 8, number))


DRAWINGS = {
    "importance": lambda ax: plot_importance(importance(6), ax=ax),
    "trajectory": lambda ax: plot_trajectory(history(6), ax=ax),
    "rank_correlation": lambda ax: plot_rank_correlation(methods(5), ax=ax),
    "mix": lambda ax: plot_mix(images(6), np.arange(6), ax=ax),
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_given_axes_come_back_and_no_figure_is_opened(draw):
    figure, (left, right) = plt.subplots(1, 2)
    plt.sca(left)
    assert draw(right) is right
    assert plt.get_fignums() == [figure.number]
    assert not left.has_data()
    assert plt.gca() is left


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_without_axes_one_figure_is_opened_and_settings_stay(draw):
    settings = dict(mpl.rcParams)
    ax = draw(None)
    assert plt.get_fignums() == [ax.figure.number]
    assert dict(mpl.rcParams) == settings


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_on_a_dark_background_no_text_is_dark(draw):
    with plt.style.context("dark_background"):
        ax = draw(None)
        for text in ax.findobj(mpl.text.Text):
            in_cell = text.get_text().replace("\N{MINUS SIGN}", "").replace(".", "").isdigit()
            if text.get_text() and not (in_cell and text in ax.texts):
                assert sum(mpl.colors.to_rgb(text.get_color())) > 1.5, text


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_figures_save_without_a_warning(draw, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(None).figure.savefig(tmp_path / "figure.svg")


@pytest.mark.parametrize("number", [1, 2, 6, 30])
def test_bars_are_the_scores_with_the_highest_on_top(number):
    result = importance(number)
    ax = plot_importance(result)
    bars = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(bars, sorted(result.scores, reverse=True))
    heights = [bar.get_window_extent().y0 for bar in ax.patches]
    assert heights == sorted(heights, reverse=True)


def test_names_stay_with_their_bars():
    ax = plot_importance(ChannelImportance("dcmix", ["a", "b", "c"], [1, 3, -2]))
    labels = [label.get_text() for label in ax.get_yticklabels()]
    widths = [bar.get_width() for bar in ax.patches]
    assert dict(zip(labels, widths, strict=True)) == {"a": 1, "b": 3, "c": -2}


def test_every_repeat_is_a_dot_in_the_row_of_its_channel():
    result = importance(6, num_repeats=5)
    (dots,) = (c for c in plot_importance(result).collections if isinstance(c, PathCollection))
    x, y = dots.get_offsets().T
    assert len(x) == 5 * 6
    for row, name in enumerate(result.order):
        repeats = result.repeats[:, result.channel_names.index(name)]
        np.testing.assert_allclose(sorted(x[np.round(y) == row]), sorted(repeats))


def test_whiskers_reach_one_standard_deviation_to_each_side():
    result = ChannelImportance.from_repeats("dcmix", ["a", "b"], [[1, 5], [3, 9]])
    (whiskers,) = (c for c in plot_importance(result).collections if isinstance(c, LineCollection))
    ends = [segment[:, 0] for segment in whiskers.get_segments()]
    np.testing.assert_allclose(ends, [[7 - 8**0.5, 7 + 8**0.5], [2 - 2**0.5, 2 + 2**0.5]])


def test_numbers_stand_beside_the_whiskers_where_repeats_are_too_many_to_draw():
    repeats = np.random.default_rng(0).normal([0.2, 0.8], 0.05, (1000, 2))
    result = ChannelImportance.from_repeats("shapley", ["a", "b"], repeats)
    places = [text.xy[0] for text in plot_importance(result).texts]
    np.testing.assert_allclose(sorted(places), sorted(result.scores + result.std))


@pytest.mark.parametrize("repeats", [None, [[0.2, 0.8]]])
def test_without_a_spread_there_are_no_whiskers_and_no_word_of_them(repeats):
    ax = plot_importance(ChannelImportance("dcmix", ["a", "b"], [0.2, 0.8], repeats, "share"))
    assert not [c for c in ax.collections if isinstance(c, LineCollection)]
    assert ax.get_xlabel() == "share"


@pytest.mark.parametrize("scores", [[0.0, 0.0], [-1.0, -2.0], [5.0, -0.0004]])
def test_zero_and_negative_scores_lie_within_the_limits(scores):
    ax = plot_importance(ChannelImportance("dcmix", ["a", "b"], scores))
    low, high = ax.get_xlim()
    assert low <= min(0, *scores)
    assert high > max(0, *scores)
    assert "\N{MINUS SIGN}0.00" not in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("number", [2, 6, 30])
def test_names_and_values_of_channels_never_touch(number):
    ax = plot_importance(importance(number))
    ax.figure.canvas.draw()
    assert_apart(ax.get_yticklabels())
    assert_apart([*ax.get_yticklabels(), *ax.texts])
    assert_inside(ax.figure, ax.get_yticklabels())
    frame = ax.get_window_extent()
    assert max(text.get_window_extent().x1 for text in ax.texts) <= frame.x1 + 1


def test_in_small_axes_names_shrink_and_values_are_left_out():
    _, axes = plt.subplots(2, 2, figsize=(7, 4), layout="constrained")
    ax = plot_importance(importance(30), ax=axes[0, 0])
    ax.figure.canvas.draw()
    assert_apart(ax.get_yticklabels())
    assert not ax.texts


def test_names_are_shown_literally_or_shortened_in_the_middle():
    ax = plot_importance(ChannelImportance("$m$", TRICKY, [4, 3, 2, 1]))
    labels = ax.get_yticklabels()
    (title,) = ax.findobj(lambda artist: getattr(artist, "get_text", str)() == "$m$")
    assert [label.get_text() for label in labels[:3]] == TRICKY[:3]
    assert labels[3].get_text() == shorten(TRICKY[3], 32)
    assert not any(label.get_parse_math() for label in [*labels, title, ax.xaxis.label])


@pytest.mark.parametrize("length", range(1, 12))
def test_a_shortened_name_is_no_longer_than_asked(length):
    short = shorten("mitochondria", length)
    assert len(short) <= length
    assert short.count("…") == 1
    assert shorten("mitochondria", 12) == "mitochondria"


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
def test_labels_of_lines_never_touch_and_keep_their_order(number):
    frame = history(number)
    frame["share"] = 0.2 + 1e-6 * frame["share"]
    ax = plot_trajectory(frame)
    ax.figure.canvas.draw()
    assert_apart(ax.texts)
    assert_inside(ax.figure, ax.texts)
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


@pytest.mark.parametrize("metric", METRICS)
def test_the_matrix_stands_in_the_order_of_its_clusters(metric):
    results = methods(9)
    matrix = rank_correlation_matrix(results)
    orders = {name: cluster_order(matrix, metric=name).order for name in METRICS}
    assert not np.array_equal(*orders.values())
    order = orders[metric]
    ax = plot_rank_correlation(results, metric=metric)
    drawn = ax.collections[0].get_array().reshape(9, 9)
    np.testing.assert_allclose(drawn, matrix.iloc[order, order])
    labels = [matrix.index[index] for index in order]
    assert [label.get_text() for label in ax.get_xticklabels()] == labels
    assert [label.get_text() for label in ax.get_yticklabels()] == labels


def test_colours_run_from_minus_one_to_one():
    results = [ChannelImportance(m, list("abc"), [1, 2, 3]) for m in ("one", "two")]
    ax = plot_rank_correlation(results)
    assert ax.collections[0].get_clim() == (-1, 1)
    (bar,) = (child for child in ax.child_axes if child.get_label() == "colour bar")
    assert bar.get_ylabel() == "Spearman's rank correlation"


@pytest.mark.parametrize(("number", "numbered"), [(3, True), (12, True), (13, False)])
def test_cells_hold_numbers_up_to_twelve_methods(number, numbered):
    ax = plot_rank_correlation(methods(number))
    matrix = ax.collections[0].get_array().ravel()
    expected = [f"{rho:.2f}".replace("-", "\N{MINUS SIGN}") for rho in matrix]
    assert [text.get_text() for text in ax.texts] == (expected if numbered else [])


def test_numbers_are_white_on_dark_cells_and_black_on_light_ones():
    up, down, half = [0, 1, 2, 3], [3, 2, 1, 0], [0, 3, 1, 2]
    scores = {"up": up, "down": down, "half": half}
    ax = plot_rank_correlation([ChannelImportance(m, list("abcd"), s) for m, s in scores.items()])
    colors = {text.get_text(): text.get_color() for text in ax.texts}
    light, dark = ("0.40", "\N{MINUS SIGN}0.40"), ("1.00", "\N{MINUS SIGN}1.00")
    assert colors == dict.fromkeys(light, "black") | dict.fromkeys(dark, "white")


@pytest.mark.parametrize("number", [2, 3, 11, 20])
def test_each_leaf_of_the_tree_stands_over_its_column(number):
    ax = plot_rank_correlation(methods(number))
    (tree,) = (child for child in ax.child_axes if child.get_label() == "tree")
    branches = np.array(tree.collections[0].get_segments())
    assert len(branches) == number - 1
    feet = branches[branches[..., 1] == 0][:, 0]
    np.testing.assert_allclose(np.unique(feet), np.arange(number) + 0.5)
    assert tree.get_xlim() == ax.get_xlim()


@pytest.mark.parametrize("number", [3, 11, 20])
def test_names_of_methods_never_touch(number):
    ax = plot_rank_correlation(methods(number))
    ax.figure.canvas.draw()
    assert_apart(ax.get_xticklabels())
    assert_apart(ax.get_yticklabels())
    assert_inside(ax.figure, ax.get_yticklabels())


@pytest.mark.parametrize(("number", "side"), [(3, 3.5), (6, 4.5), (11, 7)])
def test_numbers_stay_within_their_cells(number, side):
    _, ax = plt.subplots(figsize=(side, side), layout="constrained")
    plot_rank_correlation(methods(number), ax=ax)
    ax.figure.canvas.draw()
    assert len(ax.texts) == number**2
    cell = ax.get_window_extent().width / number
    assert max(text.get_window_extent().width for text in ax.texts) < 0.95 * cell


def test_in_small_axes_numbers_that_cannot_be_read_are_left_out():
    _, (small, _) = plt.subplots(1, 2, figsize=(6, 3), layout="constrained")
    assert not plot_rank_correlation(methods(11), ax=small).texts


@pytest.mark.filterwarnings("ignore:left out")
def test_a_method_without_an_order_is_named_below_the_matrix():
    flat = ChannelImportance("$flat$", names(7), [1] * 7)
    ax = plot_rank_correlation([*methods(4), flat])
    assert ax.get_xlabel().replace("\n", " ") == "not shown, all channels tied: $flat$"
    assert not ax.xaxis.label.get_parse_math()
    ax.figure.canvas.draw()
    assert_apart([*ax.get_xticklabels(), ax.xaxis.label])
    assert plot_rank_correlation(methods(4)).get_xlabel() == ""


def test_a_tree_of_identical_methods_is_a_line_that_is_not_clipped():
    ax = plot_rank_correlation([ChannelImportance(m, list("abc"), [1, 2, 3]) for m in "xyz"])
    (tree,) = (child for child in ax.child_axes if child.get_label() == "tree")
    branches = np.array(tree.collections[0].get_segments())
    assert np.ptp(branches[..., 1]) < 1e-12
    assert not tree.collections[0].get_clip_on()


@pytest.mark.parametrize(("place", "size"), [(0, (9, 3)), (1, (9, 3)), (0, (7, 4)), (1, (14, 5))])
def test_neither_matrix_nor_colour_bar_touches_a_neighbour(place, size):
    figure, axes = plt.subplots(1, 3, figsize=size, layout="constrained")
    axes[place + 1].set_ylabel("neighbour")
    plot_rank_correlation(methods(6), ax=axes[place])
    figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in axes]
    for left, right in itertools.pairwise(boxes):
        assert right.x0 - left.x1 > 5


def pictures(ax):
    return [child for child in ax.child_axes if child.images]


@pytest.mark.parametrize("number", [1, 2, 6, 30])
def test_channels_stand_in_the_order_of_their_shares_before_the_mix(number):
    alpha = np.random.default_rng(0).permutation(number) + 1.0
    data = images(number)
    *channels, mix = pictures(plot_mix(data, alpha))
    order = np.argsort(-alpha)
    for picture, index in zip(channels, order, strict=True):
        assert picture.get_title().startswith("channel")
        np.testing.assert_array_equal(picture.images[0].get_array(), data[..., index])
    assert mix.get_title() == "mix"


def test_titles_hold_name_and_share():
    ax = plot_mix(images(3), [1, 6, 1], channel_names=["DNA", "$RNA$", "ER"])
    titles = [picture.get_title() for picture in pictures(ax)]
    assert titles == ["$RNA$\n75 %", "DNA\n12 %", "ER\n12 %", "mix"]
    assert not pictures(ax)[0].title.get_parse_math()


def test_the_mix_weighs_standardised_pixels():
    data, alpha = images(3), np.array([0.5, 2.0, 0.0])
    mean, std = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 0.5])
    mix = pictures(plot_mix(data, alpha, mean=mean, std=std))[-1]
    np.testing.assert_allclose(mix.images[0].get_array(), (data - mean) / std @ alpha)


def test_scaling_a_raw_channel_does_not_change_the_mix():
    data = images(2)
    plain, scaled = (pictures(plot_mix(data * scale, [1, 2]))[-1] for scale in (1, [1, 900]))
    np.testing.assert_allclose(plain.images[0].get_array(), scaled.images[0].get_array())


def test_several_planes_give_several_mixes():
    ax = plot_mix(images(6), np.random.default_rng(0).random((6, 3)))
    titles = [picture.get_title() for picture in pictures(ax)]
    assert titles[6:] == ["mix 1", "mix 2", "mix 3"]


def test_each_image_is_a_row_of_its_own_stretched_like_the_others():
    data = images(3, 4) * np.array([1, 2, 3, 4])[:, None, None, None]
    ax = plot_mix(data, [3, 2, 1])
    channels = pictures(ax)[: 4 * 3]
    np.testing.assert_array_equal(channels[3].images[0].get_array(), data[1, ..., 0])
    assert len({channels[index].images[0].get_clim() for index in (0, 3, 6, 9)}) == 1
    assert len(pictures(ax)) == 4 * (3 + 1)


def test_grey_values_are_stretched_between_percentiles():
    data = images(2)
    first = pictures(plot_mix(data, [2, 1]))[0]
    np.testing.assert_allclose(first.images[0].get_clim(), np.percentile(data[..., 0], [1, 99.5]))


@pytest.mark.parametrize("alpha", [[0.0, 0.0], [1.0, 0.0]])
def test_a_constant_channel_and_zero_weights_are_drawn(alpha):
    data = images(2)
    data[..., 0] = 7
    *_, mix = pictures(plot_mix(data, alpha))
    np.testing.assert_array_equal(mix.images[0].get_array(), np.zeros((8, 8)))


@pytest.mark.parametrize(
    ("number", "leading", "num_mixes"), [(6, (), 1), (30, (), 2), (5, (3,), 1)]
)
def test_pictures_and_their_titles_never_touch(number, leading, num_mixes):
    alpha = np.random.default_rng(0).random((number, num_mixes))
    ax = plot_mix(images(number, *leading, height=10), alpha, channel_names=names(number))
    ax.figure.canvas.draw()
    titles = [p.title.get_window_extent() for p in pictures(ax) if p.get_title()]
    frames = [p.get_window_extent() for p in pictures(ax)]
    bars = [patch.get_window_extent() for p in pictures(ax) for patch in p.patches]
    for one, other in itertools.combinations(titles + frames, 2):
        assert not one.overlaps(other)
    assert not any(bar.overlaps(title) for bar in bars for title in titles)


@pytest.mark.parametrize(
    ("shape", "alpha", "options", "words"),
    [
        ((8, 8), [1], {}, r"images must have shape.*\(8, 8\)"),
        ((5, 8, 8, 2), [1, 1], {}, r"up to 4 images.*\(5, 8, 8, 2\)"),
        ((8, 8, 2), [1, 1, 1], {}, r"alpha must have shape.*2 channels.*\(3, 1\)"),
        ((8, 8, 2), [1, -1], {}, "alpha must be finite and at least 0"),
        ((8, 8, 2), [1, np.nan], {}, "alpha must be finite and at least 0"),
        ((8, 8, 2), [1, 1], {"channel_names": ["a"]}, r"list of 2 names.*\['a'\]"),
        ((8, 8, 2), [1, 1], {"channel_names": "ab"}, "list of 2 names.*'ab'"),
        ((8, 8, 2), [1, 1], {"mean": [0]}, "mean must hold one finite number for each of 2"),
        ((8, 8, 2), [1, 1], {"std": [1, np.inf]}, "std must hold one finite number"),
        ((8, 8, 2), [1, 1], {"std": [1, -1]}, "std must be at least 0"),
    ],
)
def test_what_cannot_be_mixed_is_refused(shape, alpha, options, words):
    with pytest.raises(ValueError, match=words):
        plot_mix(np.zeros(shape), alpha, **options)


def test_images_with_gaps_are_refused():
    with pytest.raises(ValueError, match="images must be finite"):
        plot_mix(np.full((8, 8, 1), np.nan), [1])


@pytest.mark.parametrize(
    "draw", [plot_importance, plot_trajectory, plot_rank_correlation, plot_mix]
)
def test_every_plot_fits_into_a_subfigure(draw):
    results = {
        plot_importance: (importance(3),),
        plot_trajectory: (history(3),),
        plot_rank_correlation: (methods(3),),
        plot_mix: (np.random.default_rng(0).random((8, 8, 3)), [0.2, 0.3, 0.5]),
    }
    inner, _ = plt.figure(layout="constrained").subfigures(1, 2)
    ax = inner.subplots()
    assert draw(*results[draw], ax=ax) is ax


def test_image_names_stand_above_the_arrows_as_they_are():
    images = np.random.default_rng(0).random((2, 8, 8, 3))
    ax = plot_mix(images, [0.2, 0.3, 0.5], image_names=["control", "$x_1$"])
    ax.figure.canvas.draw()
    texts = [text for text in ax.texts if text.get_text()]
    assert [text.get_text() for text in texts] == ["control", "$x_1$"]
    arrow = texts[0].get_window_extent()
    assert all(not arrow.overlaps(each.get_window_extent()) for each in ax.child_axes)


def test_a_wrong_number_of_image_names_is_refused():
    with pytest.raises(ValueError, match=r"list of 2 names, one an image.*\['control'\]"):
        plot_mix(np.ones((2, 8, 8, 3)), [1, 1, 1], image_names=["control"])
