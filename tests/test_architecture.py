"""Imports between rooms and modules, and what importing the package may and may not do."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import keras_dcmix

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "keras_dcmix"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Which rooms each room may import from, inside functions and for type checkers too. The package
# itself counts as a room: it holds the version.
BASE = {"_common", "layers", "data"}
MODELS = BASE | {"datasets", "callbacks", "models"}
SCORES = MODELS | {"importance"}
RESULTS = SCORES | {"evidence", "plotting"}
MAY_IMPORT = {
    "__init__": {"layers"},
    "_common": set(),
    "layers": {"_common"},
    "data": {"_common"},
    "datasets": {"_common", "data"},
    "inspection": {"_common", "data"},
    "callbacks": {"_common", "layers"},
    "models": BASE | {"callbacks"},
    "importance": MODELS,
    "evidence": SCORES,
    "plotting": SCORES | {"evidence"},
    "experiments": RESULTS,
    "inference": SCORES,
    "report": RESULTS | {"experiments", "inference", "inspection"},
    "cli": RESULTS | {"__init__", "experiments", "inference", "inspection", "report"},
    "__main__": {"cli"},
}


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """All absolute names that a module imports, and whether while it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    later = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in later) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            yield from ((f"{base}.{alias.name}", node not in later) for alias in node.names)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def rooms_imported(path: Path) -> set[str]:
    """The rooms of the package that a module enters, without its own."""
    rooms = set()
    for name, _ in imported(path):
        first, *inner = name.split(".")
        if first == "keras_dcmix":
            is_version = not inner or inner == ["__version__"]
            rooms.add("__init__" if is_version else inner[0])
    return rooms - {room(path)}


