"""Comparison of results made elsewhere: count tables, VCFs and MAFs; what they cannot say."""

import csv
import json

import pytest

from amlresist.__main__ import main
from amlresist.variants.alleles import Allele
from amlresist.variants.consequence import Annotation
from amlresist.variants.given import UNPLACED, GivenCount, read_given
from amlresist.variants.loci import Locus, wholes
from amlresist.variants.same_insertion import align_insertions

SNPS = [(f"chr{1 + i % 9}", 1000 * i, (148 + i % 5, 300), (151 - i % 4, 300)) for i in range(1, 25)]


def compare(tmp_path, libraries, facts=None):
    """Run the command; rows of variants.tsv and of variant_summary.tsv."""
    named = [
        {"sample": f"S_{t}", "timepoint": t, "assay": "dna", "capture": "", "paths": [str(path)]}
        | {"given": True}
        for t, path in libraries.items()
    ]
    argv = ["compare", "--patient", "P1", "--libraries", json.dumps(named)]
    if facts:
        argv += ["--facts", json.dumps(facts)]
    out = tmp_path / "out"
    assert main([*argv, "--out-dir", str(out)]) == 0
    return rows_of(out / "variants.tsv"), rows_of(out / "variant_summary.tsv")


def rows_of(path):
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def wide(tmp_path, rows, name="counts.tsv"):
    lines = [
        "chrom\tpos\tref\talt\tgene\tdiagnosis_alt\tdiagnosis_depth\trelapse_alt\trelapse_depth"
    ]
    for chrom, pos, before, after in rows:
        lines.append(f"{chrom}\t{pos}\tC\tT\t.\t{before[0]}\t{before[1]}\t{after[0]}\t{after[1]}")
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def classes(rows):
    return {int(row["pos"]): row["variant_class"] for row in rows}


def test_count_table_gives_every_class(tmp_path):
    mine = [
        ("chr1", 500001, (0, 900), (270, 900)),
        ("chr2", 500002, (270, 900), (0, 900)),
        ("chr3", 500003, (27, 900), (290, 900)),
        ("chr4", 500004, (290, 900), (45, 900)),
        ("chr5", 500005, (200, 900), (205, 900)),
        ("chr6", 500006, (0, 12), (270, 900)),
    ]
    path = wide(tmp_path, [*SNPS, *mine])
    rows, summary = compare(tmp_path, {"diagnosis": path, "relapse": path})
    found = classes(rows)
    expected = ["acquired", "lost", "expanding", "contracting", "stable", "not_evaluable"]
    assert [found[500001 + i] for i in range(6)] == expected
    assert summary[0]["evidence_level"] == "counts"


def test_order_of_rows_and_libraries_changes_no_class(tmp_path):
    mine = [("chr1", 500001, (0, 500), (170, 500)), ("chr2", 500002, (170, 500), (3, 500))]
    one = wide(tmp_path, [*SNPS, *mine])
    other = wide(tmp_path, [*mine, *SNPS][::-1], "other.tsv")
    first, _ = compare(tmp_path, {"diagnosis": one, "relapse": one})
    second, _ = compare(tmp_path, {"relapse": other, "diagnosis": other})
    assert classes(first) == classes(second)


def test_snps_of_a_lost_arm_are_germline_and_no_change(tmp_path):
    moved = [
        ("chr17", 7_000_000 + 50_000 * i, (150, 300), ((18, 300) if i % 2 else (283, 300)))
        for i in range(6)
    ]
    homozygous = [("chr12", 90_000 + i, (300, 300), (300, 300)) for i in range(4)]
    path = wide(tmp_path, [*SNPS, *moved, *homozygous])
    rows, summary = compare(tmp_path, {"diagnosis": path, "relapse": path})
    lost_arm = [row for row in rows if row["chrom"] == "chr17"]
    assert {row["variant_class"] for row in lost_arm} == {"germline"}
    assert all("loh" in row["flags"].split(";") for row in lost_arm)
    assert summary[0]["n_expanding"] == summary[0]["n_contracting"] == "0"


