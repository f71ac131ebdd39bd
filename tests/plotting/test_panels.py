"""The figure of the best panels, judged by its artists and their places, never by pixels."""

import itertools

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from keras_dcmix.evidence.panel_verdict import Interval, PanelsVerdict, RetrainedPanel, decide
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.importance.subsets.gains import prefixes
from keras_dcmix.plotting import plot_panels
from keras_dcmix.plotting.style import BLUE, CATEGORIES, blend

TRICKY = ["a $ and another $", "x_1^2", "<b>", "ER (Concanavalin A / Alexa Fluor 488 conjugate)"]
ORANGE = CATEGORIES[1]
PALE = blend(BLUE, "#ffffff", 0.45)


def table(number, *, channel_names=None, num_blocks=5):
    """The first half of the channels add to the score, in that order; the others do not."""
    orders = None
    subsets = (np.arange(2 ** min(number, 10))[:, None] >> np.arange(number)) & 1 == 1
    if number > 10:
        rng = np.random.default_rng(number)
        orders = np.array([np.arange(number), *(rng.permutation(number) for _ in range(10))])
        subsets = np.unique(prefixes(orders).reshape(-1, number), axis=0)
    gains = np.where(np.arange(number) < (number + 1) // 2, 1 / (1 + np.arange(number)), 0)
    wobble = np.linspace(-0.5, 0.5, num_blocks)[:, None]
    values = subsets @ gains + 0.02 * wobble * subsets.sum(axis=1)
    names = channel_names or [f"Marker number {i:02d} of a long panel" for i in range(number)]
    return SubsetScores(names, subsets, {"accuracy": values, "f1": -values}, orders=orders)


def names_of(ax):
    """The texts beside the rows of channels, from top to bottom."""
    return [text for text in ax.texts if not text.get_text().startswith("best\n")]


def dots(ax, color):
    """Places of the dots of channels in that colour: panel size and row from the top."""
    rows = sorted({y for part in channel_dots(ax) for _, y in part.get_offsets()}, reverse=True)
    return {
        (int(x), rows.index(y))
        for part in channel_dots(ax)
        if to_hex(part.get_facecolor()[0]) == color
        for x, y in part.get_offsets()
    }


def channel_dots(ax):
    found = [part for part in ax.collections if isinstance(part, PathCollection)]
    return [part for part in found[1:] if len(part.get_offsets())]


def score_dots(ax):
    return next(part for part in ax.collections if isinstance(part, PathCollection))


def test_each_dot_stands_at_the_score_of_the_best_panel_of_its_size():
    scores = table(4)
    ax = plot_panels(scores)
    expected = scores.best_panels()[["num_channels", "score"]]
    np.testing.assert_allclose(score_dots(ax).get_offsets(), expected)


def test_a_whisker_reaches_the_best_line_just_where_the_panel_is_as_good():
    scores = table(6)
    panels = scores.best_panels()
    ax = plot_panels(scores)
    (whiskers,) = (part for part in ax.collections if isinstance(part, LineCollection))
    reach = {round(x): top for (x, _), (_, top) in whiskers.get_segments()}
    best = panels["score"].max()
    assert 1 < len(reach) < 7
    for size, top in reach.items():
        error = panels["below_best_standard_error"][size]
        assert top == pytest.approx(panels["score"][size] + error)
        assert (top >= best - 1e-9) == panels["within_one_standard_error"][size]
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [set(line.get_ydata()) for line in dashed] == [{best}]


def test_filled_dots_are_as_good_and_the_orange_one_is_the_smallest():
    panels = table(4).best_panels()
    assert panels["within_one_standard_error"].tolist() == [False, False, True, True, True]
    colors = [to_hex(color) for color in score_dots(plot_panels(table(4))).get_facecolor()]
    assert colors == ["#ffffff", "#ffffff", ORANGE.lower(), BLUE.lower(), BLUE.lower()]


def test_the_dots_below_show_which_channels_are_in_each_panel():
    ax = plot_panels(table(4, channel_names=["a", "b", "c", "d"]))
    assert [text.get_text() for text in names_of(ax)] == ["a", "b", "c", "d"]
    assert dots(ax, PALE) == {(1, 0)}
    assert dots(ax, ORANGE.lower()) == {(2, 0), (2, 1)}
    assert dots(ax, BLUE.lower()) == {(3, 0), (3, 1), (3, 2), (4, 0), (4, 1), (4, 2), (4, 3)}


def test_channels_that_stay_longest_stand_on_top_and_kept_ones_are_bold():
    scores = table(4)
    backwards = SubsetScores(
        ["d", "c", "b", "a"], scores.subsets[:, ::-1], {"accuracy": scores.block_scores["accuracy"]}
    )
    texts = names_of(plot_panels(backwards))
    assert [text.get_text() for text in texts[:2]] == ["a", "b"]
    assert [text.get_fontweight() for text in texts] == ["bold", "bold", "normal", "normal"]


@pytest.mark.parametrize(
    ("gains", "num_blocks", "title"),
    [
        ([1, 0, 0], 2, "1 of 3 channels is enough: a"),
        ([1, 1, 0], 2, "2 of 3 channels are enough: a + b"),
        ([1, 1, 1], 2, "All channels are needed: 3 of 3"),
        ([0, 0, 0], 2, "No panel scores clearly better than no channel"),
        ([1, 1, 0], 1, "2 of 3 channels are best: a + b"),
        ([0, 0, 0], 1, "No panel scores better than no channel"),
    ],
)
def test_the_title_gives_the_answer(gains, num_blocks, title):
    values = table(3).subsets @ gains
    scores = {"accuracy": np.tile(values, (num_blocks, 1))}
    ax = plot_panels(SubsetScores(["a", "b", "c"], table(3).subsets, scores))
    assert ax.get_title(loc="left") == title
    assert ("no standard errors" in ax.get_xlabel()) == (num_blocks == 1)


def test_a_channel_whose_name_is_that_of_a_panel_is_not_taken_for_it():
    names = ["GFP", "DAPI", "GFP + DAPI"]
    subsets = table(3).subsets
    scores = {"accuracy": np.tile(subsets @ [1, 1, 0], (2, 1))}
    ax = plot_panels(SubsetScores(names, subsets, scores))
    assert ax.get_title(loc="left") == "2 of 3 channels are enough: GFP + DAPI"
    weights = {text.get_text(): text.get_fontweight() for text in names_of(ax)}
    assert weights == {"GFP": "bold", "DAPI": "bold", "GFP + DAPI": "normal"}


def test_the_metric_asked_for_is_drawn():
    ax = plot_panels(table(3), metric="f1")
    assert ax.get_ylabel() == "f1"
    assert ax.get_title(loc="left") == "No panel scores clearly better than no channel"
    with pytest.raises(ValueError, match=r"no metric 'f2'.* Known: .*'f1'"):
        plot_panels(table(3), metric="f2")


def test_of_many_channels_the_first_have_rows_and_the_area_of_a_dot_is_the_part_of_the_others():
    ax = plot_panels(table(30), top=4)
    labels = [text.get_text() for text in names_of(ax)]
    assert len(labels) == 5
    assert labels[-1].startswith("26 other channels")
    last_row = min(y for part in channel_dots(ax) for _, y in part.get_offsets())
    area = {}
    for part in channel_dots(ax):
        sizes = np.broadcast_to(part.get_sizes(), len(part.get_offsets()))
        for (x, y), size in zip(part.get_offsets(), sizes, strict=True):
            if y == last_row:
                area[int(x)] = size
    assert area[17] / area[30] == pytest.approx(13 / 26)


def test_needed_channels_without_a_row_are_counted_and_the_row_is_bold():
    ax = plot_panels(table(4), top=1)
    texts = names_of(ax)
    assert texts[-1].get_text() == "3 other channels, 1 kept"
    assert texts[-1].get_fontweight() == "bold"
    assert plot_panels(table(4), top=2).texts[-1].get_text() == "2 other channels"


@pytest.mark.parametrize("number", [47, 100])
def test_many_channels_fit_on_a_page(number):
    ax = plot_panels(table(number))
    assert len(names_of(ax)) == 21
    assert (ax.figure.get_size_inches() < (11.5, 9)).all()
    ax.figure.canvas.draw()
    ticks = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
    assert len(ticks) > 4
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(ticks))


