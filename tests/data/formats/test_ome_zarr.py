"""OME-Zarr: images and plates of both versions, chunks that are absent, and the real ones."""

import shutil
import sys

import numpy as np
import pytest
import zarr

from keras_dcmix.data import from_load_data, from_ome_zarr
from keras_dcmix.data.formats import detect_format, open_images
from keras_dcmix.datasets import simulated_screen, write_screen


def write_source(folder):
    screen = simulated_screen(num_experiments=1, wells_per_plate=4, sites_per_well=1, size=64)
    write_screen(screen, folder / "screen", "ome-zarr")
    return folder / "screen"


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("axes", ["yx", "cyx", "zcyx", "tczyx", "tzcyx", "cztyx"])
def test_planes_are_found_in_any_order_of_the_axes(tmp_path, ome_zarr, axes, version):
    labels = ("DNA", "GFP", "ER")[: ome_zarr.sizes["c"] if "c" in axes else 1]
    pixels = ome_zarr.image(tmp_path / "a.zarr", axes, labels, version)
    image_set = from_ome_zarr(tmp_path / "a.zarr")
    full = pixels[tuple(slice(None) if axis in axes else None for axis in "".join(axes))]
    for axis in "tcz":
        if axis not in axes:
            full, axes = full[None], axis + axes
    full = full.transpose([axes.index(axis) for axis in "tczyx"])
    read = np.stack([image_set.read(field) for field in range(len(image_set))])
    np.testing.assert_array_equal(read, full.max(axis=2).transpose(0, 2, 3, 1))
    assert image_set.channel_names == labels


def test_a_plane_of_a_stack_can_be_asked_for(tmp_path, ome_zarr):
    pixels = ome_zarr.image(tmp_path / "a.zarr", "czyx")
    plane = from_ome_zarr(tmp_path / "a.zarr", z=2).read(0)
    np.testing.assert_array_equal(plane, np.moveaxis(pixels[:, 1], 0, -1))


def test_several_timepoints_are_fields(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.ome.zarr", "tcyx")
    table = from_ome_zarr(tmp_path / "a.ome.zarr").table
    assert table.to_dict("list") == {"Metadata_Site": ["a", "a"], "Metadata_Timepoint": ["0", "1"]}


@pytest.mark.parametrize("path", ["0", 0, "s0", "levels/full"])
def test_the_first_level_is_read_whatever_its_name(tmp_path, ome_zarr, path):
    pixels = ome_zarr.image(tmp_path / "a.zarr", path=path)
    read = from_ome_zarr(tmp_path / "a.zarr").read(0)
    np.testing.assert_array_equal(read, np.moveaxis(pixels, 0, -1))


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (None, ("channel_0", "channel_1", "channel_2")),
        (("GFP", "", "GFP"), ("GFP (channel_0)", "channel_1", "GFP (channel_2)")),
    ],
)
def test_channels_without_a_name_of_their_own_get_one(tmp_path, ome_zarr, labels, names):
    ome_zarr.image(tmp_path / "a.zarr", labels=labels)
    assert from_ome_zarr(tmp_path / "a.zarr").channel_names == names