def test_founders_of_a_relapse_of_40_percent_purity_are_stable(tmp_path):
    mine = [(f"chr{i}", 600_000 + i, (270 + i, 600), (121 - i, 600)) for i in range(1, 7)]
    path = wide(tmp_path, [*SNPS, *mine])
    other = {"sex": "", "transplant_before": False, "flt3_inhibitor_before": False}
    facts = [
        {"patient": "P1", "timepoint": t, "blast_fraction": share} | other
        for t, share in (("diagnosis", 0.9), ("relapse", 0.4))
    ]
    libraries = {"diagnosis": path, "relapse": path}
    rows, summary = compare(tmp_path, libraries, facts)
    found = classes(rows)
    assert {found[600_000 + i] for i in range(1, 7)} == {"stable"}
    assert summary[0]["n_contracting"] == "0"


def test_single_time_point_has_one_row_per_variant_and_no_change(tmp_path):
    path = wide(tmp_path, [*SNPS, ("chr1", 500001, (60, 600), (0, 0))])
    rows, _ = compare(tmp_path, {"diagnosis": path})
    (mine,) = [row for row in rows if row["pos"] == "500001"]
    assert (mine["comparison"], mine["variant_class"]) == ("diagnosis", "not_evaluable")
    assert mine["before_alt"] == "60"
    assert mine["after_depth"] == "NA"
    assert "no second time point" in mine["reason"]


def test_not_listed_is_not_absent(tmp_path):
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{}\n"
    line = "chr2\t5000\t.\tG\tA\t.\tPASS\t.\tGT:AD\t0/1:200,100\n"
    other = "chr3\t6000\t.\tG\tA\t.\tPASS\t.\tGT:AD\t0/1:200,100\n"
    before, after = tmp_path / "before.vcf", tmp_path / "after.vcf"
    before.write_text(head.format("diagnosis") + line, encoding="utf-8")
    after.write_text(head.format("relapse") + other, encoding="utf-8")
    rows, _ = compare(tmp_path, {"diagnosis": before, "relapse": after})
    found = {row["pos"]: row for row in rows}
    assert {row["variant_class"] for row in rows} == {"not_evaluable"}
    assert "not_listed_after" in found["5000"]["flags"]
    assert "not listed is not absent" in found["5000"]["reason"]


def test_vaf_without_counts_gets_the_median_depth_and_says_so(tmp_path):
    lines = ["P.vaf\tR.vaf\tP.var.count\tP.depth\tR.var.count\tR.depth"]
    lines += [
        f"{40 + i % 3}\t{41 - i % 3}\t{400 + 10 * (i % 3)}\t1000\t410\t1000" for i in range(20)
    ]
    lines.append("25.0\t0.3\t\t\t\t")
    path = tmp_path / "vafs.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows, _ = compare(tmp_path, {"diagnosis": path, "relapse": path})
    (assumed,) = [row for row in rows if "depth_assumed_before" in row["flags"]]
    assert (assumed["before_alt"], assumed["before_depth"]) == ("250", "1000")
    assert assumed["variant_class"] == "lost"


MAF = "Hugo_Symbol\tChromosome\tStart_Position\tReference_Allele\tTumor_Seq_Allele2\t"
MAF += "amino_acid_change\tTumor_Sample_Barcode\r"


def test_maf_with_bare_carriage_returns_and_rows_without_position(tmp_path):
    path = tmp_path / "primary.maf"
    text = (
        MAF + "NRAS\tchr1\t115258744\tC\tA\tG13V\tP1D\r" + "FLT3_ITD\tchr13\tNA\tNA\tNA\tX1\tP1D\r"
    )
    path.write_text(text, encoding="utf-8", newline="")
    variants = read_given(path, "P1", "diagnosis", "P1D").variants
    assert variants[0].allele == Allele("chr1", 115258743, "C", "A")
    assert variants[1].allele.chrom == UNPLACED
    assert all(variant.depth is None for variant in variants)


