"""The page of a ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keras_dcmix._common.wording import percent, plural, quantity
from keras_dcmix.evidence.sentences import ranking as sentences
from keras_dcmix.report import result_files
from keras_dcmix.report.evidence_section import evidence_section
from keras_dcmix.report.model_section import model_section
from keras_dcmix.report.page import render
from keras_dcmix.report.panel_section import panel_section
from keras_dcmix.report.result_pictures import are_on_plates, cells
from keras_dcmix.report.run_details import (
    Rows,
    argument_rows,
    command_line,
    constant_rows,
    subject,
    training_rows,
    version_rows,
)
from keras_dcmix.report.weight_section import weight_section

if TYPE_CHECKING:
    from keras_dcmix.experiments.rank import ChannelRanking


def ranking_report(
    ranking: ChannelRanking, *, arguments: Mapping[str, Any], warnings: Sequence[str] = ()
) -> str:
    """Writes a ranking as one HTML page that needs no other file.

    Args:
        ranking: What `rank_channels` returned.
        arguments: What it was called with; `source` and `label` are shown at the top.
        warnings: Why a ranking of this source may be unreliable, in sentences; shown at the top.

    Returns:
        HTML without fonts or links; names are escaped. Its only script is that of the search field
        above a table of more than twelve channels.
    """
    verdict = ranking.verdict()
    return render(
        "ranking.html",
        title="Channel ranking",
        subject=subject(arguments),
        warnings=list(warnings),
        headline=sentences.headline(verdict),
        is_reliable=verdict.reliability.is_reliable,
        facts=sentences.facts(verdict),
        summary=ranking.summary(),
        evidence=evidence_section(ranking, verdict),
        panels=panel_section(ranking, verdict),
        model=model_section(ranking, verdict),
        group_unit=ranking.group_unit,
        cells=cells(ranking, verdict),
        doubts=sentences.doubts(verdict),
        answers=sentences.answers(verdict),
        weights=weight_section(ranking, verdict),
        command=command_line("rank", arguments, ranking.training),
        data=_data_rows(ranking),
        given=argument_rows(arguments),
        training=training_rows(ranking.training),
        versions=version_rows(),
        files=result_files.selected(
            result_files.RANKING,
            check=ranking.check is not None,
            panels=ranking.panels is not None,
            wells=are_on_plates(ranking),
            skipped=bool(arguments.get("skip_unreadable")),
        ),
        percent=percent,
    )


def _data_rows(ranking: ChannelRanking) -> Rows:
    """What was read and how it was split, in words."""
    _, height, width, _ = ranking.examples.shape
    rows = [
        ("channels", ", ".join(ranking.importance.channel_names)),
        ("classes", ", ".join(ranking.classes)),
        ("image size", f"{width} x {height} pixels"),
        (plural(ranking.group_unit), _split(ranking)),
        ("tested on", quantity(ranking.num_test_images, "image")),
    ]
    rows += constant_rows(ranking.constant_channels)
    if ranking.num_unlabelled:
        rows.append(("left out", f"{ranking.num_unlabelled} images or rows without a label"))
    if ranking.num_empty_fields:
        rows.append(
            ("empty", f"{quantity(ranking.num_empty_fields, 'field of view')} without a crop")
        )
    return rows


def _split(ranking: ChannelRanking) -> str:
    parts = list(ranking.split.values())
    train, validation, test = (
        _range([len(part.get(name, ())) for part in parts])
        for name in ("train", "validation", "test")
    )
    # Runs of a custom loop need not say what they were trained on.
    used = "" if train == "0" else f"{train} for training, {validation} for validation, "
    return (
        f"in each of {quantity(len(parts), 'run')} {used}{test} for testing; "
        f"no {ranking.group_unit} is in more than one part of a run"
    )


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
