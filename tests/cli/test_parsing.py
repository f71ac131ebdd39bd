"""Text of the command line becomes values of the library, or is refused."""

from __future__ import annotations

import pytest

from keras_dcmix.cli.parsing import (
    parsed_effects,
    parsed_names,
    parsed_number_of_fields,
    parsed_percentiles,
    parsed_plane,
    parsed_renaming,
)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parsed_names, None, None),
        (parsed_names, "GFP, DNA", ("GFP", "DNA")),
        (parsed_names, 'DNA, "488, long"', ("DNA", "488, long")),
        (parsed_plane, None, None),
        (parsed_plane, "3", 3),
        (parsed_plane, "max", "max"),
        (parsed_percentiles, None, None),
        (parsed_percentiles, "0.1,99.9", (0.1, 99.9)),
        (parsed_number_of_fields, "12", 12),
        (parsed_number_of_fields, "0", None),
        (parsed_number_of_fields, " All", None),
        (parsed_renaming, [], {}),
        (parsed_renaming, ["DNA = Hoechst", "ER=a=b"], {"DNA": "Hoechst", "ER": "a=b"}),
        (parsed_effects, None, None),
        (
            parsed_effects,
            " a : Mito = 3 , Golgi=1.5 ; b: ;",
            {"a": {"Mito": 3.0, "Golgi": 1.5}, "b": {}},
        ),
    ],
)
def test_text_becomes_a_value(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "words"),
    [
        (parsed_percentiles, "1,x", "--clip must be two percentiles"),
        (parsed_percentiles, "1;99", "--clip must be two percentiles"),
        (parsed_number_of_fields, "some", "--fields must be a number, or 0"),
        (parsed_renaming, ["DNA"], "such as DNA=Hoechst"),
        (parsed_renaming, ["=Hoechst"], "such as DNA=Hoechst"),
        (parsed_renaming, ["DNA="], "such as DNA=Hoechst"),
        (parsed_renaming, ["DNA=A", "DNA=B"], "DNA twice"),
        (parsed_effects, "Mito=3", "'Mito=3' with no colon"),
        (parsed_effects, "a:Mito", "'a:Mito' with no number after Mito="),
        (parsed_effects, "a:Mito=three", "'a:Mito=three' with no number after Mito="),
        (parsed_effects, "a:ER=1;a:ER=2", "'a:ER=2' with a second phenotype a"),
        (parsed_effects, "a:ER=1,ER=2", "'a:ER=1,ER=2' with a second effect on ER"),
    ],
)
def test_what_cannot_be_read_is_refused(parse, text, words):
    with pytest.raises(ValueError, match=words):
        parse(text)
