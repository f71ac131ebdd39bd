"""`keras-dcmix doctor` tells what is there and what to install, whatever is missing."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import keras

from keras_dcmix.cli import installation as doctor

ROOT = Path(__file__).resolve().parents[2]


def test_the_doctor_tells_versions_backend_device_and_extras(command):
    code, printed = command("doctor")
    assert code == 0, printed
    assert f"{keras.backend.backend()} " in printed
    for words in (keras.__version__, "device", "cpu", "[hci] tifffile", "export onnx"):
        assert words in printed


def test_the_doctor_says_what_to_install_for_a_missing_extra(command, monkeypatch):
    known = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda n: None if n == "tifffile" else known(n))
    found = {line.name: line for line in doctor.extras()}
    assert found["[hci] tifffile"].state == "missing"
    assert found["[hci] tifffile"].remedy == "pip install 'keras-dcmix[hci]'"
    assert not found["[hci] zarr"].remedy


def test_the_doctor_asks_for_no_second_backend(monkeypatch):
    known = doctor._version
    others = {"tensorflow", "jax", "torch"} - {keras.backend.backend()}
    monkeypatch.setattr(doctor, "_version", lambda n: None if n in others else known(n))
    assert not [line for line in doctor.extras() if line.name.split()[-1] in others and line.remedy]


def test_the_doctor_says_which_formats_another_backend_writes():
    found = {line.name: line for line in doctor.exports("jax")}
    assert found["export litert"].remedy == "KERAS_BACKEND=tensorflow"


def test_the_doctor_works_where_keras_does_not():
    script = "import sys; sys.modules['keras'] = None; from keras_dcmix.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "doctor"],
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 2
    assert "Keras does not start: " in done.stdout
    assert "pip install 'keras-dcmix[tensorflow]'" in done.stdout
    assert "Traceback" not in done.stderr


def run(script: str, **environment: str) -> tuple[int, str, str]:
    script += "; import sys; sys.argv = ['keras-dcmix', 'doctor']"
    script += "; from keras_dcmix.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_an_unknown_backend_is_a_fault_with_the_ones_that_are_there():
    code, printed, errors = run("pass", KERAS_BACKEND="theano")
    assert code == 2
    assert "KERAS_BACKEND=" in printed
    assert "Keras does not start: Unable to import backend : theano" in printed
    assert not errors


def test_without_any_backend_everything_fits_into_80_columns_and_no_command_is_broken():
    missing = ["tensorflow", "jax", "torch", "keras", "onnxruntime", "ai_edge_litert"]
    code, printed, errors = run(f"import sys; sys.modules.update(dict.fromkeys({missing}))")
    assert code == 2
    assert not errors
    assert max(map(len, printed.splitlines())) <= 80
    assert "pip install 'keras-dcmix[tensorflow]'" in printed
    assert "predict onnx" in printed
    assert "pip install 'keras-dcmix[export]'" in printed
    assert "export onnx" not in printed


def test_a_missing_extra_is_no_fault(command, monkeypatch):
    monkeypatch.setattr(doctor, "is_installed", lambda name: False)
    code, printed = command("doctor")
    assert code == 0
    assert "missing" in printed


def test_a_keras_that_does_not_start_is_not_ready_to_predict():
    states = {line.name: line.state for line in doctor.runtimes(keras_starts=False)}
    assert states["predict keras"] == "needs a backend"
    assert states["predict onnx"] == "ready"


def test_packages_for_developers_are_not_asked_for():
    assert not [line for line in doctor.extras() if line.name.startswith(("[docs]", "[test]"))]


def test_a_folder_that_is_not_installed_says_so(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    assert [line.state for line in doctor.packages()][2:] == ["not known"]
