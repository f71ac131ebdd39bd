import pandas as pd
import pytest

from keras_dcmix.data.formats.fields_from_planes import fields_from_planes, natural_key
from keras_dcmix.data.planes import Stack


def planes_of(*rows, columns=("Metadata_Well", "channel", "path")):
    return pd.DataFrame(list(rows), columns=list(columns))


def stack_of(*steps, columns=("Metadata_Well", "channel", "path", "z")):
    return planes_of(*(("A01", "GFP", f"{step}.tif", step) for step in steps), columns=columns)


def test_planes_of_a_field_become_one_row():
    table, files = fields_from_planes(planes_of(("A01", "GFP", "g"), ("A01", "DNA", "d")))
    assert table.to_dict("records") == [{"Metadata_Well": "A01"}]
    assert files.to_dict("records") == [{"GFP": "g", "DNA": "d"}]


def test_channels_come_in_order_of_appearance_or_as_asked_for():
    planes = planes_of(("A01", "GFP", "g"), ("A01", "DNA", "d"))
    assert list(fields_from_planes(planes)[1].columns) == ["GFP", "DNA"]
    assert list(fields_from_planes(planes, channels=["DNA", "GFP"])[1].columns) == ["DNA", "GFP"]


def test_a_channel_that_a_field_lacks_is_none():
    _, files = fields_from_planes(planes_of(("A01", "GFP", "g"), ("A02", "DNA", "d")))
    assert files.to_numpy().tolist() == [["g", None], [None, "d"]]


def test_wells_have_their_usual_names():
    table, files = fields_from_planes(planes_of(("a1", "GFP", "g"), ("A01", "DNA", "d")))
    assert table["Metadata_Well"].tolist() == ["A01"]
    assert files.shape == (1, 2)


def test_fields_are_sorted_by_place_as_people_count():
    columns = ["Metadata_Zoom", "Metadata_Site", "Metadata_Well", "Metadata_Plate", "channel"]
    rows = [("1", "10", "A02", "P2"), ("1", "9", "A02", "P2"), ("1", "1", "A10", "P10")]
    planes = planes_of(*((*row, "GFP", "p") for row in rows), columns=[*columns, "path"])
    table, _ = fields_from_planes(planes)
    assert list(table.columns) == [*reversed(columns[1:4]), "Metadata_Zoom"]
    assert table["Metadata_Site"].tolist() == ["9", "10", "1"]


def test_metadata_are_texts_and_blanks_of_them_keep_their_field():
    rows = [(7, None, "GFP", "a", 1), (7, None, "GFP", "b", 2)]
    columns = ["Metadata_Plate", "Metadata_Dose", "channel", "path", "z"]
    table, files = fields_from_planes(planes_of(*rows, columns=columns))
    assert table.to_dict("records") == [{"Metadata_Plate": "7", "Metadata_Dose": ""}]
    assert files["GFP"].tolist() == [Stack((("a", None), ("b", None)))]


def test_planes_of_a_stack_are_sorted_by_z():
    _, files = fields_from_planes(stack_of(10, 9, 1))
    assert files["GFP"][0].paths == ("1.tif", "9.tif", "10.tif")


@pytest.mark.parametrize(("z", "path"), [(1, "0.5.tif"), (2, "3.0.tif")])
def test_a_plane_is_counted_from_1_whatever_the_units_of_z(z, path):
    assert fields_from_planes(stack_of(3.0, 0.5), z=z)[1]["GFP"][0] == path


def test_a_plane_that_no_stack_has_is_refused():
    with pytest.raises(ValueError, match=r"which have 2. Received: z=3"):
        fields_from_planes(stack_of(1, 2), z=3)
    with pytest.raises(ValueError, match=r"which have 1. Received: z=2"):
        fields_from_planes(stack_of(1), z=2)


def test_a_missing_plane_shifts_no_other():
    whole = stack_of(1, 2, 3)
    holed = stack_of(1, 3).assign(Metadata_Well="A02")
    planes = pd.concat([whole, holed])
    assert fields_from_planes(planes, z=3)[1]["GFP"].tolist() == ["3.tif", "3.tif"]
    table, files = fields_from_planes(planes, z=2)
    assert files["GFP"].tolist() == ["2.tif", None]
    assert table["Metadata_Well"].tolist() == ["A01", "A02"]


def test_a_maximum_over_uneven_stacks_gets_a_word():
    planes = pd.concat([stack_of(1, 2, 3), stack_of(1, 3).assign(Metadata_Well="A02")])
    with pytest.warns(UserWarning, match="'GFP' have from 2 to 3 planes, the fewest in A02"):
        fields_from_planes(planes)


def test_a_stack_of_one_plane_gives_this_one_whatever_z():
    planes = pd.concat([stack_of(1, 2), stack_of(1).assign(channel="DNA")])
    _, files = fields_from_planes(planes, z=2)
    assert files.iloc[0].tolist() == ["2.tif", "1.tif"]


def test_pages_are_kept_beside_their_file():
    columns = ["Metadata_Well", "channel", "path", "page"]
    rows = [("A01", "GFP", "a", 0), ("A01", "DNA", "a", 1), ("A02", "GFP", "b", None)]
    _, files = fields_from_planes(planes_of(*rows, columns=columns))
    assert files["DNA"].tolist() == [Stack((("a", 1),)), None]
    assert files["GFP"].tolist() == [Stack((("a", 0),)), "b"]


def test_two_planes_of_one_place_are_named():
    planes = planes_of(("A1", "GFP", "x"), ("B1", "GFP", "y"), ("a01", "GFP", "z"))
    words = r"Received: 2 that do not, the first are 'x' and 'z' \(both well A01, channel 'GFP'\)"
    with pytest.raises(ValueError, match=words):
        fields_from_planes(planes)


def test_two_planes_without_a_number_are_named_too():
    with pytest.raises(ValueError, match=r"Received: 2 that do not, the first are 'a' and 'b'"):
        fields_from_planes(
            planes_of(
                *[("A01", "GFP", "a", None), ("A01", "GFP", "b", None)],
                columns=["Metadata_Well", "channel", "path", "z"],
            )
        )


def test_the_planes_that_came_in_stay_as_they_were():
    planes = planes_of(("a1", "GFP", "g"))
    fields_from_planes(planes)
    assert planes["Metadata_Well"].tolist() == ["a1"]
    assert list(planes.columns) == ["Metadata_Well", "channel", "path"]


def test_a_screen_of_stacks_takes_seconds():
    planes = pd.DataFrame({"path": [str(number) for number in range(100_000)]})
    planes["Metadata_Site"] = planes.index // 4
    planes["channel"], planes["z"] = "GFP", planes.index % 4
    assert len(fields_from_planes(planes)[0]) == 25_000


def test_texts_are_sorted_as_people_count():
    assert sorted(["s10", "s9", "s1b", "s1a"], key=natural_key) == ["s1a", "s1b", "s9", "s10"]
