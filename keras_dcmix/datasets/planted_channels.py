"""Channels of known importance, planted into any set of single-channel images."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import suggestion
from keras_dcmix.datasets.channel_dataset import ChannelDataset

SCENARIOS = ("graded", "distractor", "redundant", "complementary", "inverted", "exclusive")
NUM_EXCLUSIVE_CLASSES = 3
NUM_EXCLUSIVE_DISTRACTORS = 24


@dataclass(frozen=True)
class _Recipe:
    """How to draw one channel; the signal is made when needed, since 30 would fill the memory."""

    name: str
    truth: float
    noise: float
    signal: Callable[[], np.ndarray]


def planted_channels(
    images: np.ndarray, labels: np.ndarray, *, scenario: str = "graded", seed: int = 0
) -> ChannelDataset:
    """Plants channels of known importance into single-channel images.

    The images are scaled to 0..1 by the minimum and maximum of the whole set, less
    the mean of the set; this is `x` below, and `+ 0.3` is Gaussian noise of standard
    deviation 0.3 on that scale, fresh for each channel. Every channel is then
    standardised over the set (mean 0, standard deviation 1). The order of the
    channels is shuffled by the seed; the names say what each one is.

    - `"graded"`: `x` + 0.3, 0.6, 1.0, 1.6, 2.6, and noise; truth 5, 4, 3, 2, 1, 0.
    - `"distractor"`: `x` + 0.3; `x` + 1.0; half `x` and half another image, + 0.3;
      twice another image + 0.3; noise. Truth 1 for the first three.
    - `"redundant"`: `r` = `x` + 0.5; `r` + 0.05 twice; `x` + 1.6; twice noise.
      Truth 1 for the first four.
    - `"complementary"`: the upper half of `x` + 0.3; the lower half + 0.3;
      `x` + 1.6; three times noise. Truth 1 for the first three.
    - `"inverted"`: `x` + 0.6; `-x` + 0.3; `x` + 1.6; three times noise. Truth 1 for
      the first three.
    - `"exclusive"`: 30 channels and three classes of its own, drawn at random in
      place of `labels`. Class `k` lights up `x` in two channels that belong to it,
      truth 1; 24 more channels light up in a random third of the images, truth 0;
      everything + 0.3.

    Truth is 1 for a channel that carries the class and 0 for one that does not; in
    `"graded"` it is an order.

    Args:
        images: Array of shape `(num_images, height, width)` or
            `(num_images, height, width, 1)` of any real dtype.
        labels: Array of shape `(num_images,)`, integers or strings.
        scenario: One of `SCENARIOS`.
        seed: Seed of the noise, of the other images, and of the channels' order.

    Returns:
        A `ChannelDataset` with float32 images; every image is a group of its own.

    Raises:
        TypeError: If the images are not real numbers.
        ValueError: If the scenario is unknown, or the images have another rank, are
            fewer than two, all of one value or not finite, or do not match the labels.

    Example:

    >>> import numpy as np
    >>> digits = np.random.default_rng(0).uniform(size=(8, 5, 5))
    >>> planted_channels(digits, np.arange(8), scenario="redundant").images.shape
    (8, 5, 5, 6)
    """
    check_scenario(scenario)
    x = _centred(np.asarray(images))
    labels = np.asarray(labels)
    if labels.shape != x.shape[:1]:
        raise DataError(
            f"`labels` must hold one value for each of the {len(x)} images. "
            f"Received: shape={labels.shape}"
        )
    rng = np.random.default_rng(seed)
    if scenario == "exclusive":
        labels = rng.integers(NUM_EXCLUSIVE_CLASSES, size=len(x))
    recipes = _recipes(scenario, x, labels, rng)
    recipes = [recipes[i] for i in rng.permutation(len(recipes))]
    planted = np.empty((*x.shape, len(recipes)), dtype=np.float32)
    for i, recipe in enumerate(recipes):
        planted[..., i] = _standardised(_noisy(recipe.signal(), recipe.noise, rng))
    return ChannelDataset(
        images=planted,
        labels=labels,
        channel_names=tuple(recipe.name for recipe in recipes),
        truth=np.array([recipe.truth for recipe in recipes]),
        groups=np.arange(len(x)),
        group_unit="image",
    )


def check_scenario(scenario: str) -> None:
    """Refuses an unknown scenario and suggests the known one with the most similar name."""
    if scenario not in SCENARIOS:
        raise DataError(
            f"{argument('scenario')} must be one of {', '.join(SCENARIOS)}. Received: "
            f"{argument('scenario', scenario)}{suggestion(scenario, SCENARIOS)}"
        )


def _centred(images: np.ndarray) -> np.ndarray:
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3:
        raise DataError(
            "`images` must have the shape (num_images, height, width) or (num_images, height, "
            f"width, 1), a single channel. Received: shape={images.shape}"
        )
    if images.dtype.kind not in "biuf":
        raise TypeError(
            "`images` must be real numbers; convert them to integers or floats. "
            f"Received: dtype={images.dtype}"
        )
    if len(images) < 2 or images.size == 0:
        raise DataError(f"`images` must hold at least 2 images. Received: shape={images.shape}")
    return _scaled(images.astype(np.float64))


def _scaled(images: np.ndarray) -> np.ndarray:
    if not np.all(np.isfinite(images)):
        raise DataError(
            "`images` must be finite; replace such pixels or remove the images. "
            "Received: NaN or infinite pixels"
        )
    darkest, span = images.min(), np.ptp(images)
    if span == 0:
        raise DataError(
            f"`images` must differ in at least one pixel. Received: {darkest:g} everywhere"
        )
    scaled = (images - darkest) / span
    return (scaled - scaled.mean()).astype(np.float32)


def _noisy(signal: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    return signal + np.float32(noise) * rng.standard_normal(signal.shape, dtype=np.float32)


def _standardised(pixels: np.ndarray) -> np.ndarray:
    # A float32 sum over millions of pixels drifts, hence float64.
    return (pixels - pixels.mean(dtype=np.float64)) / pixels.std(dtype=np.float64)


def _other_images(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    # One cycle through all images: a permutation would leave some image in its own place.
    order = rng.permutation(len(x))
    other = np.empty_like(x)
    other[order] = x[np.roll(order, 1)]
    return other


def _image(x: np.ndarray, noise: float, truth: float = 1.0) -> _Recipe:
    return _Recipe(f"image+{noise}", truth, noise, lambda: x)


def _pure_noise(x: np.ndarray, count: int) -> list[_Recipe]:
    names = ["noise"] if count == 1 else [f"noise_{i + 1}" for i in range(count)]
    return [_Recipe(name, 0.0, 1.0, partial(np.zeros_like, x)) for name in names]


def _recipes(
    scenario: str, x: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> list[_Recipe]:
    """The channels of a scenario; each recipe takes what it depends on."""
    return {
        "graded": lambda: _graded(x),
        "distractor": lambda: _distractor(x, rng),
        "redundant": lambda: _redundant(x, rng),
        "complementary": lambda: _complementary(x),
        "inverted": lambda: _inverted(x),
        "exclusive": lambda: _exclusive(x, labels, rng),
    }[scenario]()


def _graded(x: np.ndarray) -> list[_Recipe]:
    noises = (0.3, 0.6, 1.0, 1.6, 2.6)
    images = [_image(x, noise, float(len(noises) - i)) for i, noise in enumerate(noises)]
    return [*images, *_pure_noise(x, 1)]


def _distractor(x: np.ndarray, rng: np.random.Generator) -> list[_Recipe]:
    return [
        _image(x, 0.3),
        _image(x, 1.0),
        _Recipe("half_image+0.3", 1.0, 0.3, lambda: 0.5 * x + 0.5 * _other_images(x, rng)),
        _Recipe("other_image_1+0.3", 0.0, 0.3, lambda: _other_images(x, rng)),
        _Recipe("other_image_2+0.3", 0.0, 0.3, lambda: _other_images(x, rng)),
        *_pure_noise(x, 1),
    ]


def _redundant(x: np.ndarray, rng: np.random.Generator) -> list[_Recipe]:
    original = _noisy(x, 0.5, rng)
    return [
        _Recipe("image+0.5", 1.0, 0.0, lambda: original),
        _Recipe("copy_1", 1.0, 0.05, lambda: original),
        _Recipe("copy_2", 1.0, 0.05, lambda: original),
        _image(x, 1.6),
        *_pure_noise(x, 2),
    ]


def _complementary(x: np.ndarray) -> list[_Recipe]:
    upper = (np.arange(x.shape[1]) < x.shape[1] // 2)[:, None]
    return [
        _Recipe("upper_half+0.3", 1.0, 0.3, lambda: x * upper),
        _Recipe("lower_half+0.3", 1.0, 0.3, lambda: x * ~upper),
        _image(x, 1.6),
        *_pure_noise(x, 3),
    ]


def _inverted(x: np.ndarray) -> list[_Recipe]:
    return [
        _image(x, 0.6),
        _Recipe("inverted+0.3", 1.0, 0.3, lambda: -x),
        _image(x, 1.6),
        *_pure_noise(x, 3),
    ]


def _exclusive(x: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> list[_Recipe]:
    lights = {
        f"class{k}_{letter}": labels == k for k in range(NUM_EXCLUSIVE_CLASSES) for letter in "ab"
    }
    for i in range(NUM_EXCLUSIVE_DISTRACTORS):
        lights[f"random_{i + 1:02d}"] = rng.integers(NUM_EXCLUSIVE_CLASSES, size=len(x)) == 0
    return [
        _Recipe(name, float(name.startswith("class")), 0.3, partial(_lit, x, light))
        for name, light in lights.items()
    ]


def _lit(x: np.ndarray, light: np.ndarray) -> np.ndarray:
    return x * light[:, None, None]
