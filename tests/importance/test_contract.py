"""What all methods promise that look at a trained model."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest

from keras_dcmix import importance
from keras_dcmix.importance import integrated_gradients, occlusion, permutation, pixel_permutation
from keras_dcmix.importance.registry import COMPARED, Model
from keras_dcmix.layers import DCMix
from keras_dcmix.models import build_classifier

QUICK = {"integrated_gradients": {"num_steps": 4, "batch_size": 128}}

# One form of each method that looks at a model, for what has nothing to do with its options.
ONE_OF_EACH = {
    method.name: partial(getattr(importance, method.function), **QUICK.get(method.name, {}))
    for method in COMPARED.values()
    if method.model is Model.PLAIN
}
METHODS = ONE_OF_EACH | {
    "permutation of likelihood": partial(permutation, metric="log_likelihood"),
    "occlusion of accuracy": partial(occlusion, metric="accuracy"),
    "occlusion by zero": partial(occlusion, baseline="zero"),
    "occlusion by blur": partial(occlusion, baseline="blur"),
}
# Differences of probabilities or logits are not the same thing.
OF_PROBABILITIES = [name for name in METHODS if name != "integrated_gradients"]

one_of_each = pytest.mark.parametrize("method", ONE_OF_EACH.values(), ids=ONE_OF_EACH.keys())
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
pytestmark = pytest.mark.filterwarnings("ignore:The scores miss:UserWarning")


def images_and_labels(num_images: int = 24, num_channels: int = 3, num_classes: int = 3):
    rng = np.random.default_rng(0)
    brightness = rng.normal(5, 3, (num_images, 1, 1, num_channels))
    images = brightness + rng.normal(0, 1, (num_images, 6, 6, num_channels))
    return images.astype("float32"), np.arange(num_images) % num_classes


def set_weights(model: keras.Model, scale: float = 1.0) -> keras.Model:
    """The same weights on every backend."""
    rng = np.random.default_rng(1)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(0, scale, weight.shape))
    return model


def small_model(
    num_channels: int = 3, outputs: int = 3, activation: str | None = "softmax"
) -> keras.Model:
    return set_weights(
        keras.Sequential(
            [
                keras.Input((6, 6, num_channels)),
                keras.layers.Rescaling(0.3, offset=-1.5),
                keras.layers.Conv2D(4, 3, activation="tanh"),
                keras.layers.BatchNormalization(),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(outputs, activation=activation),
            ]
        )
    )


def predicted(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Labels that the model gets right, so that every change of the images can only harm."""
    return model.predict_on_batch(images).argmax(axis=1)


def run(method, model, images, labels, **kwargs):
    return method(model, images, labels, verbose=False, **kwargs)


class Lazy:
    """Images that can only be asked for by index, and count how many at a time."""

    def __init__(self, images: np.ndarray) -> None:
        self._images = images
        self.shape = images.shape
        self.most = 0

    def __getitem__(self, rows):
        self.most = max(self.most, len(rows))
        return self._images[rows]


@every_method
def test_names_stay_with_their_scores(method):
    images, _ = images_and_labels()
    model, turned = small_model(), small_model()
    labels = predicted(model, images)
    order = [2, 0, 1]
    kernel, *others = model.layers[1].get_weights()
    turned.layers[1].set_weights([kernel[:, :, order], *others])
    names = np.array(["DNA", "ER", "AGP"])
    first = run(method, model, images, labels, channel_names=names.tolist())
    second = run(method, turned, images[..., order], labels, channel_names=names[order].tolist())
    assert second.channel_names == ("AGP", "DNA", "ER")
    np.testing.assert_allclose(second.scores, first.scores[order], atol=1e-5)
    assert len(set(first.scores)) == 3


@every_method
def test_the_scores_have_as_many_repeats_as_were_asked_for(method):
    images, labels = images_and_labels()
    found = run(method, small_model(), images, labels)
    assert found.repeats.shape == (5, 3)
    np.testing.assert_allclose(found.scores, found.repeats.mean(axis=0), atol=0.1)