@pytest.mark.parametrize("number", [1, 2, 6, 10, 30])
def test_texts_stay_apart_and_inside_the_figure(number, assert_apart, assert_inside):
    ax = plot_panels(table(number))
    ax.figure.canvas.draw()
    texts = [text for text in [*ax.texts, *ax.get_yticklabels(), ax.title] if text.get_text()]
    texts += [ax.xaxis.label, ax._left_title]
    assert_apart(texts)
    assert_inside(ax.figure.bbox, texts)


@pytest.mark.parametrize("number", [2, 30])
def test_scores_stand_above_the_channels(number):
    ax = plot_panels(table(number))
    ax.figure.canvas.draw()
    lowest = ax.transData.transform(score_dots(ax).get_offsets())[:, 1].min()
    to_pixels = ax.get_xaxis_transform().transform
    highest = max(to_pixels(part.get_offsets())[:, 1].max() for part in channel_dots(ax))
    assert lowest > highest + 5
    low, _ = ax.spines["left"].get_bounds()
    assert min(ax.get_yticks()) >= low


def test_names_are_literal_and_long_ones_are_cut():
    texts = names_of(plot_panels(table(4, channel_names=TRICKY)))
    assert [text.get_text() for text in texts][:3] == TRICKY[:3]
    assert len(texts[3].get_text()) <= 32
    assert not any(text.get_parse_math() for text in texts)


