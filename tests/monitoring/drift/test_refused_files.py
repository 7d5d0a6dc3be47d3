"""Files that are not read say so in one line, with what to do."""

from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import analyze

ROWS = pl.DataFrame({"wind": [1.0, 2.0], "site": ["café", "quay"]})
TEXT = ROWS.write_csv()


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as raised:
        analyze(path, ROWS)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_file_with_tabs_is_told_how_a_csv_file_looks_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.tsv").write_text(TEXT.replace(",", "\t"), encoding="utf-8")
    assert refusal(tmp_path / "rows.tsv").endswith("A CSV file has commas between its values and a name that ends in .csv or .txt.")


@pytest.mark.parametrize("folder", ["rows", "rows.csv"])
def test_a_folder_of_csv_files_is_told_to_be_written_otherwise(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "part-0.csv").write_text(TEXT, encoding="utf-8")
    assert refusal(tmp_path / folder) == (
        f"The folder {str(tmp_path / folder)!r} has neither Parquet files nor a Delta table in it. "
        "Only Parquet files are read as one table; write its CSV files as Parquet, or into one file."
    )


def test_a_folder_without_csv_files_is_told_nothing_of_them(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith("has neither Parquet files nor a Delta table in it.")


@pytest.mark.parametrize(
    ("text", "encoding", "line", "byte"),
    [(TEXT, "latin-1", 2, "0xe9"), (TEXT.replace("site", "où"), "latin-1", 1, "0xf9"), (TEXT, "utf-16", 1, "0xff")],
)
def test_a_csv_file_that_is_not_utf_8_is_told_where_and_what_to_write(text: str, encoding: str, line: int, byte: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(text.encode(encoding))
    assert refusal(tmp_path / "rows.csv").endswith(f"rows.csv' is not in UTF-8: line {line} has the byte {byte}; write the file in UTF-8.")


def test_a_letter_of_two_bytes_may_lie_across_the_first_megabyte(tmp_path: Path) -> None:
    lines = "wind,site\n" + "1,é23456789012\n" * 80_000
    first = lines.encode()[: 1 << 20]
    padded = "wind,site" + "_" * (len(first) - first.rindex("é".encode()) - 1) + lines[9:]
    assert padded.encode()[(1 << 20) - 1 : (1 << 20) + 1] == "é".encode()
    (tmp_path / "rows.csv").write_text(padded, encoding="utf-8")
    assert analyze(tmp_path / "rows.csv", ROWS, min_rows=2).rows_reference == 80_000