@every_method
def test_one_channel_is_scored(method):
    images, labels = images_and_labels(num_channels=1)
    assert run(method, small_model(num_channels=1), images, labels).scores.shape == (1,)


@every_method
def test_one_image_is_scored(method):
    images, labels = images_and_labels(num_images=1)
    assert run(method, small_model(), images, labels).scores.shape == (3,)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "occlusion by zero"])
def test_a_constant_channel_scores_zero(name):
    images, _ = images_and_labels()
    images[..., 1] = 7.3
    model = small_model()
    scores = run(METHODS[name], model, images, predicted(model, images)).scores
    assert abs(scores[1]) < 1e-6
    assert np.abs(scores).max() > 1e-3


@every_method
def test_the_same_seed_gives_the_same_result(method):
    images, labels = images_and_labels()
    first, second = (run(method, small_model(), images, labels, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.scores, second.scores)
    np.testing.assert_array_equal(first.repeats, second.repeats)


@one_of_each
def test_another_seed_gives_other_repeats(method):
    images, labels = images_and_labels(48)
    first, second = (run(method, small_model(), images, labels, seed=seed) for seed in (0, 1))
    assert (first.repeats != second.repeats).any()


@every_method
def test_the_model_is_the_same_afterwards(method):
    images, labels = images_and_labels()
    model = small_model()
    weights, before = model.get_weights(), model.predict_on_batch(images)
    run(method, model, images, labels)
    for old, new in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(model.predict_on_batch(images), before)


@one_of_each
def test_the_images_are_the_same_afterwards(method):
    images, labels = images_and_labels()
    before = images.copy()
    run(method, small_model(), images, labels)
    np.testing.assert_array_equal(images, before)


@every_method
def test_a_channel_of_weight_zero_scores_exactly_zero(method):
    images, _ = images_and_labels()
    model = set_weights(build_classifier((6, 6, 3), 3), scale=0.5)
    model.get_layer("standardize").adapt(images)
    model.get_layer("dcmix").set_weights([np.array([[1], [0], [3]], "float32")])
    scores = run(method, model, images, predicted(model, images)).scores
    assert scores[1] == 0
    assert np.abs(scores[[0, 2]]).max() > 0


@every_method
@pytest.mark.parametrize("activation", [None, "softmax"])
def test_a_model_that_ignores_its_input_scores_exactly_zero(method, activation):
    images, labels = images_and_labels()
    model = small_model(activation=activation)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 0, bias])
    assert run(method, model, images, labels).scores.tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_logits_and_probabilities_give_the_same(name):
    images, labels = images_and_labels()
    first, second = (
        run(METHODS[name], small_model(activation=activation), images, labels).scores
        for activation in (None, "softmax")
    )
    np.testing.assert_allclose(first, second, atol=1e-5)


@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_one_output_says_the_same_as_two(name):
    images, labels = images_and_labels(num_classes=2)
    two = small_model(outputs=2)
    kernel, bias = two.layers[-1].get_weights()
    expected = run(METHODS[name], two, images, labels).scores
    for activation in ("sigmoid", None):
        one = small_model(outputs=1, activation=activation)
        one.layers[1].set_weights(two.layers[1].get_weights())
        one.layers[2].set_weights(two.layers[2].get_weights())
        one.layers[-1].set_weights([kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]])
        # A sigmoid near 1 leaves few digits of float32 for the other class.
        found = run(METHODS[name], one, images, labels).scores
        np.testing.assert_allclose(found, expected, atol=1e-5 if activation is None else 5e-3)


@every_method
@pytest.mark.parametrize("batch_size", [1, 7, 24, 100])
def test_the_batch_size_changes_no_score(method, batch_size):
    images, labels = images_and_labels()
    expected = run(method, small_model(), images, labels)
    found = run(method, small_model(), images, labels, batch_size=batch_size)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
    np.testing.assert_allclose(found.repeats, expected.repeats, atol=1e-5)


