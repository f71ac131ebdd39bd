"""The page of a comparison of methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_dcmix.evidence.summary import describe_comparison_headline
from keras_dcmix.report.facts import command_line, given, subject, training_facts, version_facts
from keras_dcmix.report.figures import Picture, picture
from keras_dcmix.report.page import Table, percent, render, spread

if TYPE_CHECKING:
    from keras_dcmix.experiments.compare import MethodComparison

_QUESTIONS = {
    "dcmix": "How is the one image mixed that the model sees?",
    "shapley": "What does a channel add, on average over all sets of the others?",
    "permutation": "How much worse if the channel comes from another image?",
    "occlusion": "How much worse if the channel is blanked?",
    "integrated_gradients": "Which channel moves the answer on the way from blank to image?",
    "deletion_insertion": "What happens as channels go, and come, one by one?",
    "squeeze_excitation": "How far does this attention layer open its gate for the channel?",
    "efficient_channel_attention": "How far does this attention layer open its gate?",
    "cbam": "How far does this attention layer open its gate?",
    "soft_attention": "How far does this attention layer open its gate?",
    "single_channel": "How good is a model that has this channel alone?",
    "leave_one_out": "How much worse is a model trained without the channel?",
}
_FILES = (
    ("methods.csv", "accuracy, agreement and cost of each method"),
    ("importance.csv", "every single score"),
    ("spearman.csv", "how far methods agree, where there are three channels or more"),
    ("deletion_insertion.csv", "accuracy as channels go and come"),
    ("run.json", "all that was done"),
)


def comparison_report(
    comparison: MethodComparison, *, arguments: Mapping[str, Any], warnings: Sequence[str] = ()
) -> str:
    """Writes a comparison as one HTML page that needs nothing beside it.

    Args:
        comparison: What `compare_methods` returned.
        arguments: What it was called with; `source` and `label` are named on the page where they
            are there.
        warnings: What speaks against a ranking of this source, in sentences; they stand on top.

    Returns:
        HTML without scripts, fonts or links to anything; names are escaped.
    """
    return render(
        "comparison.html",
        title="Comparison of methods",
        subject=subject(arguments),
        warnings=list(warnings),
        headline=describe_comparison_headline(comparison.importances, comparison.guessing),
        lede=_lede(comparison),
        summary=comparison.summary(),
        bars=_bars(comparison),
        places=_places(comparison),
        ranks=_ranks(comparison),
        models=_models(comparison),
        majority_baseline=percent(comparison.majority_baseline),
        test=(
            f"{comparison.num_test_images} images of {len(comparison.split['test'])} groups that "
            "no model has seen"
        ),
        agreement=_agreement(comparison),
        truth=_truth(comparison),
        notes=_notes(comparison),
        curves=_curves(comparison),
        skipped=list(comparison.skipped.items()),
        questions=[
            (each.method, _QUESTIONS.get(each.method, "A method of your own."))
            for each in comparison.importances
        ],
        command=command_line("compare", arguments, comparison.training),
        data=_data_facts(comparison),
        given=given(arguments),
        training=training_facts(comparison.training),
        versions=version_facts(),
        files=_FILES,
    )


def _lede(comparison: MethodComparison) -> str:
    """How good the models are, and who agrees best with a truth."""
    accuracy = comparison.table["accuracy"]
    low, high = percent(accuracy.min()), percent(accuracy.max())
    between = low if low == high else f"{low} to {high}"
    number = len(comparison.importances)
    text = (
        f"{number} {'method has' if number == 1 else 'methods have'} scored the channels, by "
        f"models that name {between} of unseen images rightly; always naming the commonest class "
        f"would be right for {percent(comparison.majority_baseline)}."
    )
    held = comparison.table.loc[~comparison.table["method"].isin(comparison.guessing)]
    if comparison.planted_truth is not None and held["spearman_truth"].notna().any():
        best = held.loc[held["spearman_truth"].idxmax()]
        text += (
            f" {best['method']} agrees best with the known truth: its rank correlation is "
            f"{best['spearman_truth']:.2f}, 1 being the same order."
        )
    return text


def _mean_ranks(comparison: MethodComparison) -> dict[str, float]:
    """The mean rank of each channel over methods that do not guess, the best first."""
    believed = [i for i in comparison.importances if i.method not in comparison.guessing]
    ranks: dict[str, list[float]] = {name: [] for name in comparison.importances[0].channel_names}
    for importance in believed or comparison.importances:
        for name, rank in zip(importance.channel_names, importance.ranks, strict=True):
            ranks[name].append(float(rank))
    means = {name: float(np.mean(each)) for name, each in ranks.items()}
    return dict(sorted(means.items(), key=lambda pair: pair[1]))


def _bars(comparison: MethodComparison) -> Picture:
    from keras_dcmix.plotting import plot_methods

    order = ", ".join(_mean_ranks(comparison))
    return picture(
        lambda ax: plot_methods(comparison.importances, truth=comparison.planted_truth, ax=ax),
        alt=(
            f"A panel of bars for each of {len(comparison.importances)} methods, the same channels "
            f"from top to bottom in each. By mean rank the channels come in the order {order}."
        ),
        caption=(
            "One panel a method. Where methods agree, bars shorten from top to bottom; a long bar "
            "far down is a channel that this method ranks higher than others do. Scales differ, "
            "so compare the ranks beside the bars, not their lengths."
        ),
    )


def _places(comparison: MethodComparison) -> Table:
    firsts = [each.order[0] for each in comparison.importances if np.ptp(each.scores) > 0]
    rows = [
        (name, f"{rank:.1f}", f"{firsts.count(name)} of {len(firsts)}")
        for name, rank in _mean_ranks(comparison).items()
    ]
    return Table(
        "Place of each channel over all methods", ("channel", "mean rank", "first by"), rows
    )


def _ranks(comparison: MethodComparison) -> Table:
    names = list(_mean_ranks(comparison))
    rows = [
        (
            each.method,
            *(f"{each.ranks[each.channel_names.index(name)]:g}" for name in names),
        )
        for each in comparison.importances
    ]
    return Table("Rank of each channel by each method", ("method", *names), rows)


def _models(comparison: MethodComparison) -> Table:
    rows = []
    for row in comparison.table.to_dict("records"):
        if row["method"] in comparison.skipped:
            continue
        rows.append(
            (
                row["method"],
                percent(row["accuracy"]) + spread(row["accuracy_std"]),
                "no" if row["method"] in comparison.guessing else "yes",
                f"{row['train_seconds']:,.0f} s",
            )
        )
    note = "Methods with the same numbers look at the same model."
    if len(comparison.seeds) > 1:
        note += " ± is the standard deviation over the runs, in points of a hundred."
    columns = ("method", "named rightly", "better than guessing", "training of a run")
    return Table("The model behind each method", columns, rows, note)


def _agreement(comparison: MethodComparison) -> Picture | None:
    if comparison.spearman is None:
        return None
    from keras_dcmix.plotting import plot_rank_correlation

    planted = comparison.planted_truth
    both = [*comparison.importances, *([planted] if planted is not None else [])]
    matrix = comparison.spearman.to_numpy()
    pairs = matrix[np.triu_indices(len(matrix), 1)]
    names = list(comparison.spearman)
    means = (matrix.sum(axis=1) - 1) / (len(matrix) - 1)
    least = names[int(means.argmin())]
    return picture(
        lambda ax: plot_rank_correlation(both, ax=ax),
        alt=(
            f"A heatmap of how far {len(names)} methods agree on the order, two by two, from "
            f"{pairs.min():.2f} to {pairs.max():.2f}. {least} agrees least with the others, "
            f"{means.min():.2f} on average."
        ),
        caption=(
            "How far two methods agree on the order of the channels (Spearman’s rank "
            "correlation): 1 is the same order, 0 none in common, −1 the reverse. Methods that "
            "agree stand side by side."
        ),
    )


def _truth(comparison: MethodComparison) -> Table | None:
    held = comparison.table.dropna(subset="spearman_truth")
    if comparison.truth is None or not len(held):
        return None
    rows = [
        (
            row["method"],
            f"{row['spearman_truth']:.2f}"
            + (f" ± {row['spearman_truth_std']:.2f}" if row["spearman_truth_std"] >= 0 else ""),
        )
        for row in held.sort_values("spearman_truth", ascending=False).to_dict("records")
    ]
    planted = comparison.planted_truth is not None
    known = "the truth, which is known here" if planted else "what single_channel finds"
    return Table(
        f"Agreement with {known}",
        ("method", "rank correlation"),
        rows,
        ""
        if planted
        else "That is a convention, not a truth: a channel can be useless alone and needed beside "
        "others.",
    )


def _notes(comparison: MethodComparison) -> list[tuple[str, str]]:
    rows = comparison.table.to_dict("records")
    return [
        (row["method"], row["note"])
        for row in rows
        if row["method"] not in comparison.skipped and row["note"]
    ]


def _curves(comparison: MethodComparison) -> Picture | None:
    if not comparison.curves:
        return None
    from keras_dcmix.plotting import plot_deletion_insertion

    gaps = {
        name: curves["insertion_area"] - curves["deletion_area"]
        for name, curves in comparison.curves.items()
    }
    best = max(gaps, key=lambda name: gaps[name])
    return picture(
        lambda ax: plot_deletion_insertion(comparison.curves, unit="accuracy", ax=ax),
        alt=(
            "Lines of accuracy as channels come in, the best first and the worst first, in the "
            f"order of each method. They lie furthest apart for {best}, by {gaps[best]:.2f}."
        ),
        caption=(
            "Accuracy as channels come in one by one: the solid line begins with the best channels "
            "of a method, the dashed one with its worst. The wider apart, the better its order."
        ),
    )


def _data_facts(comparison: MethodComparison) -> list[tuple[str, str]]:
    return [
        ("channels", ", ".join(comparison.importances[0].channel_names)),
        ("methods", ", ".join(each.method for each in comparison.importances)),
        ("runs", f"{len(comparison.seeds)} of each model"),
        ("tested on", f"{comparison.num_test_images} images"),
        ("test groups", f"{len(comparison.split['test'])}, which no model has seen"),
    ]
