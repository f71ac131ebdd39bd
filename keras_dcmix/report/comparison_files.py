"""A comparison as files: tables, figures, page and record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, filterwarnings

from keras_dcmix._common.files import REPORT
from keras_dcmix.report.comparison import comparison_report
from keras_dcmix.report.figures import save_figures
from keras_dcmix.report.run_record import record_of_comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from keras_dcmix.experiments.compare import MethodComparison


def save_comparison(
    comparison: MethodComparison,
    folder: Path,
    *,
    arguments: Mapping[str, Any],
    warnings: Sequence[str] = (),
) -> None:
    """Writes the files of a comparison; `keras_dcmix.report.result_files` lists them.

    Args:
        comparison: What `compare_methods` returned.
        folder: An existing folder.
        arguments: What it was called with; kept in `run.json`, paths as text.
        warnings: Why a ranking of this source may be unreliable, in sentences.
    """
    comparison.table.to_csv(folder / "methods.csv", index=False)
    comparison.to_frame().to_csv(folder / "importance.csv", index=False)
    if comparison.spearman is not None:
        comparison.spearman.to_csv(folder / "spearman.csv", index_label="method")
    comparison.curves_frame().to_csv(folder / "deletion_insertion.csv", index=False)
    save_figures(comparison_figures(comparison), folder)
    page = comparison_report(comparison, arguments=arguments, warnings=warnings)
    (folder / REPORT).write_text(page, encoding="utf-8")
    record_of_comparison(comparison, arguments, warnings).write(folder)


def comparison_figures(comparison: MethodComparison) -> dict[str, Axes]:
    """The figures by the names of their files."""
    from keras_dcmix import plotting

    planted = comparison.planted_truth
    figures = {"importance": plotting.plot_methods(comparison.importances, truth=planted)}
    if comparison.spearman is not None:
        both = [*comparison.importances, *([] if planted is None else [planted])]
        with catch_warnings():
            # The figure itself and the table show which methods have no order.
            filterwarnings("ignore", "left out of the rank correlation", UserWarning)
            figures["spearman"] = plotting.plot_rank_correlation(both)
    if comparison.curves:
        figures["deletion_insertion"] = plotting.plot_deletion_insertion(
            comparison.curves, unit="accuracy"
        )
    return figures
