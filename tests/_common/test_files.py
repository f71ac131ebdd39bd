"""A result is complete at its place, or the earlier one is still there."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest

from keras_dcmix._common.files import (
    RUN,
    check_place,
    output_folder,
    write_text,
    written_atomically,
)


@pytest.fixture
def earlier(tmp_path):
    folder = tmp_path / "earlier"
    folder.mkdir()
    (folder / RUN).touch()
    return folder


def names(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_a_folder_is_replaced_when_it_is_complete(earlier, tmp_path):
    with output_folder(earlier, overwrite=True) as made:
        (made / "new").touch()
        assert names(tmp_path / "earlier") == [RUN]
    assert names(tmp_path) == ["earlier", "new"]


def test_after_an_error_the_earlier_folder_is_still_there(earlier, tmp_path):
    with suppress(KeyboardInterrupt), output_folder(earlier, overwrite=True) as made:
        (made / "new").touch()
        raise KeyboardInterrupt
    assert names(tmp_path) == ["earlier", RUN]


def test_a_result_that_cannot_be_moved_leaves_the_earlier_one(earlier, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError), written_atomically(earlier) as made:
        made.mkdir()
    assert names(tmp_path) == ["earlier", RUN]


def test_text_is_written_completely_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_text(path, "µ")
    assert path.read_text(encoding="utf-8") == "µ"
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\udcff")
    assert path.read_text(encoding="utf-8") == "µ"
    assert names(tmp_path) == ["a.json"]


def test_a_new_place_and_an_empty_folder_may_be_used(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_place("~/p.csv") == tmp_path.resolve() / "p.csv"
    (tmp_path / "R").mkdir()
    assert check_place(tmp_path / "R", mark=RUN) == tmp_path / "R"


@pytest.mark.parametrize(
    ("place", "options", "words"),
    [
        ("earlier", {"mark": RUN}, "overwrite=True"),
        ("earlier", {"mark": "inspection.json", "overwrite": True}, "no inspection.json in it"),
        ("earlier", {"overwrite": True}, "never overwritten"),
        ("file", {}, "overwrite=True"),
        ("file", {"mark": RUN, "overwrite": True}, "never overwritten"),
        ("nowhere/file", {}, "can be written to"),
        ("model.h5", {"suffix": ".onnx"}, r"must end in \.onnx, such as model\.onnx"),
    ],
)
def test_a_place_that_is_taken_or_does_not_fit_is_refused(earlier, tmp_path, place, options, words):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=words):
        check_place(tmp_path / place, **options)


def test_a_folder_that_is_not_writable_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *where: False)
    with pytest.raises(ValueError, match="can be written to"):
        check_place(tmp_path / "p.csv")
