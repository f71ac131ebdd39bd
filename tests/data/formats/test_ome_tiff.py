"""OME-TIFF: single files, folders, a file for each channel, and the real one."""

import numpy as np
import pytest
import tifffile

from keras_dcmix.data import from_ome_tiff
from keras_dcmix.data.formats import detect_format, open_images
from keras_dcmix.data.formats.ome_tiff import is_ome_tiff

SIZES = {"T": 2, "C": 3, "Z": 4, "Y": 5, "X": 6}


def write_ome(path, axes="CYX", names=("DNA", "GFP", "ER"), dtype=np.uint16, sizes=SIZES):
    """Writes numbered pixels; returns them with the axes T, C, Z, Y, X."""
    shape = [sizes[axis] for axis in axes]
    pixels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    channel = {"Channel": {"Name": list(names)}} if names else {}
    tifffile.imwrite(
        path, pixels, ome=True, photometric="minisblack", metadata={"axes": axes, **channel}
    )
    full = pixels[tuple(slice(None) if axis in axes else None for axis in axes)]
    for axis in "TCZ":
        if axis not in axes:
            full, axes = full[None], axis + axes
    return full.transpose([axes.index(axis) for axis in "TCZYX"])


def pixels_xml(*blocks, sizes=(1, 1, 1), channels=("",), order="XYZCT"):
    named = "".join(f'<Channel Name="{name}"/>' for name in channels)
    z, c, t = sizes
    return (
        f'<Image ID="Image:0"><Pixels DimensionOrder="{order}" Type="uint16" SizeX="4" SizeY="3" '
        f'SizeZ="{z}" SizeC="{c}" SizeT="{t}">{named}{"".join(blocks)}</Pixels></Image>'
    )


def ome_xml(*images, uuid="urn:uuid:1", rest=""):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{uuid}">'
        f"{rest}{''.join(images)}</OME>"
    )


def block(file=None, uuid="urn:uuid:2", **attributes):
    inner = f'<UUID FileName="{file}">{uuid}</UUID>' if file else ""
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<TiffData{written}>{inner}</TiffData>"


def write_tiff(path, xml, values=(0,)):
    """Writes a page of each value, with a text of our own on the first."""
    pages = np.stack([np.full((3, 4), value, np.uint16) for value in values])
    tifffile.imwrite(path, pages, description=xml, metadata=None, photometric="minisblack")
    return path


def write_source(folder):
    for column in "2345":
        text = ome_xml(pixels_xml(block(f"{column}.tif", IFD=0)))
        (folder / f"B0{column}.companion.ome").write_text(text)
        tifffile.imwrite(folder / f"{column}.tif", np.ones((3, 4), np.uint16))
    return folder


@pytest.mark.parametrize("axes", ["CYX", "ZCYX", "CZYX", "TCZYX", "TZCYX", "CTZYX", "ZTCYX"])
def test_pages_are_found_in_any_order_of_the_axes(tmp_path, axes):
    full = write_ome(tmp_path / "a.ome.tif", axes)
    image_set = from_ome_tiff(tmp_path / "a.ome.tif")
    assert image_set.channel_names == ("DNA", "GFP", "ER")
    read = np.stack([image_set.read(field) for field in range(len(image_set))])
    np.testing.assert_array_equal(read, full.max(axis=2).transpose(0, 2, 3, 1))


def test_a_plane_of_a_stack_can_be_asked_for(tmp_path):
    full = write_ome(tmp_path / "a.ome.tif", "CZYX")
    plane = from_ome_tiff(tmp_path / "a.ome.tif", z=2).read(0)
    np.testing.assert_array_equal(plane, np.moveaxis(full[0, :, 1], 0, -1))


def test_several_timepoints_are_fields(tmp_path):
    write_ome(tmp_path / "a.ome.tif", "TCYX")
    image_set = from_ome_tiff(tmp_path / "a.ome.tif")
    assert image_set.table.to_numpy().tolist() == [["a", "0"], ["a", "1"]]
    assert list(image_set.table) == ["Metadata_Site", "Metadata_Timepoint"]


def test_channels_without_names_are_numbered(tmp_path):
    write_ome(tmp_path / "a.ome.tif", names=None)
    image_set = from_ome_tiff(tmp_path / "a.ome.tif")
    assert image_set.channel_names == ("channel_1", "channel_2", "channel_3")