def test_the_figure_grows_with_the_longest_name_and_the_number_of_channels():
    sizes = [
        plot_panels(scores).figure.get_size_inches()
        for scores in (table(2, channel_names=["a", "b"]), table(2, channel_names=["a", "b" * 30]))
    ]
    assert sizes[1][0] > sizes[0][0] + 1
    assert (plot_panels(table(30)).figure.get_size_inches() > sizes[1] + 1).all()


def test_no_number_on_the_axis_touches_the_name_of_the_first_channel():
    # The lowest score with its whisker ends just below 0.45, where a tick would stand.
    scores = [[0.487, 0.9, 0.7, 0.989], [0.887, 0.91, 0.7, 0.989]]
    members = [[], ["GFP"], ["DNA"], ["GFP", "DNA"]]
    ax = plot_panels(SubsetScores.from_members(["GFP", "DNA"], members, {"accuracy": scores}))
    ax.figure.draw_without_rendering()
    name = next(text for text in ax.texts if text.get_text() == "GFP").get_window_extent()
    numbers = [label for label in ax.get_yticklabels() if label.get_text()]
    assert numbers
    assert not any(label.get_window_extent().overlaps(name) for label in numbers)


def retrained(*panels, level=0.95, margin=0.02, names=("a", "b", "c")):
    """Retrained panels from pairs of channels and cost, with intervals of a point to each side."""
    found = []
    for channels, cost in panels:
        interval = Interval(cost, cost - 0.01, cost + 0.01)
        found.append(
            RetrainedPanel(
                channels=tuple(channels),
                dropped=tuple(name for name in names if name not in channels),
                accuracy=Interval(level - cost, level - cost - 0.03, level - cost + 0.03),
                cost=interval,
                decision=decide(interval, margin),
                was_asked=False,
            )
        )
    return PanelsVerdict(Interval(level, level - 0.03, level + 0.03), tuple(found), margin)


def three(gains=(0.3, 0.1, 0.0)):
    values = 0.5 + table(3).subsets @ gains
    return SubsetScores(["a", "b", "c"], table(3).subsets, {"accuracy": np.tile(values, (2, 1))})


def labelled(ax, label):
    return [part for part in ax.collections if part.get_label() == label]


