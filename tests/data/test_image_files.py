import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
from PIL import Image

from keras_dcmix.data import UnreadableImageError, read_image

GREY = np.arange(12 * 20, dtype=np.uint8).reshape(12, 20)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "float32", "float64"])
def test_a_tiff_keeps_its_pixels_and_its_data_type(tmp_path, dtype):
    pixels = GREY.astype(dtype) * 3
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    read = read_image(tmp_path / "a.tif")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, pixels)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_png_keeps_its_pixels_and_its_data_type(tmp_path, dtype):
    pixels = GREY.astype(dtype) * 200
    imageio.imwrite(tmp_path / "a.png", pixels)
    read = read_image(str(tmp_path / "a.png"))
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, pixels)


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_a_palette_with_a_falling_grey_ramp_gives_grey_values(tmp_path, name):
    image = Image.fromarray(GREY, mode="P")
    image.putpalette(np.repeat(255 - np.arange(256), 3).astype(np.uint8).tobytes())
    image.save(tmp_path / name)
    np.testing.assert_array_equal(read_image(tmp_path / name), 255 - GREY)


def test_a_palette_whose_entries_were_written_in_eight_bits_gives_grey_values(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint16), (3, 1))
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="palette", colormap=ramp)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), GREY)


def test_a_colour_palette_is_refused(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (3, 1))
    ramp[0] = 0
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="palette", colormap=ramp)
    with pytest.raises(UnreadableImageError, match="Received: 3 different colour channels"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_rgb_of_three_equal_channels_becomes_one(tmp_path, planar):
    axis = -1 if planar == "contig" else 0
    pixels = np.stack([GREY] * 3, axis=axis)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", planarconfig=planar)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), GREY)


def test_constant_opacity_is_dropped(tmp_path):
    opacity = np.full_like(GREY, 255)
    Image.fromarray(np.stack([GREY, GREY, GREY, opacity], axis=-1)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), GREY)


def test_true_colour_is_refused_with_the_file_in_the_message(tmp_path):
    pixels = np.stack([GREY, GREY, GREY + 1], axis=-1)
    imageio.imwrite(tmp_path / "colour.png", pixels)
    with pytest.raises(UnreadableImageError, match=r"3 different colour channels.*colour\.png"):
        read_image(tmp_path / "colour.png")


def test_an_lzw_tiff_is_read_without_imagecodecs(tmp_path):
    pixels = GREY.astype(np.uint16) * 257
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression="tiff_lzw")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), pixels)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableImageError, match=r"Image file is missing: '.*gone\.tif'"):
        read_image(tmp_path / "gone.tif")


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "empty.tif").touch()
    with pytest.raises(UnreadableImageError, match=r"empty \(0 bytes\): '.*empty\.tif'"):
        read_image(tmp_path / "empty.tif")


@pytest.mark.parametrize("name", ["text.tif", "text.png", "text.txt"])
def test_a_text_file_is_no_image(tmp_path, name):
    (tmp_path / name).write_text("well,dose\nA01,3\n")
    with pytest.raises(UnreadableImageError, match=rf"must be a complete image.*{name}"):
        read_image(tmp_path / name)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_truncated_tiff_is_refused(tmp_path, compression):
    pixels = np.random.default_rng(0).integers(0, 999, (64, 64), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, compression=compression)
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableImageError, match=r"must be a complete image.*a\.tif"):
        read_image(tmp_path / "a.tif")


def test_a_truncated_png_is_refused(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
    imageio.imwrite(tmp_path / "a.png", pixels)
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableImageError, match="truncated"):
        read_image(tmp_path / "a.png")


def test_a_stack_of_pages_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY] * 5), photometric="minisblack")
    with pytest.raises(UnreadableImageError, match="expected one page, found 5"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_pixels_that_are_not_finite_are_counted_and_refused(tmp_path, value):
    pixels = GREY.astype(np.float32)
    pixels[3, 4:6] = value
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    with pytest.raises(UnreadableImageError, match=r"Received: 2 pixels that are NaN.*a\.tif"):
        read_image(tmp_path / "a.tif")


def test_a_mask_of_truth_values_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY > 100)
    with pytest.raises(
        UnreadableImageError, match=r"integer or floating-point.*Received: dtype=bool"
    ):
        read_image(tmp_path / "a.tif")
