import numpy as np
import pytest

from keras_dcmix.data.cells.nuclei import find_dna_channel, find_nuclei


def draw_discs(centres, radius, shape=(120, 120), seed=0):
    rows, columns = np.indices(shape)
    image = np.random.default_rng(seed).normal(100, 5, shape)
    for row, column in centres:
        image[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = 400
    return image


@pytest.mark.parametrize("radius", [5, 12])
def test_nuclei_of_any_magnification_are_found_at_their_centres(radius):
    centres = [(30, 30), (30, 85), (80, 50)]
    np.testing.assert_allclose(find_nuclei(draw_discs(centres, radius)), centres, atol=0.5)


def test_touching_nuclei_are_parted():
    centres = [(60, 40), (60, 57), (20, 90)]
    found = find_nuclei(draw_discs(centres, 10))
    np.testing.assert_allclose(found[np.argsort(found[:, 1])], centres, atol=1.5)


def test_nuclei_at_the_border_are_left_out():
    found = find_nuclei(draw_discs([(4, 60), (60, 60), (60, 116)], 8))
    np.testing.assert_allclose(found, [(60, 60)], atol=0.5)


def test_specks_are_left_out():
    image = draw_discs([(40, 40), (80, 80)], 10)
    image[20:23, 90:93] = 900
    assert len(find_nuclei(image)) == 2


@pytest.mark.parametrize("kind", ["constant", "noise", "shading"])
def test_a_field_without_nuclei_has_none(kind):
    rng = np.random.default_rng(0)
    images = {
        "constant": np.full((100, 100), 7),
        "noise": rng.normal(100, 5, (100, 100)),
        "shading": np.tile(np.linspace(0, 1000, 100), (100, 1)) + rng.normal(0, 5, (100, 100)),
    }
    assert find_nuclei(images[kind]).shape == (0, 2)


def test_the_unit_of_the_pixels_does_not_matter():
    image = draw_discs([(30, 30), (80, 50)], 10)
    np.testing.assert_allclose(find_nuclei(image / 65535), find_nuclei(image), atol=0.05)


@pytest.mark.parametrize(
    "name", ["DNA", "OrigDNA", "Hoechst 33342", "dapi", "Nuclei", "DRAQ5", "H33342"]
)
def test_the_dna_channel_is_found_by_its_name(name):
    assert find_dna_channel(["GFP", name, "Actin"]) == 1


@pytest.mark.parametrize("names", [("w1", "w2"), ("DNA", "GFP", "DAPI")])
def test_an_unclear_dna_channel_is_asked_for(names):
    with pytest.raises(
        ValueError, match=rf"among the channels {', '.join(names)}. Choose one with `nuclei"
    ):
        find_dna_channel(names)


def test_an_unknown_dna_channel_is_answered_with_the_nearest():
    assert find_dna_channel(["w1", "w2"], "w2") == 1
    with pytest.raises(ValueError, match="Received: nuclei_channel='W2', did you mean 'w2'"):
        find_dna_channel(["w1", "w2"], "W2")
