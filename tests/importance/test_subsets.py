"""Subset scores give known answers: closed forms, and every number of a published ablation."""

import ast
import itertools
import pickle

import numpy as np
import pandas as pd
import pytest

from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.importance.subsets.gains import prefixes

STAINS = ["DNA", "RNA", "ER", "Mito", "AGP"]
EIGHT = [*STAINS, "Brightfield", "BFLow", "BFHigh"]
TRICKY = ["DNA, 405 nm", 'say "Mito"', "x[block 1]", "Größe µm", " $a_1$ ", "two\nlines", "NA"]


def all_subsets(num_channels):
    return (np.arange(2**num_channels)[:, None] >> np.arange(num_channels)) & 1 == 1


def names(number):
    return [f"c{index}" for index in range(number)]


def game(value, num_channels=4, num_blocks=2, **arguments):
    """All subsets, each block the same: `value` takes a tuple of bool."""
    subsets = all_subsets(num_channels)
    values = np.array([value(tuple(member)) for member in subsets.tolist()], dtype=float)
    scores = {"accuracy": np.tile(values, (num_blocks, 1))}
    return SubsetScores(names(num_channels), subsets, scores, **arguments)


def noise(num_channels=4, num_blocks=5, seed=0, **arguments):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(2, num_blocks, 2**num_channels))
    metrics = dict(zip(["accuracy", "log_likelihood"], scores, strict=True))
    return SubsetScores(names(num_channels), all_subsets(num_channels), metrics, **arguments)


def sampled(num_channels=6, num_pairs=4, num_blocks=5, channel_names=None):
    rng = np.random.default_rng(1)
    orders = [rng.permutation(num_channels) for _ in range(num_pairs)]
    orders = np.array([walked for order in orders for walked in (order, order[::-1])])
    subsets = np.unique(prefixes(orders).reshape(-1, num_channels), axis=0)
    subsets = subsets[rng.permutation(len(subsets))]
    scores = {"accuracy": rng.normal(size=(num_blocks, len(subsets)))}
    return SubsetScores(channel_names or names(num_channels), subsets, scores, orders=orders)


@pytest.fixture
def published(shared_data):
    frame = pd.read_csv(shared_data / "cellpainting_subsets" / "channel_dropout_combinations.csv")
    plates = [name for name in frame if name.startswith("BR")]
    members = [ast.literal_eval(text) for text in frame["Remaining"]]
    return SubsetScores.from_members(
        EIGHT, members, {"percent_replicating": 100 * frame[plates].to_numpy().T}
    )


# The README beside the file: Shapley, its error, removed from the panel, its error.
FIVE = {
    "Mito": (2.49, 0.62, 2.08, 1.02),
    "AGP": (2.07, 0.56, 2.22, 0.79),
    "RNA": (1.32, 0.30, 0.97, 0.61),
    "DNA": (0.95, 0.41, 1.11, 0.70),
    "ER": (0.66, 0.38, 0.14, 0.57),
}
ALL = {
    "Mito": (2.19, 0.39, 0.97, 0.44),
    "AGP": (1.31, 0.28, -0.14, 0.14),
    "RNA": (0.61, 0.25, -0.14, 0.39),
    "DNA": (0.69, 0.35, -0.14, 0.65),
    "ER": (0.56, 0.25, -0.28, 0.28),
    "BFHigh": (1.23, 0.45, 0.69, 0.20),
    "Brightfield": (-0.05, 0.34, -0.56, 0.47),
    "BFLow": (-0.71, 0.31, -1.67, 0.56),
}
ALONE = {"Mito": 2.22, "AGP": 2.22, "RNA": 1.11, "DNA": 0.56, "ER": 1.25}
PUBLISHED = [(STAINS, FIVE, 7.50), (EIGHT, ALL, 5.83)]


