"""Images of a source are made as those that the model was trained on."""

from __future__ import annotations

import copy
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from keras_dcmix.data import CropRecipe, Preprocessing, crop_fields, from_load_data
from keras_dcmix.inference.formats import ModelCard
from keras_dcmix.inference.prediction import CropPredictions, open_crops

from .conftest import CHANNELS, CLASSES, SIZE


def card(**recipe) -> ModelCard:
    return ModelCard(CHANNELS, CLASSES, (SIZE, SIZE), recipe=CropRecipe(size=SIZE, **recipe))


STEPS = Preprocessing(background=1.0, clip=(1.0, 99.0), normalize="plate")
PLATE_CARD = card(crop="tiles", preprocessing=STEPS)


@pytest.fixture(autouse=True)
def _no_warning_unless_expected():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_images_are_those_of_the_training(plate):
    trained_on = crop_fields(from_load_data(plate), crop="tiles", size=SIZE, preprocessing=STEPS)
    crops = open_crops(plate, PLATE_CARD)
    np.testing.assert_array_equal(crops[:], trained_on[:])
    assert crops.recipe == PLATE_CARD.recipe


def test_other_order_and_names_give_the_same_images(plate, renamed_table):
    other = renamed_table({"DNA": "Hoechst"}, order=CHANNELS[::-1])
    crops = open_crops(str(other), PLATE_CARD, renamed={"DNA": "Hoechst"})
    assert crops.channel_names == CHANNELS
    np.testing.assert_array_equal(crops[:], open_crops(plate, PLATE_CARD)[:])


def test_other_names_offer_the_map(renamed_table):
    with pytest.raises(ValueError, match=r"images lack DNA.* renamed=.'DNA': 'Hoechst'."):
        open_crops(str(renamed_table({"DNA": "Hoechst"})), PLATE_CARD)


@pytest.mark.parametrize(
    ("option", "now", "then"),
    [
        ({"crop": "none"}, "crop='none'", "crop='tiles'"),
        ({"background": 5.0}, "background=5.0", "background=1.0"),
        ({"normalize": "image"}, "normalize='image'", "normalize='plate'"),
        ({"clip": (0.0, 50.0)}, "clip=(0.0, 50.0)", "clip=(1.0, 99.0)"),
    ],
)
def test_a_difference_from_the_training_raises_a_warning(plate, option, now, then):
    crop = {"crop": option.pop("crop")} if "crop" in option else {}
    with pytest.warns(UserWarning, match="unreliable") as seen:
        open_crops(plate, PLATE_CARD, preprocessing=option, **crop)
    assert [re.findall(r"with (\w+=.*?)(?=, but|: its)", str(each.message)) for each in seen] == [
        [now, then]
    ]


def test_an_argument_that_repeats_the_training_raises_no_warning(plate):
    open_crops(plate, PLATE_CARD, crop="tiles", size=SIZE, preprocessing={"normalize": "plate"})


def test_controls_of_the_training_do_not_go_with_another_way_of_normalising(plate):
    steps = Preprocessing(normalize="plate", controls="Metadata_Drug=none")
    assert len(open_crops(plate, card(preprocessing=steps))) == 6
    with pytest.warns(UserWarning, match="controls=None"):
        crops = open_crops(plate, card(preprocessing=steps), preprocessing={"normalize": "plate"})
    assert crops.recipe.preprocessing.controls is None


def test_a_size_that_the_model_does_not_take_is_refused(plate):
    with pytest.raises(ValueError, match=r"`size` must be 16, .*Received: size=8"):
        open_crops(plate, PLATE_CARD, size=8)


def test_a_model_that_was_trained_on_arrays_says_that_it_knows_nothing(plate):
    with pytest.warns(UserWarning, match="does not say how its training images were cut"):
        crops = open_crops(plate, ModelCard(CHANNELS, CLASSES, (SIZE, SIZE)))
    assert crops.shape == (6, SIZE, SIZE, 3)


def test_a_plane_of_the_training_is_asked_for_again(plate):
    with pytest.raises(ValueError, match=r"`z` is only for .* the format 'loaddata'"):
        open_crops(plate, card(z=2))


@pytest.mark.parametrize("z", [2, "2"])
def test_another_plane_than_that_of_the_training_raises_a_warning(plate, z):
    with pytest.warns(UserWarning, match="made with z='max', .* trained with z=2"):
        open_crops(from_load_data(plate), card(z=z))


@pytest.mark.parametrize("z", ["max", None])
def test_the_maximum_over_planes_raises_no_warning(plate, z):
    assert len(open_crops(plate, card(z=z))) == 6


def test_tiles_instead_of_cells_ask_for_no_nuclei(plate):
    with pytest.warns(UserWarning, match="crop='tiles'"):
        crops = open_crops(plate, card(crop="cells", nuclei_channel="DNA"), crop="tiles")
    assert crops.recipe.nuclei_channel is None


