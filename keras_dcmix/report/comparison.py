"""The page of a comparison of methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keras_dcmix._common.wording import percent, plural, quantity
from keras_dcmix.evidence.sentences import comparison as sentences
from keras_dcmix.evidence.sentences.reliability import held_out_images
from keras_dcmix.importance.registry import METHODS
from keras_dcmix.report import comparison_pictures, comparison_tables, result_files
from keras_dcmix.report.comparison_tables import mean_ranks
from keras_dcmix.report.page import render
from keras_dcmix.report.run_details import (
    Rows,
    argument_rows,
    command_line,
    constant_rows,
    subject,
    training_rows,
    version_rows,
)

if TYPE_CHECKING:
    from keras_dcmix.experiments.compare import MethodComparison


def comparison_report(
    comparison: MethodComparison, *, arguments: Mapping[str, Any], warnings: Sequence[str] = ()
) -> str:
    """Writes a comparison as one HTML page that needs no other file.

    Args:
        comparison: What `compare_methods` returned.
        arguments: What it was called with; `source` and `label` are shown at the top.
        warnings: Why a ranking of this source may be unreliable, in sentences; shown at the top.

    Returns:
        HTML without fonts or links; names are escaped. Its only script is that of the search field
        above a table of more than twelve channels.
    """
    verdict = comparison.verdict()
    order = mean_ranks(comparison.importances, verdict)
    return render(
        "comparison.html",
        title="Comparison of methods",
        subject=subject(arguments),
        warnings=list(warnings),
        headline=sentences.headline(verdict),
        lede=sentences.lede(verdict, is_planted=comparison.planted_truth is not None),
        summary=comparison.summary(),
        bars=comparison_pictures.bars(comparison, list(order)),
        places=comparison_tables.places(verdict, order),
        ranks=comparison_tables.ranks(comparison.importances, list(order)),
        models=comparison_tables.models(comparison, verdict),
        majority_baseline=percent(comparison.majority_baseline),
        test=held_out_images(verdict.held_out),
        agreement=comparison_pictures.agreement(comparison),
        truth=comparison_tables.truth(comparison),
        notes=comparison_tables.notes(comparison),
        curves=comparison_pictures.curves(comparison),
        skipped=list(comparison.skipped.items()),
        questions=[(each.method, _question(each.method)) for each in comparison.importances],
        command=command_line("compare", arguments, comparison.training),
        data=_data_rows(comparison),
        given=argument_rows(arguments),
        training=training_rows(comparison.training),
        versions=version_rows(),
        files=result_files.selected(
            result_files.COMPARISON,
            ranks=comparison.spearman is not None,
            curves=bool(comparison.curves),
            skipped=bool(arguments.get("skip_unreadable")),
        ),
    )


def _data_rows(comparison: MethodComparison) -> Rows:
    return [
        ("channels", ", ".join(comparison.importances[0].channel_names)),
        *constant_rows(comparison.constant_channels),
        ("methods", ", ".join(each.method for each in comparison.importances)),
        ("runs", f"{len(comparison.seeds)} of each model"),
        ("tested on", quantity(comparison.num_test_images, "image")),
        (f"test {plural(comparison.group_unit)}", str(len(comparison.split["test"]))),
    ]


def _question(method: str) -> str:
    known = METHODS.get(method)
    return "A method of your own." if known is None else known.question