@pytest.mark.parametrize(("channels", "expected", "total"), PUBLISHED, ids=["five", "eight"])
def test_the_published_ablation_gives_its_shapley_values(published, channels, expected, total):
    shapley = published.among(channels).shapley()
    for name, score, std in zip(channels, shapley.scores, shapley.std, strict=True):
        assert score == pytest.approx(expected[name][0], abs=0.005), name
        assert std == pytest.approx(expected[name][1], abs=0.005 + 0.06 * std), name
    assert shapley.scores.sum() == pytest.approx(total, abs=0.005)
    assert (shapley.method, shapley.unit) == ("shapley", "gain in percent replicating")


@pytest.mark.parametrize(("channels", "expected", "_"), PUBLISHED, ids=["five", "eight"])
def test_the_published_ablation_gives_what_each_removed_channel_costs(
    published, channels, expected, _
):
    for name in channels:
        rest = [other for other in channels if other != name]
        lost = published.score_of(channels) - published.score_of(rest)
        assert lost == pytest.approx(expected[name][2], abs=0.0051), name


def test_the_published_ablation_gives_what_each_channel_adds_alone(published):
    for name, gain in ALONE.items():
        alone = published.score_of([name]) - published.score_of([])
        assert alone == pytest.approx(gain, abs=0.0051), name
    assert published.score_of(EIGHT) == pytest.approx(54.4, abs=0.05)
    assert published.score_of(STAINS) == pytest.approx(56.1, abs=0.05)
    assert published.score_of([]) == pytest.approx(48.6, abs=0.05)


def test_the_cost_of_a_published_panel_has_the_printed_paired_error(published):
    table = published.among(STAINS).best_panels()
    assert table["cost"][0] == pytest.approx(7.5, abs=0.05)
    assert table["cost_standard_error"][0] == pytest.approx(1.3, abs=0.05)
    without_er = table.iloc[4]
    assert without_er["panel"] == "DNA + RNA + Mito + AGP"
    assert without_er["cost_standard_error"] == pytest.approx(FIVE["ER"][3], abs=0.005)


def test_the_best_published_panels_of_five_stains_with_their_ties(published):
    table = published.among(STAINS).best_panels()
    assert table["num_channels"].tolist() == [0, 1, 2, 3, 4, 5]
    assert table["score"].tolist()[1:5] == pytest.approx([50.8, 54.6, 54.7, 56.0], abs=0.05)
    assert table["panel"].tolist()[:3] == ["none", "Mito", "Mito + AGP"]
    assert table["ties"].tolist()[:3] == ["", "AGP", ""]
    # The README counts the three panels with AGP; the file holds a fourth of the same mean.
    assert [table["panel"][3], *table["ties"][3].split("; ")] == [
        "DNA + RNA + Mito",
        "DNA + Mito + AGP",
        "RNA + Mito + AGP",
        "ER + Mito + AGP",
    ]


def test_the_best_published_panel_of_all_is_the_smallest_sufficient_one(published):
    table = published.best_panels()
    best = table.iloc[table["score"].argmax()]
    assert best["panel"] == "Mito + AGP + BFHigh"
    assert best["score"] == pytest.approx(56.9, abs=0.05)
    assert best["cost"] < -2
    assert table.loc[table["smallest_sufficient"], "panel"].tolist() == ["Mito + AGP + BFHigh"]


@pytest.mark.parametrize("weights", [[0.1], [0.4, -0.2], [3, 0, 0.5, -1, 2]])
def test_in_an_additive_game_the_shapley_values_are_the_weights(weights):
    scores = game(lambda member: 7 + np.dot(member, weights), len(weights))
    np.testing.assert_allclose(scores.shapley().scores, weights, atol=1e-12)


def test_where_nothing_matters_all_is_zero_and_no_channel_is_needed():
    scores = game(lambda member: 0.3)
    assert scores.shapley().scores.tolist() == [0, 0, 0, 0]
    table = scores.best_panels()
    assert table.loc[table["smallest_sufficient"], "panel"].tolist() == ["none"]
    pairs = scores.interchangeable()
    assert not pairs["interchangeable"].any()
    assert pairs["replaced"].isna().all()


