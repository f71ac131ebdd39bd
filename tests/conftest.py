"""What all tests share: the backend that was asked for, closed figures, a fixed seed."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import matplotlib as mpl
import pytest

mpl.use("Agg")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_report_header() -> str:
    return f"Keras backend: {os.environ.get('KERAS_BACKEND', 'as configured')}"


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the folder of real images {SHARED} is not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def command():
    """Runs the command in this process; returns exit code and what it printed."""
    from keras_dcmix.cli import app as cli

    def run(*arguments: object, width: int = 200) -> tuple[int, str]:
        code, printed = 0, io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["keras-dcmix", *map(str, arguments)])
            patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
            patch.setenv("COLUMNS", str(width))
            with redirect_stdout(printed), redirect_stderr(printed):
                try:
                    cli.main()
                except SystemExit as stop:
                    code = stop.code or 0
        return code, printed.getvalue()

    return run
