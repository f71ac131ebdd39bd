"""Chunks of Zarr arrays: absent ones are named, others are read."""

import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zarr

from keras_dcmix.data import from_ome_zarr
from keras_dcmix.data.formats.zarr_planes import read_zarr_plane

DEFAULT = {"name": "default", "separator": "/"}
LAYOUTS = {
    "v2 with dots": (2, {"chunk_key_encoding": {"name": "v2", "separator": "."}}, "0/1.1.0"),
    "v2 nested": (2, {"chunk_key_encoding": {"name": "v2", "separator": "/"}}, "0/1/1/0"),
    "v3 default": (3, {"chunk_key_encoding": DEFAULT}, "0/c/1/1/0"),
    "v3 with dots": (3, {"chunk_key_encoding": {**DEFAULT, "separator": "."}}, "0/c.1.1.0"),
    "v3 as in v2": (3, {"chunk_key_encoding": {"name": "v2", "separator": "."}}, "0/1.1.0"),
    "shards": (3, {"shards": (1, 3, 12)}, "0/c/1/1/0"),
}


@pytest.mark.parametrize("kind", LAYOUTS)
def test_an_absent_chunk_is_named_and_not_read_as_zeros(tmp_path, ome_zarr, kind):
    version, array, chunk = LAYOUTS[kind]
    pixels = ome_zarr.image(tmp_path / "a.zarr", version=version, **array)
    image_set = from_ome_zarr(tmp_path / "a.zarr")
    np.testing.assert_array_equal(image_set.read(0), np.moveaxis(pixels, 0, -1))
    (tmp_path / "a.zarr" / chunk).unlink()
    name = chunk.removeprefix("0/")
    with pytest.raises(ValueError, match=f"'GFP'.* without '{name}', .* would read as zeros"):
        image_set.read(0)
    assert image_set.select_channels(["DNA", "ER"]).read(0).shape == (5, 6, 2)


@pytest.mark.parametrize(
    ("kind", "forget"),
    [
        ("v2 with dots", lambda array: array.pop("dimension_separator")),
        ("v3 default", lambda array: array["chunk_key_encoding"].pop("configuration")),
        ("v3 as in v2", lambda array: array["chunk_key_encoding"].pop("configuration")),
    ],
)
def test_separators_that_are_not_named_are_the_usual_ones(tmp_path, ome_zarr, kind, forget):
    version, array, _ = LAYOUTS[kind]
    pixels = ome_zarr.image(tmp_path / "a.zarr", version=version, **array)
    name = ".zarray" if version == 2 else "zarr.json"
    ome_zarr.edit(tmp_path / "a.zarr/0" / name, forget)
    field = from_ome_zarr(tmp_path / "a.zarr").read(0)
    np.testing.assert_array_equal(field, np.moveaxis(pixels, 0, -1))


@pytest.mark.parametrize("place", ["start", "end"])
def test_a_chunk_absent_within_a_shard_is_named(tmp_path, ome_zarr, place):
    pixels = np.ones((3, 5, 6), np.uint16)
    pixels[1, 3:, 4:] = 0
    shards = zarr.codecs.ShardingCodec(chunk_shape=(1, 3, 4), index_location=place)
    ome_zarr.image(
        tmp_path / "a.zarr",
        version=3,
        pixels=pixels,
        chunks=(3, 6, 8),
        serializer=shards,
        compressors=None,
    )
    image_set = from_ome_zarr(tmp_path / "a.zarr")
    assert image_set.select_channels(["DNA", "ER"]).read(0).min() == 1
    with pytest.raises(ValueError, match=r"without 'c/0/0/0, part 1\.1\.1'"):
        image_set.select_channels(["GFP"]).read(0)


