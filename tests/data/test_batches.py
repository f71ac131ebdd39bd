import pickle
import time
from threading import current_thread, main_thread

import keras
import numpy as np
import pytest

from keras_dcmix import data
from keras_dcmix.data import crop_fields, from_load_data
from keras_dcmix.data.batches import ImageBatches, flip_and_turn
from keras_dcmix.data.channel_view import ChannelView


def numbered_images(num_images, shape=(4, 4, 2)):
    """Returns images whose pixels all hold the image's number."""
    numbers = np.arange(num_images).reshape(-1, 1, 1, 1)
    return np.broadcast_to(numbers, (num_images, *shape)).astype(np.uint16)


def order_of(batches):
    return np.concatenate([batches[i][0][:, 0, 0, 0] for i in range(len(batches))]).astype(int)


def test_batches_cover_all_images_in_order_with_their_labels():
    batches = ImageBatches(numbered_images(10), np.arange(10), batch_size=4)
    images, labels = batches[2]
    assert len(batches) == 3
    assert images.shape == (2, 4, 4, 2)
    assert (images.dtype, labels.dtype) == (np.float32, np.int32)
    assert labels.tolist() == [8, 9]
    assert order_of(batches).tolist() == list(range(10))


def test_only_the_chosen_images_come():
    batches = ImageBatches(numbered_images(10), np.arange(10), indices=np.array([7, 2]))
    assert order_of(batches).tolist() == [7, 2]
    assert batches[0][1].tolist() == [7, 2]


def test_only_the_chosen_images_are_shuffled():
    batches = ImageBatches(
        numbered_images(40), np.arange(40), indices=np.arange(20, 40), shuffle=True
    )
    assert order_of(batches).tolist() != list(range(20, 40))
    assert sorted(order_of(batches)) == list(range(20, 40))


def test_epochs_differ_and_repeat_with_the_seed():
    make = lambda seed: ImageBatches(  # noqa: E731
        numbered_images(30), np.arange(30), batch_size=8, shuffle=True, seed=seed
    )
    one, same, other = make(1), make(1), make(2)
    first = order_of(one)
    one.on_epoch_end()
    assert sorted(first) == sorted(order_of(one)) == list(range(30))
    assert first.tolist() != order_of(one).tolist()
    assert first.tolist() == order_of(same).tolist() != order_of(other).tolist()
    same.on_epoch_end()
    assert order_of(one).tolist() == order_of(same).tolist()


def test_labels_follow_their_images_through_the_shuffle():
    batches = ImageBatches(numbered_images(30), np.arange(30), batch_size=8, shuffle=True)
    for index in range(len(batches)):
        images, labels = batches[index]
        np.testing.assert_array_equal(images[:, 0, 0, 0], labels)


def test_augmentation_reaches_all_eight_symmetries_with_channels_together():
    square = np.arange(9).reshape(3, 3)
    image = np.stack([square, square + 100], axis=-1)
    turned = flip_and_turn(np.tile(image, (200, 1, 1, 1)), np.random.default_rng(0))
    np.testing.assert_array_equal(turned[..., 1], turned[..., 0] + 100)
    assert len({each.tobytes() for each in turned}) == 8


def test_augmentation_of_rectangles_only_mirrors():
    image = np.arange(6).reshape(1, 2, 3, 1)
    turned = flip_and_turn(np.tile(image, (100, 1, 1, 1)), np.random.default_rng(0))
    assert turned.shape == (100, 2, 3, 1)
    assert len({each.tobytes() for each in turned}) == 4


def test_augmentation_leaves_the_images_alone_and_repeats_with_the_seed():
    images = np.random.default_rng(0).normal(size=(20, 5, 5, 2)).astype(np.float32)
    before = images.copy()
    batches = ImageBatches(images, np.zeros(20, int), augment=True)
    first = batches[0][0]
    np.testing.assert_array_equal(first, batches[0][0])
    batches.on_epoch_end()
    assert not np.array_equal(first, batches[0][0])
    flip_and_turn(images, np.random.default_rng(0))
    np.testing.assert_array_equal(images, before)


def test_a_pixel_that_is_not_finite_is_named_by_image_and_channel():
    images = np.zeros((9, 4, 4, 3), np.float32)
    images[6, 0, 0, 2] = np.nan
    batches = ImageBatches(images, np.zeros(9, int), batch_size=2, indices=np.array([1, 3, 5, 6]))
    with pytest.raises(ValueError, match="image 6, channel 2"):
        batches[1]


def losses_of_a_fit(images, labels, **kwargs):
    keras.utils.set_random_seed(0)
    inputs = keras.Input(images.shape[1:])
    hidden = keras.layers.Flatten()(keras.layers.Rescaling(1e-5)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(hidden))
    model.compile("sgd", "sparse_categorical_crossentropy")
    batches = ImageBatches(images, labels, batch_size=8, shuffle=True, augment=True, **kwargs)
    return model.fit(batches, epochs=3, shuffle=False, verbose=0).history["loss"]