def test_channels_of_the_same_name_are_told_apart(tmp_path):
    write_ome(tmp_path / "a.ome.tif", names=("GFP", "DNA", "GFP"))
    image_set = from_ome_tiff(tmp_path / "a.ome.tif")
    assert image_set.channel_names == ("GFP (channel_1)", "DNA", "GFP (channel_3)")


def test_wells_and_sites_come_from_the_names_of_a_folder(tmp_path):
    folder = tmp_path / "Vergrößert 20 x"
    folder.mkdir()
    for name in ("scan_B03_s2", "scan_B03_s10", "scan_A12_s1"):
        write_ome(folder / f"{name}.ome.tif")
    assert detect_format(folder) == "ome-tiff"
    table = from_ome_tiff(folder).table
    assert list(table["Metadata_Well"]) == ["A12", "B03", "B03"]
    assert list(table["Metadata_Site"]) == ["1", "2", "10"]


@pytest.mark.parametrize(
    ("stems", "rows"),
    [
        (["B03_a", "B03_b"], [["B03", "B03_a"], ["B03", "B03_b"]]),
        (["B03_s1", "B03_s1_again"], [["B03", "B03_s1"], ["B03", "B03_s1_again"]]),
        (["B03_s1", "control"], [["B03_s1"], ["control"]]),
        (["P1_B3", "P2_B3"], [["P1_B3"], ["P2_B3"]]),
        (["P1_B03", "P2_B03"], [["B03", "P1_B03"], ["B03", "P2_B03"]]),
    ],
)
def test_names_that_do_not_tell_the_site_are_it(tmp_path, stems, rows):
    for stem in stems:
        write_ome(tmp_path / f"{stem}.tif")
    assert from_ome_tiff(tmp_path).table.to_numpy().tolist() == rows


@pytest.mark.parametrize("part", ["{}", "w{number}"])
def test_a_file_for_each_channel_makes_one_field(tmp_path, part):
    for number, name in enumerate(("DNA", "GFP")):
        stem = f"B03_s1_{part.format(name, number=number)}"
        write_tiff(tmp_path / f"{stem}.ome.tif", ome_xml(pixels_xml(channels=[name])), [number])
    image_set = from_ome_tiff(tmp_path)
    assert image_set.channel_names == ("DNA", "GFP")
    assert image_set.read(0)[0, 0].tolist() == [0, 1]
    assert image_set.table.to_numpy().tolist() == [["B03", "1"]]


def test_files_of_one_nameless_channel_are_called_by_their_part(tmp_path):
    for number in (1, 2):
        write_tiff(tmp_path / f"a_ch{number}.ome.tif", ome_xml(pixels_xml()), [number])
    image_set = from_ome_tiff(tmp_path)
    assert image_set.channel_names == ("ch1", "ch2")
    assert list(image_set.table["Metadata_Site"]) == ["a"]


def test_files_of_one_channel_that_differ_otherwise_are_fields(tmp_path):
    for stem in ("a_DNA", "b_DNA"):
        write_tiff(tmp_path / f"{stem}.ome.tif", ome_xml(pixels_xml(channels=["DNA"])))
    assert list(from_ome_tiff(tmp_path).table["Metadata_Site"]) == ["a", "b"]


def write_set(folder, **names):
    """Writes an image of two channels in two files, each with the same OME-XML."""
    names = {"first": "a_1.ome.tif", "second": "a_2.ome.tif", **names}
    blocks = [
        block(names["first"], "urn:uuid:1", FirstC=0, IFD=0),
        block(names["second"], "urn:uuid:2", FirstC=1, IFD=0),
    ]
    xml = pixels_xml(*blocks, sizes=(1, 2, 1), channels=["DNA", "GFP"])
    write_tiff(folder / "a_1.ome.tif", ome_xml(xml, uuid="urn:uuid:1"), [1])
    write_tiff(folder / "a_2.ome.tif", ome_xml(xml, uuid="urn:uuid:2"), [2])


@pytest.mark.parametrize("source", [".", "a_1.ome.tif", "a_2.ome.tif"])
def test_files_that_name_each_other_are_one_image(tmp_path, source):
    write_set(tmp_path)
    image_set = from_ome_tiff(tmp_path / source)
    assert image_set.read(0)[0, 0].tolist() == [1, 2]
    assert len(image_set) == 1


def test_a_file_that_was_renamed_is_known_by_its_uuid(tmp_path):
    xml = pixels_xml(block("before.ome.tif", "urn:uuid:1", IFD=0))
    write_tiff(tmp_path / "after.ome.tif", ome_xml(xml), [7])
    assert from_ome_tiff(tmp_path / "after.ome.tif").read(0).max() == 7


