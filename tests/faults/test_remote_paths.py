"""A file that is only an address is told as such, and not as a missing file."""

import pytest

from amlresist.inputs.check import check_everything


@pytest.mark.parametrize("address", ["http://127.0.0.1/dx.bam", "s3://bucket/dx.bam"])
def test_an_address_must_be_fetched_first(tmp_path, address):
    sheet = tmp_path / "samples.tsv"
    sheet.write_text(f"patient\ttimepoint\tassay\tbam\nP1\tdiagnosis\tdna\t{address}\n")
    findings, _ = check_everything({"samples": str(sheet)}, tmp_path, 1)
    told = " ".join(str(finding.problem) for finding in findings)
    assert "fetch it first" in told
    assert address in told