def test_a_model_trains_on_crops_and_repeats_with_the_seed(plate):
    crops = crop_fields(
        from_load_data(plate.write_csv(), label="Metadata_Control"), crop="tiles", size=20
    )
    labels = np.unique(crops.labels, return_inverse=True)[1]
    alone = losses_of_a_fit(crops, labels)
    assert np.isfinite(alone).all()
    np.testing.assert_allclose(losses_of_a_fit(crops, labels), alone, rtol=1e-5)
    assert not np.allclose(losses_of_a_fit(crops, labels, seed=1), alone, rtol=1e-5)


def test_a_model_trains_on_crops_with_several_workers(plate):
    crops = crop_fields(from_load_data(plate.write_csv()), crop="tiles", size=20)
    labels = np.arange(len(crops)) % 2
    losses = losses_of_a_fit(crops, labels, workers=3)
    assert len(losses) == 3
    assert np.isfinite(losses).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"labels": np.array(["a"] * 4)}, "class numbers 0, 1, ....*np.unique"),
        ({"labels": np.array([0, 1, -1, 0])}, "class numbers"),
        ({"labels": np.zeros(4)}, "class numbers 0, 1, .*float64"),
        (
            {"labels": np.zeros(3, int)},
            r"one label an image.*.*\(4, 4, 4, 2\), labels.shape=\(3,\)",
        ),
        ({"batch_size": 0}, "at least 1. Received: batch_size=0"),
        ({"indices": np.array([0, 4])}, r"in 0\.\.3. Received: 0\.\.4"),
        ({"indices": np.array([], int)}, "at least one image number"),
        ({"indices": np.ones(4, bool)}, "list of at least one image number.*bool"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    arguments = {"labels": np.zeros(4, int), **arguments}
    with pytest.raises(ValueError, match=words):
        ImageBatches(numbered_images(4), **arguments)


def test_the_package_gives_batches_and_refuses_other_names():
    assert data.ImageBatches is ImageBatches
    with pytest.raises(AttributeError, match="attribute Batches"):
        data.Batches  # noqa: B018


class SlowImages:
    """Images that are read when they are asked for, and say by which thread."""

    shape = (12, 2, 2, 1)

    def __init__(self):
        self.asked = []

    def __getitem__(self, chosen):
        self.asked.append((tuple(chosen), current_thread() is main_thread()))
        return np.asarray(chosen, np.float32)[:, None, None, None] * np.ones((2, 2, 1))


def test_batches_are_read_ahead_by_a_thread():
    images = SlowImages()
    batches = ImageBatches(images, np.zeros(12, int), batch_size=4)
    first = batches[0]
    assert first[0][:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    wait_for(lambda: len(images.asked) == 3)
    by_main = [chosen for chosen, on_main in images.asked if on_main]
    assert by_main == [(0, 1, 2, 3)]
    assert batches[1][0][:, 0, 0, 0].tolist() == [4, 5, 6, 7]
    assert batches[2][0][:, 0, 0, 0].tolist() == [8, 9, 10, 11]
    assert len(images.asked) == 3


def test_batches_read_ahead_are_those_of_a_plain_array_in_every_epoch():
    images = np.arange(12.0).reshape(12, 1, 1, 1) * np.ones((2, 2, 1))
    arguments = {"batch_size": 5, "shuffle": True, "augment": True, "seed": 3}
    plain = ImageBatches(images, np.zeros(12, int), **arguments)
    lazy = ImageBatches(SlowImages(), np.zeros(12, int), **arguments)
    for _ in range(3):
        for index in (0, 1, 2):
            np.testing.assert_array_equal(lazy[index][0], plain[index][0])
        lazy.on_epoch_end()
        plain.on_epoch_end()


def test_a_batch_read_ahead_for_one_epoch_is_not_given_in_the_next():
    arguments = {"batch_size": 4, "shuffle": True, "seed": 3}
    lazy = ImageBatches(SlowImages(), np.arange(12), **arguments)
    lazy[0]
    lazy.on_epoch_end()
    other = ImageBatches(SlowImages(), np.arange(12), **arguments)
    other.on_epoch_end()
    np.testing.assert_array_equal(lazy[1][1], other[1][1])


def test_batches_in_any_order_keep_few_in_memory():
    lazy = ImageBatches(SlowImages(), np.zeros(12, int), batch_size=1)
    for index in (7, 2, 11, 0, 5):
        assert lazy[index][0][0, 0, 0, 0] == index
        assert len(lazy._ahead) <= 2


def test_an_error_while_reading_ahead_is_raised_by_its_own_batch():
    images = np.zeros((12, 2, 2, 1))
    images[7] = np.nan
    lazy = ImageBatches(ChannelView(LazyArray(images)), np.zeros(12, int), batch_size=4)
    lazy[0]
    with pytest.raises(ValueError, match="image 7"):
        lazy[1]


def test_batches_read_ahead_can_be_pickled():
    lazy = ImageBatches(SlowImages(), np.zeros(12, int), batch_size=4)
    lazy[0]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(lazy))[1][0], lazy[1][0])


class LazyArray:
    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __getitem__(self, chosen):
        return self.array[chosen]


def wait_for(condition):
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("waited 5 s in vain")