@every_method
def test_no_more_than_a_batch_of_images_is_read_at_a_time(method):
    images, labels = images_and_labels()
    lazy = Lazy(images)
    found = run(method, small_model(), lazy, labels, batch_size=5)
    assert lazy.most == 5
    expected = run(method, small_model(), images, labels)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)


@one_of_each
def test_text_labels_stand_for_their_sorted_places(method):
    images, labels = images_and_labels()
    names = np.array(["control", "nocodazole", "taxol"])[labels]
    expected = run(method, small_model(), images, labels).scores
    np.testing.assert_array_equal(run(method, small_model(), images, names).scores, expected)


@one_of_each
def test_integer_pixels_and_lists_are_taken(method):
    images, labels = images_and_labels()
    counts = images.round().astype("uint16")
    expected = run(method, small_model(), counts.astype("float32"), labels).scores
    for given in (counts, counts.tolist(), keras.ops.convert_to_tensor(counts.astype("float32"))):
        np.testing.assert_array_equal(
            run(method, small_model(), given, labels.tolist()).scores, expected
        )


@one_of_each
def test_a_model_of_the_users_own_class_is_taken(method):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = small_model()

        def call(self, images):
            return self.inner(images)

    images, labels = images_and_labels()
    expected = run(method, small_model(), images, labels).scores
    np.testing.assert_allclose(run(method, Own(), images, labels).scores, expected, atol=1e-6)


@one_of_each
def test_names_come_from_the_model_where_none_are_given(method):
    images, labels = images_and_labels()
    inputs = keras.Input((6, 6, 3))
    mixed = DCMix(channel_names=["DNA", "ER", "AGP"])(inputs)
    outputs = keras.layers.Dense(3)(keras.layers.Flatten()(mixed))
    found = run(method, keras.Model(inputs, outputs), images, labels)
    assert found.channel_names == ("DNA", "ER", "AGP")
    assert run(method, small_model(), images, labels).channel_names[2] == "channel_2"


BAD = {
    "channels": ({"images": np.zeros((3, 6, 6, 2))}, "takes 3 channels, the images have 2"),
    "size": ({"images": np.zeros((3, 6, 5, 3))}, "takes images of 6 x 6 pixels. Received: 6 x 5"),
    "rank": ({"images": np.zeros((3, 6, 6))}, r"shape \(num_images, .*Received: shape=\(3, 6, 6\)"),
    "no image": ({"images": np.zeros((0, 6, 6, 3))}, "none of them 0"),
    "label above": ({"labels": [0, 3, 1]}, "from 0 to 2, .*Received: 3 at image 1"),
    "label below": ({"labels": [0, 1, -1]}, "from 0 to 2, .*Received: -1 at image 2"),
    "too few labels": ({"labels": [0, 1]}, r"labels of shape \(3,\).*Received: shape=\(2,\)"),
    "one-hot labels": ({"labels": np.eye(3)}, r"labels of shape \(3,\).*shape=\(3, 3\)"),
    "missing text": ({"labels": ["a", "b", "a"]}, "must name all 3 classes .*Received: a, b"),
    "numbers with points": ({"labels": [0.0, 1.5, 2.0]}, "integer class numbers .*at image 0"),
    "names": ({"channel_names": ["a", "b"]}, "channel_names must be 3.*Received 2: a, b"),
    "no batch": ({"batch_size": 0}, "`batch_size` must be a positive integer. .*0"),
    "half a batch": ({"batch_size": 2.5}, "`batch_size` must be a positive integer. .*2.5"),
}


@one_of_each
@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD.keys())
def test_what_does_not_fit_is_refused_in_words(method, change, words):
    images, labels = images_and_labels(3)
    arguments = {"images": images, "labels": labels, **change}
    with pytest.raises(ValueError, match=words):
        run(method, small_model(), **arguments)


