"""The command `rank`: which channels carry the labels."""

from __future__ import annotations

from typing import Annotated

import typer

from keras_dcmix._common.progress import say
from keras_dcmix.cli.options import (
    JOBS,
    OUT,
    OVERWRITE,
    RESUME,
    RUN_OPTIONS,
    SEED,
    SOURCE,
    adds_to_help,
    takes,
)
from keras_dcmix.cli.parsing import parsed_names
from keras_dcmix.cli.runs import opened_run
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.models.options import Training
from keras_dcmix.report.result_files import RANKING, in_words

EXAMPLES = (
    ("A demonstration on simulated cells", "keras-dcmix rank simulated --folds 3 --out demo"),
    (
        "A plate, one image a cell",
        "keras-dcmix rank plate --label Metadata_Treatment --crop cells --out ranking",
    ),
    (
        "Plates that differ in brightness, tested on plates that the models have not seen",
        "keras-dcmix rank plate --label Metadata_Treatment --normalize plate "
        "--group Metadata_Plate --out ranking",
    ),
    (
        "Is GFP enough, or GFP with DNA?",
        "keras-dcmix rank plate --label Metadata_Treatment --crop cells --panel GFP "
        "--panel GFP,DNA --out ranking",
    ),
    (
        "After an interruption",
        "keras-dcmix rank plate --label Metadata_Treatment --out ranking --resume",
    ),
)


@takes(**RUN_OPTIONS)
@adds_to_help(f"Writes {in_words(RANKING)}.")
def rank(
    source: SOURCE,
    source_options: SourceOptions,
    training: Training,
    out: OUT,
    folds: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="NUMBER",
            help="Parts that the wells are dealt into; each is tested by models that have not "
            "seen it.",
        ),
    ] = 5,
    seeds: Annotated[int | None, typer.Option(min=1, hidden=True)] = None,
    repeats: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="How often the wells are dealt anew.")
    ] = 1,
    seed: SEED = 0,
    panel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHANNELS",
            help="Channels, joined with commas, to train again without the others; may be given "
            "several times.",
        ),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(help="Largest loss of accuracy by dropping channels that is accepted."),
    ] = 0.02,
    check: Annotated[
        bool,
        typer.Option("--check/--no-check", help="Measure what each channel adds (the evidence)."),
    ] = True,
    retrain: Annotated[
        bool,
        typer.Option(
            "--retrain/--no-retrain",
            help="Train the proposed panels again; without it nothing is said about dropping.",
        ),
    ] = True,
    jobs: JOBS = 1,
    overwrite: OVERWRITE = False,
    resume: RESUME = False,
) -> None:
    """Which channels carry the labels, how sure that is, and which can be dropped.

    Every well is tested by models that have not seen it. DCMIX models give each channel's share of
    the mix; models with masked channels measure what each channel adds; panels of channels are
    trained again from nothing. Begin with report.html, which shows all results on one page.
    """
    panels = [parsed_names(each) or () for each in panel or []]
    folds = _renamed(seeds, folds)
    with opened_run(
        source,
        source_options,
        training,
        out,
        seed,
        overwrite,
        resume,
        refuse=lambda: _refuse_margin(margin),
        refuse_channels=lambda names: _refuse_panels(panels, names),
    ) as run:
        from keras_dcmix.cli.printing import print_ranking
        from keras_dcmix.experiments.rank import rank_channels
        from keras_dcmix.report.ranking_files import save_ranking

        ranking = rank_channels(
            run.dataset,
            num_folds=folds,
            num_repeats=repeats,
            seed=seed,
            training=training,
            check=check,
            retrain=retrain,
            panels=panels,
            margin=margin,
            n_jobs=jobs,
            checkpoint_dir=run.unfinished,
        )
        run.save(
            save_ranking,
            ranking,
            folds=folds,
            repeats=repeats,
            check=check,
            retrain=retrain,
            panel=panel or [],
            margin=margin,
        )
        print_ranking(ranking)
        run.say_where()


def _renamed(seeds: int | None, folds: int) -> int:
    if seeds is None:
        return folds
    say("Warning: --seeds is now --folds: each run tests a part of the wells", style="yellow")
    return seeds


def _refuse_margin(margin: float) -> None:
    from keras_dcmix.experiments.rank import check_margin

    check_margin(margin)


def _refuse_panels(panels: list[tuple[str, ...]], names: tuple[str, ...]) -> None:
    from keras_dcmix.experiments.proposals import checked_panels

    checked_panels(panels, names)
