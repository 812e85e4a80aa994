"""The sheets are read as people write them, and every problem is told at once."""

import pytest

from amlresist.errors import InputError
from amlresist.sheet import (
    Assay,
    Capture,
    GivenKind,
    comparisons,
    read_libraries,
    read_patient_facts,
    timepoint_rank,
)

HEADER = "patient\ttimepoint\tassay\tfq1\tfq2\tbam\tgiven\tcapture\tsample\n"


def sheet(tmp_path, *rows, header=HEADER):
    path = tmp_path / "samples.tsv"
    path.write_text(header + "".join(row + "\n" for row in rows))
    return path


def problems(tmp_path, *rows, header=HEADER):
    with pytest.raises(InputError) as caught:
        read_libraries(sheet(tmp_path, *rows, header=header))
    return [str(problem) for problem in caught.value.problems]


def test_a_row_becomes_a_library(tmp_path):
    row = "P1\tdiagnosis\tdna\t\t\tdx.bam\t\tpanel\t"
    (library,) = read_libraries(sheet(tmp_path, row))
    assert (library.sample, library.assay) == ("P1_diagnosis_dna", Assay.DNA)
    assert (library.capture, library.bam, library.row) == (Capture.PANEL, "dx.bam", 2)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_any_line_ends_and_a_byte_order_mark_are_read(tmp_path, ends):
    text = "\ufeff" + HEADER + "P1\trelapse\trna\ta.fq\t\t\t\t\t\n"
    path = tmp_path / "samples.tsv"
    path.write_bytes(text.replace("\n", ends).encode())
    assert read_libraries(path)[0].patient == "P1"


def test_every_problem_is_told_at_once(tmp_path):
    told = problems(
        tmp_path,
        "P 1\tdiagnosis\tdna\t\t\ta.bam\t\t\t",
        "P2\tbefore\tdna\t\t\ta.bam\t\t\t",
        "P3\trelapse\tprotein\t\t\ta.bam\t\t\t",
        "P4\trelapse\tdna\t\t\t\t\t\t",
        "P5\trelapse\tdna\ta.fq\ta.fq\t\t\t\t",
        "P6\trelapse\tdna\t\t\t$(rm).bam\t\t\t",
        "P7\trelapse\tdna\t\t\t-x.bam\t\t\t",
    )
    assert len(told) == 7
    for row, text in enumerate(told, start=2):
        assert f"row {row}, column" in text


def test_two_rows_of_one_name_are_refused_with_both_rows(tmp_path):
    row = "P1\tdiagnosis\tdna\t\t\tdx.bam\t\tpanel\tS1"
    other = "P1\trelapse\tdna\t\t\trel.bam\t\tpanel\tS1"
    (told,) = problems(tmp_path, row, other)
    assert "row 3" in told and "row 2" in told


def test_a_column_name_that_is_not_known_is_refused(tmp_path):
    (told,) = problems(tmp_path, header="patient\ttimepoint\tassay\ttumor\n")
    assert "tumor" in told


def test_an_empty_sheet_is_refused(tmp_path):
    assert "no rows" in problems(tmp_path)[0]


def test_the_kind_of_a_given_result_is_told_from_its_name(tmp_path):
    rows = [
        "P1\tdiagnosis\tdna\t\t\t\ta.vcf.gz\t\t",
        "P1\trelapse\tdna\t\t\t\tb.MAF\t\t",
        "P2\trelapse\tdna\t\t\t\tc.tsv\t\t",
    ]
    kinds = [library.given_kind for library in read_libraries(sheet(tmp_path, *rows))]
    assert kinds == [GivenKind.VCF, GivenKind.MAF, GivenKind.TABLE]


def test_time_points_are_compared_from_diagnosis_and_relapse_to_relapse():
    times = ["relapse2", "normal", "remission", "relapse", "diagnosis"]
    assert sorted(times, key=timepoint_rank)[0] == "diagnosis"
    assert comparisons(times) == [
        ("diagnosis", "relapse"),
        ("diagnosis", "relapse2"),
        ("relapse", "relapse2"),
    ]
    assert comparisons(["diagnosis"]) == []
    assert comparisons(["relapse", "normal"]) == []


@pytest.mark.parametrize("blasts, good", [("0.85", True), ("", True), ("85", False), ("0", False)])
def test_blast_fractions_are_fractions(tmp_path, blasts, good):
    path = tmp_path / "patients.tsv"
    path.write_text(f"patient\ttimepoint\tblast_fraction\nP1\tdiagnosis\t{blasts}\n")
    if good:
        (facts,) = read_patient_facts(path).values()
        assert facts.blast_fraction == (float(blasts) if blasts else None)
    else:
        with pytest.raises(InputError, match=r"row 2, column blast_fraction"):
            read_patient_facts(path)
