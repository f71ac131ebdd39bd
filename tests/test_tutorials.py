"""The notebooks run from top to bottom, and lie in the repository with their outputs."""

import os
import sys
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = sorted((ROOT / "tutorials").glob("*.ipynb"))
MOST_BYTES = 1_000_000

each_tutorial = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def errors(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return [output.evalue for output in outputs if output.output_type == "error"]


@pytest.fixture
def command_on_path(tmp_path):
    """`keras-dcmix` of this source tree, whether or not the package is installed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "keras-dcmix"
    command.write_text(f"#!{sys.executable}\nfrom keras_dcmix.cli.app import main\n\nmain()\n")
    command.chmod(0o755)
    return folder


def test_there_are_tutorials():
    assert len(TUTORIALS) >= 2


@pytest.mark.tutorial
# 2026-11: pyzmq and nbclient leave sockets and event loops to the garbage collector.
@pytest.mark.filterwarnings("default::ResourceWarning", "default::DeprecationWarning")
@each_tutorial
def test_tutorial_runs_in_short_mode(path, tmp_path, command_on_path):
    notebook = nbformat.read(path, as_version=4)
    environment = {
        **os.environ,
        "KERAS_DCMIX_SHORT": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PATH": os.pathsep.join([str(command_on_path), os.environ["PATH"]]),
    }
    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    )
    kernel_spec = client.create_kernel_manager().kernel_spec
    kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    client.execute(env=environment)
    assert not errors(notebook)
    assert all(cell.execution_count for cell in code_cells(notebook))


@each_tutorial
def test_tutorial_is_kept_with_its_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any("image/png" in o.get("data", {}) for cell in cells for o in cell.outputs)
    assert not errors(notebook)
    assert not [o.text for cell in cells for o in cell.outputs if o.get("name") == "stderr"]
    assert path.stat().st_size < MOST_BYTES
