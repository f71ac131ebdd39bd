"""Every code block of the README and of the docs does what it says, on fewer and smaller cells."""

from __future__ import annotations

import ast
import configparser
import io
import re
import shlex
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import cache
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tifffile
import typer.main
from markdown_it import MarkdownIt

import keras_dcmix
from keras_dcmix.cli import app as cli
from keras_dcmix.experiments.compare import chosen_methods

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
BLOCKS = [
    pytest.param(page, token, id=f"{page.relative_to(ROOT)}:{token.map[0] + 1}")
    for page in PAGES
    for token in MarkdownIt().parse(page.read_text("utf-8"))
    if token.type in ("fence", "code_block")
]
COMMANDS = typer.main.get_command(cli.app).commands
# What makes a command short; of an option given twice the last one counts.
SHORT = {
    "rank": "--folds 1 --epochs 1 --size 16 --no-check --overwrite",
    "compare": "--seeds 1 --epochs 1 --size 16 --overwrite --methods dcmix",
    "simulate": "--experiments 3 --wells 8 --sites 1 --size 128",
    "inspect": "--overwrite",
    "predict": "--overwrite",
    "export": "--overwrite",
}


@pytest.mark.tutorial
@pytest.mark.parametrize(("page", "token"), BLOCKS)
def test_each_block_does_what_it_says(page, token, desk, tmp_path, monkeypatch):
    language, _, argument = token.info.partition(" ")
    if language not in CHECKS:
        pytest.fail(f"no test knows blocks of {language or 'no language'!r}: teach one in CHECKS")
    monkeypatch.chdir(tmp_path)
    CHECKS[language](page=page, argument=argument, text=token.content, desk=desk)


def test_the_list_of_commands_is_whole():
    text = (ROOT / "docs/command-line.md").read_text("utf-8")
    assert set(re.findall(r"^```\{command\} (\w+)", text, flags=re.MULTILINE)) == set(COMMANDS)


def test_a_block_without_output_or_with_an_unknown_option_is_noticed(desk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match="says nothing"):
        runs_python(page=PAGES[0], argument="", text="x = 1", desk=desk)
    for line in (
        "make nothing",
        'pip install ".[nothing]"',
        "python benchmarks/panels.py --no",
        "keras-dcmix rank simulated --out R --no-such-option",
    ):
        with pytest.raises(Exception, match=r"nothing|--no"):
            runs_shell(page=PAGES[0], argument="", text=line, desk=desk)


