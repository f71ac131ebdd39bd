"""Executes the tutorials and stores them with their outputs: `make tutorials`.

Notebooks named on the command line are executed instead of all. A notebook is replaced when all of
it has run; an error leaves the old one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat

HERE = Path(__file__).resolve().parent


def execute(path: Path) -> None:
    """Executes one notebook in an empty folder, with the Python that runs this."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = nbclient.NotebookClient(
            notebook,
            timeout=1800,
            record_timing=False,
            resources={"metadata": {"path": folder}},
        )
        kernel_spec = client.create_kernel_manager().kernel_spec
        kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        # So that a cell that calls `keras-dcmix` meets the one beside this Python.
        programs = Path(sys.executable).parent
        path_there = f"{programs}{os.pathsep}{os.environ['PATH']}"
        # What the backend says when it starts is not shown; errors of cells come through nbclient.
        client.execute(env=os.environ | {"PATH": path_there}, stderr=subprocess.DEVNULL)
    notebook.metadata.pop("language_info", None)  # the version of Python that happened to run
    unfinished = path.with_suffix(".unfinished")
    nbformat.write(notebook, unfinished)
    unfinished.replace(path)


def main() -> None:
    """Executes the notebooks that were named, or all."""
    for path in [Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("*.ipynb")):
        start = time.monotonic()
        execute(path)
        print(f"{path.name}: {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
