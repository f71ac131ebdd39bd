import numpy as np
import pytest

from keras_dcmix.data.cells.resizing import resize_field


def test_a_flat_field_stays_flat():
    field = np.full((40, 60, 2), 1234, np.uint16)
    np.testing.assert_array_equal(resize_field(field, 7, 9), np.full((7, 9, 2), 1234.0))


def test_all_pixels_count_where_a_field_shrinks():
    field = np.random.default_rng(0).integers(0, 60_000, (64, 64, 3)).astype(np.uint16)
    small = resize_field(field, 8, 8)
    np.testing.assert_allclose(small.mean(axis=(0, 1)), field.mean(axis=(0, 1)), rtol=0.02)
    assert small.std() < field.std() / 4


def test_a_bright_half_stays_on_its_side():
    field = np.zeros((20, 20, 1), np.uint8)
    field[:10] = 200
    small = resize_field(field, 4, 4)[..., 0]
    np.testing.assert_array_equal(small[0], np.full(4, 200.0))
    np.testing.assert_array_equal(small[-1], np.zeros(4))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, bool])
def test_every_data_type_becomes_float32(dtype):
    assert resize_field(np.ones((8, 8, 1), dtype), 4, 2).dtype == np.float32
