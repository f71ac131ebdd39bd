import pandas as pd
import pytest

from keras_dcmix.data import ImageSet
from keras_dcmix.data.formats.platemap import join_platemap


@pytest.fixture
def images():
    """Makes an image set of fields with this metadata."""

    def made(**columns):
        table = pd.DataFrame({f"Metadata_{name}": cells for name, cells in columns.items()})
        files = pd.DataFrame({"GFP": [str(number) for number in range(len(table))]}, dtype=object)
        return ImageSet(table, files)

    return made


@pytest.fixture
def write(tmp_path):
    def written(content):
        (tmp_path / "platemap.csv").write_text(content)
        return tmp_path / "platemap.csv"

    return written


def joined(image_set, path, column):
    return join_platemap(image_set, path).table[column].fillna("blank").tolist()


def test_every_field_of_a_well_gets_the_wells_entries(images, write):
    image_set = images(Well=["A02", "A01", "A02"])
    assert joined(image_set, write("well,drug\nA01,x\nA02,y\n"), "drug") == ["y", "x", "y"]


@pytest.mark.parametrize(
    "name", ["Metadata_Well", "well", "Well", "WELL", "well_position", "Well Position", "well_id"]
)
def test_the_column_of_wells_has_many_names(images, write, name):
    assert joined(images(Well=["A01"]), write(f"{name},drug\na1,x\n"), "drug") == ["x"]


def test_the_surest_name_of_several_is_the_column_of_wells(images, write):
    path = write("well_id,well,Metadata_Well,drug\nq,B01,A01,x\n")
    table = join_platemap(images(Well=["A01"]), path).table
    assert table.iloc[0].to_dict() == {
        "Metadata_Well": "A01",
        "well_id": "q",
        "well": "B01",
        "drug": "x",
    }


@pytest.mark.parametrize("name", ["Metadata_Plate", "plate", "Barcode", "plate_barcode"])
def test_wells_are_told_apart_by_their_plate(images, write, name):
    image_set = images(Plate=["1", "2"], Well=["A01", "A01"])
    path = write(f"{name},well,drug\n2,A01,y\n1,A01,x\n")
    assert joined(image_set, path, "drug") == ["x", "y"]


def test_plates_are_told_apart_by_their_experiment(images, write):
    image_set = images(Experiment=["e", "f"], Plate=["1", "1"], Well=["A01", "A01"])
    path = write("experiment,plate,well,drug\nf,1,A01,y\ne,1,A01,x\n")
    assert joined(image_set, path, "drug") == ["x", "y"]


def test_one_layout_holds_for_all_plates(images, write):
    image_set = images(Plate=["1", "2"], Well=["A01", "A01"])
    assert joined(image_set, write("well,drug\nA01,x\n"), "drug") == ["x", "x"]


def test_wells_that_the_platemap_lacks_are_blank(images, write):
    image_set = images(Well=["A01", "B01"])
    path = write("well,drug\nA01,x\nH12,y\n")
    with pytest.warns(UserWarning, match="in both") as told:
        assert joined(image_set, path, "drug") == ["x", "blank"]
    told = [str(warning.message) for warning in told]
    assert "1 wells of the images are not in the platemap" in told[0]
    assert "such as B01; 1 are in both" in told[0]
    assert "1 wells of the platemap have no image" in told[1]
    assert "such as H12" in told[1]


def test_fields_without_a_well_are_blank(images, write):
    image_set = images(Well=["A01", None])
    path = write("well,drug\nA01,x\n,y\n")
    with pytest.warns(UserWarning, match="not in the platemap"):
        assert joined(image_set, path, "drug") == ["x", "blank"]


def test_the_same_values_may_be_on_both_sides_and_none_is_lost(images, write):
    image_set = images(Well=["A01", "B01", "B02"], Drug=["x", "y", None])
    path = write("well,Metadata_Drug\nA01,x\nB02,z\n")
    with pytest.warns(UserWarning, match="such as B01"):
        assert joined(image_set, path, "Metadata_Drug") == ["x", "y", "z"]


def test_other_values_on_both_sides_are_refused(images, write):
    image_set = images(Well=["A01"], Drug=["x"])
    with pytest.raises(ValueError, match=r"'Metadata_Drug' with other values. Rename it"):
        join_platemap(image_set, write("well,Metadata_Drug\nA01,y\n"))


@pytest.mark.parametrize(("header", "hint"), [("well", True), ("plate,well", False)])
def test_a_well_that_comes_twice_is_named(images, write, header, hint):
    image_set = images(Plate=["1"], Well=["A01"])
    first = "1," if "plate" in header else ""
    path = write(f"{header},drug\n{first}A1,x\n{first}a01,y\n")
    with pytest.raises(ValueError, match=r"2 rows that do not .* the first for .*A01") as error:
        join_platemap(image_set, path)
    assert ("add a column 'plate'" in str(error.value)) == hint


def test_wells_that_no_image_has_are_shown_beside_the_images(images, write):
    with pytest.raises(
        ValueError, match=r"of the images, such as 1/A01. Received: wells such as 2/A01"
    ):
        join_platemap(images(Plate=["1"], Well=["A01"]), write("plate,well,drug\n2,A01,x\n"))


def test_a_platemap_of_blank_wells_is_refused(images, write):
    with pytest.raises(ValueError, match=r"must hold wells of the images.*such as none"):
        join_platemap(images(Well=["A01"]), write("well,drug\n,x\n"))


def test_a_platemap_without_wells_is_refused(images, write):
    with pytest.raises(ValueError, match=r"needs a column of wells.*Received: the columns a, b"):
        join_platemap(images(Well=["A01"]), write("a,b\n1,2\n"))


def test_images_without_wells_are_refused(images, write):
    with pytest.raises(ValueError, match="images without Metadata_Well"):
        join_platemap(images(Image=["a"]), write("well,drug\nA01,x\n"))


def test_a_missing_platemap_is_named(images, tmp_path):
    with pytest.raises(ValueError, match=r"platemap must exist. Received: '.*gone\.csv'"):
        join_platemap(images(Well=["A01"]), tmp_path / "gone.csv")
