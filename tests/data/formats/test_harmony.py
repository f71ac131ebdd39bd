"""Harmony exports: a written index of any version, and the three real ones."""

import numpy as np
import pytest
import tifffile

from keras_dcmix.data import from_harmony
from keras_dcmix.data.formats import detect_format, open_images
from keras_dcmix.data.formats.harmony import is_harmony
from keras_dcmix.data.formats.reading import Reading

LAYOUTS = "layouts/harmony_phenix/tests/data"


def image_xml(*, row=2, column=3, site=1, plane=1, time=0, number=1, name="DAPI", url=None):
    url = f"r{row}c{column}f{site}p{plane}-ch{number}t{time}.tiff" if url is None else url
    name = f"<ChannelName>{name}</ChannelName>" if name else ""
    return (
        f"<Image><id>i</id><URL>{url}</URL><Row>{row}</Row><Col>{column}</Col>"
        f"<FieldID>{site}</FieldID><PlaneID>{plane}</PlaneID><TimepointID>{time}</TimepointID>"
        f"<ChannelID>{number}</ChannelID>{name}</Image>"
    )


def index_xml(*images, plate="P1", maps="", namespace="http://www.perkinelmer.com/PEHH/HarmonyV5"):
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<EvaluationInputData xmlns="{namespace}">'
        f"<Plates><Plate><Name>{plate}</Name></Plate></Plates>"
        f'<Wells><Well><id>0203</id><Image id="i"/></Well></Wells><Maps>{maps}</Maps>'
        f"<Images>{''.join(images)}</Images></EvaluationInputData>"
    )


def write_measurement(folder, *images, name="Index.idx.xml", pixels=True, **xml):
    """Writes an index and, for each image, a TIFF whose pixels are its number."""
    (folder / "Images").mkdir(parents=True)
    (folder / "Images" / name).write_text(index_xml(*images, **xml), encoding="utf-8-sig")
    if pixels:
        for number, image in enumerate(images):
            url = image.split("<URL>")[1].split("</URL>")[0]
            tifffile.imwrite(folder / "Images" / url, np.full((3, 4), number, np.uint16))
    return folder


def write_source(folder):
    return write_measurement(folder / "m", *(image_xml(column=column) for column in (2, 3, 4, 5)))


def read_text(folder, text):
    (folder / "Index.idx.xml").write_text(text)
    return open_images(folder, check_files=False)


def test_plate_well_site_and_channels_come_from_the_index(tmp_path):
    images = [image_xml(number=17, name="GFP", site=s) for s in (10, 9)]
    images += [image_xml(number=2, name="DAPI", site=s) for s in (10, 9)]
    image_set = from_harmony(write_measurement(tmp_path / "m", *images))
    assert image_set.channel_names == ("DAPI", "GFP")
    assert image_set.table.to_numpy().tolist() == [["P1", "B03", "9"], ["P1", "B03", "10"]]
    assert image_set.read(0)[0, 0].tolist() == [3, 1]


@pytest.mark.parametrize("place", ["", "Images", "Images/Index.idx.xml"])
def test_the_folder_of_images_and_the_index_are_sources_too(tmp_path, place):
    source = write_measurement(tmp_path / "Größe 1", image_xml()) / place
    assert detect_format(source) == "harmony"
    assert from_harmony(source).read(0).shape == (3, 4, 1)


def test_a_parent_folder_gives_all_its_measurements(tmp_path):
    write_measurement(tmp_path / "a", image_xml(), plate="P2")
    write_measurement(tmp_path / "b", image_xml(), plate="P1")
    assert list(from_harmony(tmp_path).table["Metadata_Plate"]) == ["P1", "P2"]


def test_two_measurements_of_a_plate_are_told_apart_by_their_folders(tmp_path):
    for name in ("first", "second"):
        write_measurement(tmp_path / name, image_xml())
    assert list(from_harmony(tmp_path).table["Metadata_Measurement"]) == ["first", "second"]


