"""The command `predict`: what a trained model says of a plate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from keras_dcmix._common.errors import InputError
from keras_dcmix.cli.options import READING_HELP, SOURCE_HELP, takes
from keras_dcmix.cli.source_options import SourceOptions

if TYPE_CHECKING:
    from keras_dcmix.inference.prediction import CropPredictions

_console = Console(stderr=True, highlight=False, soft_wrap=True)
_READING = {
    name: text for name, text in READING_HELP.items() if name not in ("label", "group", "channels")
}
_KEEPING = ("skip_unreadable", "max_per_field", "cache")
_MAKING = ("crop", "size", "nuclei_channel", "illumination", "background", "clip", "normalize")
PREDICTION_HELP = (
    _READING
    | {name: SOURCE_HELP[name] for name in _KEEPING}
    | {name: f"{SOURCE_HELP[name]} Without it: as in training." for name in (*_MAKING, "controls")}
)


@takes(source_options=(SourceOptions, "What to read", PREDICTION_HELP))
def predict(
    model: Annotated[
        Path,
        typer.Argument(help="A .keras file, the folder of a ranking, or an export (ONNX ...)."),
    ],
    source: Annotated[
        str,
        typer.Argument(
            help="A plate or screen: a LoadData table, a folder of an instrument, OME-TIFF, "
            "OME-Zarr, or a folder of images."
        ),
    ],
    source_options: SourceOptions,
    out: Annotated[Path, typer.Option(help="Table (csv) of the predictions, a row an image.")],
    wells: Annotated[
        Path | None, typer.Option(help="Second table (csv): the mean of each well.")
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(
            help="MODEL=SOURCE where the source calls a channel otherwise, as DNA=Hoechst; may "
            "be repeated."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace earlier tables.")] = False,
) -> None:
    """Predict the class of every image of a plate or screen.

    Images are cut and corrected as those that the model was trained on; channels are found by their
    names, whatever their order. An ONNX model needs onnxruntime, but neither Keras nor TensorFlow.
    """
    from keras_dcmix._common.output_file import check_place
    from keras_dcmix.cli.start import quiet_backend, start_keras
    from keras_dcmix.inference.formats import artefact_path, format_of
    from keras_dcmix.inference.prediction import load_predictor, open_crops, predict_crops
    from keras_dcmix.inference.prediction.channels import parsed_renaming

    places = _places(out, wells)
    places = {name: check_place(path, overwrite=overwrite) for name, path in places.items()}
    renamed = parsed_renaming(map or [])
    if format_of(artefact_path(model)) == "keras":
        start_keras()
    with quiet_backend():
        predictor = load_predictor(model)
    # Elsewhere than on a terminal it would leave an empty line.
    with Progress(console=_console, transient=True, disable=not _console.is_terminal) as bar:
        reading = bar.add_task("reading", total=None)
        crops = open_crops(
            source,
            predictor.card,
            source_options,
            renamed=renamed,
            progress=lambda done, total: bar.update(reading, completed=done, total=total),
        )
        task = bar.add_task("predicting", total=len(crops))
        predictions = predict_crops(
            predictor, crops, progress=lambda done, total: bar.update(task, completed=done)
        )
    _write(predictions, places)
    _say(predictions, places)


def _places(out: Path, wells: Path | None) -> dict[str, Path]:
    """Where the tables go; fields that cannot be read are listed beside the predictions."""
    places = {"predictions": out, "skipped": out.with_name(f"{out.stem}.skipped.csv")}
    if wells is not None:
        places["wells"] = wells
    if len({path.expanduser().resolve() for path in places.values()}) < len(places):
        raise InputError(f"--wells must be another file than --out. Received: {wells}")
    return places


def _write(predictions: CropPredictions, places: dict[str, Path]) -> None:
    """Writes all tables, or none of them."""
    from contextlib import ExitStack

    from keras_dcmix._common.output_file import written_whole

    well_table = predictions.to_wells()
    if well_table is None and "wells" in places:
        raise InputError(
            "--wells needs the wells of the images, which the source does not name (no column "
            "Metadata_Well): leave it out, or name them with --pattern"
        )
    skipped = predictions.crops.skipped
    with ExitStack() as stack:
        kept = [name for name in places if name != "skipped" or len(skipped)]
        made = {name: stack.enter_context(written_whole(places[name])) for name in kept}
        predictions.to_csv(made["predictions"])
        if "wells" in made:
            well_table.to_csv(made["wells"], index=False)
        if "skipped" in made:
            skipped.to_csv(made["skipped"], index=False)
    if "skipped" not in made:  # of an earlier prediction, which these tables have replaced
        places["skipped"].unlink(missing_ok=True)


def _say(predictions: CropPredictions, places: dict[str, Path]) -> None:
    crops = predictions.crops
    Console(soft_wrap=True, highlight=False).print(predictions.describe(), markup=False)
    if crops.num_empty_fields:
        _console.print(f"Fields that gave no image: {crops.num_empty_fields}", markup=False)
    if len(crops.skipped):
        text = f"Unreadable fields: {len(crops.skipped)}, listed in {places['skipped']}"
        _console.print(text, markup=False)
    _console.print(f"Predictions are in {places['predictions']}", markup=False)
