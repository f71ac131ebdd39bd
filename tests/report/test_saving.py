from __future__ import annotations

import json

from keras_dcmix.report import saving as outputs


def test_run_json_holds_names_of_any_script_and_of_none(tmp_path):
    facts = {"arguments": {"source": "plate\udcff", "channels": "α-tubulin, 核"}}
    outputs._save_facts(facts, tmp_path)
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert "α-tubulin, 核" in text
    assert json.loads(text)["arguments"] == facts["arguments"]
