"""The command `rank`: which channels carry the labels."""

from __future__ import annotations

from typing import Annotated

import typer

from keras_dcmix.cli.options import (
    JOBS,
    OUT,
    OVERWRITE,
    RESUME,
    RUN_OPTIONS,
    SEED,
    SEEDS,
    SOURCE,
    adds_to_help,
    takes,
)
from keras_dcmix.cli.runs import opened_run
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.models.options import Training
from keras_dcmix.report.result_files import RANKING, in_words

EXAMPLES = (
    ("A demonstration on simulated cells", "keras-dcmix rank simulated --seeds 3 --out demo"),
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
    seeds: SEEDS = 5,
    seed: SEED = 0,
    check: Annotated[
        bool,
        typer.Option("--check/--no-check", help="Score every subset of the channels as well."),
    ] = True,
    jobs: JOBS = 1,
    overwrite: OVERWRITE = False,
    resume: RESUME = False,
) -> None:
    """Rank the channels: one DCMIX model per seed, tested on groups it has not seen.

    One more model, trained on random subsets of the channels, checks the ranking and estimates what
    dropping channels costs. Begin with report.html, which shows all results on one page.
    """
    with opened_run(source, source_options, training, out, seed, overwrite, resume) as run:
        from keras_dcmix.cli.printing import print_ranking
        from keras_dcmix.experiments.rank import rank_channels
        from keras_dcmix.report.ranking_files import save_ranking

        ranking = rank_channels(
            run.dataset,
            num_seeds=seeds,
            seed=seed,
            training=training,
            check=check,
            n_jobs=jobs,
            checkpoint_dir=run.unfinished,
        )
        run.save(save_ranking, ranking, seeds=seeds, check=check)
        print_ranking(ranking)
        run.say_where()
