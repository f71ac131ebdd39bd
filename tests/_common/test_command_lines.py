"""Lines to copy are taken apart by shells as they were put together."""

from __future__ import annotations

import csv
import shlex
import subprocess
import sys

import pytest

from keras_dcmix._common.command_lines import command_line, joined_names

WORDS = [
    "plate",
    "a plate",
    r"C:\data\plate.csv",
    r"C:\my data\plate.csv",
    r"\\server\share\plate",
    "ends in \\",
    "it's",
    'a "quoted" name',
    "$HOME `date` !x %PATH%",
    "*.tif & more; rm",
    "'{well}_{channel}.tif'",
    "(?P<row>[A-H])",
    "Zelle ü",
    "",
]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_survives_shlex(word):
    assert shlex.split(command_line(["rank", word], windows=False)) == ["rank", word]


@pytest.mark.skipif(sys.platform == "win32", reason="needs sh")
@pytest.mark.parametrize("word", WORDS)
def test_a_word_survives_sh(word):
    line = command_line(["printf", "%s|", word, "end"], windows=False)
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
    assert done.stdout.decode() == f"{word}|end|"


@pytest.mark.parametrize("word", [r"C:\data\plate.csv", r"C:\my data\plate.csv"])
def test_a_path_is_written_alike_for_all_shells(word):
    line = command_line([word], windows=True)
    assert line == command_line([word], windows=False) == f'"{word}"'


def test_what_an_interactive_shell_replaces_is_in_single_quotes():
    assert command_line(["wow! $x"], windows=False) == "'wow! $x'"
    assert command_line(["wow! x"], windows=False) == "'wow! x'"


@pytest.mark.parametrize(
    ("word", "line"),
    [
        (r"\\server\a share", r'"\\server\a share"'),
        ("C:\\my dir\\", '"C:\\my dir\\\\"'),
        ('a "b"', '"a \\"b\\""'),
        ("it's", '"it\'s"'),
    ],
)
def test_on_windows_words_are_quoted_as_its_programs_read_them(word, line):
    assert command_line([word], windows=True) == line


def test_names_with_commas_and_quotes_are_read_again():
    names = ["DNA", "488, long", 'so "called"']
    assert next(csv.reader([joined_names(names)])) == names
