"""The files of a result: what is written is what is listed, on the page and in the docs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from keras_dcmix import SubsetScores, Training
from keras_dcmix.models import build_classifier
from keras_dcmix.plotting import plot_evidence
from keras_dcmix.report.comparison_files import save_comparison
from keras_dcmix.report.ranking_files import ranking_figures, save_ranking
from keras_dcmix.report.result_files import COMPARISON, RANKING, in_words, selected
from keras_dcmix.report.run_record import RunRecord

DOCS = Path(__file__).resolve().parents[2] / "docs"
ARGUMENTS = {"source": "plate\udcff", "channels": "α-tubulin, 核"}


@pytest.fixture
def saved_ranking(ranking_of):
    """A ranking whose model knows its channels, so that it has a card."""

    def make(**options):
        model = build_classifier((12, 12, 2), 2, channel_names=("GFP", "DNA"))
        return replace(ranking_of(num_runs=2, **options), model=model)

    return make


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def listed(files) -> list[str]:
    return sorted(file.name for file in files)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("unit", ["well", "donor"])
def test_a_ranking_writes_the_files_that_are_listed(saved_ranking, tmp_path, check, unit):
    made = replace(saved_ranking(check=check, retrain=check), group_unit=unit)
    save_ranking(made, tmp_path, arguments=ARGUMENTS)
    wells = unit == "well"
    assert names(tmp_path) == listed(selected(RANKING, check=check, panels=check, wells=wells))


@pytest.mark.parametrize("channels", [("noise", "faint", "signal"), ("noise", "signal")])
def test_a_comparison_writes_the_files_that_are_listed(comparison_of, tmp_path, channels):
    save_comparison(comparison_of(channels), tmp_path, arguments=ARGUMENTS)
    ranks = len(channels) > 2
    assert names(tmp_path) == listed(selected(COMPARISON, ranks=ranks, curves=True))


def test_a_comparison_without_curves_lists_no_figure_of_them(comparison_of, tmp_path):
    save_comparison(replace(comparison_of(), curves={}), tmp_path, arguments=ARGUMENTS)
    assert names(tmp_path) == listed(selected(COMPARISON, ranks=True))


@pytest.mark.parametrize(("page", "files"), [("files.md", RANKING), ("comparing.md", COMPARISON)])
def test_the_docs_describe_every_file(page, files):
    text = "\n".join((DOCS / name).read_text("utf-8") for name in {page, "files.md"})
    text = re.sub(r"`(\w+)\.csv`, `\.png`", r"`\1.csv`, `\1.png`", text)
    assert {file.name for file in files} <= set(re.findall(r"`(\w+\.\w+)`", text))


def test_a_help_text_names_every_file_but_the_one_of_skipped_fields():
    for files in (RANKING, COMPARISON):
        named = set(re.split(", | and ", in_words(files)))
        assert named == {file.name for file in files} - {"skipped.csv"}


def test_the_record_of_a_ranking_holds_what_was_done(saved_ranking, tmp_path):
    ranking = saved_ranking()
    save_ranking(ranking, tmp_path, arguments=ARGUMENTS, warnings=["Each class has its own plate."])
    text = (tmp_path / "run.json").read_text("utf-8")
    record = json.loads(text)
    assert "α-tubulin, 核" in text
    assert record["arguments"] == ARGUMENTS
    assert record["summary"] == ranking.summary()
    assert record["warnings"] == ["Each class has its own plate."]
    assert record["channels"] == ["GFP", "DNA"]
    assert record["classes"] == ["negative", "positive"]
    assert record["accuracy"] == [0.95, 0.95]
    assert record["majority_baseline"] == 0.5
    assert record["training"]["epochs"] == 3
    assert record["seconds"] == 2.0
    assert record["group_unit"] == "well"
    assert (record["num_test_images"], record["num_unlabelled"]) == (80, 4)
    assert record["split"]["1"]["train"] == ["C01", "C02"]
    assert (record["folds"], record["repeats"]) == (2, 1)
    metrics = record["metrics"]["mix"]
    assert 0 < metrics["p_value"] <= 0.05
    assert metrics["per_image"]["accuracy"] == pytest.approx(0.95)
    assert metrics["per_image"]["z_prime"] is None
    assert metrics["accuracy"][0] == pytest.approx(0.95)
    assert record["metrics"]["all_channels"] is None
    assert record["check"]["p_values"]["GFP"]["alone"] < 0.001
    assert record["check"]["num_orders"] is None
    (panel,) = record["retraining"]["panels"]
    assert panel["channels"] == ["GFP"]
    assert panel["cost"] == pytest.approx([0.002, -0.003, 0.007])
    assert record["retraining"]["margin"] == 0.02
    assert record["versions"]["keras"]
    scores = SubsetScores.from_csv(tmp_path / "subsets.csv")
    assert scores.channel_names == ("GFP", "DNA")


def test_files_hold_both_kinds_of_models(saved_ranking, ranking_of, tmp_path):
    made = replace(saved_ranking(), all_channels=ranking_of(accuracy=0.8).predictions)
    save_ranking(made, tmp_path, arguments=ARGUMENTS)
    metrics = json.loads((tmp_path / "run.json").read_text("utf-8"))["metrics"]
    found = {name: each["per_image"]["accuracy"] for name, each in metrics.items()}
    assert found == pytest.approx({"all_channels": 0.8, "mix": 0.95})
    # The tables hold the models that the headline speaks of.
    assert pd.read_csv(tmp_path / "wells.csv")["accuracy"].mean() == pytest.approx(0.8, abs=0.01)
    assert pd.read_csv(tmp_path / "confusion.csv")["negative"].tolist() == [32, 8]


def test_the_record_of_a_comparison_holds_what_was_done(comparison_of, tmp_path):
    comparison = comparison_of(skipped={"shapley": "no room"})
    save_comparison(comparison, tmp_path, arguments={"source": "plate"})
    record = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert record["summary"] == comparison.summary()
    assert record["skipped"] == {"shapley": "no room"}
    assert record["seeds"] == [0, 1]
    assert record["channels"] == ["noise", "faint", "signal"]


def test_what_is_not_known_is_left_out_of_the_record(tmp_path):
    record = RunRecord(
        summary="",
        arguments={"label": None},
        warnings=[],
        training=None,
        channels=[],
        constant_channels=[],
        majority_baseline=0.5,
        split={},
    )
    record.write(tmp_path)
    written = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert "training" not in written
    assert written["arguments"] == {"label": None}
    replace(record, training=Training()).write(tmp_path)
    assert json.loads((tmp_path / "run.json").read_text("utf-8"))["training"]["epochs"]


def test_the_bars_say_so_where_no_channel_stands_out(ranking_of):
    level = ranking_figures(ranking_of(shares=(0.5, 0.5)))["importance"]
    assert level.get_title(loc="left").strip() == "No channel stands out"
    failed = ranking_figures(ranking_of(accuracy=0.5))["importance"]
    assert "have no meaning" in failed.get_title(loc="left")
    led = ranking_figures(ranking_of())["importance"]
    assert led.get_title(loc="left") == "dcmix"


def test_a_figure_states_how_good_the_models_are(ranking_of):
    figures = ranking_figures(ranking_of(num_runs=2))
    assert figures["importance"].get_title(loc="right").startswith("accuracy 95% on unseen wells")
    assert "model of seed 0" in figures["mix"].get_title(loc="right")


def test_figures_of_weights_state_the_models_whose_weights_they_show(ranking_of):
    made = replace(ranking_of(), all_channels=ranking_of(accuracy=0.8).predictions)
    for name in ("importance", "trajectory", "mix"):
        assert "accuracy 95%" in ranking_figures(made)[name].get_title(loc="right")


def test_tables_of_evidence_panels_and_wells_can_be_read_again(saved_ranking, tmp_path):
    made = saved_ranking()
    save_ranking(made, tmp_path, arguments=ARGUMENTS)
    for name in ("evidence", "panels"):
        read = pd.read_csv(tmp_path / f"{name}.csv")
        assert list(read) == [each for each in getattr(made, name) if each != "channels"]
    assert pd.read_csv(tmp_path / "wells.csv")["group"].tolist()[0] == "A01"
    assert plot_evidence(pd.read_csv(tmp_path / "evidence.csv")).child_axes


def test_the_figure_of_panels_says_where_the_models_are_not_reliable(ranking_of):
    both = ranking_of(num_runs=2), ranking_of(num_runs=2, accuracy=0.5)
    titles = [ranking_figures(each)["panels"].get_title(loc="left") for each in both]
    assert [("not reliable" in title) for title in titles] == [False, True]