def test_root_is_where_the_named_files_are(tmp_path):
    write_set(tmp_path)
    (tmp_path / "pixels").mkdir()
    (tmp_path / "a_2.ome.tif").rename(tmp_path / "pixels" / "a_2.ome.tif")
    with pytest.raises(ValueError, match=r"1 of 2 missing.*a_2\.ome\.tif"):
        from_ome_tiff(tmp_path / "a_1.ome.tif")
    image_set = from_ome_tiff(tmp_path / "a_1.ome.tif", root=tmp_path / "pixels")
    assert image_set.read(0)[0, 0].tolist() == [1, 2]


def test_named_files_that_climb_out_are_refused(tmp_path):
    write_set(tmp_path, second="../a_2.ome.tif")
    with pytest.raises(ValueError, match=r"must stay in the folder.*'\.\./a_2\.ome\.tif'"):
        from_ome_tiff(tmp_path / "a_1.ome.tif")


@pytest.mark.parametrize("source", [".", "pixels.tif", "set.companion.ome"])
def test_a_companion_holds_the_metadata_of_its_files(tmp_path, source):
    xml = pixels_xml(block("pixels.tif"), sizes=(2, 1, 1))
    (tmp_path / "set.companion.ome").write_text(ome_xml(xml))
    binary = '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:9"/>'
    write_tiff(tmp_path / "pixels.tif", ome_xml(rest=binary), [3, 4])
    assert open_images(tmp_path / source).read(0).max() == 4


def test_files_that_a_companion_names_need_no_xml(tmp_path):
    (tmp_path / "set.companion.ome").write_text(ome_xml(pixels_xml(block("pixels.tif"))))
    tifffile.imwrite(tmp_path / "pixels.tif", np.full((3, 4), 5, np.uint8))
    assert open_images(tmp_path).read(0).max() == 5


def test_files_whose_metadata_are_elsewhere_say_where(tmp_path):
    binary = '<BinaryOnly MetadataFile="gone.companion.ome" UUID="urn:uuid:9"/>'
    write_tiff(tmp_path / "pixels.tif", ome_xml(rest=binary))
    for source in (tmp_path, tmp_path / "pixels.tif"):
        with pytest.raises(
            ValueError, match=r"must be in 'gone\.companion\.ome', which it refers to"
        ):
            from_ome_tiff(source)


def test_a_plate_in_the_xml_gives_wells_and_sites(tmp_path):
    plate = (
        '<Plate ID="Plate:0" Name="P7"><Well Row="1" Column="2"><WellSample><ImageRef '
        'ID="Image:0"/></WellSample></Well></Plate>'
    )
    write_tiff(tmp_path / "a.tif", ome_xml(pixels_xml(), rest=plate))
    assert from_ome_tiff(tmp_path).table.to_numpy().tolist() == [["P7", "B03", "1"]]


def test_several_images_of_a_file_are_numbered(tmp_path):
    images = [pixels_xml(block(IFD=page)) for page in (0, 1)]
    write_tiff(tmp_path / "a.tif", ome_xml(*images), [5, 6])
    image_set = from_ome_tiff(tmp_path / "a.tif")
    assert list(image_set.table["Metadata_Image"]) == ["1", "2"]
    assert [image_set.read(field).max() for field in range(2)] == [5, 6]


def test_colour_pages_are_refused(tmp_path):
    pixels = np.zeros((5, 6, 3), np.uint8)
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels, photometric="rgb")
    with pytest.raises(ValueError, match="Received: colour pages"):
        from_ome_tiff(tmp_path / "a.ome.tif")


def test_pixels_that_are_cut_off_are_met_on_reading(tmp_path):
    path = write_tiff(tmp_path / "a.tif", ome_xml(pixels_xml(channels=["DNA"])))
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"channel 'DNA': Image file must be a complete"):
        from_ome_tiff(path).read(0)


def test_a_file_cut_off_before_its_xml_is_refused(tmp_path):
    write_ome(tmp_path / "a.ome.tif")
    data = (tmp_path / "a.ome.tif").read_bytes()
    (tmp_path / "a.ome.tif").write_bytes(data[:-40])
    with pytest.raises(ValueError, match="Received: a TIFF without it, or a truncated one"):
        open_images(tmp_path)


def test_pages_that_are_not_there_are_met_on_reading(tmp_path):
    xml = pixels_xml(block(IFD=0, PlaneCount=2), sizes=(1, 2, 1), channels=["a", "b"])
    write_tiff(tmp_path / "a.tif", ome_xml(xml), [1])
    with pytest.raises(ValueError, match=r"channel 'b'.*expected a page 1, found 1 pages"):
        from_ome_tiff(tmp_path / "a.tif").read(0)