def test_a_channel_that_never_changes_the_score_gets_exactly_zero():
    rng = np.random.default_rng(0)
    known = {member: rng.normal() for member in itertools.product([False, True], repeat=3)}
    shapley = game(lambda member: known[member[:2] + member[3:]]).shapley()
    assert shapley.scores[2] == 0
    assert np.ptp(np.delete(shapley.scores, 2)) > 0.01


def test_either_is_enough_means_interchangeable_and_both_needed_does_not():
    either = game(lambda member: float(member[0] or member[2])).interchangeable()
    first = either.iloc[0]
    assert (first["channel_a"], first["channel_b"]) == ("c0", "c2")
    assert first["replaced"] == pytest.approx(1)
    assert first[3:6].tolist() == pytest.approx([0, 1, 0])
    assert first["gain_a_without_b"] == pytest.approx(1)
    assert either["interchangeable"].tolist() == [True] + [False] * 5
    both = game(lambda member: float(member[0] and member[2])).interchangeable()
    assert not both["interchangeable"].any()


def test_channels_whose_gain_is_not_clear_are_not_called_interchangeable():
    either = all_subsets(2).any(axis=1)
    for third, clear in ((0.2, True), (-0.4, False)):  # 3.4 and 1.3 standard errors
        scores = {"accuracy": np.array([1.0, 0.8, third + 0.2])[:, None] * either}
        pairs = SubsetScores(["a", "b"], all_subsets(2), scores).interchangeable()
        assert pairs["interchangeable"].tolist() == [clear]
        assert pairs["replaced"].notna().tolist() == [clear]


def test_channels_that_add_up_replace_nothing():
    pairs = game(lambda member: member[0] + 2.0 * member[1], 2).interchangeable()
    values = pairs.loc[0, "gain_a_without_b":"replaced"].tolist()
    assert values == pytest.approx([1, 1, 2, 2, 0])
    assert not pairs["interchangeable"][0]


def test_gains_are_means_over_orders_with_the_other_before_and_after():
    scores = noise(3)
    value = {tuple(m): s for m, s in zip(scores.subsets.tolist(), scores.scores(), strict=True)}
    gains = {True: [], False: []}
    for order in itertools.permutations(range(3)):
        before = order[: order.index(2)]
        without = [channel in before for channel in range(3)]
        gains[0 in before].append(value[(*without[:2], True)] - value[tuple(without)])
    pairs = scores.interchangeable().set_index(["channel_a", "channel_b"]).loc[("c0", "c2")]
    assert pairs["gain_b_without_a"] == pytest.approx(np.mean(gains[False]))
    assert pairs["gain_b_with_a"] == pytest.approx(np.mean(gains[True]))


def test_the_error_of_what_is_replaced_agrees_with_the_jackknife():
    rng = np.random.default_rng(3)
    block_scores = np.array([0, 1, 1, 1.6]) + rng.normal(0, 0.2, (40, 4))

    def replaced(blocks):
        table = SubsetScores(["a", "b"], all_subsets(2), {"accuracy": block_scores[blocks]})
        return table.interchangeable().loc[0, ["replaced", "replaced_standard_error"]]

    left_out = [replaced(np.arange(40) != block).iloc[0] for block in range(40)]
    jackknife = np.sqrt(39 / 40 * np.sum((left_out - np.mean(left_out)) ** 2))
    assert replaced(np.arange(40)).iloc[1] == pytest.approx(jackknife, rel=0.05)


def test_all_orders_of_the_channels_give_the_exact_results():
    exact = noise(4)
    orders = list(itertools.permutations(range(4)))
    walked = SubsetScores(exact.channel_names, exact.subsets, exact.block_scores, orders=orders)
    assert exact.exact
    assert not walked.exact
    np.testing.assert_allclose(walked.shapley().scores, exact.shapley().scores, atol=1e-12)
    gains = [table.interchangeable().filter(like="gain").to_numpy() for table in (walked, exact)]
    np.testing.assert_allclose(*[np.sort(values, axis=0) for values in gains], atol=1e-12)