def test_illumination_functions_go_with_their_channels_under_other_names(plate, renamed_table):
    for level, name in enumerate(CHANNELS, start=1):
        np.save(plate.with_name(f"{name}.npy"), np.full((32, 32), float(level)))
    source = renamed_table({"DNA": "Hoechst"}, order=CHANNELS[::-1])
    frame = pd.read_csv(source, dtype=str)
    for theirs, name in (("Hoechst", "DNA"), ("ER", "ER"), ("Mito", "Mito")):
        frame[f"FileName_Illum{theirs}"] = f"{name}.npy"
    frame.to_csv(source, index=False)
    trained = card(preprocessing=Preprocessing(illumination="files"))
    corrected = open_crops(str(source), trained, renamed={"DNA": "Hoechst"})
    raw = open_crops(plate, card())
    np.testing.assert_allclose(corrected[:], raw[:] / np.array([1, 2, 3]), rtol=1e-5)


def test_a_missing_file_is_named_before_anything_is_read(plate):
    plate.with_name("B01_2_ER.tif").unlink()
    read = []
    with pytest.raises(ValueError, match=r"1 of 18 missing.*B01_2_ER\.tif"):
        open_crops(plate, PLATE_CARD, progress=lambda *done: read.append(done))
    assert not read


def test_a_missing_file_of_a_channel_that_the_model_does_not_take_is_no_matter(plate):
    plate.with_name("B01_2_ER.tif").unlink()
    two = ModelCard(("Mito", "DNA"), CLASSES, (SIZE, SIZE), recipe=CropRecipe(size=SIZE))
    assert open_crops(plate, two).shape == (6, SIZE, SIZE, 2)


@pytest.fixture
def predictions(plate):
    crops = open_crops(plate, PLATE_CARD)
    first = np.linspace(0, 1, len(crops), dtype="float32")
    return CropPredictions(crops, CLASSES, np.stack([first, 1 - first], axis=1))


def test_a_row_tells_where_a_crop_is_and_what_it_shows(predictions):
    frame = predictions.to_frame()
    assert list(frame) == [
        *("Metadata_Plate", "Metadata_Well", "Metadata_Site", "Metadata_Drug"),
        *("field", "top", "left", "predicted", "probability:control", "probability:treated"),
    ]
    assert frame[["field", "top", "left"]].to_numpy()[:5].tolist() == [
        *([0, 0, 0], [0, 0, 16], [0, 16, 0], [0, 16, 16], [1, 0, 0]),
    ]
    assert frame["predicted"].tolist() == ["treated"] * 12 + ["control"] * 12
    assert frame["Metadata_Well"].tolist() == ["A01"] * 8 + ["A02"] * 8 + ["B01"] * 8


def test_a_table_written_in_parts_is_whole(predictions, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_dcmix.inference.prediction.tables._ROWS_AT_A_TIME", 7)
    predictions.to_csv(tmp_path / "p.csv")
    found = pd.read_csv(tmp_path / "p.csv", dtype={"Metadata_Site": str})
    pd.testing.assert_frame_equal(found, predictions.to_frame(), check_dtype=False, atol=1e-6)


def test_a_well_is_the_mean_of_its_crops(predictions):
    wells = predictions.to_wells()
    assert list(wells) == [
        *("Metadata_Plate", "Metadata_Well", "Metadata_Drug", "fields", "crops", "predicted"),
        *("probability:control", "probability:treated"),
    ]
    frame = predictions.to_frame()
    means = frame.groupby("Metadata_Well")["probability:control"].mean()
    assert wells["probability:control"].tolist() == pytest.approx(means.tolist())
    assert wells["fields"].tolist() == [2, 2, 2]
    assert wells["crops"].tolist() == [8, 8, 8]


def test_classes_are_told_by_frequency_and_not_more_than_ten(predictions):
    each = np.eye(13, dtype="float32")[-np.arange(1, 25) % 13]
    told = CropPredictions(predictions.crops, tuple("abcdefghijklm"), each).describe()
    assert told.startswith("24 images from 6 fields; predicted: c (2), d (2), e (2)")
    assert told.endswith("l (2) and 3 other classes (4)")


def test_a_well_counts_only_fields_that_gave_crops(predictions):
    crops = copy.copy(predictions.crops)
    crops.positions = crops.positions[crops.fields != 1]
    fewer = CropPredictions(
        crops, CLASSES, predictions.probabilities[predictions.crops.fields != 1]
    )
    wells = fewer.to_wells()
    assert wells["fields"].tolist() == [1, 2, 2]
    assert wells["crops"].tolist() == [4, 8, 8]


def test_without_wells_there_is_no_table_of_them(plate):
    frame = pd.read_csv(plate).drop(columns="Metadata_Well")
    frame.to_csv(plate.with_name("bare.csv"), index=False)
    crops = open_crops(str(plate.with_name("bare.csv")), PLATE_CARD)
    assert CropPredictions(crops, CLASSES, np.ones((len(crops), 2))).to_wells() is None
