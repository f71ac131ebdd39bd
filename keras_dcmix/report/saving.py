"""Results of a run as files: tables, figures, model, page and `run.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, filterwarnings

import keras

from keras_dcmix._common.output_folder import REPORT, RUN
from keras_dcmix._common.versions import versions
from keras_dcmix.inference.card import ModelCard
from keras_dcmix.inference.formats import keras_file
from keras_dcmix.inference.model_cards import card_of_model
from keras_dcmix.report import comparison_report, ranking_report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from keras_dcmix.experiments.check import ChannelCheck
    from keras_dcmix.experiments.compare import MethodComparison
    from keras_dcmix.experiments.rank import ChannelRanking


def save_ranking(
    ranking: ChannelRanking,
    folder: Path,
    *,
    arguments: dict[str, Any],
    warnings: Sequence[str] = (),
) -> None:
    """Writes tables, model, figures, page and `run.json` of a ranking into a folder.

    Args:
        ranking: What `rank_channels` returned.
        folder: An existing folder.
        arguments: What it was called with; kept in `run.json`, paths as text.
        warnings: What speaks against a ranking of this source, in sentences.
    """
    ranking.importance.to_frame().to_csv(folder / "importance.csv", index=False)
    ranking.runs.to_csv(folder / "runs.csv", index=False)
    ranking.history.to_csv(folder / "trajectory.csv", index=False)
    ranking.predictions.confusion().to_csv(folder / "confusion.csv")
    ranking.model.save(folder / "model.keras")
    keras_file.add_card(folder / "model.keras", card_of_ranking(ranking))
    if ranking.check is not None:
        ranking.check.scores.to_csv(folder / "subsets.csv")
        ranking.check.scores.best_panels("accuracy").to_csv(folder / "panels.csv", index=False)
    _save_figures(_ranking_figures(ranking), folder)
    _save_page(ranking_report(ranking, arguments=arguments, warnings=warnings), folder)
    facts = {
        "summary": ranking.summary(),
        "arguments": arguments,
        "warnings": list(warnings),
        "training": ranking.training and asdict(ranking.training),
        "channels": list(ranking.importance.channel_names),
        "classes": list(ranking.classes),
        "best_seed": ranking.best_seed,
        "accuracy": ranking.accuracy.tolist(),
        "majority_baseline": ranking.majority_baseline,
        "seconds": float(ranking.runs["seconds"].sum()),
        "num_test_images": ranking.num_test_images,
        "num_unlabelled": ranking.num_unlabelled,
        "num_empty_fields": ranking.num_empty_fields,
        "split": ranking.split,
    }
    if ranking.check is not None:
        facts["check"] = _check_facts(ranking.check)
    _save_facts(facts, folder)


def card_of_ranking(ranking: ChannelRanking) -> ModelCard:
    """The card of a ranking's model."""
    return card_of_model(ranking.model, classes=ranking.classes, recipe=ranking.recipe)


def save_comparison(
    comparison: MethodComparison,
    folder: Path,
    *,
    arguments: dict[str, Any],
    warnings: Sequence[str] = (),
) -> None:
    """Writes tables, figures, page and `run.json` of a comparison into a folder.

    Args:
        comparison: What `compare_methods` returned.
        folder: An existing folder.
        arguments: What it was called with; kept in `run.json`, paths as text.
        warnings: What speaks against a ranking of this source, in sentences.
    """
    comparison.table.to_csv(folder / "methods.csv", index=False)
    comparison.to_frame().to_csv(folder / "importance.csv", index=False)
    if comparison.spearman is not None:
        comparison.spearman.to_csv(folder / "spearman.csv", index_label="method")
    comparison.curves_frame().to_csv(folder / "deletion_insertion.csv", index=False)
    _save_figures(_comparison_figures(comparison), folder)
    _save_page(comparison_report(comparison, arguments=arguments, warnings=warnings), folder)
    facts = {
        "summary": comparison.summary(),
        "arguments": arguments,
        "warnings": list(warnings),
        "training": asdict(comparison.training),
        "channels": list(comparison.importances[0].channel_names),
        "seeds": list(comparison.seeds),
        "majority_baseline": comparison.majority_baseline,
        "skipped": comparison.skipped,
        "split": comparison.split,
    }
    _save_facts(facts, folder)


def _save_page(page: str, folder: Path) -> None:
    (folder / REPORT).write_text(page, encoding="utf-8")


def _save_facts(facts: dict[str, Any], folder: Path) -> None:
    facts |= {"backend": keras.backend.backend(), "versions": versions()}
    text = json.dumps(facts, indent=1, ensure_ascii=False, default=str)
    # File names that are no UTF-8 come as halves of surrogate pairs; escaped, they are JSON still.
    (folder / RUN).write_text(text, encoding="utf-8", errors="backslashreplace")


def _check_facts(check: ChannelCheck) -> dict[str, Any]:
    shapley = check.scores.shapley("log_likelihood")
    return {
        "accuracy": check.accuracy,
        "num_images": check.num_images,
        "seconds": check.seconds,
        "all_subsets": check.scores.exact,
        "shapley": dict(zip(shapley.channel_names, shapley.scores.tolist(), strict=True)),
        "shapley_unit": "log-likelihood in nats",
    }


def _ranking_figures(ranking: ChannelRanking) -> dict[str, Axes]:
    from keras_dcmix import plotting

    # Figures travel without the table, so each says how good the models are.
    quality = (
        f"accuracy {ranking.accuracy.mean():.2f} on unseen groups, "
        f"{ranking.majority_baseline:.2f} by guessing"
    )
    figures = {
        "importance": plotting.plot_importance(ranking.importance),
        "trajectory": plotting.plot_trajectory(ranking.history),
        "mix": ranking.plot_mix(),
    }
    for name, axes in figures.items():
        model = f"the model of seed {ranking.best_seed}; " if name == "mix" else ""
        axes.set_title(model + quality, loc="right", fontsize="small")
    if ranking.check is not None:
        panels = plotting.plot_panels(ranking.check.scores, metric="accuracy")
        if ranking.check_guesses:
            panels.set_title("The model guesses: its panels say nothing", loc="left")
        figures["panels"] = panels
    return figures


def _comparison_figures(comparison: MethodComparison) -> dict[str, Axes]:
    from keras_dcmix import plotting

    planted = comparison.planted_truth
    figures = {"importance": plotting.plot_methods(comparison.importances, truth=planted)}
    if comparison.spearman is not None:
        both = [*comparison.importances, *([planted] if planted is not None else [])]
        with catch_warnings():
            # The figure itself and the table say which methods have no order.
            filterwarnings("ignore", "left out of the rank correlation", UserWarning)
            figures["spearman"] = plotting.plot_rank_correlation(both)
    if comparison.curves:
        figures["deletion_insertion"] = plotting.plot_deletion_insertion(
            comparison.curves, unit="accuracy"
        )
    return figures


def _save_figures(figures: dict[str, Axes], folder: Path) -> None:
    import matplotlib.pyplot as plt

    for name, axes in figures.items():
        figure = axes.get_figure(root=True)
        figure.savefig(folder / f"{name}.png", dpi=150, bbox_inches="tight")
        plt.close(figure)
