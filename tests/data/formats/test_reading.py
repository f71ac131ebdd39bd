import os
from pathlib import Path

import pytest

from keras_dcmix.data.formats.paths import files_below, path_inside
from keras_dcmix.data.formats.reading import Reading


@pytest.mark.parametrize("z", ["max", 1, 30])
def test_a_plane_is_the_maximum_or_counted_from_one(z):
    assert Reading(z=z).z == z


@pytest.mark.parametrize("z", [0, -1, "min", "1", 1.0, True, None])
def test_another_plane_is_refused(z):
    with pytest.raises(ValueError, match=rf"`z` must be 'max' or the number .* Received: z={z!r}"):
        Reading(z=z)


def test_a_root_becomes_a_path(tmp_path):
    assert Reading(root=str(tmp_path)).folder(Path("other")) == tmp_path
    assert Reading().folder(Path("other")) == Path("other")


def test_a_root_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"`root` must be a folder. Received: root='.*file'"):
        Reading(root=tmp_path / "file")


@pytest.mark.parametrize("name", ["a/b.tif", "./a//b.tif", "c/../a/b.tif", "{root}/a/b.tif"])
def test_a_path_inside_the_root_is_joined_to_it(tmp_path, name):
    path = path_inside(name.format(root=tmp_path), tmp_path, allow_outside=False)
    assert path == str(tmp_path / "a/b.tif")


@pytest.mark.parametrize("name", ["../b.tif", "a/../../b.tif", "/etc/b.tif", "../{name}2/b.tif"])
def test_a_path_that_leads_out_of_the_root_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"must stay in the folder .* allow_outside=True"):
        path_inside(name.format(name=tmp_path.name), tmp_path, allow_outside=False)


def test_a_path_may_lead_out_where_this_is_allowed(tmp_path):
    path = path_inside("../b.tif", tmp_path / "a", allow_outside=True)
    assert path == str(tmp_path / "b.tif")


def test_the_root_of_all_folders_holds_every_path():
    assert path_inside("/etc/b.tif", Path("/"), allow_outside=False) == "/etc/b.tif"


def test_a_relative_root_is_where_the_process_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert path_inside("b.tif", Path("."), allow_outside=False) == str(tmp_path / "b.tif")


def test_files_come_in_the_order_of_their_names_those_of_a_folder_first(tmp_path):
    for name in ("b/d", "b/c", "a/e", "z"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [os.path.relpath(file, tmp_path) for file in files_below(tmp_path)]
    assert names == ["z", "a/e", "b/c", "b/d"]


def test_a_folder_is_entered_once_however_links_lead_to_it(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").touch()
    os.symlink(tmp_path, tmp_path / "a/loop")
    os.symlink(tmp_path / "a", tmp_path / "b")
    assert list(files_below(tmp_path)) == [str(tmp_path / "a/file")]


def test_a_folder_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"Folder cannot be read: '.*gone' \(No such file"):
        list(files_below(tmp_path / "gone"))
