"""Cells are found in the DNA channel, also where it is none of the channels that are ranked."""

import numpy as np
import pytest
import tifffile

from keras_dcmix.data import Preprocessing, crop_fields, from_load_data


@pytest.fixture
def both(plate):
    return from_load_data(plate.write_csv(), label="Metadata_Control")


@pytest.fixture
def gfp(plate):
    return from_load_data(plate.write_csv(), label="Metadata_Control", channels=["GFP"])


@pytest.mark.parametrize("steps", [None, Preprocessing(background=5), Preprocessing(clip=(1, 99))])
def test_the_cells_are_those_that_all_channels_give(both, gfp, steps):
    of_both = crop_fields(both, crop="cells", size=20, preprocessing=steps)
    alone = crop_fields(gfp, crop="cells", size=20, preprocessing=steps)
    assert alone.positions.equals(of_both.positions)
    np.testing.assert_array_equal(alone[:], of_both[:][..., :1])
    assert alone.channel_names == ("GFP",)
    assert alone.recipe.nuclei_channel == "DNA"


def test_a_channel_that_is_left_out_can_be_named(gfp):
    with pytest.raises(ValueError, match=r"Received: nuclei_channel='DNS', did you mean 'DNA'"):
        crop_fields(gfp, crop="cells", size=20, nuclei_channel="DNS")
    assert len(crop_fields(gfp, crop="cells", size=20, nuclei_channel="DNA")) == 16


def test_fields_keep_their_nuclei_when_some_are_left_out(gfp, both):
    kept = [2, 0]
    alone = crop_fields(gfp.subset(kept), crop="cells", size=20)
    np.testing.assert_array_equal(
        alone[:], crop_fields(both.subset(kept), crop="cells", size=20)[:][..., :1]
    )


def test_unlabelled_controls_stay_in_line_with_their_nuclei(plate):
    plate.table.loc[1, "Metadata_Control"] = ""
    plate.table["Metadata_Role"] = ["x", "control", "x", "x"]
    steps = Preprocessing(normalize="plate", controls="Metadata_Role=control")
    path = plate.write_csv()
    pixels = [
        crop_fields(
            from_load_data(path, label="Metadata_Control", channels=channels),
            crop="cells",
            size=20,
            preprocessing=steps,
        )[:]
        for channels in (None, ["GFP"])
    ]
    np.testing.assert_array_equal(pixels[1], pixels[0][..., :1])


def test_a_damaged_nuclei_channel_is_named_or_its_field_left_out(plate, gfp):
    plate.file("B01", "DNA").write_bytes(b"no image")
    with pytest.raises(ValueError, match="row 4, channel 'DNA'"):
        crop_fields(gfp, crop="cells", size=20)
    crops = crop_fields(gfp, crop="cells", size=20, skip_unreadable=True)
    assert list(crops.skipped["channel"]) == ["DNA"]
    assert crops.skipped["path"][0].endswith("B01-DNA.tif")
    assert set(crops.fields) == {0, 1, 3}


def test_nuclei_of_another_size_are_refused(plate, gfp):
    tifffile.imwrite(plate.file("A01", "DNA"), np.zeros((40, 40), np.uint16))
    with pytest.raises(ValueError, match=r"row 2: .*'DNA', .* with 40 x 40 .* with 80 x 90"):
        crop_fields(gfp, crop="cells", size=20)


def test_a_cache_is_not_used_once_the_nuclei_have_changed(plate, gfp, tmp_path):
    before = crop_fields(gfp, crop="cells", size=20, cache_dir=tmp_path / "cache")
    moved = plate.draw_field(9, nuclei=[(40, 40)])["DNA"]
    tifffile.imwrite(plate.file("A01", "DNA"), moved)
    after = crop_fields(gfp, crop="cells", size=20, cache_dir=tmp_path / "cache")
    assert (after.fields == 0).sum() < (before.fields == 0).sum()
    assert after.fingerprint() != before.fingerprint()


def test_a_model_of_other_channels_finds_its_cells_on_the_next_plate(plate, gfp):
    from keras_dcmix.inference.formats import ModelCard
    from keras_dcmix.inference.prediction import open_crops

    trained = crop_fields(gfp, crop="cells", size=20)
    card = ModelCard(("GFP",), ("a", "b"), (20, 20), recipe=trained.recipe)
    found = open_crops(str(plate.write_csv()), card)
    np.testing.assert_array_equal(found[:], trained[:])


def test_a_damaged_nuclei_channel_is_listed_under_the_name_it_has_on_the_plate(plate, gfp):
    from keras_dcmix.inference.formats import ModelCard
    from keras_dcmix.inference.prediction import open_crops

    recipe = crop_fields(gfp, crop="cells", size=20).recipe
    plate.file("B01", "DNA").write_bytes(b"no image")
    plate.table = plate.table.rename(
        columns={f"{kind}_GFP": f"{kind}_Green" for kind in ("FileName", "PathName")}
    )
    card = ModelCard(("GFP",), ("a", "b"), (20, 20), recipe=recipe)
    found = open_crops(str(plate.write_csv()), card, skip_unreadable=True, renamed={"GFP": "Green"})
    assert list(found.skipped["channel"]) == ["DNA"]
    assert found.channel_names == ("GFP",)


def test_nuclei_that_the_next_plate_calls_otherwise_are_found_by_their_dye(plate, gfp):
    from keras_dcmix.inference.formats import ModelCard
    from keras_dcmix.inference.prediction import open_crops

    trained = crop_fields(gfp, crop="cells", size=20)
    card = ModelCard(("GFP",), ("a", "b"), (20, 20), recipe=trained.recipe)
    plate.table = plate.table.rename(
        columns={f"{kind}_DNA": f"{kind}_Hoechst" for kind in ("FileName", "PathName")}
    )
    found = open_crops(str(plate.write_csv()), card)
    np.testing.assert_array_equal(found[:], trained[:])
    assert found.recipe.nuclei_channel == "Hoechst"