def test_root_is_where_the_images_are(tmp_path):
    folder = write_measurement(tmp_path / "m", image_xml())
    (folder / "Images").rename(tmp_path / "pixels")
    (tmp_path / "pixels" / "Index.idx.xml").rename(folder / "Index.idx.xml")
    with pytest.raises(ValueError, match="1 of 1 missing"):
        from_harmony(folder)
    assert from_harmony(folder, root=tmp_path / "pixels").read(0).shape == (3, 4, 1)


def test_root_for_several_measurements_is_refused(tmp_path):
    for name in ("first", "second"):
        write_measurement(tmp_path / name, image_xml())
    with pytest.raises(
        ValueError, match=r"`root` must hold the images of one measurement. Received: 2"
    ):
        from_harmony(tmp_path, root=tmp_path)


def test_a_stack_is_its_maximum_or_the_plane_asked_for(tmp_path):
    folder = write_measurement(tmp_path / "m", *(image_xml(plane=plane) for plane in (3, 1, 2)))
    assert from_harmony(folder).read(0).max() == 2
    assert from_harmony(folder, z=1).read(0).max() == 1


def test_planes_of_a_stack_with_other_bit_depths_are_refused(tmp_path):
    folder = write_measurement(tmp_path / "m", image_xml(plane=1), image_xml(plane=2))
    tifffile.imwrite(folder / "Images" / "r2c3f1p2-ch1t0.tiff", np.zeros((3, 4), np.uint8))
    with pytest.raises(ValueError, match=r"same size and data type.*uint16.*uint8"):
        from_harmony(folder).read(0)


def test_several_timepoints_are_fields(tmp_path):
    folder = write_measurement(tmp_path / "m", image_xml(time=0), image_xml(time=1))
    assert list(from_harmony(folder).table["Metadata_Timepoint"]) == ["0", "1"]


def test_a_single_timepoint_is_no_column(tmp_path):
    image_set = from_harmony(write_measurement(tmp_path / "m", image_xml()))
    assert "Metadata_Timepoint" not in image_set.table


def test_channels_of_the_same_name_are_told_apart_by_their_numbers(tmp_path):
    names = {1: "Alexa 488", 2: "Alexa 488", 3: "DAPI"}
    images = [image_xml(number=number, name=name) for number, name in names.items()]
    image_set = from_harmony(write_measurement(tmp_path / "m", *images))
    assert image_set.channel_names == ("Alexa 488 (ch1)", "Alexa 488 (ch2)", "DAPI")


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("<ChannelName>405ex, 570)</ChannelName>", "405ex, 570)"),
        (
            "<FlatfieldProfile>{Channel: 3, ChannelName: DAPI, Version: 1}</FlatfieldProfile>",
            "DAPI",
        ),
        ('<FlatfieldProfile>{ChannelName: "a, b", Version: 1}</FlatfieldProfile>', "a, b"),
        ("", "ch3"),
    ],
)
def test_names_that_images_lack_come_from_the_maps(tmp_path, entry, name):
    maps = f'<Map><Entry ChannelID="3">{entry}</Entry></Map>'
    folder = write_measurement(tmp_path / "m", image_xml(number=3, name=""), maps=maps)
    assert from_harmony(folder).channel_names == (name,)


def test_a_channel_of_two_names_is_refused(tmp_path):
    images = image_xml(name="DAPI"), image_xml(name="GFP", site=2)
    with pytest.raises(ValueError, match=r"one name. Received: 'DAPI' and 'GFP' for channel 1"):
        from_harmony(write_measurement(tmp_path / "m", *images))


@pytest.mark.parametrize("url", ["../secret.tiff", "/etc/secret.tiff", "..\\secret.tiff"])
def test_paths_that_climb_out_are_refused(tmp_path, url):
    folder = write_measurement(tmp_path / "m", image_xml(url=url), pixels=False)
    with pytest.raises(ValueError, match=r"must stay in the folder.*secret\.tiff'"):
        from_harmony(folder)