class Desk:
    """A folder with a small plate under every name that the docs use; runs each command once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: set[str] = set()
        screen = keras_dcmix.datasets.simulated_screen(
            num_experiments=1, plates_per_experiment=1, wells_per_plate=12, sites_per_well=1,
            size=128, phenotypes={"drug": {"Mito": 3.0}},
        )  # fmt: skip
        keras_dcmix.datasets.write_screen(screen, folder / "plate", "loaddata")
        (folder / "next_plate").symlink_to(folder / "plate")
        table = pd.read_csv(folder / "plate" / "load_data.csv", dtype=str)
        for name in table.filter(like="PathName_"):
            table[name] = "plate/" + table[name]
        table["Metadata_Control"] = table["Metadata_Treatment"]
        for name in ("load_data.csv", "plate.csv"):
            table.to_csv(folder / name, index=False)
        wells = table[["Metadata_Well", "Metadata_Treatment"]]
        wells.to_csv(folder / "layout.csv", index=False)
        self._write_scans(wells["Metadata_Well"])
        model = keras_dcmix.models.build_classifier((16, 16, 2), 2)
        model.get_layer("standardize").adapt(np.random.default_rng(0).random((8, 16, 16, 2)))
        model.save(folder / "own.keras")

    def _write_scans(self, wells: pd.Series) -> None:
        """Files that either pattern of docs/data.md fits."""
        pixels = np.random.default_rng(0).integers(0, 200, (16, 16)).astype("uint16")
        for well in wells:
            for name in (f"{well}_s1", f"{well[0]}-{well[1:]}"):
                for channel in ("DNA", "ER"):
                    path = self.folder / "scans" / "P1" / f"{name}_{channel}.tif"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    tifffile.imwrite(path, pixels)

    def run(self, line: str) -> None:
        """Runs a command, and before it those that make what it reads."""
        if line in self.done:
            return
        _, command, *arguments = shlex.split(line, comments=True)
        context = COMMANDS[command].make_context(command, list(arguments))  # are options known?
        if keras.backend.backend() != "tensorflow":
            return  # commands do not depend on it, but for export, which tests/inference asks
        for made, maker in makers().items():
            if made in arguments and context.params.get("out") != Path(made):
                self.run(maker)
        if context.params.get("methods"):
            chosen_methods(context.params["methods"].split(","))
        short = shlex.split(SHORT.get(command, ""))
        if "simulated" in arguments:
            short += ["--num-images", "48"]
        printed, code = io.StringIO(), 0
        with pytest.MonkeyPatch.context() as patch, chdir(self.folder):
            patch.setattr(sys, "argv", ["keras-dcmix", command, *arguments, *short])
            with redirect_stdout(printed), redirect_stderr(printed):
                try:
                    cli.main()
                except SystemExit as stop:
                    code = stop.code
        assert not code, f"{line}\n{printed.getvalue()}"
        for option in ("out", "wells"):
            written = context.params.get(option)
            assert not isinstance(written, Path) or (self.folder / written).exists(), line
        self.done.add(line)


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@cache
def makers() -> dict[str, str]:
    """For each result that the docs name: the first command that writes it."""
    found: dict[str, str] = {}
    for block in BLOCKS:
        for line in lines_of(block.values[1].content):
            if line.startswith("keras-dcmix") and "--out" in line.split():
                found.setdefault(re.search(r"--out (\S+)", line)[1], line)
    return found


def lines_of(text: str) -> list[str]:
    lines = text.replace("\\\n", " ").splitlines()
    return [shlex.join(words) for line in lines if (words := shlex.split(line, comments=True))]


def runs_shell(*, text: str, desk: Desk, **_: Any) -> None:
    for line in lines_of(text):
        words = [word for word in shlex.split(line) if not re.match(r"[A-Z_]+=", word)]
        if words[0] == "keras-dcmix":
            desk.run(line)
        elif words[0] == "make":
            makefile = (ROOT / "Makefile").read_text("utf-8")
            assert re.search(rf"^{words[1]}:", makefile, flags=re.MULTILINE), line
        elif words[:2] == ["pip", "install"]:
            setup = configparser.ConfigParser()
            setup.read(ROOT / "setup.cfg")
            wanted = re.fullmatch(r"\.\[(.+)\]", words[2])[1].split(",")
            assert set(wanted) <= set(setup["options.extras_require"]), line
        elif words[0] == "python" and words[1].startswith("benchmarks/"):
            options = {word for word in words[2:] if word.startswith("--")}
            assert options <= options_of(ROOT / words[1]), line
        elif words[1:3] == ["-m", "pytest"]:
            assert (ROOT / words[3]).is_file(), line
        else:
            pytest.fail(f"no test knows the command {words[0]!r}: {line}")


def options_of(script: Path) -> set[str]:
    """The options that a script gives to its parser."""
    return {
        argument.value
        for node in ast.walk(ast.parse(script.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }


def runs_python(*, page: Path, text: str, desk: Desk, **_: Any) -> None:
    here, printed = Path.cwd(), io.StringIO()
    if 'load_model("ranking/' in text:
        if keras.backend.backend() != "tensorflow":
            pytest.skip("the ranking that this block loads is made on TensorFlow only")
        desk.run(makers()["ranking"])
        (here / "ranking").symlink_to(desk.folder / "ranking")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        # A training for each channel: two channels ask the same as six.
        trains_each = re.search(r"single_channel|leave_one_out", text)
        make_short(patch, small_cells(2 if trains_each else 6))
        exec(compile(text, page, "exec"), {})
    written = [path for path in here.iterdir() if not path.is_symlink()]
    assert printed.getvalue().strip() or written, (
        f"the block says nothing and writes nothing\n{text}"
    )
    for saved in here.glob("*.keras"):
        loaded = keras_dcmix.importance.mixing_weights(keras.models.load_model(saved))
        assert loaded.channel_names == small_cells().channel_names


@cache
def small_cells(num_channels: int = 6) -> keras_dcmix.datasets.ChannelDataset:
    cells = keras_dcmix.datasets.simulated_cells(48, size=16, num_plates=1, wells_per_plate=12)
    kept = slice(num_channels)
    names, truth = cells.channel_names[kept], cells.truth[kept]
    return replace(cells, images=cells.images[..., kept], channel_names=names, truth=truth)


def make_short(patch: pytest.MonkeyPatch, cells: keras_dcmix.datasets.ChannelDataset) -> None:
    """Few small cells, one epoch and one seed, whatever a block asks for."""
    once = keras_dcmix.Training(epochs=1, check_steps=1)
    patch.setattr(keras_dcmix.datasets, "simulated_cells", lambda *_, **__: cells)
    patch.setattr(keras_dcmix, "Training", lambda **_: once)
    patch.setattr(keras_dcmix, "rank_channels", rank_shortly)
    compare = keras_dcmix.compare_methods
    patch.setattr(
        keras_dcmix,
        "compare_methods",
        lambda *a, **k: compare(*a, **{"training": once, **k, "num_seeds": 1}),
    )


RANKINGS: dict[tuple[int, bool], keras_dcmix.ChannelRanking] = {}
rank_channels = keras_dcmix.rank_channels


def rank_shortly(*images: Any, **kwargs: Any) -> keras_dcmix.ChannelRanking:
    """Blocks that ask for the same ranking share it."""
    signature(rank_channels).bind(*images, **kwargs)
    key = (len(images), kwargs.get("check", True))
    if key not in RANKINGS:
        kwargs |= {"num_folds": 1, "num_repeats": 1, "training": keras_dcmix.Training()}
        RANKINGS[key] = rank_channels(*images, **kwargs)
    return RANKINGS[key]


def names_pages(*, page: Path, text: str, **_: Any) -> None:
    entries = [line for line in text.splitlines() if line and not line.startswith(":")]
    assert entries
    for entry in entries:
        pattern = entry if "*" in entry else f"{entry}.md"
        assert list((page.parent / pattern).parent.glob(Path(pattern).name)), entry


def names_objects(*, text: str, **_: Any) -> None:
    names = re.findall(r"^\.\. auto\w+:: (\S+)$", text, flags=re.MULTILINE)
    assert len(names) == len([line for line in text.splitlines() if not line.startswith(" ")])
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert getattr(import_module(module), attribute).__doc__, name


def lists_all_methods(*, text: str, **_: Any) -> None:
    assert not text, "the registry of methods says it all"


def names_a_command(*, argument: str, **_: Any) -> None:
    assert argument in COMMANDS


def shows_a_part_of_a_file(*, page: Path, argument: str, text: str, **_: Any) -> None:
    source = (page.parent / argument).read_text("utf-8")
    marks = re.findall(r'^:(?:start-at|end-at): "?(.+?)"?$', text, flags=re.MULTILINE)
    assert len(marks) == 2
    assert all(mark in source for mark in marks)


CHECKS = {
    "python": runs_python,
    "shell": runs_shell,
    "{toctree}": names_pages,
    "{eval-rst}": names_objects,
    "{command}": names_a_command,
    "{importance-functions}": lists_all_methods,
    "{literalinclude}": shows_a_part_of_a_file,
}
