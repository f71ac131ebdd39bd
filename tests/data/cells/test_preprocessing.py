import pytest

from keras_dcmix.data.cells.preprocessing import ILLUMINATION, NORMALIZE, Preprocessing


def test_the_defaults_leave_pixels_as_they_are():
    steps = Preprocessing()
    assert not steps.corrects
    assert not steps.scales


@pytest.mark.parametrize("illumination", ILLUMINATION)
def test_every_illumination_is_allowed(illumination):
    assert Preprocessing(illumination=illumination).corrects == (illumination != "none")


@pytest.mark.parametrize("normalize", NORMALIZE)
def test_every_normalisation_is_allowed(normalize):
    assert Preprocessing(normalize=normalize).scales == (normalize != "none")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"illumination": "file"}, "illumination='file', did you mean 'files'"),
        ({"normalize": "plates"}, "normalize='plates', did you mean 'plate'"),
        ({"background": 100}, "percentile from 0 up to 100. Received: background=100"),
        ({"background": -1}, "Received: background=-1"),
        ({"clip": (99, 1)}, r"lower and an upper percentile.*Received: clip=\(99, 1\)"),
        ({"clip": (1, 2, 3)}, "lower and an upper percentile"),
        ({"clip": (-1, 99)}, "from 0 to 100"),
        ({"controls": "A=b"}, "needs normalize='plate'. Received: normalize='none'"),
        ({"normalize": "plate", "controls": "DMSO"}, "`controls` must be COLUMN=VALUE"),
    ],
)
def test_wrong_values_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        Preprocessing(**arguments)