def in_fresh_process(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    assert room(path) in MAY_IMPORT, f"{room(path)} is not on the map: give it a line there"
    assert rooms_imported(path) <= MAY_IMPORT[room(path)]


def test_the_map_itself_has_no_cycle():
    entered = {name: rooms - {"__init__"} for name, rooms in MAY_IMPORT.items()}
    while leaves := {name for name, rooms in entered.items() if not rooms}:
        entered = {name: rooms - leaves for name, rooms in entered.items() if name not in leaves}
    assert not entered


def test_every_room_on_the_map_exists():
    assert {room(path) for path in MODULES} == set(MAY_IMPORT)


def cycles(modules: dict[str, set[str]]) -> set[str]:
    """The modules that a cycle of imports leads through, or that one leads to."""
    left = dict(modules)
    while leaves := {name for name, imports in left.items() if not imports & set(left)}:
        left = {name: imports for name, imports in left.items() if name not in leaves}
    return set(left)


def test_no_import_cycle_exists_between_modules():
    names = {module_name(path): path for path in MODULES}
    graph = {}
    for name, path in names.items():
        found = {target for target, _ in imported(path) if target.startswith("keras_dcmix.")}
        # What is imported from a module is the module itself, or one below it.
        targets = {t if t in names else t.rpartition(".")[0] for t in found}
        graph[name] = targets & set(names) - {name}
    assert cycles(graph) == set()


def test_a_cycle_is_found():
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == {"a", "b", "c"}


def test_the_root_holds_only_the_callbacks():
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", "__main__", "callbacks"}


def test_only_gradients_and_artefacts_import_a_backend_and_only_inside_functions():
    found = {
        (path.relative_to(PACKAGE).as_posix(), name.split(".")[0], at_import)
        for path in MODULES
        for name, at_import in imported(path)
        if name.split(".")[0] in {"tensorflow", "jax", "torch", "openvino"}
    }
    file = "importance/gradients.py"
    assert found == {
        *((file, backend, False) for backend in ("tensorflow", "jax", "torch")),
        ("inference/formats/saved_model.py", "tensorflow", False),
        ("inference/formats/torch_program.py", "torch", False),
    }


def test_data_and_datasets_do_without_keras():
    found = {
        (path.relative_to(PACKAGE).as_posix(), at_import)
        for path in MODULES
        for name, at_import in imported(path)
        if room(path) in {"data", "datasets"} and name.split(".")[0] == "keras"
    }
    assert found == {("data/batches.py", True), ("datasets/mnist_channels.py", False)}


def test_prediction_and_artefacts_do_without_keras_until_a_model_needs_it():
    script = "import sys, keras_dcmix.inference.prediction; print('keras' in sys.modules)"
    assert in_fresh_process(script) == "False\n"


def test_importing_the_package_imports_nothing_slow():
    script = """
import sys, keras_dcmix
dir(keras_dcmix)
slow = {"keras", "tensorflow", "jax", "torch", "pandas", "scipy", "skimage", "matplotlib", "numpy"}
print(sorted(slow & set(sys.modules)))
"""
    assert in_fresh_process(script) == "[]\n"


@pytest.mark.parametrize("order", ["keras, keras_dcmix", "keras_dcmix, keras"])
def test_layers_are_registered_whichever_is_imported_first(order):
    script = f"import {order}; print(keras.saving.get_registered_object('keras_dcmix>DCMix'))"
    assert in_fresh_process(script) == "<class 'keras_dcmix.layers.dcmix.DCMix'>\n"


def test_importing_every_module_leaves_the_process_as_it_was():
    modules = [
        module_name(path)
        for path in MODULES
        if path.name != "__main__.py"  # runs the command
    ]
    # What others change when they are imported is theirs, so they come first.
    script = f"""
import importlib, logging, os, sys, warnings
import joblib, keras, matplotlib, matplotlib.pyplot, numpy, pandas, rich.console, scipy.stats
import skimage.filters, typer

def state():
    return {{
        "environment": dict(os.environ),
        "backend of matplotlib": matplotlib.get_backend(auto_select=False),
        "rcParams": {{k: matplotlib.rcParams[k] for k in matplotlib.rcParams if k != "backend"}},
        "logging": (logging.root.level, logging.root.handlers[:]),
        "warnings": warnings.filters[:],
        "data format": (keras.config.image_data_format(), keras.config.dtype_policy().name),
        "random numbers": numpy.random.get_state()[1].tolist(),
        "path": sys.path[:],
    }}

before = state()
for name in {modules}:
    importlib.import_module(name)
after = state()
print([what for what in before if before[what] != after[what]])
"""
    assert in_fresh_process(script) == "[]\n"


@pytest.mark.parametrize(
    "name",
    [
        "ChannelImportance",
        "ChannelRanking",
        "Export",
        "MethodComparison",
        "Predictor",
        "SubsetScores",
        "Training",
        "compare_methods",
        "export_model",
        "load_predictor",
        "rank_channels",
        "callbacks.ChannelWeightHistory",
        "callbacks.StableRankingStopping",
        "data.ImageBatches",
        "data.ImageSet",
        "data.from_load_data",
        "data.Preprocessing",
        "datasets.mnist_channels",
        "datasets.planted_channels",
        "datasets.simulated_cells",
        "datasets.simulated_screen",
        "datasets.write_screen",
        "importance.mixing_weights",
        "importance.subset_scores",
        "inference.ModelCard",
        "inference.export_model",
        "inference.open_crops",
        "layers.CBAM",
        "layers.ChannelAttention",
        "layers.ChannelSubsets",
        "layers.DCMix",
        "layers.EfficientChannelAttention",
        "layers.SoftAttention",
        "layers.SqueezeExcitation",
        "models.build_classifier",
        "plotting.plot_cells",
        "plotting.plot_evidence",
        "plotting.plot_groups",
        "plotting.plot_importance",
        "plotting.plot_mix",
        "plotting.plot_deletion_insertion",
        "plotting.plot_methods",
        "plotting.plot_panels",
        "plotting.plot_plate",
        "plotting.plot_rank_correlation",
        "plotting.plot_thumbnails",
        "plotting.plot_trajectory",
        "report.comparison_report",
        "report.ranking_report",
        "statistics.rank_correlation",
    ],
)
def test_a_public_name_is_found_and_listed(name):
    first, *inner = name.split(".")
    assert first in dir(keras_dcmix)
    found = getattr(keras_dcmix, first)
    if inner:
        assert inner[0] in getattr(found, "__all__", dir(found))
        found = getattr(found, inner[0])
    assert found.__name__ == name.split(".")[-1]


def test_a_room_inside_a_room_is_found_first_of_all():
    script = "from keras_dcmix import statistics; print(statistics.__name__)"
    assert in_fresh_process(script) == "keras_dcmix.evidence.statistics\n"


def test_all_that_is_listed_resolves():
    for name in dir(keras_dcmix):
        assert getattr(keras_dcmix, name) is not None
    assert "__version__" in keras_dcmix.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="keras_dcmix attribute rank_chanels"):
        keras_dcmix.rank_chanels  # noqa: B018
