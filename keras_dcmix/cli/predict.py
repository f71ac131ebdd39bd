"""The command `predict`: a trained model on a plate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.progress import reporting, say
from keras_dcmix.cli.options import (
    FILES,
    OVERWRITE,
    READING_HELP,
    SOURCE_DEFAULTS,
    SOURCE_HELP,
    takes,
)
from keras_dcmix.cli.parsing import parsed_renaming
from keras_dcmix.cli.printing import show
from keras_dcmix.cli.source_options import SourceOptions

if TYPE_CHECKING:
    from keras_dcmix.inference.prediction import CropPredictions

EXAMPLES = (
    (
        "The next plate, cut and corrected as in training",
        "keras-dcmix predict ranking next_plate --out predictions.csv --wells wells.csv",
    ),
    (
        "Where a channel has another name",
        "keras-dcmix predict ranking next_plate --map DNA=Hoechst --out predictions.csv",
    ),
)
_READING = {
    name: text for name, text in READING_HELP.items() if name not in ("label", "group", "channels")
}
_KEEPING = ("skip_unreadable", "max_per_field", "cache")
_MAKING = (
    *("crop", "size", "nuclei_channel", "illumination", "background", "clip", "normalize"),
    "controls",
)
PREDICTION_HELP = (
    _READING
    | {name: SOURCE_HELP[name] for name in _KEEPING}
    | {name: SOURCE_HELP[name] for name in _MAKING}
)
_DEFAULTS = SOURCE_DEFAULTS | dict.fromkeys((*_MAKING, "z"), "as in training")


@takes(source_options=(SourceOptions, "What to read", PREDICTION_HELP, _DEFAULTS))
def predict(
    model: Annotated[
        Path,
        typer.Argument(help="A .keras file, the folder of a ranking, or an export (ONNX ...)."),
    ],
    source: FILES,
    source_options: SourceOptions,
    out: Annotated[Path, typer.Option(help="Table (csv) of the predictions, a row an image.")],
    wells: Annotated[
        Path | None, typer.Option(help="Second table (csv): the mean of each well.")
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(
            help="MODEL=SOURCE where a channel has another name in the source, such as "
            "DNA=Hoechst; may be repeated."
        ),
    ] = None,
    overwrite: OVERWRITE = False,
) -> None:
    """Predict the class of every image of a plate or screen.

    Images are cut and corrected as those that the model was trained on; channels are found by their
    names, in any order. An ONNX model needs onnxruntime, but neither Keras nor TensorFlow.
    """
    from keras_dcmix._common.files import check_place
    from keras_dcmix.cli.sources import (
        chosen_crops,
        chosen_steps,
        open_fields,
        refuse_other_than_files,
    )
    from keras_dcmix.cli.start import quiet_backend, start_keras
    from keras_dcmix.data.formats.reading import Reading
    from keras_dcmix.inference.formats import artefact_path, format_of
    from keras_dcmix.inference.prediction import (
        load_predictor,
        open_crops,
        predict_crops,
        trained_plane,
    )

    places = _places(out, wells)
    places = {name: check_place(path, overwrite=overwrite) for name, path in places.items()}
    renamed = parsed_renaming(map or [])
    refuse_other_than_files(source, "predict")
    if format_of(artefact_path(model)) == "keras":
        start_keras()
    with quiet_backend():
        predictor = load_predictor(model)
    card = predictor.card
    if source_options.z is None and trained_plane(card) != Reading.z:
        source_options = replace(source_options, z=str(trained_plane(card)))
    with reporting("reading") as progress:
        crops = open_crops(
            open_fields(source, source_options, check_files=False),
            card,
            renamed=renamed,
            preprocessing=chosen_steps(source_options),
            progress=progress,
            **chosen_crops(source_options),
        )
    with reporting("predicting") as progress:
        predictions = predict_crops(predictor, crops, progress=progress)
    _write(predictions, places)
    _say(predictions, places)


def _places(out: Path, wells: Path | None) -> dict[str, Path]:
    """Where the tables go; unreadable fields are listed beside the predictions."""
    places = {"predictions": out, "skipped": out.with_name(f"{out.stem}.skipped.csv")}
    if wells is not None:
        places["wells"] = wells
    if len({path.expanduser().resolve() for path in places.values()}) < len(places):
        raise ArtefactError(f"--wells must be another file than --out. Received: {wells}")
    return places


def _write(predictions: CropPredictions, places: dict[str, Path]) -> None:
    """Writes all tables, or none of them."""
    from contextlib import ExitStack

    from keras_dcmix._common.files import written_atomically

    wells = predictions.to_wells()
    if wells is None and "wells" in places:
        raise ArtefactError(
            "--wells needs the wells of the images, but the source has no column Metadata_Well: "
            "omit it, or name the wells with --pattern"
        )
    skipped = predictions.crops.skipped
    with ExitStack() as stack:
        kept = [name for name in places if name != "skipped" or len(skipped)]
        made = {name: stack.enter_context(written_atomically(places[name])) for name in kept}
        predictions.to_csv(made["predictions"])
        if wells is not None and "wells" in made:
            wells.to_csv(made["wells"], index=False)
        if "skipped" in made:
            skipped.to_csv(made["skipped"], index=False)
    if "skipped" not in made:  # of the predictions that were replaced
        places["skipped"].unlink(missing_ok=True)


def _say(predictions: CropPredictions, places: dict[str, Path]) -> None:
    crops = predictions.crops
    show(predictions.describe())
    if crops.num_empty_fields:
        say(f"Fields that gave no image: {crops.num_empty_fields}")
    if len(crops.skipped):
        say(f"Unreadable fields: {len(crops.skipped)}, listed in {places['skipped']}")
    say(f"Predictions are in {places['predictions']}")
