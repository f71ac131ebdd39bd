"""Help of the command: examples, and the page of the docs that helps where something is wrong."""

from __future__ import annotations

import traceback

LOOK, ANSWER, TAKE_AWAY = "Look first", "Answer the question", "Take the model along"

EXAMPLES = {
    "inspect": (
        ("What is there, and which columns could hold the labels?", "keras-dcmix inspect plate"),
        (
            "Would a ranking by treatment learn plates instead?",
            "keras-dcmix inspect plate --label Metadata_Treatment --out inspection",
        ),
        (
            "Labels in a table of wells, channels in the files' names",
            "keras-dcmix inspect images --pattern '{well}_{channel}.tif' --platemap wells.csv",
        ),
    ),
    "simulate": (
        (
            "A screen in the layout of RxRx1, with the truth beside it",
            "keras-dcmix simulate --layout rxrx1 --out screen",
        ),
        (
            "Effects of your own, in standard deviations between untreated cells",
            "keras-dcmix simulate --layout loaddata --effects 'drug:Mito=3,Golgi=1.5' --out screen",
        ),
    ),
    "rank": (
        ("To see one, on simulated cells", "keras-dcmix rank simulated --seeds 3 --out demo"),
        (
            "A plate, one image a cell",
            "keras-dcmix rank plate --label Metadata_Treatment --crop cells --out ranking",
        ),
        (
            "Plates that differ in brightness, and whole plates unseen by the models",
            "keras-dcmix rank plate --label Metadata_Treatment --normalize plate "
            "--group Metadata_Plate --out ranking",
        ),
        (
            "After an interruption",
            "keras-dcmix rank plate --label Metadata_Treatment --out ranking --resume",
        ),
    ),
    "compare": (
        (
            "All methods",
            "keras-dcmix compare plate --label Metadata_Treatment --crop cells --out comparison",
        ),
        (
            "Some that are quick",
            "keras-dcmix compare plate --label Metadata_Treatment "
            "--methods dcmix,shapley,permutation --seeds 1 --out comparison",
        ),
    ),
    "predict": (
        (
            "The next plate, cut and corrected as in training",
            "keras-dcmix predict ranking next_plate --out predictions.csv --wells wells.csv",
        ),
        (
            "Where a channel is called otherwise",
            "keras-dcmix predict ranking next_plate --map DNA=Hoechst --out predictions.csv",
        ),
    ),
    "export": (
        (
            "For a machine without Keras",
            "keras-dcmix export ranking --format onnx --out model.onnx",
        ),
        (
            "Names for a model of your own",
            "keras-dcmix export own.keras --format keras --channel-names DNA,ER "
            "--classes control,treated --out named.keras",
        ),
    ),
    "doctor": (),
}

# The page about each room; rooms that serve several are not here, then their caller counts.
_PAGES = {
    "data": "data",
    "datasets": "data",
    "sources": "data",
    "inspection": "data",
    "cli_inspect": "data",
    "cli_simulate": "data",
    "models": "choosing",
    "backbones": "choosing",
    "training": "choosing",
    "options": "choosing",
    "layers": "method",
    "check": "check",
    "subsets": "check",
    "comparison": "comparing",
    "importance": "comparing",
    "artefacts": "inference",
    "model_cards": "inference",
    "exporting": "inference",
    "prediction": "inference",
    "cli_export": "inference",
    "cli_predict": "inference",
    "output_folder": "files",
    "output_file": "files",
    "run_store": "files",
    "cli_runs": "files",
}


def examples(command: str) -> str | None:
    """Examples as the last part of a command's help; Typer takes each blank line for a new line."""
    shown = [f"{what}:\n\n  {line}" for what, line in EXAMPLES[command]]
    return "\n\n".join(["Examples", *shown]) if shown else None


def helping_page(error: BaseException) -> str | None:
    """The page of the docs about the room of the package in which an error arose.

    Args:
        error: An error that was caught, with its traceback.

    Returns:
        Such as `"docs/data.md"`; `None` where no page would help.
    """
    frames = traceback.walk_tb(error.__traceback__)
    modules = [frame.f_globals.get("__name__", "").split(".") for frame, _ in frames]
    rooms = [names[1] for names in modules if names[0] == "keras_dcmix" and len(names) > 1]
    pages = [_PAGES[room] for room in reversed(rooms) if room in _PAGES]
    return f"docs/{pages[0]}.md" if pages else None
