"""A simulated experiment: labels, wells, and where the label can be seen."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from keras_dcmix.datasets import simulated_cells

CHANNELS = ("DNA", "ER", "RNA", "Actin", "Mito", "Golgi")
# Alternately affected and unaffected, so that neighbours in brightness and place are told apart.
EFFECTS = {"DNA": 3.0, "RNA": 3.0, "Mito": 3.0}


@pytest.fixture(scope="module")
def dataset():
    return simulated_cells(320, effects=EFFECTS, wells_per_plate=32, seed=3)


@pytest.fixture(scope="module")
def opposite():
    return simulated_cells(
        320, effects={"ER": 3.0, "Actin": 3.0, "Golgi": 3.0}, wells_per_plate=32, seed=4
    )


def small(**options):
    return simulated_cells(**{"num_images": 8, "num_plates": 1, "wells_per_plate": 4, **options})


def features(images):
    """Light in rings around the nucleus and contrast at four scales, of one channel."""
    pixels = np.sqrt(images.astype(np.float32))
    y, x = np.indices(pixels.shape[1:]) - 31.5
    radius = np.hypot(x, y)
    edges = (0, 4, 7, 10, 13, 16, 20, 25)
    rings = [
        pixels[:, (radius >= low) & (radius < high)].mean(axis=1) for low, high in pairwise(edges)
    ]
    columns = [ring / np.sum(rings, axis=0) for ring in rings]
    for width in (0.7, 1.2, 2.0, 3.5):
        details = (pixels - gaussian_filter(pixels, (0, width, width)))[:, radius < 22]
        columns += [details.std(axis=1), details.max(axis=1), (details**4).mean(axis=1)]
    columns = np.stack(columns, axis=1)
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def separability(images, treated):
    """Area under the ROC curve in wells that a ridge regression has not seen."""
    table = np.c_[features(images), np.ones(len(images))]
    fold = np.arange(len(images)) % 64 // 8
    scores = np.empty(len(images))
    for i in np.unique(fold):
        known = table[fold != i]
        ridge = known.T @ known + 5 * np.eye(known.shape[1])
        scores[fold == i] = table[fold == i] @ np.linalg.solve(
            ridge, known.T @ (2.0 * treated[fold != i] - 1)
        )
    ranks, positives = rankdata(scores), treated.sum()
    surplus = ranks[treated].sum() - positives * (positives + 1) / 2
    return surplus / (positives * (len(ranks) - positives))


@pytest.mark.parametrize("name", CHANNELS)
def test_an_affected_channel_shows_the_label(dataset, opposite, name):
    source = dataset if name in EFFECTS else opposite
    images = source.images[..., CHANNELS.index(name)]
    assert separability(images, source.labels == "treated") > 0.85


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_without_effect_hides_the_label(dataset, opposite, name):
    source = opposite if name in EFFECTS else dataset
    images = source.images[..., CHANNELS.index(name)]
    assert separability(images, source.labels == "treated") == pytest.approx(0.5, abs=0.12)


def test_images_are_camera_counts(dataset):
    assert dataset.images.shape == (320, 64, 64, 6)
    assert dataset.images.dtype == np.uint16
    assert dataset.images.max() <= 4095
    assert np.mean(dataset.images == 4095) < 0.001


def test_channels_differ_in_brightness(dataset):
    brightness = np.percentile(dataset.images, 95, axis=(0, 1, 2))
    assert brightness.max() > 2.5 * brightness.min()
    assert dataset.channel_names == CHANNELS


def test_the_nucleus_lies_in_the_middle(dataset):
    dna = dataset.images[..., 0].mean(axis=0)
    assert dna[28:36, 28:36].mean() > 4 * dna[12:20, 28:36].mean()


def test_labels_are_balanced(dataset):
    names, counts = np.unique(dataset.labels, return_counts=True)
    assert names.tolist() == ["control", "treated"]
    assert counts.tolist() == [160, 160]


def test_a_well_holds_one_label(dataset):
    for well in np.unique(dataset.groups):
        assert len(np.unique(dataset.labels[dataset.groups == well])) == 1
    assert len(np.unique(dataset.groups)) == 64
    assert dataset.group_unit == "well"


def test_both_labels_are_on_every_plate(dataset):
    plates = np.array([group.split("_")[0] for group in dataset.groups])
    for plate in ("P1", "P2"):
        assert np.mean(dataset.labels[plates == plate] == "treated") == 0.5
    assert set(plates) == {"P1", "P2"}
    assert dataset.plates.tolist() == plates.tolist()


@pytest.mark.parametrize(("wells", "last"), [(24, "P1_B12"), (96, "P1_H12"), (98, "P1_E02")])
def test_wells_are_named_as_on_a_plate(wells, last):
    groups = small(num_images=wells, wells_per_plate=wells, size=16).groups
    assert max(groups) == last
    assert min(groups) == "P1_A01"


def test_truth_is_the_effects_in_the_order_of_the_channels():
    assert small(effects={"Golgi": 1, "ER": 2.5}).truth.tolist() == [0, 2.5, 0, 0, 0, 1]
    assert small(effects={}).truth.tolist() == [0] * 6
    assert np.count_nonzero(small().truth) == 2


def test_the_seed_decides_everything():
    first, again, other = (small(seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.groups, again.groups)
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("size", [16, 48, 96])
def test_cells_grow_with_the_image(size):
    dna = small(size=size, effects={}).images[..., 0].astype(float)
    middle = dna[:, size // 4 : -size // 4, size // 4 : -size // 4]
    bright = (middle > (middle.max() + np.median(dna)) / 4).sum(axis=(1, 2))
    assert dna.shape == (8, size, size)
    assert 0.03 < np.median(bright) / size**2 < 0.1


@pytest.mark.parametrize(
    ("effects", "end"),
    [
        ({"mito": 1}, ", did you mean 'Mito'"),
        ({"Nuclei DNA": 1}, ", did you mean 'DNA'"),
        ({"AGP": 1}, r"\.$"),
    ],
)
def test_an_unknown_channel_names_a_similar_one(effects, end):
    with pytest.raises(ValueError, match=f"DNA, ER, .* Received: '.*'{end}"):
        small(effects=effects)


@pytest.mark.parametrize("effect", [-1, np.nan, np.inf])
def test_an_effect_out_of_range_is_refused(effect):
    with pytest.raises(ValueError, match=f"finite and at least 0, .* Received: {effect}.* for ER"):
        small(effects={"ER": effect})


@pytest.mark.parametrize("effect", ["3", None, True])
def test_an_effect_that_is_no_number_is_refused(effect):
    with pytest.raises(TypeError, match=f"must give each .* a number. Received: {effect!r} for ER"):
        small(effects={"ER": effect})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": 15}, "`size` must be at least 16. Received: size=15"),
        ({"num_plates": 0}, "`num_plates` must be at least 1. Received: num_plates=0"),
        (
            {"wells_per_plate": 0},
            "`wells_per_plate` must be at least 2. Received: wells_per_plate=0",
        ),
        (
            {"wells_per_plate": 3},
            "`wells_per_plate` must be an even number .* Received: wells_per_plate=3",
        ),
        ({"wells_per_plate": 386}, "`wells_per_plate` must be an even number up to 384"),
        ({"num_images": 3}, "`num_images` must be at least 4, one for each well. .*num_images=3"),
    ],
)
def test_a_count_out_of_range_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        small(**options)


@pytest.mark.parametrize("name", ["num_images", "size", "num_plates", "wells_per_plate"])
def test_a_count_that_is_no_integer_is_refused(name):
    with pytest.raises(TypeError, match=f"`{name}` must be an integer. Received: {name}=16.0"):
        small(**{name: 16.0})
