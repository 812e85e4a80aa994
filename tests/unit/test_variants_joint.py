"""A joint VCF of both time points is read by its sample columns."""

import json
from pathlib import Path

from amlresist.__main__ import main
from amlresist.tables import read_table
from amlresist.variants.records import VariantChange

HEADER = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=1000>\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">\n'
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="depth per allele">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tDX\tREL\n"
)
ROWS = (
    "chr1\t100\t.\tA\tT\t.\tPASS\t.\tGT:AD\t0/0:900,0\t0/1:300,200\n"
    "chr1\t200\t.\tG\tC,T\t.\tPASS\t.\tGT:AD\t0/1:500,400,0\t0/2:520,0,390\n"
)


def test_each_time_point_takes_its_own_column_and_alleles_are_split(tmp_path: Path) -> None:
    vcf = tmp_path / "joint.vcf"
    vcf.write_text(HEADER + ROWS)
    facts = {"assay": "dna", "capture": "", "paths": [str(vcf)], "given": True}
    libraries = [
        facts | {"sample": "DX", "timepoint": "diagnosis"},
        facts | {"sample": "REL", "timepoint": "relapse"},
    ]
    out = tmp_path / "out"
    assert main(["compare", "--libraries", json.dumps(libraries), "--out-dir", str(out)]) == 0
    found = {
        (row.pos, row.alt): (row.variant_class.value, row.before_alt, row.after_alt)
        for row in read_table(out / "variants.tsv", VariantChange)
    }
    assert found == {
        (100, "T"): ("acquired", 0, 200),
        (200, "C"): ("lost", 400, 0),
        (200, "T"): ("acquired", 0, 390),
    }
