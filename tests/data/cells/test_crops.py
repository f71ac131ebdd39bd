import pickle
from dataclasses import replace
from threading import Thread

import numpy as np
import pytest
import tifffile

from keras_dcmix.data import (
    CROPS,
    CropRecipe,
    Preprocessing,
    crop_fields,
    from_load_data,
    read_image,
)


class CountingReader:
    """Reads images and remembers which."""

    def __init__(self):
        self.paths = []

    def __call__(self, path):
        self.paths.append(path)
        return read_image(path)


@pytest.fixture
def image_set(plate):
    return from_load_data(plate.write_csv(), label="Metadata_Control")


@pytest.mark.parametrize("crop", CROPS)
def test_every_way_to_crop_gives_an_array_with_labels_and_groups(image_set, crop):
    crops = crop_fields(image_set, crop=crop, size=24)
    pixels = crops[:]
    assert pixels.shape == crops.shape == (len(crops), 24, 24, 2)
    assert pixels.dtype == crops.dtype == (np.float32 if crop == "none" else np.uint16)
    assert list(crops.labels) == list(image_set.labels[crops.fields])
    assert list(crops.groups) == list(image_set.groups[crops.fields])
    assert crops.channel_names == ("GFP", "DNA")


@pytest.mark.parametrize("z", ["max", 2, None])
def test_crops_know_their_recipe_with_its_plane_and_what_a_group_is(image_set, z):
    steps = Preprocessing(normalize="image")
    stack = replace(image_set, z=z).with_labels("Metadata_Control", "Metadata_Plate")
    crops = crop_fields(stack, crop="cells", size=20, preprocessing=steps)
    assert crops.recipe == CropRecipe("cells", 20, "DNA", steps, z)
    assert crops.group_unit == "plate"


@pytest.mark.parametrize("crop", ["tiles", "cells"])
def test_crops_are_exact_windows_of_their_fields(image_set, crop):
    crops = crop_fields(image_set, crop=crop, size=20)
    for number, (field, top, left) in enumerate(crops.positions.to_numpy()):
        window = image_set.read(field)[top : top + 20, left : left + 20]
        np.testing.assert_array_equal(crops[number], window)


def test_cells_are_centred_on_the_nuclei(image_set, plate):
    crops = crop_fields(image_set, crop="cells", size=20)
    assert len(crops) == 16
    first = crops.positions.query("field == 0")[["top", "left"]].to_numpy() + 10
    np.testing.assert_allclose(first[np.lexsort(first.T)], sorted_rows(plate.nuclei), atol=1)


def sorted_rows(rows):
    rows = np.array(rows)
    return rows[np.lexsort(rows.T)]


def test_cells_whose_crop_reaches_over_the_border_are_dropped(image_set):
    crops = crop_fields(image_set, crop="cells", size=42)
    assert len(crops) == 4 * 1
    corners = crops.positions[["top", "left"]].to_numpy()
    assert (corners >= 0).all()
    assert (corners + 42 <= (80, 90)).all()


def test_tiles_drop_the_remainder(image_set):
    crops = crop_fields(image_set, crop="tiles", size=40)
    first = crops.positions.query("field == 0")
    assert first[["top", "left"]].to_numpy().tolist() == [[0, 0], [0, 40], [40, 0], [40, 40]]


def test_a_whole_field_is_resized_to_its_mean(image_set):
    crops = crop_fields(image_set, size=10)
    assert len(crops) == 4
    np.testing.assert_allclose(
        crops[0].mean(axis=(0, 1)), image_set.read(0).mean(axis=(0, 1)), rtol=0.03
    )


def test_indexing_is_that_of_an_array(image_set):
    crops = crop_fields(image_set, crop="tiles", size=20)
    everything = np.asarray(crops)
    chosen = np.arange(len(crops)) % 3 == 0
    for indices in (0, -1, np.int64(5), slice(2, 9, 3), [7, 1, 7], chosen, np.array([], int)):
        np.testing.assert_array_equal(crops[indices], everything[indices])


@pytest.mark.parametrize("indices", [10**6, (0, 1), None, 1.5, np.zeros((2, 2), int)])
def test_indices_an_array_of_crops_cannot_take_are_refused(image_set, indices):
    crops = crop_fields(image_set, crop="tiles", size=20)
    with pytest.raises(IndexError):
        crops[indices]


def test_a_request_reads_each_field_once_though_nothing_is_kept(image_set):
    reader = CountingReader()
    crops = crop_fields(replace(image_set, reader=reader), crop="tiles", size=20, cache_bytes=0)
    reader.paths.clear()
    crops[np.random.default_rng(0).permutation(len(crops))]
    assert len(reader.paths) == len(set(reader.paths)) == 8


def test_the_cache_keeps_the_fields_used_last_within_its_bytes(image_set):
    reader, field_bytes = CountingReader(), 80 * 90 * 2 * 2
    crops = crop_fields(
        replace(image_set, reader=reader), crop="tiles", size=20, cache_bytes=2 * field_bytes
    )
    assert crops.pixels.cache.num_bytes == 2 * field_bytes
    reader.paths.clear()
    first = [int(np.flatnonzero(crops.fields == field)[0]) for field in range(4)]
    crops[first[3]], crops[first[2]]
    assert reader.paths == []
    crops[first[0]], crops[first[2]]
    assert len(reader.paths) == 2
    crops[first[3]]
    assert len(reader.paths) == 4
    assert crops.pixels.cache.num_bytes == 2 * field_bytes