def test_paths_may_climb_out_where_they_are_trusted(tmp_path):
    folder = write_measurement(tmp_path / "m", image_xml(url="../a.tiff"))
    assert from_harmony(folder, allow_outside=True).read(0).shape == (3, 4, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be complete XML. Received: text that cannot be read"),
        ("II*\0 no xml", "must be complete XML"),
        (index_xml(image_xml())[:-40], "must be complete XML"),
        ("<html><body/></html>", "first element 'EvaluationInputData'. Received: 'html'"),
        (index_xml(), "Received: 0 images and 1 plates"),
        (index_xml(image_xml()).replace("<Row>2</Row>", ""), "image 'i' without Row"),
        (index_xml(image_xml(url="")), "image 'i' without URL"),
        (index_xml(image_xml(row="B")), "Row must be an integer from 0. Received: 'B'"),
        (index_xml(image_xml(row=40)), "Received: row=40, column=3"),
        (index_xml(image_xml(), plate="A</Name></Plate><Plate><Name>B"), "1 images and 2 plates"),
    ],
)
def test_a_damaged_index_is_refused(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        read_text(tmp_path, text)


BOMB = '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">'
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "declared", [BOMB, '<!ENTITY j SYSTEM "file:///etc/passwd">', "", '<!ENTITY % j "x">']
)
def test_document_types_and_entities_are_refused(tmp_path, declared):
    text = index_xml(image_xml(name="&j;"))
    head, body = text.split("\n", 1)
    with pytest.raises(ValueError, match=r"must not declare a document type \(DTD\)"):
        read_text(tmp_path, f"{head}<!DOCTYPE EvaluationInputData [{declared}]>{body}")


def test_a_folder_without_an_index_says_what_it_needs(tmp_path):
    with pytest.raises(ValueError, match=r"must hold Index\.idx\.xml or Index\.xml"):
        from_harmony(tmp_path)


def test_the_index_of_another_program_is_not_recognised(tmp_path):
    (tmp_path / "Index.xml").write_text("<catalogue/>")
    assert not is_harmony(tmp_path)


REAL = {
    "Version1": "Alexa 647|Alexa 568|488 long|Alexa 488|HOECHST 33342|Brightfield",
    "Version5": "Digital Phase Contrast|Brightfield high|488 650|Alexa 488|Alexa 568|Alexa 647",
}


@pytest.mark.parametrize("version", REAL)
def test_real_measurements_are_read(shared_data, version):
    image_set = open_images(shared_data / LAYOUTS / version)
    assert image_set.channel_names == tuple(REAL[version].split("|"))
    assert list(image_set.table["Metadata_Well"]) == ["A01"]
    assert image_set.read(0).shape == (1080, 1080, 6)


def test_channel_names_of_the_real_version_7_come_from_its_maps(shared_data):
    image_set = open_images(shared_data / LAYOUTS / "Version7", check_files=False)
    assert image_set.channel_names[2:4] == ("Alexa 488 Em 650", "405ex, 570-630-em)")
    assert image_set.channel_names[5:] == ("HOECHST 33342", "Brightfield")
    assert image_set.table["Metadata_Plate"][0] == "240624_WES_Perturbs_n_densities_1.1"


def test_the_missing_images_of_the_real_version_7_are_counted(shared_data):
    with pytest.raises(ValueError, match=r"7 of 7 missing.*ch1sk1fk1fl1\.tiff"):
        from_harmony(shared_data / LAYOUTS / "Version7")


def test_an_index_is_opened_with_the_reader_of_the_reading(tmp_path):
    folder = write_measurement(tmp_path / "m", image_xml())
    image_set = open_images(folder, reading=Reading(reader=tifffile.imread))
    assert image_set.reader is tifffile.imread
