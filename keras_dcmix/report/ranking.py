"""The page of a ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keras_dcmix._common.wording import percent, plural, quantity
from keras_dcmix.evidence.sentences import leaders, reliability
from keras_dcmix.evidence.sentences.ranking import headline
from keras_dcmix.plotting.folding import FEW
from keras_dcmix.report import ranking_pictures, result_files
from keras_dcmix.report.model_section import model_section
from keras_dcmix.report.page import Table, fine_percent, render, spread
from keras_dcmix.report.run_details import (
    Rows,
    argument_rows,
    command_line,
    constant_rows,
    subject,
    training_rows,
    version_rows,
)
from keras_dcmix.report.trust_section import trust_section

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
    is_reliable = verdict.reliability.is_reliable
    return render(
        "ranking.html",
        title="Channel ranking",
        subject=subject(arguments),
        warnings=list(warnings),
        headline=headline(verdict),
        is_reliable=is_reliable,
        lede=(
            reliability.quality_sentence(verdict)
            if is_reliable
            else reliability.no_ranking_sentence(verdict)
        ),
        summary=ranking.summary(),
        leaders=(
            f"{leaders.summary(verdict.leaders)}." if is_reliable else reliability.UNRELIABLE_BARS
        ),
        bars=ranking_pictures.bars(ranking),
        shares=_share_table(ranking),
        model=model_section(ranking, verdict),
        group_unit=ranking.group_unit,
        trust=trust_section(ranking, verdict),
        mix=ranking_pictures.mix(ranking),
        paths=ranking_pictures.paths(ranking),
        command=command_line("rank", arguments, ranking.training),
        data=_data_rows(ranking),
        given=argument_rows(arguments),
        training=training_rows(ranking.training),
        versions=version_rows(),
        files=result_files.selected(
            result_files.RANKING,
            check=ranking.check is not None,
            skipped=bool(arguments.get("skip_unreadable")),
        ),
        percent=percent,
    )


def _share_table(ranking: ChannelRanking) -> Table:
    table = ranking.importance.to_frame()
    columns = (table[name] for name in ("channel", "score", "std", "rank"))
    share_text, digits = (percent, 1) if len(table) <= FEW else (fine_percent, 2)
    return Table(
        "Share of the mix",
        ("channel", "share", "rank"),
        [
            (channel, share_text(share) + spread(std, digits), f"{rank:g}")
            for channel, share, std, rank in zip(*columns, strict=True)
        ],
        "± is the standard deviation over the runs, in percentage points."
        if len(ranking.runs) > 1
        else "A single run has no spread.",
        find="channel",
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
    parts = list(ranking.split["seeds"].values())
    train, validation = (_range([len(p[name]) for p in parts]) for name in ("train", "validation"))
    # Runs of a custom loop need not say what they were trained on.
    used = "" if train == "0" else f"{train} for training, {validation} for validation, "
    return (
        f"{used}{len(ranking.split['test'])} for testing; "
        f"no {ranking.group_unit} is in more than one part"
    )


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