def test_insertions_that_are_rotations_of_each_other_are_one():
    one = Allele("chr13", 28608150, "N", "NTCATATTCTCTGAAATCAACG")
    two = Allele("chr13", 28608139, "N", "NATATTCTCTGAAATCAACGTC")
    far = two._replace(pos=28700000)
    count = GivenCount(None, None)
    found = align_insertions({"diagnosis": {one: count}, "relapse": {two: count, far: count}})
    assert set(found["relapse"]) == {one, far}


@pytest.mark.parametrize("value", ["-3", "2.5", "many"])
def test_broken_counts_are_named_by_line_and_column(tmp_path, value, capsys):
    path = wide(tmp_path, [("chr1", 5, (value, 100), (1, 100))])
    argv = ["compare", "--patient", "P1", "--library", f"diagnosis={path}"]
    assert main([*argv, "--out-dir", str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert "line 2, column diagnosis_alt" in message
    assert "whole number" in message


def equal_fall(founders_after):
    """Six founders and six subclones of a sample whose share of leukemic cells fell."""
    founders = [(f"chr{i}", 600_000, (270, 600), (founders_after, 600)) for i in range(1, 7)]
    small = [(f"chr{i}", 700_000, (60, 600), (after, 600)) for i, after in ((1, 0), (2, 3), (3, 0))]
    return [*founders, *small]


def test_b070_where_every_variant_falls_and_purity_is_unknown_nothing_is_lost(tmp_path):
    path = wide(tmp_path, [*SNPS, *homozygous(), *equal_fall(9)])
    rows, _ = compare(tmp_path, {"diagnosis": path, "relapse": path})
    mine = [row for row in rows if int(row["pos"]) in {600_000, 700_000}]
    assert len(mine) == 9
    assert {row["variant_class"] for row in mine} == {"not_evaluable"}
    assert all("variants_fell_alike" in row["flags"] for row in mine if row["pos"] == "600000")
    assert "fewer leukemic cells" in mine[0]["reason"]


def test_a_variant_that_holds_shows_that_the_others_fell(tmp_path):
    held = ("chr8", 800_000, (150, 600), (155, 600))
    path = wide(tmp_path, [*SNPS, *homozygous(), *equal_fall(0), held])
    rows, _ = compare(tmp_path, {"diagnosis": path, "relapse": path})
    founders = {row["variant_class"] for row in rows if row["pos"] == "600000"}
    assert founders == {"lost"}


def homozygous():
    """SNPs that show a list not cleared of germline."""
    return [(f"chr{1 + i % 9}", 5000 + 1000 * i, (300, 300), (299, 300)) for i in range(12)]


def test_a_base_change_listed_beside_its_mnv_is_flagged_so_that_nobody_counts_it_twice(tmp_path):
    head = "chrom\tpos\tref\talt\tgene\tdiagnosis_alt\tdiagnosis_depth\trelapse_alt\trelapse_depth"
    mine = [
        "chr1\t500001\tCC\tTA",
        "chr1\t500001\tC\tT",
        "chr1\t500002\tC\tA",
        "chr1\t500002\tC\tG",
    ]
    path = tmp_path / "counts.tsv"
    rows = "\n".join(f"{variant}\t.\t0\t900\t270\t900" for variant in mine)
    path.write_text(f"{head}\n{rows}\n", encoding="utf-8")
    found, _ = compare(tmp_path, {"diagnosis": path, "relapse": path})
    flagged = {(row["ref"], row["alt"]) for row in found if "part_of_mnv" in row["flags"]}
    assert flagged == {("C", "T"), ("C", "A")}
    said = [row for row in found if "Also part of chr1:500001 CC>TA" in row["reason"]]
    assert {(row["ref"], row["alt"]) for row in said} == flagged


def test_parts_of_an_mnv_are_told_from_other_changes_of_the_same_bases():
    changes = [("CCG", "TAA"), ("CC", "TA"), ("CC", "TG"), ("C", "T"), ("C", "G"), ("CCG", "C")]
    loci = [Locus(Allele("chr1", 9, *c), Annotation(consequence=""), "", ()) for c in changes]
    assert wholes(loci) == {1: loci[0].allele, 3: loci[1].allele}
