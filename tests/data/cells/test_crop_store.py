import os
import pickle
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from filelock import FileLock

from keras_dcmix.data import Preprocessing, UnreadableImageError, crop_fields, from_load_data
from keras_dcmix.data.cells.crop_store import CropStore
from keras_dcmix.data.image_files import read_image


class CountingReader:
    def __init__(self, most=10**9):
        self.num_reads, self.most = 0, most

    def __call__(self, path):
        self.num_reads += 1
        if self.num_reads > self.most:
            raise KeyboardInterrupt
        return read_image(path)


@pytest.fixture
def image_set(plate):
    return from_load_data(plate.write_csv(), label="Metadata_Control", reader=CountingReader())


def cropped(image_set, folder, **arguments):
    return crop_fields(image_set, **{"crop": "cells", "size": 20, "cache_dir": folder} | arguments)


@pytest.mark.parametrize("crop", ["none", "tiles", "cells"])
def test_crops_from_the_cache_equal_those_from_the_files(image_set, tmp_path, crop):
    stored = cropped(image_set, tmp_path / "cache", crop=crop)
    plain = crop_fields(image_set, crop=crop, size=20)
    np.testing.assert_array_equal(np.asarray(stored), np.asarray(plain))
    assert stored.positions.equals(plain.positions)
    assert stored.dtype == plain.dtype
    assert stored.shape == plain.shape


def test_a_second_call_decodes_nothing(image_set, tmp_path):
    first = cropped(image_set, tmp_path / "cache")
    reader = CountingReader()
    second = cropped(replace(image_set, reader=reader), tmp_path / "cache")
    np.testing.assert_array_equal(np.asarray(second), np.asarray(first))
    assert second.fingerprint() == first.fingerprint()
    assert reader.num_reads == 0


def test_another_normalisation_uses_the_same_crops(image_set, tmp_path):
    cropped(image_set, tmp_path / "cache")
    reader = CountingReader()
    steps = Preprocessing(normalize="image")
    again = cropped(replace(image_set, reader=reader), tmp_path / "cache", preprocessing=steps)
    expected = cropped(image_set, None, preprocessing=steps)
    np.testing.assert_allclose(np.asarray(again), np.asarray(expected), atol=1e-6)
    assert again.fingerprint() != cropped(image_set, tmp_path / "cache").fingerprint()
    assert reader.num_reads == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"size": 16},
        {"crop": "tiles"},
        {"max_per_field": 1},
        {"preprocessing": Preprocessing(background=1)},
        {"preprocessing": Preprocessing(clip=(1, 99))},
    ],
)
def test_other_settings_are_other_crops(image_set, tmp_path, changed):
    cropped(image_set, tmp_path / "cache")
    reader = CountingReader()
    cropped(replace(image_set, reader=reader), tmp_path / "cache", **changed)
    assert reader.num_reads == 8


def test_a_changed_file_is_read_again(image_set, tmp_path, plate):
    cropped(image_set, tmp_path / "cache", crop="tiles")
    plate.write_field("A01", plate.draw_field(77))
    os.utime(plate.file("A01", "GFP"), (1, 1))
    again = cropped(image_set, tmp_path / "cache", crop="tiles")
    np.testing.assert_array_equal(again[0], image_set.read(0)[:20, :20])


@pytest.mark.parametrize("most", [3, 5, 7])
def test_an_interrupted_pass_goes_on_where_it_stopped(image_set, tmp_path, most, monkeypatch):
    monkeypatch.setattr("keras_dcmix.data.threads.num_threads", lambda: 1)
    with pytest.raises(KeyboardInterrupt):
        cropped(replace(image_set, reader=CountingReader(most)), tmp_path / "cache")
    reader = CountingReader()
    crops = cropped(replace(image_set, reader=reader), tmp_path / "cache")
    assert 0 < reader.num_reads < 8
    np.testing.assert_array_equal(np.asarray(crops), np.asarray(cropped(image_set, None)))


def test_what_was_cut_off_in_writing_is_written_again(image_set, tmp_path):
    whole = np.asarray(cropped(image_set, tmp_path / "cache"))
    (folder,) = (tmp_path / "cache").iterdir()
    lines = (folder / "fields.jsonl").read_text()
    (folder / "fields.jsonl").write_text(lines[: lines.rindex("\n", 0, -1) + 30])
    reader = CountingReader()
    again = cropped(replace(image_set, reader=reader), tmp_path / "cache")
    assert reader.num_reads == 2
    np.testing.assert_array_equal(np.asarray(again), whole)


