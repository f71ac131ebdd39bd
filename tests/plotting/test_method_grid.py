"""How the texts of the panels of methods break into lines."""

import pytest

from keras_dcmix.plotting.method_grid import wrapped


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("dcmix", ["dcmix"]),
        ("drop in accuracy", ["drop in", "accuracy"]),
        ("leave_one_out", ["leave_one_", "out"]),
        ("a_b_c", ["a_b_c"]),
        ("gradientsofeverything", ["gradi…hing"]),
        ("one two three four five six seven", ["one two", "three four", "five…even"]),
    ],
)
def test_long_texts_break_after_spaces_and_marks(text, lines):
    assert wrapped(text, 10) == lines
