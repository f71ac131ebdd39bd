from dataclasses import replace

import numpy as np
import pytest
import tifffile

from keras_dcmix.data import Preprocessing, UnreadableImageError, crop_fields, from_load_data


@pytest.fixture
def shaded(plate):
    """The plate with GFP fields that are darker to the right by a known function."""
    shade = np.linspace(1.5, 0.5, 90)[None, :] * np.ones((80, 1))
    flat = {}
    for number, well in enumerate(plate.table["Metadata_Well"]):
        field = np.random.default_rng(number).normal(2000, 100, (80, 90))
        flat[well] = field
        tifffile.imwrite(plate.file(well, "GFP"), (field * shade).astype(np.uint16))
    np.save(plate.folder / "IllumGFP.npy", shade)
    np.save(plate.folder / "IllumDNA.npy", np.full((80, 90), 2.0))
    for name in ("GFP", "DNA"):
        plate.table[f"FileName_Illum{name}"] = f"Illum{name}.npy"
        plate.table[f"PathName_Illum{name}"] = "."
    plate.flat = flat
    return plate


def whole(image_set, **steps):
    return crop_fields(image_set, crop="tiles", size=80, preprocessing=Preprocessing(**steps))[0]


def test_illumination_functions_are_no_channels(shaded):
    image_set = from_load_data(shaded.write_csv())
    assert image_set.channel_names == ("GFP", "DNA")
    assert image_set.illumination["GFP"][0].endswith("IllumGFP.npy")


def test_fields_are_divided_by_the_functions_of_the_source(shaded):
    image_set = from_load_data(shaded.write_csv())
    corrected = whole(image_set, illumination="files")
    np.testing.assert_allclose(corrected[..., 0], shaded.flat["A01"][:, :80], atol=2)
    np.testing.assert_allclose(corrected[..., 1] * 2, image_set.read(0)[:, :80, 1], atol=1e-3)


def test_functions_follow_chosen_rows_and_channels(shaded):
    image_set = from_load_data(shaded.write_csv()).select_channels(["DNA"]).subset([2])
    corrected = whole(image_set, illumination="files")
    np.testing.assert_allclose(corrected * 2, image_set.read(0)[:, :80], atol=1e-3)


def test_functions_are_not_applied_unless_asked_for(shaded):
    image_set = from_load_data(shaded.write_csv())
    np.testing.assert_array_equal(whole(image_set), image_set.read(0)[:, :80])


def test_an_estimate_makes_fields_even(shaded):
    image_set = from_load_data(shaded.write_csv()).select_channels(["GFP"])
    columns = whole(image_set)[..., 0].mean(axis=0)
    even = whole(image_set, illumination="estimate")[..., 0].mean(axis=0)
    assert np.ptp(columns) / columns.mean() > 0.8
    assert np.ptp(even) / even.mean() < 0.25
    np.testing.assert_allclose(even.mean(), 2000, rtol=0.1)


def test_an_estimate_is_made_for_each_plate(shaded):
    shaded.table.loc[2:, "Metadata_Plate"] = "008"
    for well in ("B01", "B02"):
        tifffile.imwrite(shaded.file(well, "GFP"), np.full((80, 90), 500, np.uint16))
    image_set = from_load_data(shaded.write_csv()).select_channels(["GFP"])
    crops = crop_fields(
        image_set, crop="tiles", size=80, preprocessing=Preprocessing(illumination="estimate")
    )
    np.testing.assert_allclose(crops[2], 500, rtol=1e-4)


def test_a_channel_without_light_is_left_alone(shaded):
    for well in shaded.table["Metadata_Well"]:
        tifffile.imwrite(shaded.file(well, "GFP"), np.zeros((80, 90), np.uint16))
    image_set = from_load_data(shaded.write_csv())
    np.testing.assert_array_equal(whole(image_set, illumination="estimate")[..., 0], 0)


def test_the_background_of_each_field_becomes_0(shaded):
    image_set = from_load_data(shaded.write_csv())
    raw, even = image_set.read(0), whole(image_set, background=5)
    expected = raw[:, :80] - np.percentile(raw.reshape(-1, 2), 5, axis=0)
    np.testing.assert_allclose(even, expected, atol=0.01)


def test_a_source_without_functions_is_refused(plate):
    image_set = from_load_data(plate.write_csv())
    with pytest.raises(ValueError, match="needs a source with illumination functions"):
        whole(image_set, illumination="files")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (
            np.ones((8, 9)),
            r"row 2: Illumination function must have the size.*80 x 90. Received: 8 x 9",
        ),
        (np.zeros((80, 90)), "numbers above 0"),
        (np.ones(7), "numbers above 0"),
    ],
)
def test_a_function_that_does_not_fit_is_refused(shaded, function, words):
    np.save(shaded.folder / "IllumGFP.npy", function)
    with pytest.raises(UnreadableImageError, match=words):
        whole(from_load_data(shaded.write_csv()), illumination="files")


def test_a_damaged_function_is_refused(shaded):
    (shaded.folder / "IllumGFP.npy").write_bytes(b"no array")
    with pytest.raises(UnreadableImageError, match=r"must be a \.npy"):
        whole(from_load_data(shaded.write_csv()), illumination="files")


def test_an_estimate_passes_over_unreadable_fields(shaded):
    shaded.file("A01", "GFP").write_bytes(b"")
    image_set = from_load_data(shaded.write_csv())
    crops = crop_fields(
        image_set,
        crop="tiles",
        size=80,
        preprocessing=Preprocessing(illumination="estimate"),
        skip_unreadable=True,
    )
    assert len(crops) == 3
    assert np.isfinite(np.asarray(crops)).all()


def test_corrected_crops_read_again_are_the_same(shaded):
    image_set = from_load_data(shaded.write_csv())
    steps = Preprocessing(illumination="estimate", background=1)
    crops = crop_fields(image_set, crop="tiles", size=40, preprocessing=steps, cache_bytes=0)
    again = crop_fields(replace(image_set), crop="tiles", size=40, preprocessing=steps)
    np.testing.assert_array_equal(np.asarray(crops), np.asarray(again))
