"""The command `compare`: several importance methods on the same images."""

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
from keras_dcmix.cli.parsing import parsed_names
from keras_dcmix.cli.runs import opened_run
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.importance.registry import COMPARED
from keras_dcmix.models.options import Training
from keras_dcmix.report.result_files import COMPARISON, in_words

EXAMPLES = (
    (
        "All methods",
        "keras-dcmix compare plate --label Metadata_Treatment --crop cells --out comparison",
    ),
    (
        "Some that are quick",
        "keras-dcmix compare plate --label Metadata_Treatment "
        "--methods dcmix,shapley,permutation --seeds 1 --out comparison",
    ),
)


@takes(**RUN_OPTIONS)
@adds_to_help(
    f"Writes {in_words(COMPARISON)}. The methods:",
    *(f"{method.name}: {method.question}" for method in COMPARED.values()),
)
def compare(
    source: SOURCE,
    source_options: SourceOptions,
    training: Training,
    out: OUT,
    methods: Annotated[
        str | None,
        typer.Option(help="Methods, joined with commas.", show_default="all that are listed above"),
    ] = None,
    seeds: SEEDS = 3,
    seed: SEED = 0,
    jobs: JOBS = 1,
    overwrite: OVERWRITE = False,
    resume: RESUME = False,
) -> None:
    """Compare methods: each scores the channels, one table and one heatmap show their agreement.

    Begin with report.html, which shows all results on one page.
    """
    names = parsed_names(methods)

    def refuse_methods() -> None:
        from keras_dcmix.experiments.compare import chosen_methods

        chosen_methods(names)

    with opened_run(
        source, source_options, training, out, seed, overwrite, resume, refuse_methods
    ) as run:
        from keras_dcmix.cli.printing import print_comparison
        from keras_dcmix.experiments.compare import compare_methods
        from keras_dcmix.report.comparison_files import save_comparison

        comparison = compare_methods(
            run.dataset,
            methods=names,
            num_seeds=seeds,
            seed=seed,
            training=training,
            n_jobs=jobs,
            checkpoint_dir=run.unfinished,
        )
        run.save(save_comparison, comparison, seeds=seeds, methods=methods)
        print_comparison(comparison)
        run.say_where()
