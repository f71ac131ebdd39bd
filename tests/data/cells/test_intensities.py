"""Two plates of which the second is twice as bright and shifted; each holds both classes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from keras_dcmix.data import ImageSet, Preprocessing, UnreadableImageError, crop_fields
from keras_dcmix.data.cells.intensities import IntensityStatistics, sampled_pixels

FIELDS = 8


def read_number(path):
    """Field `n` of two plates, `plate-n-channel`: noise around a level of its own."""
    plate, number, channel = (int(part) for part in path.split("-"))
    rng = np.random.default_rng([number, channel])
    pixels = rng.normal(100 + 20 * (number % 2), 10, (32, 32))
    return (pixels * (1 + plate) + 50 * plate).astype(np.float32)


@pytest.fixture
def image_set():
    plates = [0] * FIELDS + [1] * FIELDS
    numbers = [*range(FIELDS)] * 2
    table = pd.DataFrame(
        {
            "Metadata_Plate": [f"P{plate}" for plate in plates],
            "Metadata_Treatment": [("DMSO", "drug")[number % 2] for number in numbers],
        }
    )
    names = pd.DataFrame(
        {f"C{c}": [f"{p}-{n}-{c}" for p, n in zip(plates, numbers, strict=True)] for c in range(2)}
    )
    return ImageSet(table, names, reader=read_number)


def crops_of(image_set, **steps):
    return crop_fields(image_set, crop="tiles", size=16, preprocessing=Preprocessing(**steps))


def test_without_steps_pixels_are_raw(image_set):
    crops = crops_of(image_set)
    np.testing.assert_array_equal(crops[0][..., 1], read_number("0-0-1")[:16, :16])


def test_a_plate_is_brought_to_mean_0_and_deviation_1(image_set):
    pixels = np.asarray(crops_of(image_set, normalize="plate"))
    for plate in (pixels[: 4 * FIELDS], pixels[4 * FIELDS :]):
        np.testing.assert_allclose(plate.mean(axis=(0, 1, 2)), 0, atol=1e-4)
        np.testing.assert_allclose(plate.std(axis=(0, 1, 2)), 1, atol=1e-4)


def test_plates_that_differ_in_exposure_only_become_the_same(image_set):
    pixels = np.asarray(crops_of(image_set, normalize="plate"))
    np.testing.assert_allclose(pixels[: 4 * FIELDS], pixels[4 * FIELDS :], atol=1e-3)


def test_differences_within_a_plate_stay(image_set):
    crops = crops_of(image_set, normalize="plate")
    means = [crops[crops.fields == field].mean() for field in (0, 1)]
    assert means[1] - means[0] > 1


def test_controls_alone_judge_a_plate(image_set):
    crops = crops_of(image_set, normalize="plate", controls="Metadata_Treatment=DMSO")
    pixels, fields = np.asarray(crops), crops.fields
    controls = pixels[fields % 2 == 0]
    np.testing.assert_allclose(controls.mean(axis=(0, 1, 2)), 0, atol=1e-3)
    np.testing.assert_allclose(controls.std(axis=(0, 1, 2)), 1, atol=1e-3)
    assert pixels[fields % 2 == 1].mean() > 1.5


def test_every_image_alone_loses_its_differences(image_set):
    crops = crops_of(image_set, normalize="image")
    for field in (0, 1, 12):
        pixels = crops[crops.fields == field]
        np.testing.assert_allclose(pixels.mean(axis=(0, 1, 2)), 0, atol=1e-4)
        np.testing.assert_allclose(pixels.std(axis=(0, 1, 2)), 1, atol=1e-4)


def test_clipping_cuts_all_fields_at_the_same_intensities(image_set):
    pixels = np.asarray(crops_of(image_set, clip=(10, 90)))
    raw = np.asarray(crops_of(image_set))
    low, high = (np.unique(edge(pixels, axis=(0, 1, 2))) for edge in (np.min, np.max))
    fields = raw.reshape(2 * FIELDS, -1, 2)
    np.testing.assert_allclose(low, np.sort(np.median(np.percentile(fields, 10, axis=1), axis=0)))
    np.testing.assert_allclose(high, np.sort(np.median(np.percentile(fields, 90, axis=1), axis=0)))


def test_clipping_goes_by_plate_where_plates_are_normalised(image_set):
    pixels = np.asarray(crops_of(image_set, clip=(10, 90), normalize="plate"))
    np.testing.assert_allclose(pixels[: 4 * FIELDS], pixels[4 * FIELDS :], atol=1e-3)
    assert pixels.max() < 3


def test_a_constant_channel_becomes_0_and_not_nan(image_set):
    flat = replace(image_set, reader=lambda path: np.full((32, 32), 7, np.uint8))
    for normalize in ("image", "plate"):
        np.testing.assert_array_equal(np.asarray(crops_of(flat, normalize=normalize)), 0)


def test_experiments_with_plates_of_one_name_are_told_apart(image_set):
    table = image_set.table.assign(Metadata_Experiment=image_set.table["Metadata_Plate"])
    renamed = replace(image_set, table=table.assign(Metadata_Plate="1"))
    pixels = np.asarray(crops_of(renamed, normalize="plate"))
    np.testing.assert_allclose(pixels[: 4 * FIELDS], pixels[4 * FIELDS :], atol=1e-3)


@pytest.mark.parametrize(
    ("controls", "words"),
    [
        ("Metadata_Drug=DMSO", "must name a metadata column. Received: controls='Metadata_Drug"),
        ("Metadata_Treatment=dmso", "Values of 'Metadata_Treatment' are: DMSO, drug"),
        ("Metadata_Plate=P0", r"Received: none on 1 of 2 plates, the first is 'P1'"),
    ],
)
def test_controls_that_are_not_there_are_refused(image_set, controls, words):
    with pytest.raises(ValueError, match=words):
        crops_of(image_set, normalize="plate", controls=controls)


def test_plates_without_names_are_refused(image_set):
    nameless = replace(image_set, table=image_set.table[["Metadata_Treatment"]])
    with pytest.raises(ValueError, match=r"needs the column Metadata_Plate. Received: Metadata_T"):
        crops_of(nameless, normalize="plate")


def test_a_large_field_is_measured_on_an_even_grid():
    field = np.arange(1000 * 800).reshape(1000, 800, 1)
    pixels = sampled_pixels(field)
    assert 2**13 < len(pixels) < 2**15
    levels = IntensityStatistics.of(field, (5, 95))
    np.testing.assert_allclose(levels.mean, field.mean(), rtol=0.01)
    np.testing.assert_allclose(levels.low, np.percentile(field, 5), rtol=0.05)


def test_controls_without_a_label_judge_their_plate_and_are_no_crops(image_set):
    labels = ["", "low", "", "high"] * 4
    labelled = replace(image_set, table=image_set.table.assign(Metadata_Dose=labels)).with_labels(
        "Metadata_Dose", "Metadata_Plate"
    )
    crops = crops_of(labelled, normalize="plate", controls="Metadata_Treatment=DMSO")
    expected = crops_of(image_set, normalize="plate", controls="Metadata_Treatment=DMSO")
    assert len(crops) == 8 * 4
    assert set(crops.labels) == {"low", "high"}
    assert crops.num_empty_fields == 0
    np.testing.assert_allclose(crops[0], expected[4], atol=1e-6)


def test_unlabelled_controls_follow_chosen_channels_and_are_named_by_their_rows(image_set):
    labels = ["", "low", "", "high"] * 4
    table = image_set.table.assign(Metadata_Dose=labels)
    rows = np.arange(100, 100 + len(table))
    numbered = replace(image_set, table=table, row_numbers=rows)
    labelled = numbered.with_labels("Metadata_Dose", "Metadata_Plate").select_channels(["C1"])
    steps = {"normalize": "plate", "controls": "Metadata_Treatment=DMSO"}
    expected = crops_of(numbered.select_channels(["C1"]), **steps)
    np.testing.assert_allclose(crops_of(labelled, **steps)[0], expected[4], atol=1e-6)
    broken = replace(labelled, reader=fail_at_two)
    with pytest.raises(UnreadableImageError, match="row 102, channel 'C1': field 2 is broken"):
        crops_of(broken, **steps)


def fail_at_two(path):
    if path.startswith("0-2-"):
        raise ValueError("field 2 is broken")
    return read_number(path)