def test_retrained_panels_are_on_top_of_the_estimates():
    ax = plot_panels(three(), retrained=retrained(("a", 0.1), ("ab", 0.0)))
    (sufficient,), (insufficient,) = labelled(ax, "sufficient"), labelled(ax, "insufficient")
    np.testing.assert_allclose(sufficient.get_offsets(), [[1, 0.95]])
    np.testing.assert_allclose(insufficient.get_offsets(), [[0, 0.85]])
    (estimates,) = labelled(ax, "estimates")
    np.testing.assert_allclose(estimates.get_offsets()[:, 1], [0.8, 0.9, 0.9])
    assert estimates.zorder < sufficient.zorder


def test_a_whisker_is_the_difference_to_all_channels():
    ax = plot_panels(three(), retrained=retrained(("a", 0.1)))
    (whisker,) = [line for line in ax.lines if line.get_label() == "_interval"]
    assert list(whisker.get_ydata()) == pytest.approx([0.84, 0.86])


def test_no_accuracy_is_above_one():
    sure = retrained(("ab", -0.005), level=0.995)
    ax = plot_panels(three((0.3, 0.2, 0.0)), retrained=sure)
    assert ax.spines["left"].get_bounds()[1] == 1
    assert max(ax.get_yticks()) <= 1 + 1e-9
    assert ax.get_ylim()[1] < 1.05
    (whisker,) = [line for line in ax.lines if line.get_label() == "_interval"]
    assert max(whisker.get_ydata()) <= 1


def test_a_retrained_panel_that_is_not_the_best_of_its_size_has_a_column_of_its_own():
    ax = plot_panels(three(), retrained=retrained(("c", 0.4)))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "1", "2", "3"]


def test_the_title_and_the_orange_column_follow_what_was_retrained():
    ax = plot_panels(three(), retrained=retrained(("a", 0.0)))
    assert ax.get_title(loc="left") == "a is enough"
    assert {x for x, _ in dots(ax, ORANGE.lower())} == {0}
    worse = plot_panels(three(), retrained=retrained(("a", 0.1)))
    assert worse.get_title(loc="left") == "a is not enough"


def test_without_a_retrained_panel_nothing_is_said_about_dropping():
    nan = float("nan")
    ax = plot_panels(three(), retrained=PanelsVerdict(Interval(nan, nan, nan), (), nan))
    assert ax.get_title(loc="left").endswith("estimates")
    assert not labelled(ax, "all channels")
    assert "margin" not in ax.get_xlabel()


def test_a_small_difference_does_not_fill_the_scale():
    ax = plot_panels(three((0.45, 0.0, 0.0)), retrained=retrained(("a", 0.001)))
    low, high = ax.spines["left"].get_bounds()
    assert high - low >= 0.1


@pytest.mark.parametrize("cost", [0.001, 0.02, 0.06, 0.1])
def test_an_axis_of_accuracy_has_whole_percents(cost):
    ax = plot_panels(three((0.44, 0.0, 0.0)), retrained=retrained(("a", cost)))
    ax.figure.draw_without_rendering()
    shown = {tick.get_text(): tick.get_position()[1] for tick in ax.get_yticklabels()}
    assert len(shown) > 1
    for text, place in shown.items():
        assert text == f"{100 * place:.0f}%"
        assert 100 * place == pytest.approx(round(100 * place))


def test_a_very_fine_axis_of_accuracy_has_the_decimals_that_it_needs():
    scores = SubsetScores(["a"], [[False], [True]], {"accuracy": [[0.95, 0.956], [0.95, 0.9561]]})
    ax = plot_panels(scores)
    ax.figure.draw_without_rendering()
    texts = [tick.get_text() for tick in ax.get_yticklabels()]
    assert len({*texts}) == len(texts) > 1


def test_retrained_panels_need_the_metric_accuracy():
    with pytest.raises(ValueError, match=r"`metric` must be 'accuracy'.*metric='f1'"):
        plot_panels(table(3), retrained=retrained(("a", 0.0)), metric="f1")