def test_axes_of_version_0_3_are_texts(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.zarr")
    ome_zarr.edit(
        tmp_path / "a.zarr/.zattrs", lambda a: a["multiscales"][0].update(axes=["c", "y", "x"])
    )
    assert from_ome_zarr(tmp_path / "a.zarr").read(0).shape == (5, 6, 3)


def test_a_folder_of_images_is_read_by_their_names(tmp_path, ome_zarr):
    folder = tmp_path / "Vergrößert 20 x"
    for name in ("B03_s2", "B03_s10", "A12_s1"):
        ome_zarr.image(folder / f"{name}.zarr")
    assert detect_format(folder) == "ome-zarr"
    table = from_ome_zarr(folder).table
    assert table.to_numpy().tolist() == [["A12", "1"], ["B03", "2"], ["B03", "10"]]


def test_labels_are_no_fields(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.zarr")
    ome_zarr.image(tmp_path / "a.zarr" / "labels" / "nuclei")
    assert len(from_ome_zarr(tmp_path / "a.zarr")) == 1


def test_a_segmentation_as_the_source_is_refused(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "nuclei.zarr")
    ome_zarr.edit(tmp_path / "nuclei.zarr/.zattrs", lambda a: a.update({"image-label": {}}))
    with pytest.raises(ValueError, match="must not be a segmentation"):
        from_ome_zarr(tmp_path / "nuclei.zarr")


def test_images_that_bioformats2raw_numbers_are_fields(tmp_path, ome_zarr):
    zarr.create_group(tmp_path / "a.zarr", zarr_format=2, attributes={"bioformats2raw.layout": 3})
    for name in ("0", "1", "OME"):
        ome_zarr.image(tmp_path / "a.zarr" / name)
    assert list(from_ome_zarr(tmp_path / "a.zarr").table["Metadata_Site"]) == ["a/0", "a/1"]


@pytest.mark.parametrize("version", [2, 3])
def test_fields_of_a_plate_have_plate_well_and_site(tmp_path, ome_zarr, version):
    ome_zarr.plate(tmp_path / "P7.ome.zarr", ["B/3", "A/12"], ["0", "1"], version)
    for path in ("B/3/0", "B/3/1", "A/12/0", "A/12/1"):
        ome_zarr.image(tmp_path / "P7.ome.zarr" / path, version=version)
    table = open_images(tmp_path).table
    rows = [["P7", well, site] for well in ("A12", "B03") for site in "01"]
    assert table.to_numpy().tolist() == rows
    assert list(table) == ["Metadata_Plate", "Metadata_Well", "Metadata_Site"]


def test_a_well_is_a_source_too(tmp_path, ome_zarr):
    ome_zarr.plate(tmp_path / "P7.zarr", ["B/03"])
    ome_zarr.image(tmp_path / "P7.zarr/B/03/0")
    table = from_ome_zarr(tmp_path / "P7.zarr/B/03").table
    assert table.to_numpy().tolist() == [["P7", "B03", "0"]]


def test_several_acquisitions_are_told_apart(tmp_path, ome_zarr):
    ome_zarr.plate(tmp_path / "P.zarr", ["A/01"], ["0", "1"])
    for image in ("0", "1"):
        ome_zarr.image(tmp_path / "P.zarr/A/01" / image)
    images = [{"path": "0", "acquisition": 5}, {"path": "1", "acquisition": 6}]
    ome_zarr.edit(tmp_path / "P.zarr/A/01/.zattrs", lambda a: a["well"].update(images=images))
    assert list(from_ome_zarr(tmp_path / "P.zarr").table["Metadata_Acquisition"]) == ["5", "6"]


def test_a_plate_and_an_image_side_by_side_are_refused(tmp_path, ome_zarr):
    ome_zarr.plate(tmp_path / "P.zarr", ["A/01"])
    ome_zarr.image(tmp_path / "P.zarr/A/01/0")
    ome_zarr.image(tmp_path / "a.zarr")
    with pytest.raises(ValueError, match=r"all of plates or none. Received: both"):
        from_ome_zarr(tmp_path)


def test_a_well_without_a_folder_is_named(tmp_path, ome_zarr):
    ome_zarr.plate(tmp_path / "P.zarr", ["A/01", "A/02"])
    shutil.rmtree(tmp_path / "P.zarr/A/02")
    ome_zarr.image(tmp_path / "P.zarr/A/01/0")
    with pytest.raises(ValueError, match=r"Each well .* must exist. Received: no 'A/02'"):
        from_ome_zarr(tmp_path / "P.zarr")


def test_an_image_without_a_folder_is_named(tmp_path, ome_zarr):
    ome_zarr.plate(tmp_path / "P.zarr", ["A/01"], ["0", "1"])
    ome_zarr.image(tmp_path / "P.zarr/A/01/0")
    with pytest.raises(ValueError, match=r"Each image .* must exist. Received: no '1'"):
        from_ome_zarr(tmp_path / "P.zarr")


@pytest.mark.parametrize("wells", [[], None, [{"rowIndex": 0}], ["A/01"]])
def test_a_plate_without_wells_is_refused(tmp_path, ome_zarr, wells):
    ome_zarr.plate(tmp_path / "P.zarr", ["A/01"])
    ome_zarr.edit(tmp_path / "P.zarr/.zattrs", lambda a: a["plate"].update(wells=wells))
    with pytest.raises(ValueError, match=r"a plate must list wells, at least one.*Received"):
        from_ome_zarr(tmp_path / "P.zarr")


@pytest.mark.parametrize("source", ["P.zarr", "P.zarr/A/01", "P.zarr/A/01/0"])
def test_paths_that_climb_out_are_refused(tmp_path, ome_zarr, source):
    ome_zarr.plate(tmp_path / "P.zarr", ["A/01"])
    ome_zarr.image(tmp_path / "P.zarr/A/01/0")
    out = [{"path": "../../../../secret"}]
    changes = {
        "P.zarr": lambda a: a["plate"].update(wells=out),
        "P.zarr/A/01": lambda a: a["well"].update(images=out),
        "P.zarr/A/01/0": lambda a: a["multiscales"][0].update(datasets=out),
    }
    ome_zarr.edit(tmp_path / source / ".zattrs", changes[source])
    with pytest.raises(ValueError, match=r"must stay in the folder.*secret'"):
        from_ome_zarr(tmp_path / source)


def test_a_level_that_is_gone_is_named(tmp_path, ome_zarr):
    ome_zarr.image(tmp_path / "a.zarr")
    shutil.rmtree(tmp_path / "a.zarr/0")
    with pytest.raises(
        ValueError, match=r"first level .* must exist. Received: '0', which is no array in"
    ):
        from_ome_zarr(tmp_path / "a.zarr")


CHANGES = {
    "Axes .* Received: axes=": lambda a: a["multiscales"][0].update(axes=["c", "x", "y"]),
    "one for each of 3 axes": lambda a: a["multiscales"][0].update(axes=["y", "x"]),
    r"Received: axes=\['t', 'c', 'z', 'y', 'x'\]": lambda a: a["multiscales"][0].pop("axes"),
    "multiscales, at least one. Received": lambda a: a.update(multiscales=[]),
    "datasets, at least one. Received: None": lambda a: a["multiscales"][0].pop("datasets"),
    "a path for each of its datasets": lambda a: a["multiscales"][0].update(datasets=[{"p": 1}]),
    "each of 3 channels.*Received: 1": lambda a: a.update(omero={"channels": [{"label": "DNA"}]}),
    "multiscales, a plate or a well": lambda a: a.clear(),
}


@pytest.mark.parametrize("words", CHANGES)
def test_incomplete_metadata_are_refused(tmp_path, ome_zarr, words):
    ome_zarr.image(tmp_path / "a.zarr")
    ome_zarr.edit(tmp_path / "a.zarr/.zattrs", CHANGES[words])
    with pytest.raises(ValueError, match=words):
        open_images(tmp_path / "a.zarr")


@pytest.mark.parametrize("file", [".zattrs", "0/.zarray"])
@pytest.mark.parametrize(
    ("text", "words"), [("", "must be JSON"), ("{", "must be JSON"), ("[1]", "JSON object")]
)
def test_metadata_that_are_no_json_are_refused(tmp_path, ome_zarr, file, text, words):
    ome_zarr.image(tmp_path / "a.zarr")
    (tmp_path / "a.zarr" / file).write_text(text)
    with pytest.raises(ValueError, match=f"Zarr metadata must be .*{words[8:]}") as caught:
        open_images(tmp_path / "a.zarr")
    assert file in str(caught.value)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"at least one image. Received: none"):
        from_ome_zarr(tmp_path)


def test_without_zarr_the_error_says_how_to_get_it(tmp_path, ome_zarr, monkeypatch):
    ome_zarr.image(tmp_path / "a.zarr")
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-dcmix\[hci\]'"):
        from_ome_zarr(tmp_path / "a.zarr")


REAL = {
    "v04/cardiomyocyte_B03_level3": ("DAPI|nanog|Lamin B1", (270, 320, 3), 174.76, ["B03"]),
    "v05/6001240_z110-119": ("LaminB1|Dapi", (68, 67, 2), 196.69, None),
    "hcs/plate_ones": ("some-label-1|some-label-2", (1080, 1280, 2), 1, ["B03"]),
}


@pytest.mark.parametrize("name", REAL)
def test_real_images_are_read(shared_data, name):
    names, shape, mean, wells = REAL[name]
    image_set = open_images(shared_data / f"layouts/ome_zarr_{name}.zarr")
    assert image_set.channel_names == tuple(names.split("|"))
    field = image_set.read(0)
    assert field.shape == shape
    assert field[..., 0].mean() == pytest.approx(mean, abs=0.01)
    assert wells is None or list(image_set.table["Metadata_Well"]) == wells


@pytest.mark.parametrize("name", ["v04/cardiomyocyte_B03_chunks_absent", "hcs/hcs_example.ome"])
def test_real_images_whose_chunks_are_absent_are_refused_on_reading(shared_data, name):
    image_set = open_images(shared_data / f"layouts/ome_zarr_{name}.zarr")
    assert list(image_set.table["Metadata_Well"]) == ["B03"]
    with pytest.raises(ValueError, match=r"'DAPI'.* without '0/0/0/0', which would read as"):
        image_set.read(0)


def test_a_real_plate_saved_as_ome_zarr_is_the_same(tmp_path, ome_zarr, real_plate):
    source = from_load_data(real_plate / "load_data.csv")
    wells = ["A01", "C05", "H12"]
    source = source.subset(source.table["Metadata_Well"].isin(wells).to_numpy())
    ome_zarr.plate(tmp_path / "BBBC013.zarr", [f"{well[0]}/{well[1:]}" for well in wells])
    for field, well in enumerate(source.table["Metadata_Well"]):
        ome_zarr.image(
            tmp_path / "BBBC013.zarr" / well[0] / well[1:] / "0",
            labels=source.channel_names,
            pixels=np.ascontiguousarray(np.moveaxis(source.read(field), -1, 0)),
            chunks=(1, 512, 512),
        )
    saved = open_images(tmp_path / "BBBC013.zarr")
    assert list(saved.table["Metadata_Well"]) == wells == list(source.table["Metadata_Well"])
    assert saved.channel_names == source.channel_names
    for field in range(len(wells)):
        np.testing.assert_array_equal(saved.read(field), source.read(field))