def test_another_reader_makes_other_crops(image_set, tmp_path):
    cropped(image_set, tmp_path / "cache", crop="tiles")
    again = cropped(replace(image_set, reader=inverted), tmp_path / "cache", crop="tiles")
    np.testing.assert_array_equal(again[0], 65_535 - image_set.read(0)[:20, :20])


def inverted(path):
    return 65_535 - read_image(path)


def test_a_field_that_could_not_be_read_is_tried_again(image_set, tmp_path, plate):
    whole = np.asarray(cropped(image_set, None))
    content = plate.file("1E02", "DNA").read_bytes()
    state = plate.file("1E02", "DNA").stat()
    plate.file("1E02", "DNA").write_bytes(b"\0" * len(content))
    os.utime(plate.file("1E02", "DNA"), ns=(1, state.st_mtime_ns))
    assert len(cropped(image_set, tmp_path / "cache", skip_unreadable=True).skipped) == 1
    plate.file("1E02", "DNA").write_bytes(content)
    os.utime(plate.file("1E02", "DNA"), ns=(1, state.st_mtime_ns))
    again = cropped(image_set, tmp_path / "cache", skip_unreadable=True)
    assert len(again.skipped) == 0
    np.testing.assert_array_equal(np.asarray(again), whole)


def test_a_store_that_another_run_has_filled_meanwhile_is_used(image_set, tmp_path, monkeypatch):
    whole = np.asarray(cropped(image_set, None))
    plain, calls = CropStore.finished_fields, []

    def finished_fields(store):
        calls.append(store)
        if len(calls) > 1:
            return plain(store)
        found = plain(store)
        cropped(image_set, tmp_path / "cache")  # another run is faster
        return found

    monkeypatch.setattr(CropStore, "finished_fields", finished_fields)
    image_set.reader.num_reads = 0
    np.testing.assert_array_equal(np.asarray(cropped(image_set, tmp_path / "cache")), whole)
    (folder,) = (tmp_path / "cache").iterdir()
    assert len((folder / "fields.jsonl").read_text().splitlines()) == 4
    assert image_set.reader.num_reads == 8  # of the faster run alone


def test_another_background_makes_other_crops(image_set, tmp_path):
    one, five = (
        cropped(image_set, tmp_path / "cache", preprocessing=Preprocessing(background=percentile))
        for percentile in (1, 50)
    )
    assert one[0].min() > five[0].min()


def test_nothing_stays_behind_a_field_that_is_read_again(image_set, tmp_path, plate, monkeypatch):
    monkeypatch.setattr("keras_dcmix.data.threads.num_threads", lambda: 1)
    whole = np.asarray(cropped(image_set, None))
    content, state = plate.file("1E02", "DNA").read_bytes(), plate.file("1E02", "DNA").stat()
    for damaged, most in ((True, 10**9), (False, 6), (False, 10**9)):
        pixels = b"\0" * len(content) if damaged else content
        plate.file("1E02", "DNA").write_bytes(pixels)
        os.utime(plate.file("1E02", "DNA"), ns=(1, state.st_mtime_ns))
        again = replace(image_set, reader=CountingReader(most))
        with suppress(KeyboardInterrupt):
            crops = cropped(again, tmp_path / "cache", skip_unreadable=True)
    np.testing.assert_array_equal(np.asarray(crops), whole)


@pytest.mark.parametrize("name", ["pixels.bin", "fields.jsonl"])
def test_a_damaged_cache_says_what_to_delete(image_set, tmp_path, name):
    cropped(image_set, tmp_path / "cache")
    (folder,) = (tmp_path / "cache").iterdir()
    (folder / name).write_bytes(b"{\n")
    with pytest.raises(ValueError, match=r"must be complete.*crops-.*Delete this folder"):
        cropped(image_set, tmp_path / "cache")


