"""Digits from a file or from Keras, with planted channels."""

from pathlib import Path

import numpy as np
import pytest

from keras_dcmix.datasets import mnist_channels

REAL = Path(__file__).parents[2].parent / "shared/data/mnist/mnist.npz"


@pytest.fixture
def small_digits():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, size=(40, 28, 28), dtype=np.uint8), np.arange(40) % 10


@pytest.fixture
def small_file(tmp_path, small_digits):
    x, y = small_digits
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, x_train=x, y_train=y, x_test=255 - x[:5], y_test=y[:5])
    return path


@pytest.mark.skipif(not REAL.is_file(), reason=f"the MNIST file is not at {REAL}")
def test_the_real_digits_are_read():
    dataset = mnist_channels(num_images=200, path=REAL)
    assert dataset.images.shape == (200, 28, 28, 6)
    assert set(dataset.labels) == set(range(10))
    clear = dataset.images[..., dataset.channel_names.index("image+0.3")]
    assert clear[:, 10:18, 10:18].mean() > clear[:, :4].mean() + 0.5


def test_digits_are_drawn_once_each_and_keep_their_label(small_file):
    dataset = mnist_channels("redundant", num_images=40, path=small_file)
    assert not np.array_equal(dataset.labels, np.arange(40) % 10)
    np.testing.assert_array_equal(np.bincount(dataset.labels), np.full(10, 4))
    assert "copy_1" in dataset.channel_names


def test_images_and_labels_are_drawn_together(small_file, small_digits):
    x, y = small_digits
    dataset = mnist_channels(num_images=15, path=small_file)
    clear = dataset.images[..., dataset.channel_names.index("image+0.3")].reshape(15, -1)
    source = np.argmax(clear @ (x.reshape(40, -1) - x.mean()).T, axis=1)
    assert len(set(source)) == 15
    np.testing.assert_array_equal(dataset.labels, y[source])


def test_the_seed_decides_which_digits_come(small_file):
    first, again, other = (
        mnist_channels(num_images=20, path=small_file, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.images, again.images)
    assert not np.array_equal(first.labels, other.labels)


def test_without_a_path_keras_is_asked(monkeypatch, small_digits):
    keras = pytest.importorskip("keras")
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: (small_digits, (None, None)))
    dataset = mnist_channels(num_images=30)
    assert dataset.images.shape == (30, 28, 28, 6)


@pytest.mark.parametrize("num_images", [1, 41])
def test_more_or_fewer_digits_than_there_are_is_refused(small_file, num_images):
    words = f"`num_images` must be between 2 and 40, .* num_images={num_images}"
    with pytest.raises(ValueError, match=words):
        mnist_channels(num_images=num_images, path=small_file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*nowhere\.npz"):
        mnist_channels(path=tmp_path / "nowhere.npz")


def test_a_file_without_training_digits_says_so(tmp_path):
    np.savez(tmp_path / "other.npz", images=np.zeros(3))
    with pytest.raises(ValueError, match=r"x_train and y_train\. .*other\.npz lacks one"):
        mnist_channels(path=tmp_path / "other.npz")


@pytest.mark.parametrize("kept", [0, 10, 400])
def test_a_file_cut_short_says_so(small_file, kept):
    small_file.write_bytes(small_file.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"mnist\.npz is not an \.npz file, or is incomplete"):
        mnist_channels(path=small_file)


@pytest.mark.parametrize("step", [1, 0])
def test_a_damaged_file_says_so(tmp_path, step):
    digits = step * np.random.default_rng(0).integers(256, size=(9, 28, 28)) + np.arange(28) ** 2
    np.savez_compressed(tmp_path / "mnist.npz", x_train=digits, y_train=np.arange(9))
    content = bytearray((tmp_path / "mnist.npz").read_bytes())
    content[100:140] = bytes(40)
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"mnist\.npz is damaged \("):
        mnist_channels(num_images=5, path=tmp_path / "mnist.npz")


def test_a_single_array_in_place_of_an_archive_says_so(tmp_path):
    np.save(tmp_path / "digits.npy", np.zeros((3, 28, 28)))
    with pytest.raises(ValueError, match=r"digits\.npy is not an \.npz file"):
        mnist_channels(path=tmp_path / "digits.npy")


def test_a_number_of_digits_that_is_no_integer_is_refused(small_file):
    with pytest.raises(
        TypeError, match=r"`num_images` must be an integer. Received: num_images=20\.0"
    ):
        mnist_channels(num_images=20.0, path=small_file)


def test_a_failed_download_says_what_to_do(monkeypatch):
    import keras

    def fails():
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fails)
    with pytest.raises(OSError, match=r"URL fetch failure.*pass the path of an mnist\.npz"):
        mnist_channels(num_images=10)
