import gzip
import sys

import pandas as pd
import pytest

from keras_dcmix.data.columns import metadata_column
from keras_dcmix.data.formats.tables import header_of, is_table, read_texts

TEXT = "Metadata_Well,Plate\n1E02,007\nB01,\n"


@pytest.fixture
def write(tmp_path):
    def written(content=TEXT, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


@pytest.fixture
def parquet(tmp_path):
    pytest.importorskip("pyarrow")

    def written(**columns):
        pd.DataFrame(columns).to_parquet(tmp_path / "table.parquet")
        return tmp_path / "table.parquet"

    return written


@pytest.mark.parametrize("name", ["a.csv", "A.CSV", "a.csv.gz", "a.tsv", "a.txt", "a.parquet"])
def test_a_table_is_recognised_by_its_name(tmp_path, name):
    assert is_table(tmp_path / name)
    assert not is_table(tmp_path / f"{name}.png")


def test_cells_are_texts_and_rows_are_counted_from_the_header(write):
    cells = read_texts(write(), "table")
    assert cells["Metadata_Well"].tolist() == ["1E02", "B01"]
    assert cells["Plate"][2] == "007"
    assert cells.index.tolist() == [2, 3]


@pytest.mark.parametrize("text", ["", "NaN", "nan", "NA"])
def test_each_word_for_nothing_is_missing(write, text):
    assert pd.isna(read_texts(write(f"a,b\n1,{text}\n"), "table")["b"][2])


@pytest.mark.parametrize("text", ["None", "null", "N/A", "-", "0"])
def test_other_words_stay_texts(write, text):
    assert read_texts(write(f"a,b\n1,{text}\n"), "table")["b"][2] == text


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_may_be_separated_by_commas_semicolons_or_tabs(write, separator):
    path = write(TEXT.replace(",", separator))
    assert list(read_texts(path, "table").columns) == header_of(path) == ["Metadata_Well", "Plate"]


def test_a_packed_table_is_read(write):
    path = write(gzip.compress(TEXT.encode(), mtime=0), "table.csv.gz")
    assert read_texts(path, "table")["Plate"][2] == "007"
    assert header_of(path) == ["Metadata_Well", "Plate"]


def test_blank_rows_are_left_out_and_counted(write):
    cells = read_texts(write("a,b\n\n1,2\n,\n3,4\n"), "table")
    assert cells.index.tolist() == [3, 5]


def test_a_parquet_is_read_as_a_csv_would_be(parquet):
    path = parquet(Plate=["007", None], Dose=[1.0, 2.5], Site=[1, 2], Well=["NA", "B01"])
    cells = read_texts(path, "table")
    assert cells.loc[2, ["Plate", "Dose", "Site"]].tolist() == ["007", "1", "1"]
    assert cells.loc[3, ["Dose", "Site", "Well"]].tolist() == ["2.5", "2", "B01"]
    assert cells.isna().sum().to_dict() == {"Plate": 1, "Dose": 0, "Site": 0, "Well": 1}
    assert header_of(path) == ["Plate", "Dose", "Site", "Well"]


def test_a_parquet_without_its_package_says_what_to_install(parquet, monkeypatch):
    path = parquet(a=["1"])
    for name in ("pyarrow", "pyarrow.parquet", "fastparquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="needs pyarrow: pip install"):
        read_texts(path, "table")
    assert header_of(path) == []


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("a,b\n", "t.csv", "table must have rows"),
        ("a,\n1,2\n", "t.csv", "none for column 2"),
        ("a,a\n1,2\n", "t.csv", "'a' several times"),
        ("a\n1,2\n", "t.csv", "must be a table"),
        (b"a\n\xb5\n", "t.csv", "Save it as UTF-8 text"),
        (b"no parquet", "t.parquet", "must be a parquet"),
        (b"no gzip", "t.csv.gz", "must be a table"),
        (gzip.compress(TEXT.encode(), mtime=0)[:20], "t.csv.gz", "must be a table"),
        (gzip.compress(b"", mtime=0)[:10] + b"\xff" * 20, "t.csv.gz", "must be a table"),
    ],
)
def test_what_is_no_table_is_refused_with_its_path(write, content, name, words):
    path = write(content, name)
    with pytest.raises(ValueError, match=words) as error:
        read_texts(path, "table")
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x89PNG\xb5", "t.csv"),
        (b"no parquet", "t.parquet"),
        (b"no gzip", "t.csv.gz"),
        (gzip.compress(TEXT.encode(), mtime=0)[:20], "t.csv.gz"),
        (gzip.compress(b"", mtime=0)[:10] + b"\xff" * 20, "t.csv.gz"),
    ],
)
def test_what_is_no_table_has_no_header(write, content, name):
    assert header_of(write(content, name)) == []


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"^platemap must exist. Received: '.*gone\.csv'"):
        read_texts(tmp_path / "gone.csv", "platemap")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("sirna", "Metadata_Sirna"),
        ("well_type", "Metadata_WellType"),
        ("cell line", "Metadata_CellLine"),
        ("doseUM", "Metadata_DoseUM"),
        ("Metadata_x_y", "Metadata_x_y"),
    ],
)
def test_columns_of_metadata_are_called_as_cellprofiler_does(name, column):
    assert metadata_column(name) == column