def test_what_absent_chunks_would_read_as_is_said(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.zarr", fill_value=7)
    (tmp_path / "a.zarr/0/0.0.0").unlink()
    with pytest.raises(ValueError, match="would read as the constant 7"):
        from_ome_zarr(tmp_path / "a.zarr").read(0)


def test_chunks_that_the_writer_leaves_out_are_explained_with_a_way_out(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.zarr", pixels=np.zeros((3, 5, 6), np.uint16))
    with pytest.raises(ValueError, match=r"left out constant chunks.*write_empty_chunks"):
        from_ome_zarr(tmp_path / "a.zarr").read(0)


def test_constant_chunks_that_are_written_are_read(tmp_path, ome_zarr):
    pixels = np.zeros((3, 5, 6), np.uint16)
    ome_zarr.image(tmp_path / "a.zarr", pixels=pixels, config={"write_empty_chunks": True})
    assert not from_ome_zarr(tmp_path / "a.zarr").read(0).any()


@pytest.mark.parametrize(
    ("data", "words"), [(b"", "which would read as zeros"), (b"\x02\x01", "complete plane")]
)
def test_a_truncated_chunk_is_met_on_reading(tmp_path, ome_zarr, data, words):
    ome_zarr.image(tmp_path / "a.zarr")
    (tmp_path / "a.zarr/0/1.0.0").write_bytes(data)
    with pytest.raises(ValueError, match=f"channel 'GFP': .*{words}"):
        from_ome_zarr(tmp_path / "a.zarr").read(0)


def test_a_truncated_shard_is_met_on_reading(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.zarr", version=3, shards=(1, 3, 8))
    (tmp_path / "a.zarr/0/c/1/0/0").write_bytes(b"\1\2")
    with pytest.raises(ValueError, match=r"truncated one, '.*c/1/0/0'"):
        from_ome_zarr(tmp_path / "a.zarr").read(0)


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.full((3, 5, 6), np.nan, np.float32), "finite pixels. Received: 30 pixels"),
        (np.ones((3, 5, 6), bool), "integer or floating-point pixels. Received: dtype=bool"),
    ],
)
def test_pixels_that_are_no_finite_numbers_are_refused(tmp_path, ome_zarr, pixels, words):
    ome_zarr.image(tmp_path / "a.zarr", pixels=pixels)
    with pytest.raises(ValueError, match=words):
        from_ome_zarr(tmp_path / "a.zarr").read(0)


def test_pixels_come_in_the_byte_order_of_the_machine(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.zarr", pixels=np.ones((3, 5, 6), ">u2"))
    assert read_zarr_plane(str(tmp_path / "a.zarr/0"), 0).dtype.isnative


def test_an_array_that_is_written_anew_is_read_anew(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.zarr")
    from_ome_zarr(tmp_path / "a.zarr").read(0)
    shutil.rmtree(tmp_path / "a.zarr")
    ome_zarr.image(tmp_path / "a.zarr", pixels=np.ones((3, 8, 9), np.uint16))
    assert from_ome_zarr(tmp_path / "a.zarr").read(0).shape == (8, 9, 3)


def test_a_pickled_set_is_read_by_several_threads(tmp_path, ome_zarr):
    pixels = ome_zarr.image(tmp_path / "a.zarr", "tcyx")
    image_set = pickle.loads(pickle.dumps(from_ome_zarr(tmp_path / "a.zarr")))
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(image_set.read, [0, 1] * 8))
    assert all(np.array_equal(field[..., 0], pixels[i % 2, 0]) for i, field in enumerate(read))


def test_a_plane_that_is_not_there_is_refused(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.zarr")
    with pytest.raises(ValueError, match=r"complete plane 3. .*out of bounds"):
        read_zarr_plane(str(tmp_path / "a.zarr/0"), 3)


def test_an_array_that_is_gone_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"Zarr array must exist. Received: '.*gone'"):
        read_zarr_plane(str(tmp_path / "gone"), 0)


ARRAYS = {
    r"without them \(KeyError: 'shape'\)": lambda a: a.pop("shape"),
    r"sizes from 1, at least two. Received: shape=\[0, 5, 6\]": lambda a: a.update(shape=[0, 5, 6]),
    r"Received: shape=\[3, 5\] and chunks=\[1, 3, 8\]": lambda a: a.update(shape=[3, 5]),
    r"without them \(TypeError: ": lambda a: a.update(chunk_grid=[]),
    "chunk grid 'odd'": lambda a: a["chunk_grid"].update(name="odd"),
    "keys 'odd'": lambda a: a["chunk_key_encoding"].update(name="odd"),
    "shards within other codecs": lambda a: a["codecs"].append({"name": "zstd"}),
    "compressed index": lambda a: a["codecs"][0]["configuration"].update(
        index_codecs=[{"name": "bytes"}, {"name": "zstd"}]
    ),
}


@pytest.mark.parametrize("words", ARRAYS)
def test_arrays_whose_chunks_cannot_be_looked_for_are_refused(tmp_path, ome_zarr, words):
    ome_zarr.image(tmp_path / "a.zarr", version=3, shards=(1, 3, 8))
    ome_zarr.edit(tmp_path / "a.zarr/0/zarr.json", ARRAYS[words])
    with pytest.raises(ValueError, match=words):
        from_ome_zarr(tmp_path / "a.zarr")
