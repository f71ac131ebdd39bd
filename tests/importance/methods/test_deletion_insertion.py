from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.methods.deletion_insertion import curves_along, deletion_insertion
from keras_dcmix.importance.methods.occlusion import occlusion

NAMES = ["A", "B", "C"]
WEIGHTS = np.array([0.5, 3.0, 0.0])


def linear_model(weights=WEIGHTS, height: int = 2) -> keras.Model:
    """Logits (0, sum over channels of weight times mean pixel): all is known in closed form."""
    inputs = keras.Input((height, height, len(weights)))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    dense = keras.layers.Dense(2)
    model = keras.Model(inputs, dense(pooled))
    dense.set_weights([np.stack([np.zeros(len(weights)), weights], axis=1), np.zeros(2)])
    return model


def problem(num_images: int = 40, num_channels: int = 3):
    rng = np.random.default_rng(1)
    labels = np.arange(num_images) % 2
    images = rng.normal(0, 1, (num_images, 2, 2, num_channels)).astype("float32")
    return images + (2 * labels[:, None, None, None] - 1), labels


def scored(model=None, images=None, labels=None, **kwargs):
    given = problem()
    kwargs = {"channel_names": NAMES, "verbose": False, **kwargs}
    images, labels = given[0] if images is None else images, given[1] if labels is None else labels
    return deletion_insertion(model or linear_model(), images, labels, **kwargs)


def log_likelihood(panel, baseline, rows=slice(None)):
    """Of the linear model, where the channels of the panel are as they are: in plain NumPy."""
    images, labels = problem()
    kept = np.isin(NAMES, panel)
    filled = np.where(kept, images.astype("float64"), baseline)
    logit = filled.mean(axis=(1, 2)) @ WEIGHTS
    return -np.log1p(np.exp(np.where(labels == 1, -logit, logit)))[rows].mean()


def test_curves_are_those_of_numpy_along_the_order():
    baseline = np.array([0.25, -0.5, 7.0])
    found = scored(order=["C", "A", "B"], baseline=baseline)
    deletion = [log_likelihood(p, baseline) for p in (["C", "A", "B"], ["A", "B"], ["B"], [])]
    insertion = [log_likelihood(p, baseline) for p in ([], ["C"], ["C", "A"], ["C", "A", "B"])]
    np.testing.assert_allclose(found.details["deletion"], deletion, rtol=1e-5)
    np.testing.assert_allclose(found.details["insertion"], insertion, rtol=1e-5)
    assert found.details["order"] == ("C", "A", "B")
    steps = (np.diff(insertion) - np.diff(deletion)) / 2  # of C, A and B
    np.testing.assert_allclose(found.scores, steps[[1, 2, 0]], rtol=1e-5, atol=1e-7)
    assert found.channel_names == ("A", "B", "C")


def test_scores_add_up_to_all_channels_minus_none():
    found = scored(order=["B", "C", "A"])
    total = found.details["deletion"][0] - found.details["deletion"][-1]
    assert total > 0.1
    np.testing.assert_allclose(found.scores.sum(), total)


def test_areas_are_the_mean_heights_of_the_curves():
    found = scored(order=["B", "A", "C"]).details
    for name in ("deletion", "insertion"):
        area = np.trapezoid(found[name], np.linspace(0, 1, 4))
        np.testing.assert_allclose(found[f"{name}_area"], area)


def test_without_an_order_channels_go_in_the_order_of_occlusion():
    images, labels = problem()
    expected = occlusion(linear_model(), images, labels, channel_names=NAMES, verbose=False)
    found = scored()
    assert found.details["order"] == expected.order == ("B", "A", "C")
    assert found.order[0] == "B"


def test_a_good_order_has_low_deletion_and_high_insertion():
    good, bad = (scored(order=order).details for order in (["B", "A", "C"], ["C", "A", "B"]))
    assert good["deletion_area"] < bad["deletion_area"]
    assert good["insertion_area"] > bad["insertion_area"]


def test_an_order_can_be_another_methods_importance():
    other = ChannelImportance("dcmix", ["C", "A", "B"], [0.2, 0.7, 0.1])
    assert scored(order=other).details["order"] == ("A", "C", "B")


def test_a_channel_that_the_model_does_not_use_scores_exactly_zero():
    assert scored(order=["A", "C", "B"]).scores[2] == 0


def test_repeats_are_disjoint_parts_of_the_images():
    found = scored(order=["A", "B", "C"], num_folds=4, baseline="zero", seed=5)
    assert found.repeats.shape == (4, 3)
    np.testing.assert_allclose(found.repeats.mean(axis=0), found.scores)  # parts of equal size
    rows = np.array_split(np.random.default_rng(5).permutation(40), 4)[2]
    some = [log_likelihood(p, 0, rows) for p in ([], ["A"], ["A", "B", "C"], ["B", "C"])]
    np.testing.assert_allclose(
        found.repeats[2, 0], (some[1] - some[0] + some[2] - some[3]) / 2, rtol=1e-4
    )


