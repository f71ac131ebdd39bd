"""The matrix of rank correlations, judged by its artists and places, never by pixels."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

from keras_dcmix.evidence.statistics import cluster_order, rank_correlation_matrix
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting import plot_rank_correlation

METRICS = ("euclidean", "correlation")


def names(number):
    return [f"Marker number {index:02d} of a long panel" for index in range(number)]


def methods(number):
    scores = np.random.default_rng(number).normal(size=(number, 7))
    scores += np.where(np.arange(number) % 2, 1, -1)[:, None] * np.arange(7)
    labels = [f"a method with the long name {index}" for index in range(number)]
    return [ChannelImportance(m, names(7), row) for m, row in zip(labels, scores, strict=True)]


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
def test_names_of_methods_never_touch(number, assert_apart, assert_inside):
    ax = plot_rank_correlation(methods(number))
    ax.figure.canvas.draw()
    assert_apart(ax.get_xticklabels())
    assert_apart(ax.get_yticklabels())
    assert_inside(ax.figure.bbox, ax.get_yticklabels())


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
def test_a_method_without_an_order_is_named_below_the_matrix(assert_apart):
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