@pytest.mark.parametrize("make", [noise, sampled])
@pytest.mark.parametrize("num_channels", [1, 2, 7])
def test_values_and_each_resample_add_up_to_all_minus_none(make, num_channels):
    scores = make(num_channels)
    shapley = scores.shapley()
    total = scores.score_of(scores.channel_names) - scores.score_of([])
    assert shapley.scores.sum() == pytest.approx(total)
    rows = [scores.subsets.all(axis=1).argmax(), (~scores.subsets).all(axis=1).argmax()]
    by_block = scores.block_scores["accuracy"][:, rows] @ [1, -1]
    expected = by_block.std(ddof=1) / np.sqrt(len(by_block))
    assert shapley.repeats.sum(axis=1).std(ddof=1) == pytest.approx(expected, rel=0.1)


def test_the_spread_of_the_repeats_is_the_standard_error_even_with_few_blocks():
    weights = np.array([1.0, 2.0, 4.0])
    scores = {"accuracy": weights[:, None] * all_subsets(2)[:, 0]}
    shapley = SubsetScores(["a", "b"], all_subsets(2), scores).shapley(num_resamples=20_000)
    assert shapley.std[0] == pytest.approx(weights.std(ddof=1) / np.sqrt(3), rel=0.03)
    assert shapley.std[1] == 0


def test_the_error_contains_the_chance_of_the_orders_and_takes_pairs_as_one():
    # Whichever of two equal channels comes first gets all: a pair of reversed orders knows.
    either = game(lambda member: float(member[0] or member[1]), 2)
    arguments = (either.channel_names, either.subsets, either.block_scores, None)
    pairs = SubsetScores(*arguments, [[0, 1], [1, 0]] * 5).shapley()
    assert pairs.scores.tolist() == [0.5, 0.5]
    np.testing.assert_allclose(pairs.std, 0, atol=1e-12)
    single = SubsetScores(*arguments, [[0, 1], [1, 0]] * 4 + [[0, 1]]).shapley(num_resamples=20_000)
    firsts = np.array([1, 0] * 4 + [1])
    assert single.scores[0] == pytest.approx(5 / 9)
    assert single.std[0] == pytest.approx(firsts.std(ddof=1) / 3, rel=0.03)


def test_one_order_or_one_pair_says_nothing_about_its_error():
    scores = sampled(num_pairs=1)
    assert scores.shapley().repeats is None


@pytest.mark.parametrize("how", ["exact", "sampled"])
def test_what_blocks_contribute_adds_up_to_the_gains(how):
    made = noise(4, block_sizes=[0.5, 2, 3, 4, 5.5]) if how == "exact" else sampled()
    gains = made.block_gains()
    every, none = made.score_of(made.channel_names), made.score_of([])
    np.testing.assert_allclose(gains["shapley"].sum(axis=0), made.shapley().scores)
    if how == "exact":
        for number, name in enumerate(made.channel_names):
            rest = [other for other in made.channel_names if other != name]
            alone, unique = (gains[which][:, number].sum() for which in ("alone", "unique"))
            assert alone == pytest.approx(made.score_of([name]) - none)
            assert unique == pytest.approx(every - made.score_of(rest))


def test_a_block_contributes_by_its_size():
    scores = {"accuracy": [[0, 0, 0, 1.0], [0, 1.0, 1.0, 1.0]]}
    made = SubsetScores(names(2), all_subsets(2), scores, [30, 10])
    np.testing.assert_allclose(made.sums(), [[0, 0, 0, 0.75], [0, 0.25, 0.25, 0.25]])
    gains = made.block_gains()
    np.testing.assert_allclose(gains["alone"], [[0, 0], [0.25, 0.25]])
    np.testing.assert_allclose(gains["unique"], [[0.75, 0.75], [0, 0]])
    np.testing.assert_allclose(gains["shapley"], [[0.375, 0.375], [0.125, 0.125]])