def test_the_same_seed_gives_the_same_scores():
    one, other, third = (scored(seed=seed, num_folds=3) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.repeats, other.repeats)
    assert (one.repeats != third.repeats).any()


def test_one_pass_needs_each_panel_once():
    seen = []

    def metric(labels, outputs):
        seen.append(len(labels))
        return outputs[:, 1]

    scored(order=["A", "B", "C"], metric=metric, batch_size=40)
    assert seen == [40] * 6  # 2 N panels: both curves share their ends


def test_the_batch_size_changes_nothing():
    small, large = (scored(order=["A", "B", "C"], batch_size=size) for size in (7, 40))
    np.testing.assert_allclose(small.scores, large.scores, rtol=1e-5, atol=1e-7)


def test_a_blurred_image_replaces_channel_by_channel():
    images, _ = problem()
    flat = np.broadcast_to(images.mean(axis=(1, 2), keepdims=True), images.shape)
    # The model sees means alone: of flat images the blur changes nothing.
    found = scored(images=flat, order=["A", "B", "C"], baseline="blur")
    np.testing.assert_allclose(found.scores, 0, atol=1e-6)


def test_accuracy_and_ones_own_metric_name_the_unit():
    def margin(labels, outputs):
        return np.where(labels == 1, outputs[:, 1], -outputs[:, 1])

    assert scored().unit == "change in log likelihood"
    assert scored(metric="accuracy").unit == "change in accuracy"
    found = scored(metric=margin, baseline="zero", order=["C", "B", "A"])
    assert found.unit == "change in margin"
    images, labels = problem()
    sign = 2 * labels - 1
    expected = WEIGHTS * (sign[:, None] * images.mean(axis=(1, 2))).mean(axis=0)
    np.testing.assert_allclose(found.scores, expected, rtol=1e-4)  # additive: no order matters


@pytest.mark.parametrize("num_images", [1, 40])
def test_one_channel_scores_the_whole_difference(num_images):
    images, labels = problem(num_images, 1)
    model = linear_model(np.array([2.0]))
    found = scored(model, images, labels, channel_names=["only"], baseline="zero")
    assert found.details["deletion"].tolist() == found.details["insertion"][::-1].tolist()
    np.testing.assert_allclose(found.scores[0], np.ptp(found.details["deletion"]))
    assert (found.repeats is None) == (num_images == 1)


def test_the_model_is_the_same_afterwards():
    model = linear_model()
    before = [weight.copy() for weight in model.get_weights()]
    scored(model)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"order": "ABC"}, TypeError, "list of channel names, not one string. Received: 'ABC'"),
        (
            {"order": ["A", "B", "c"]},
            ValueError,
            "'c' in `order`, did you mean 'C'.*: A, B, C",
        ),
        ({"order": ["A", "B"]}, ValueError, "every channel once.*A, B, C. Received: A, B"),
        ({"order": ["A", "B", "B"]}, ValueError, "every channel once.*Received: A, B, B"),
        ({"metric": "acuracy"}, ValueError, "did you mean 'accuracy'"),
        ({"baseline": "men"}, ValueError, "did you mean 'mean'"),
        ({"num_folds": 0}, ValueError, "`num_folds` must be a positive integer"),
        ({"metric": lambda labels, outputs: outputs[:, 1] + np.nan}, ValueError, "be finite"),
    ],
)
def test_bad_arguments_are_refused_in_words(change, error, words):
    with pytest.raises(error, match=words):
        scored(**change)


def test_curves_along_any_table_of_scores():
    table = {"": 0.25, "A": 0.5, "B": 0.75, "AB": 1.0}
    found = curves_along(["B", "A"], lambda panel: table["".join(sorted(panel))])
    assert found["order"] == ("B", "A")
    assert found["deletion"].tolist() == [1.0, 0.5, 0.25]
    assert found["insertion"].tolist() == [0.25, 0.75, 1.0]
    assert (found["deletion_area"], found["insertion_area"]) == (0.5625, 0.6875)


def test_curves_refuse_scores_that_are_not_finite_and_names_that_repeat():
    with pytest.raises(ValueError, match=r"must be finite. Received: .*nan.* along A, B"):
        curves_along(["A", "B"], lambda panel: np.nan if "A" in panel else 1)
    with pytest.raises(ValueError, match=r"unique.*\['A'\]"):
        curves_along(["A", "A"], len)