def test_resized_fields_are_kept_in_their_small_size(image_set):
    crops = crop_fields(image_set, size=10)
    assert crops.pixels.cache.num_bytes == 4 * 10 * 10 * 2 * 4


def test_threads_read_the_same_pixels(image_set):
    crops = crop_fields(image_set, crop="tiles", size=20, cache_bytes=80 * 90 * 4)
    expected, wrong = crops[:], []

    def read(seed):
        for index in np.random.default_rng(seed).integers(0, len(crops), 50):
            if not np.array_equal(crops[index], expected[index]):
                wrong.append(index)

    threads = [Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert crops.pixels.cache.num_bytes <= 80 * 90 * 4


def test_a_pickle_holds_no_pixels_and_reads_again(image_set):
    crops = crop_fields(image_set, crop="cells", size=20)
    pickled = pickle.dumps(crops)
    assert len(pickled) < crops.pixels.cache.num_bytes / 4
    np.testing.assert_array_equal(pickle.loads(pickled)[3:7], crops[3:7])


def test_a_draw_of_crops_follows_the_seed(image_set):
    one, same, other = (
        crop_fields(image_set, crop="tiles", size=10, max_per_field=5, seed=seed).positions
        for seed in (0, 0, 1)
    )
    assert one["field"].value_counts().tolist() == [5, 5, 5, 5]
    assert one.equals(same)
    assert not one.equals(other)


def test_fields_without_nuclei_are_skipped_and_counted(image_set, plate):
    plate.write_field("B01", plate.draw_field(9, nuclei=()))
    crops = crop_fields(image_set, crop="cells", size=20)
    assert crops.num_empty_fields == 1
    assert set(crops.fields) == {0, 1, 3}


def test_a_plate_without_any_nucleus_is_refused(image_set):
    with pytest.raises(ValueError, match=r"Received: none in 4 fields. Check `nuclei_channel`"):
        crop_fields(image_set, crop="cells", size=20, nuclei_channel="GFP")


def test_fields_may_differ_in_size(image_set, plate):
    plate.write_field("B01", plate.draw_field(9, (60, 60)))
    crops = crop_fields(image_set, crop="tiles", size=30)
    assert np.bincount(crops.fields).tolist() == [6, 6, 4, 6]
    np.testing.assert_array_equal(crops[12], image_set.read(2)[:30, :30])


@pytest.mark.parametrize("crop", ["tiles", "cells"])
def test_a_field_smaller_than_a_crop_is_named(image_set, plate, crop):
    plate.write_field("B01", plate.draw_field(9, (60, 30), nuclei=()))
    with pytest.raises(ValueError, match=r"size=40 for row 4 with 60 x 30 .*B01-GFP\.tif"):
        crop_fields(image_set, crop=crop, size=40)


def test_a_damaged_file_is_met_while_cropping(image_set, plate):
    plate.file("B02", "GFP").write_bytes(b"")
    with pytest.raises(ValueError, match=r"row 5, channel 'GFP': .*empty.*B02-GFP\.tif"):
        crop_fields(image_set, crop="cells", size=20)


def test_progress_is_told_after_each_field(image_set):
    calls = []
    crop_fields(image_set, crop="tiles", size=20, progress=lambda *call: calls.append(call))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"crop": "cell"}, "none, tiles, cells.*crop='cell', did you mean 'cells'"),
        ({"size": 0}, "integer of at least 1. Received: size=0"),
        ({"size": 32.0}, "integer of at least 1. Received: size=32.0"),
        ({"max_per_field": 3}, "needs crop='tiles' or 'cells'. Received: crop='none'"),
        ({"max_per_field": 0, "crop": "tiles"}, "at least 1. Received: max_per_field=0"),
        ({"cache_bytes": -1}, "integer of at least 0. Received: cache_bytes=-1"),
    ],
)
def test_wrong_arguments_are_refused(image_set, arguments, words):
    with pytest.raises(ValueError, match=words):
        crop_fields(image_set, **arguments)


def test_crops_of_a_set_without_labels_have_none(plate):
    crops = crop_fields(from_load_data(plate.write_csv()), crop="tiles", size=20)
    assert crops.labels is None
    assert crops.groups is None


def test_an_array_of_crops_without_a_copy_is_refused(image_set):
    crops = crop_fields(image_set, crop="tiles", size=20)
    with pytest.raises(ValueError, match="always a copy"):
        np.asarray(crops, copy=False)


def test_one_channel_stays_on_the_last_axis(image_set, plate):
    crops = crop_fields(image_set.select_channels(["DNA"]), crop="tiles", size=20)
    assert crops.shape[-1] == 1
    window = tifffile.imread(plate.file("A01", "DNA"))[:20, :20]
    np.testing.assert_array_equal(crops[0][..., 0], window)