def test_a_channel_that_was_not_scored_alone_has_no_gain_alone():
    orders = np.array([[0, 1, 2], [2, 1, 0]])
    subsets = np.unique(prefixes(orders).reshape(-1, 3), axis=0)
    made = SubsetScores(names(3), subsets, {"accuracy": np.ones((2, len(subsets)))}, None, orders)
    gains = made.block_gains()
    assert np.isnan(gains["alone"]).tolist() == [[False, True, False]] * 2
    assert np.isnan(gains["unique"]).tolist() == [[False, True, False]] * 2


def test_gains_of_another_metric_can_be_asked_for():
    made = noise()
    assert (made.block_gains()["alone"] == made.block_gains("accuracy")["alone"]).all()
    assert (made.block_gains()["alone"] != made.block_gains("log_likelihood")["alone"]).all()


def test_sampled_orders_have_an_error_of_their_own_and_all_subsets_have_none():
    either = game(lambda member: float(member[0] or member[1]), 2)
    assert either.order_errors().tolist() == [0, 0]
    arguments = (either.channel_names, either.subsets, either.block_scores, None)
    pairs = SubsetScores(*arguments, [[0, 1], [1, 0]] * 5)
    np.testing.assert_allclose(pairs.order_errors(), 0, atol=1e-12)
    single = SubsetScores(*arguments, [[0, 1], [1, 0]] * 4 + [[0, 1]])
    firsts = np.array([1, 0] * 4 + [1])
    np.testing.assert_allclose(single.order_errors(), firsts.std(ddof=1) / 3)


