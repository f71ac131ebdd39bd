"""One message, in the words of Python or of the command line."""

from __future__ import annotations

import pickle

import pytest

from keras_dcmix._common.errors import DataError, InputWarning, argument, on_command_line


@pytest.mark.parametrize(
    ("value", "python", "command"),
    [
        ("none", "crop='none'", "--crop none"),
        (3, "crop=3", "--crop 3"),
        (True, "crop=True", "--crop"),
        ((0.1, 99.9), "crop=(0.1, 99.9)", "--crop 0.1,99.9"),
        ({"DNA": "w1 DAPI"}, "crop={'DNA': 'w1 DAPI'}", "--crop 'DNA=w1 DAPI'"),
        ({"A": "B", "C": "D"}, "crop={'A': 'B', 'C': 'D'}", "--crop A=B --crop C=D"),
    ],
)
def test_a_value_is_shown_as_python_or_the_command_line_writes_it(value, python, command):
    error = DataError(f"received {argument('crop', value)}: wrong")
    assert str(error) == f"received {python}: wrong"
    assert on_command_line(error) == f"received {command}: wrong"


@pytest.mark.parametrize("kind", [DataError, InputWarning])
def test_an_argument_without_a_value_is_mentioned(kind):
    message = kind(f"choose {argument('nuclei_channel')}")
    assert str(message) == "choose `nuclei_channel`"
    assert on_command_line(message) == "choose --nuclei-channel"


def test_only_what_has_an_option_is_shown_as_one():
    error = DataError(f"{argument('n_jobs', 0)} and {argument('images')}")
    assert on_command_line(error, {"n_jobs": "--jobs"}) == "--jobs 0 and `images`"


def test_text_of_a_user_is_left_alone():
    assert on_command_line(DataError("crop='none' and `crop`")) == "crop='none' and `crop`"


def test_an_error_travels_between_processes():
    error = pickle.loads(pickle.dumps(DataError(argument("crop", 3))))
    assert (on_command_line(error), error.page) == ("--crop 3", "data")
