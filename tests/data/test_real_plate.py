import numpy as np
import pytest

from keras_dcmix.data import crop_fields, from_load_data, read_image, split_by_group


@pytest.fixture
def controls(real_plate):
    return from_load_data(
        real_plate / "load_data.csv", label="Metadata_Control", group="Metadata_Well"
    )


def test_the_control_wells_are_loaded(controls):
    assert len(controls) == 24
    assert controls.num_unlabelled == 72
    assert controls.channel_names == ("GFP", "DNA")
    assert controls.read(23).shape == (640, 640, 2)


def test_a_published_palette_tiff_equals_the_rewritten_one(real_plate):
    name = "Channel1-01-A-01.tif"
    published = read_image(real_plate / "original_tiff" / name)
    assert published.dtype == np.uint8
    np.testing.assert_array_equal(published, read_image(real_plate / "images" / name))


def test_cells_are_as_many_as_counted_before(controls):
    crops = crop_fields(controls.subset([0, 9, 23]), crop="cells", size=48)
    counts = np.bincount(crops.fields)
    np.testing.assert_allclose(counts, [277, 148, 197], atol=15)


def test_cells_have_their_nucleus_in_the_middle(controls):
    dna = crop_fields(controls.subset([0]), crop="cells", size=48)[:][..., 1]
    assert dna[:, 20:28, 20:28].mean() > 2.5 * dna[:, :, :4].mean()


def test_control_wells_split_with_both_classes_in_every_part(controls):
    for part in split_by_group(controls.labels, controls.groups):
        assert set(controls.labels[part]) == {"negative", "positive"}