def test_planes_of_a_stack_with_other_bit_depths_are_refused(tmp_path):
    blocks = [block(f"{z}.tif", f"urn:uuid:{z}", FirstZ=z, IFD=0) for z in (0, 1)]
    write_tiff(tmp_path / "0.tif", ome_xml(pixels_xml(*blocks, sizes=(2, 1, 1)), uuid="urn:uuid:0"))
    tifffile.imwrite(tmp_path / "1.tif", np.zeros((3, 4), np.uint8))
    with pytest.raises(ValueError, match=r"same size and data type.*uint16.*uint8"):
        from_ome_tiff(tmp_path / "0.tif").read(0)


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        (ome_xml(), "describe at least one image. Received: none"),
        ("<HOME></HOME>", "first element 'OME'. Received: 'HOME'"),
        (ome_xml(pixels_xml()).replace("<Image", "<Im<age"), "must be complete XML"),
        (ome_xml(pixels_xml(order="XYZT")), "DimensionOrder .* Received: 'XYZT'"),
        (ome_xml(pixels_xml(sizes=(0, 1, 1))), "SizeZ from 1. Received: 0"),
        (ome_xml(pixels_xml(sizes=("x", 1, 1))), "SizeZ of Pixels .* Received: 'x'"),
        (ome_xml(pixels_xml(sizes=(9**6, 1, 9**6))), "at most 1000000 planes"),
        (ome_xml(pixels_xml(sizes=(1, 2, 1))), "each of 2 channels. Received: 1"),
        (ome_xml(pixels_xml(block(IFD=0), sizes=(2, 1, 1))), "each of 2 planes.*Received: 1"),
        (ome_xml(pixels_xml(block(IFD=-1))), "IFD of TiffData .* Received: '-1'"),
        ('<!DOCTYPE OME [<!ENTITY a "b">]>' + ome_xml()[38:], "must not declare a document type"),
    ],
)
def test_damaged_xml_is_refused_with_its_file(tmp_path, xml, words):
    write_tiff(tmp_path / "a.tif", xml)
    with pytest.raises(ValueError, match=words) as caught:
        open_images(tmp_path / "a.tif", format="ome-tiff")
    assert "a.tif" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", r"OME-TIFF is empty \(0 bytes\)"), (b"II*\0\1", "must be a complete TIFF")],
)
def test_a_file_that_is_no_tiff_is_refused(tmp_path, content, words):
    (tmp_path / "a.ome.tif").write_bytes(content)
    with pytest.raises(ValueError, match=words):
        from_ome_tiff(tmp_path / "a.ome.tif")


def test_a_folder_without_tiffs_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"names end in \.tif or \.tiff. Received: none"):
        from_ome_tiff(tmp_path)


def test_a_plain_tiff_is_not_recognised(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 4), np.uint8))
    assert not is_ome_tiff(tmp_path)
    assert not is_ome_tiff(tmp_path / "a.tif")


def test_a_plain_tiff_among_others_is_named(tmp_path):
    write_ome(tmp_path / "a.ome.tif")
    tifffile.imwrite(tmp_path / "b.tif", np.zeros((3, 4), np.uint8))
    with pytest.raises(ValueError, match=r"Received: a TIFF without it.*: '.*b\.tif'"):
        from_ome_tiff(tmp_path)


def test_images_partly_on_a_plate_are_refused(tmp_path):
    plate = (
        '<Plate ID="Plate:0"><Well Row="0" Column="0"><WellSample><ImageRef ID="Image:0"/>'
        "</WellSample></Well></Plate>"
    )
    write_tiff(tmp_path / "a.tif", ome_xml(pixels_xml(), rest=plate))
    write_tiff(tmp_path / "b.tif", ome_xml(pixels_xml()))
    with pytest.raises(ValueError, match=r"all of plates or none. Received: 1 of 2"):
        from_ome_tiff(tmp_path)


def test_the_real_neuron_is_read(shared_data):
    image_set = open_images(shared_data / "layouts/ome_tiff/neuron-4Ch.tiff")
    assert image_set.channel_names == ("AF647", "AF568", "AF488", "DAPI")
    expected = tifffile.imread(shared_data / "layouts/ome_tiff/neuron-4Ch.tiff")
    np.testing.assert_array_equal(image_set.read(0), np.moveaxis(expected, 0, -1))