def test_a_cache_that_is_a_file_is_refused(image_set, tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(ValueError, match="`cache` must be a folder that can be written to"):
        cropped(image_set, tmp_path / "cache")


def test_corrected_plate_names_make_another_estimate(image_set, tmp_path):
    steps = Preprocessing(illumination="estimate")
    arguments = {"crop": "tiles", "preprocessing": steps}
    one = np.asarray(cropped(image_set, tmp_path / "cache", **arguments))
    table = image_set.table.assign(Metadata_Plate=["1", "1", "2", "2"])
    two = np.asarray(cropped(replace(image_set, table=table), tmp_path / "cache", **arguments))
    assert not np.array_equal(one, two)


def test_a_changed_illumination_function_makes_other_crops(plate, tmp_path):
    for name in ("GFP", "DNA"):
        plate.table[f"FileName_Illum{name}"] = "function.npy"
    image_set = from_load_data(plate.write_csv())
    arguments = {"crop": "tiles", "preprocessing": Preprocessing(illumination="files")}
    for number in (1.0, 4.0):
        np.save(plate.folder / "function.npy", np.full((80, 90), number))
        os.utime(plate.folder / "function.npy", (number, number))
        pixels = cropped(image_set, tmp_path / "cache", **arguments)[0]
        np.testing.assert_allclose(pixels * number, image_set.read(0)[:20, :20], rtol=1e-6)


def test_two_runs_do_not_write_one_cache(image_set, tmp_path):
    cropped(image_set, tmp_path / "cache")
    (folder,) = (tmp_path / "cache").iterdir()
    (folder / "fields.jsonl").unlink()
    # Another lock of the same file excludes this process as it does others.
    with (
        FileLock(folder / "lock"),
        pytest.raises(ValueError, match="another run is writing"),
    ):
        cropped(image_set, tmp_path / "cache")
    assert len(cropped(image_set, tmp_path / "cache")) > 0


def test_a_pickle_reads_the_same_cache(image_set, tmp_path):
    crops = cropped(image_set, tmp_path / "cache")
    pickled = pickle.dumps(crops)
    np.testing.assert_array_equal(pickle.loads(pickled)[[5, 2]], crops[[5, 2]])


def test_progress_counts_stored_fields_too(image_set, tmp_path):
    cropped(image_set, tmp_path / "cache")
    calls = []
    cropped(image_set, tmp_path / "cache", progress=lambda *call: calls.append(call))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("cache", [None, "cache"])
def test_unreadable_fields_are_skipped_and_listed(image_set, tmp_path, plate, cache):
    plate.file("1E02", "DNA").write_bytes(b"II*\0")
    plate.file("B02", "GFP").unlink()
    folder = cache and tmp_path / cache
    for _ in range(2):
        crops = cropped(image_set, folder, skip_unreadable=True)
        assert set(crops.fields) == {0, 2}
        assert crops.num_empty_fields == 0
        assert list(crops.skipped["field"]) == ["row 3", "row 5"]
        assert list(crops.skipped["channel"]) == ["DNA", "GFP"]
        assert list(crops.skipped["Metadata_Well"]) == ["1E02", "B02"]
        assert crops.skipped["path"][1] == str(plate.file("B02", "GFP"))
        assert "missing" in crops.skipped["problem"][1]


def test_a_cached_problem_is_an_error_where_it_may_not_be_skipped(image_set, tmp_path, plate):
    plate.file("1E02", "DNA").write_bytes(b"II*\0")
    cropped(image_set, tmp_path / "cache", skip_unreadable=True)
    with pytest.raises(UnreadableImageError, match="row 3, channel 'DNA'"):
        cropped(image_set, tmp_path / "cache")


def test_a_set_without_one_readable_field_is_refused(image_set, plate):
    for well in plate.table["Metadata_Well"]:
        plate.file(well, "GFP").write_bytes(b"")
    with pytest.raises(UnreadableImageError, match=r"Received: 4 that are not, the first: row 2"):
        cropped(image_set, None, skip_unreadable=True)


def test_a_channel_that_changes_its_bit_depth_is_refused(image_set, plate):
    field = {name: (plane >> 8).astype(np.uint8) for name, plane in plate.draw_field(1).items()}
    plate.write_field("B01", field)
    with pytest.raises(ValueError, match=r"Received: uint16 in row 2 and uint8 in row 4.*'GFP'"):
        cropped(image_set, None, crop="tiles")


def test_channels_may_differ_in_bit_depth_from_each_other(image_set, plate):
    for number, well in enumerate(plate.table["Metadata_Well"]):
        field = plate.draw_field(number)
        plate.write_field(well, field | {"GFP": (field["GFP"] >> 8).astype(np.uint8)})
    crops = cropped(image_set, None)
    assert crops.dtype == np.uint16
    assert crops[:][..., 0].max() < 256