@one_of_each
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_pixels_that_are_no_numbers_are_refused_with_their_image(method, value):
    images, labels = images_and_labels()
    images[17, 2, 3, 1] = value
    with pytest.raises(ValueError, match="NaN or infinity in image 17, channel 1"):
        run(method, small_model(), images, labels, batch_size=4)


@one_of_each
def test_what_is_no_model_is_refused(method):
    images, labels = images_and_labels()
    with pytest.raises(TypeError, match=r"must be a keras.Model. Received: Dense"):
        run(method, keras.layers.Dense(3), images, labels)


@one_of_each
def test_a_model_that_has_lost_itself_to_nan_is_refused(method):
    images, labels = images_and_labels()
    model = small_model()
    model.layers[-1].set_weights([weight * np.nan for weight in model.layers[-1].get_weights()])
    with pytest.raises(ValueError, match="gives NaN for finite images"):
        run(method, model, images, labels)


@one_of_each
def test_a_model_of_maps_or_of_several_inputs_is_refused(method):
    images, labels = images_and_labels()
    inputs = keras.Input((6, 6, 3))
    maps = keras.Model(inputs, keras.layers.Conv2D(3, 3)(inputs))
    with pytest.raises(ValueError, match=r"one vector of classes .*shape \(24, 4, 4, 3\)"):
        run(method, maps, images, labels)
    both = keras.Model([inputs, keras.Input((6, 6, 3))], keras.layers.Flatten()(inputs))
    with pytest.raises(ValueError, match="must take one tensor"):
        run(method, both, images, labels)


CHOICES = {
    "baseline": ("means", "did you mean 'mean'\\? Known: mean, zero, blur, or an array"),
    "baseline shape": (np.zeros(2), r"shape \(3,\), one .* or \(6, 6, 3\), .*shape \(2,\)"),
    "baseline value": ([0, np.nan, 0], "must be finite"),
    "metric": ("acuracy", "did you mean 'accuracy'\\? Known: accuracy, log_likelihood, or"),
    "metric shape": (lambda labels, outputs: 0.5, r"one score for each of 24 images. .*shape \(\)"),
    "num_folds": (0, "`num_folds` must be a positive integer"),
    "num_repeats": (0, "`num_repeats` must be a positive integer"),
    "num_steps": (0, "`num_steps` must be a positive integer"),
}


@pytest.mark.parametrize(
    ("method", "choice"),
    [
        *(
            (method, choice)
            for method in (permutation, pixel_permutation)
            for choice in ("metric", "metric shape", "num_repeats")
        ),
        *((occlusion, choice) for choice in CHOICES if choice not in ("num_repeats", "num_steps")),
        *((integrated_gradients, c) for c in CHOICES if c[:6] not in ("metric", "num_re")),
    ],
)
def test_a_choice_that_is_none_is_refused(method, choice):
    images, labels = images_and_labels()
    value, words = CHOICES[choice]
    with pytest.raises(ValueError, match=words):
        run(method, small_model(), images, labels, **{choice.split()[0]: value})


# Computed once, on TensorFlow.
SCORES = {
    "permutation": [0.016667, 0.208333, 0.416667],
    "permutation of likelihood": [0.018587, 0.226317, 0.746501],
    "pixel_permutation": [0.001098, 0.003921, 0.003274],
    "deletion_insertion": [0.007163, 0.117413, 0.400588],
    "occlusion": [-0.018415, 0.12964, 0.442218],
    "occlusion of accuracy": [0.0, 0.166667, 0.291667],
    "occlusion by zero": [0.011805, 0.612365, 1.65154],
    "occlusion by blur": [-0.025019, -0.013995, -0.012509],
    "integrated_gradients": [-0.012421, 0.065879, 0.256532],
}


@pytest.mark.parametrize("name", SCORES)
def test_all_backends_agree_with_the_numbers_kept_here(name):
    images, _ = images_and_labels()
    model = small_model()
    found = run(METHODS[name], model, images, predicted(model, images)).scores
    np.testing.assert_allclose(found, SCORES[name], atol=1e-4)