def test_resamples_follow_the_seed():
    scores = noise()
    first, again, other = (scores.shapley(seed=seed).repeats for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert scores.shapley(num_resamples=7).repeats.shape == (7, 4)


def test_large_blocks_weigh_more():
    scores = SubsetScores(["a"], [[0], [1]], {"accuracy": [[0, 1], [0, 0]]}, [30, 10])
    assert scores.scores().tolist() == [0, 0.75]
    assert scores.shapley().scores.tolist() == [0.75]
    # sqrt(2 * ((0.75 * 0.25)**2 + (0.25 * -0.75)**2)), the linearised error of a weighted mean
    assert scores.standard_errors()[1] == pytest.approx(0.375)


def test_standard_errors_of_equal_blocks_are_the_familiar_ones():
    scores = noise(2, num_blocks=9)
    expected = scores.block_scores["log_likelihood"].std(axis=0, ddof=1) / 3
    np.testing.assert_allclose(scores.standard_errors("log_likelihood"), expected)


def test_one_block_has_scores_but_no_errors():
    scores = noise(3, num_blocks=1)
    assert np.isnan(scores.standard_errors()).all()
    assert scores.shapley().repeats is None
    table = scores.best_panels()
    assert (
        table.filter(like="error").drop(columns="within_one_standard_error").isna().all(axis=None)
    )
    assert (
        table["smallest_sufficient"].tolist() == (table["score"] == table["score"].max()).tolist()
    )
    pairs = scores.interchangeable()
    assert not pairs["interchangeable"].any()
    assert pairs["gain_a_with_b"].notna().all()


def test_one_channel_has_no_pairs():
    scores = noise(1)
    assert len(scores.interchangeable()) == 0
    assert scores.best_panels()["panel"].tolist() == ["none", "c0"]


def test_the_rule_pairs_blocks_so_that_hard_plates_do_not_blur_it():
    # Plates differ by 0.3; the second channel adds 0.02 on each, the third nothing.
    plates = np.array([0.1, 0.4, 0.7])[:, None]
    gains = all_subsets(3) @ [0.2, 0.02, 0]
    wobble = 0.001 * np.array([1, -1, 0])[:, None] * all_subsets(3)[:, 1]
    scores = SubsetScores(names(3), all_subsets(3), {"accuracy": plates + gains + wobble})
    table = scores.best_panels()
    assert table["standard_error"].min() > 0.15
    assert table["within_one_standard_error"].tolist() == [False, False, True, True]
    assert table.loc[table["smallest_sufficient"], "panel"].tolist() == ["c0 + c1"]
    assert table["below_best"].tolist() == pytest.approx([0.22, 0.02, 0, 0])


def test_a_panel_within_one_standard_error_of_the_best_is_sufficient():
    block_scores = [[0, 0.90], [0, 0.90], [0, -0.3]]  # mean 0.5, standard error 0.4
    within = SubsetScores(["a"], [[0], [1]], {"accuracy": block_scores}).best_panels()
    assert within["smallest_sufficient"].tolist() == [False, True]
    block_scores[2][1] = -1.0  # mean 0.27, standard error 0.63
    within = SubsetScores(["a"], [[0], [1]], {"accuracy": block_scores}).best_panels()
    assert within["smallest_sufficient"].tolist() == [True, False]


def test_the_second_metric_settles_ties():
    subsets = all_subsets(2)
    metrics = {"accuracy": [[0.0, 0.5, 0.5, 1.0]], "log_likelihood": [[-4.0, -3.0, -2.0, -1.0]]}
    table = SubsetScores(["a", "b"], subsets, metrics).best_panels()
    assert (table["panel"][1], table["ties"][1]) == ("b", "a")
    metrics.pop("log_likelihood")
    table = SubsetScores(["a", "b"], subsets, metrics).best_panels()
    assert (table["panel"][1], table["ties"][1]) == ("a", "b")


def test_another_metric_can_be_asked_for():
    scores = noise()
    assert scores.metrics == ("accuracy", "log_likelihood")
    assert scores.shapley("log_likelihood").unit == "gain in log likelihood"
    for ask in (scores.scores, scores.standard_errors, lambda m=None: scores.score_of([], m)):
        assert (np.asarray(ask()) == ask("accuracy")).all()
        assert (np.asarray(ask()) != ask("log_likelihood")).all()
    for ask in (scores.best_panels, scores.interchangeable):
        assert ask().equals(ask("accuracy"))
        assert not ask().equals(ask("log_likelihood"))


def test_among_keeps_the_scores_of_the_subsets_inside():
    scores = noise(4, block_sizes=[1, 2, 3, 4, 5])
    inner = scores.among(["c3", "c1"])
    assert inner.channel_names == ("c1", "c3")
    assert inner.score_of(["c3"]) == scores.score_of(["c3"])
    assert inner.block_sizes.tolist() == [1, 2, 3, 4, 5]
    assert len(inner.subsets) == 4


@pytest.mark.parametrize(
    "block_sizes", [None, [40, 30, 30, 7, 1], [0.1 + 0.2, 4 / 3, 1e-7, 1e9, 2]]
)
@pytest.mark.parametrize("how", ["exact", "sampled"])
def test_a_csv_file_gives_the_table_back(how, block_sizes, tmp_path):
    made = noise(7) if how == "exact" else sampled(7)
    block_scores = {**made.block_scores, 'of "a,\nb" [1]': made.block_scores["accuracy"] / 3}
    scores = SubsetScores(TRICKY, made.subsets, block_scores, block_sizes, made.orders)
    scores.to_csv(tmp_path / "subsets.csv")
    again = SubsetScores.from_csv(tmp_path / "subsets.csv")
    assert again.channel_names == tuple(TRICKY)
    assert again.metrics == scores.metrics
    for field in ("subsets", "block_sizes", "orders"):
        np.testing.assert_array_equal(getattr(again, field), getattr(scores, field))
    for metric in scores.metrics:
        np.testing.assert_array_equal(again.block_scores[metric], scores.block_scores[metric])


def test_the_table_starts_with_what_people_read():
    frame = noise(2, num_blocks=2, block_sizes=[40, 7]).to_frame()
    assert list(frame.columns) == [
        *["num_channels", "panel"],
        *["accuracy", "accuracy_standard_error"],
        *["log_likelihood", "log_likelihood_standard_error"],
        *["channel:c0", "channel:c1"],
        *["accuracy[block 1: 40 images]", "accuracy[block 2: 7 images]"],
        *["log_likelihood[block 1: 40 images]", "log_likelihood[block 2: 7 images]"],
    ]
    assert frame["panel"].tolist() == ["none", "c0", "c1", "c0 + c1"]
    assert sampled().to_frame()["orders"].str.split().str.len().max() == 8


def test_arrays_are_copies_that_nobody_can_change_and_pickle_keeps_all():
    values = np.zeros((2, 2))
    scores = SubsetScores(["a"], [[0], [1]], {"accuracy": values})
    values[:] = 9
    assert scores.scores().tolist() == [0, 0]
    with pytest.raises(ValueError, match=r"read-only"):
        scores.subsets[0] = True
    with pytest.raises(ValueError, match=r"read-only"):
        scores.block_scores["accuracy"][0] = 1
    assert pickle.loads(pickle.dumps(scores)).scores().tolist() == [0, 0]


def test_printed_the_table_says_how_much_it_holds():
    assert repr(noise(3)) == (
        "SubsetScores(3 channels, all 8 subsets, 5 blocks, accuracy, log_likelihood)"
    )
    assert "from 8 orders, 5 blocks, accuracy)" in repr(sampled())


FULL = [[0, 0], [1, 0], [0, 1], [1, 1]]
FLAT = {"accuracy": [[0.0] * 4]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((["a", "b"], FULL[1:], FLAT), "must contain the empty subset.*3 subsets"),
        ((["a", "b"], FULL[:3], FLAT), "must contain the subset of all channels"),
        ((["a", "b"], [*FULL, [0, 1]], FLAT), "each subset once.*1 too many.*: b$"),
        ((["a", "b"], [FULL[0], FULL[1], FULL[3]], FLAT), "all 4 subsets.*Missing: 1.*: b$"),
        ((["a", "b"], [[0, 2]], FLAT), r"only True and False.*\(1, 2\)"),
        ((["a"], FULL, FLAT), r"1 columns here.*\(4, 2\)"),
        ((["a", "b"], FULL, {}), "at least one.*dict, 0 long"),
        ((["a", "b"], FULL, {"accuracy": [[0, 0]]}), r"'accuracy'.*4 subsets.*\(1, 2\)"),
        ((["a", "b"], FULL, {"accuracy": 4}), r"'accuracy'.*Received: \(\)"),
        ((["a", "b"], FULL, {**FLAT, "f1": [[0] * 4] * 2}), r"'f1'.*same blocks.*\(2, 4\)"),
        ((["a", "b"], FULL, {"f1": [[0, 0, np.nan, 0]]}), "'f1'.*finite.*block 0, subset 2"),
        ((["a", "b"], FULL, {"f1": [[np.inf, 0, 0, 0]]}), "'f1'.*finite.*block 0, subset 0"),
        ((["a", "b"], FULL, {"panel": [[0] * 4]}), "look like another column.*'panel'"),
        ((["a", "b"], FULL, {"channel:x": [[0] * 4]}), "look like another.*'channel:x'"),
        ((["a", "b"], FULL, {"f_standard_error": [[0] * 4]}), "look like.*'f_standard_error'"),
        ((["a", "b"], FULL, {"f[block 1]": [[0] * 4]}), r"look like.*'f\[block 1\]'"),
        ((["a", "b"], FULL, {" ": [[0] * 4]}), "must not be blank.*' '"),
        ((["a", "b"], FULL, FLAT, [3, 4]), r"1 numbers of images above 0.*\[3.0, 4.0\]"),
        ((["a", "b"], FULL, FLAT, [0]), r"above 0; leave an empty block out.*\[0.0\]"),
        ((["a", "b"], FULL, FLAT, [np.nan]), r"above 0.*\[nan\]"),
        ((["a", "b"], FULL, FLAT, None, [[0, 0]]), r"0 to 1 in some order.*\(1, 2\)"),
        ((["a", "b"], FULL, FLAT, None, []), r"orders must have shape.*\(0,\)"),
        (
            (["a", "b"], [FULL[0], FULL[1], FULL[3]], {"f1": [[0] * 3]}, None, [[1, 0]]),
            "every prefix of every order.*Missing: 1.*: b$",
        ),
        ((names(21), [[0] * 21, [1] * 21], FLAT), "at most 20.*pass them as orders.*21 channels"),
        ((["a", "a"], FULL, FLAT), r"unique.*\['a'\]"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(arguments, words):
    with pytest.raises(ValueError, match=words):
        SubsetScores(*arguments)


@pytest.mark.parametrize("method", ["scores", "standard_errors", "shapley", "best_panels"])
def test_an_unknown_metric_is_refused_with_the_nearest_one(method):
    with pytest.raises(ValueError, match=r"'acuracy', did you mean 'accuracy'.*'log_likelihood'"):
        getattr(noise(), method)("acuracy")


def test_unknown_channels_and_panels_are_refused():
    with pytest.raises(ValueError, match=r"no channel 'C1', did you mean 'c1'.*'c0'"):
        noise().score_of(["C1"])
    with pytest.raises(ValueError, match=r"no channel 'x'"):
        SubsetScores.from_members(["a"], [[], ["x"]], {"accuracy": [[0, 1]]})
    with pytest.raises(ValueError, match=r"at least one channel"):
        noise().among([])
    with pytest.raises(TypeError, match=r"one string.*'c1'"):
        noise().score_of("c1")
    with pytest.raises(TypeError, match=r"name of a metric.*3"):
        SubsetScores(["a"], [[0], [1]], {3: [[0, 1]]})
    with pytest.raises(ValueError, match=r"num_resamples must be at least 2.*1"):
        noise().shapley(num_resamples=1)


def test_sampled_orders_refuse_what_they_cannot_answer():
    scores = sampled(9, num_pairs=1)
    missing = ["c0", "c4", "c8"]
    assert not (scores.subsets[:, [0, 4, 8]].all(axis=1) & (scores.subsets.sum(axis=1) == 3)).any()
    with pytest.raises(ValueError, match=r"c0 \+ c4 \+ c8 was not scored"):
        scores.score_of(missing)
    with pytest.raises(ValueError, match=r"among needs all subsets.*c0 \+ c4 \+ c8"):
        scores.among(missing)


@pytest.mark.parametrize("dropped", ["num_channels", "panel", "channel:", "[block "])
def test_a_csv_file_of_another_kind_is_refused_and_the_missing_column_named(dropped, tmp_path):
    frame = noise().to_frame()
    path = tmp_path / "other.csv"
    frame[[name for name in frame if dropped not in name]].to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"other.csv.*no column") as caught:
        SubsetScores.from_csv(path)
    assert f"{dropped}" in str(caught.value).split("no column")[1].split(";")[0]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("channel:c1", "yes", "column 'channel:c1': every row must hold a number.*yes"),
        ("accuracy[block 2]", "", r"column 'accuracy\[block 2\]'.*number"),
        ("orders", "1 2 x", "column 'orders'.*one channel more"),
        ("orders", "", "column 'orders'.*order 1: 6 subsets"),
    ],
)
def test_a_damaged_csv_file_is_refused_and_the_column_named(column, value, words, tmp_path):
    frame = sampled().to_frame().astype(object)
    frame.loc[frame["num_channels"] == 6, column] = value
    frame.to_csv(tmp_path / "damaged.csv", index=False)
    with pytest.raises(ValueError, match=words):
        SubsetScores.from_csv(tmp_path / "damaged.csv")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'a,b\n"1'])
def test_a_file_that_is_no_csv_is_refused_by_its_name(content, tmp_path):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken.csv must be a CSV file"):
        SubsetScores.from_csv(path)
