"""A ranking as files: tables, model, figures, page and record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_dcmix._common.files import REPORT
from keras_dcmix.evidence.sentences import leaders, reliability
from keras_dcmix.inference.card import ModelCard
from keras_dcmix.inference.formats import keras_file
from keras_dcmix.inference.model_cards import card_of_model
from keras_dcmix.report.figures import save_figures
from keras_dcmix.report.ranking import ranking_report
from keras_dcmix.report.ranking_record import record_of_ranking
from keras_dcmix.report.result_pictures import are_on_plates, draw_evidence, draw_panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from keras_dcmix.experiments.rank import ChannelRanking


def save_ranking(
    ranking: ChannelRanking,
    folder: Path,
    *,
    arguments: Mapping[str, Any],
    warnings: Sequence[str] = (),
) -> None:
    """Writes the files of a ranking; `keras_dcmix.report.result_files` lists them.

    Args:
        ranking: What `rank_channels` returned.
        folder: An existing folder.
        arguments: What it was called with; kept in `run.json`, paths as text.
        warnings: Why a ranking of this source may be unreliable, in sentences.
    """
    ranking.importance.to_frame().to_csv(folder / "importance.csv", index=False)
    ranking.runs.to_csv(folder / "runs.csv", index=False)
    ranking.history.to_csv(folder / "trajectory.csv", index=False)
    ranking.main_predictions.confusion().to_csv(folder / "confusion.csv")
    ranking.model.save(folder / "model.keras")
    keras_file.add_card(folder / "model.keras", card_of_ranking(ranking))
    ranking.main_predictions.group_table().to_csv(folder / "wells.csv", index=False)
    if ranking.check is not None:
        ranking.check.scores.to_csv(folder / "subsets.csv")
    for name, frame in (("evidence", ranking.evidence), ("panels", ranking.panels)):
        if frame is not None:
            table = frame.drop(columns="channels", errors="ignore")  # joined in `panel`
            table.to_csv(folder / f"{name}.csv", index=False)
    save_figures(ranking_figures(ranking), folder)
    page = ranking_report(ranking, arguments=arguments, warnings=warnings)
    (folder / REPORT).write_text(page, encoding="utf-8")
    record_of_ranking(ranking, arguments, warnings).write(folder)


def card_of_ranking(ranking: ChannelRanking) -> ModelCard:
    """The card of a ranking's model."""
    return card_of_model(ranking.model, classes=ranking.classes, recipe=ranking.recipe)


def ranking_figures(ranking: ChannelRanking) -> dict[str, Axes]:
    """The figures by the names of their files; those of the weights state how good models are."""
    from keras_dcmix import plotting

    verdict = ranking.verdict()
    quality = reliability.figure_title(verdict.mix_reliability, verdict.held_out)
    figures = {
        "importance": plotting.plot_importance(ranking.importance),
        "trajectory": plotting.plot_trajectory(ranking.history),
        "mix": ranking.plot_mix(),
    }
    for name, axes in figures.items():
        model = f"model of seed {ranking.best_seed}; " if name == "mix" else ""
        axes.set_title(model + quality, loc="right", fontsize="small")
    if title := leaders.warning(verdict):
        figures["importance"].set_title(f"{title}\n", loc="left")
    if ranking.check is not None:
        figures["evidence"] = draw_evidence(ranking)
        reliable = verdict.reliability.is_reliable
        figures["panels"] = draw_panels(ranking, is_reliable=reliable)
    if are_on_plates(ranking):
        figures["plate"] = plotting.plot_plate(ranking.main_predictions.group_table())
    return figures
