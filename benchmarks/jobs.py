"""Jobs of a benchmark, several at a time, whose rows are on disk as soon as each is done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

_THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def limit_threads() -> None:
    """One thread in each process that starts from now on; before a backend is imported, here too.

    Two trainings with two threads each on two cores take longer than one after the other.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in _THREADS:
        os.environ[name] = "1"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON-lines file; none where there is no file.

    A last line that was cut off when the run was stopped is left out.
    """
    rows = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            print(f"left out a line of {path} that is cut off: {line[:60]}", flush=True)
    return rows


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Adds a row to a JSON-lines file, in one write, so that processes may share the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    is_cut_off = path.exists() and path.stat().st_size and path.read_bytes()[-1:] != b"\n"
    with path.open("a") as file:
        file.write("\n" * bool(is_cut_off) + json.dumps(row) + "\n")


def run_jobs(
    jobs: Iterable[tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]], out: Path, n_jobs: int
) -> None:
    """Does jobs, each a function and its arguments, and appends the row that each returns."""
    delayed = [joblib.delayed(function)(*arguments) for function, arguments in jobs]
    found = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(delayed)
    for number, row in enumerate(found, start=1):
        append_row(out, row)
        shown = ", ".join(f"{k} {v}" for k, v in row.items() if isinstance(v, str | int | float))
        print(f"{number} of {len(delayed)}: {shown}", flush=True)


def write_tables(path: Path, tables: Mapping[str, pd.DataFrame | str]) -> None:
    """Prints tables under their titles and writes them into a file."""
    texts = [f"{title}\n{_text(table)}" for title, table in tables.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(texts) + "\n")
    print("\n\n".join(texts))


def _text(table: pd.DataFrame | str) -> str:
    return table if isinstance(table, str) else table.to_string(float_format="{:.3f}".format)
