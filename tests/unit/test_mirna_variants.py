"""miRNA station: a donor's own alleles are no errors."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirna_reads import (
    HAIRPINS,
    LET7A,
    LET7C,
    MATURES,
    counts_of,
    library,
    small,
    write_reads,
    write_reference,
)

from amlresist.__main__ import main
from amlresist.dna import reverse_complement
from amlresist.errors import InputError
from amlresist.inputs.findings import Severity
from amlresist.inputs.setting_files import examine_mirna_variants
from amlresist.mirna import isomirs
from amlresist.mirna.alleles import with_variants
from amlresist.mirna.library import CountedLibrary, count_library
from amlresist.mirna.records import MirnaAllele, MirnaHairpin
from amlresist.mirna.reference import Reference, build_reference, read_reference
from amlresist.mirna.variants import KnownVariants, read_variants
from amlresist.tables import read_table

START = 4  # of the matures in their hairpins
HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
T9C = LET7A[:8] + "C" + LET7A[9:]  # ninth base of let-7a: T or C
T9C_VARIANT = ("hsa-let-7a-1", START + 9, "rs9", "T", "C")


def write_vcf(path: Path, *records: tuple[str, int, str, str, str]) -> str:
    rows = ["\t".join(map(str, (*record, ".", "PASS", ".", "GT", "0/1:A/C"))) for record in records]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return str(path)


def with_records(tmp_path: Path, *records: tuple[str, int, str, str, str]) -> Reference:
    reference = build_reference(MATURES, HAIRPINS)
    path = write_vcf(tmp_path / "v.vcf", *records)
    return with_variants(reference, read_variants(path, reference.hairpins, ""), path)


def counted_reads(tmp_path: Path, reference: Reference, **inserts: int) -> CountedLibrary:
    path = write_reads(tmp_path / "a.fq.gz", inserts)
    return count_library(library(path), reference, small())


def test_reads_of_the_other_allele_may_have_an_error_as_others_may(tmp_path):
    """A variant and an error are two differences; without the variant such reads are lost."""
    reads = {LET7A: 200, T9C: 180, f"{T9C[:15]}A{T9C[16:]}": 6, LET7C: 50}
    plain = counts_of(counted_reads(tmp_path, build_reference(MATURES, HAIRPINS), **reads))
    known = counts_of(counted_reads(tmp_path, with_records(tmp_path, T9C_VARIANT), **reads))
    assert plain["hsa-let-7a-5p"] == pytest.approx(380, abs=0.5)
    assert known["hsa-let-7a-5p"] == pytest.approx(386, abs=0.5)
    assert known["hsa-let-7c-5p"] == pytest.approx(50, abs=0.5)


def test_known_variants_that_no_read_has_change_no_count(tmp_path):
    reads = {LET7A: 500, LET7A[:-1]: 90, LET7A + "T": 30, LET7C: 60, LET7C[1:]: 8}
    variants = [T9C_VARIANT, ("hsa-let-7c", START + 3, "rs3", "A", "G,T")]
    plain = counted_reads(tmp_path, build_reference(MATURES, HAIRPINS), **reads)
    known = counted_reads(tmp_path, with_records(tmp_path, *variants), **reads)
    assert known.counts == pytest.approx(plain.counts, abs=0.1)
    assert known.evidence
    assert known.evidence.quantities.allele_reads[:, 1] == pytest.approx([0, 0, 0], abs=0.1)


def test_an_allele_that_is_another_mirna_takes_no_reads_from_it(tmp_path):
    """let-7a with G for its 19th base is let-7c: reads cannot tell, so it is not offered."""
    at = ("hsa-let-7a-1", START + 19, "rs19", LET7A[18], LET7C[18])
    reference = with_records(tmp_path, at)
    counted = counts_of(counted_reads(tmp_path, reference, **{LET7A: 5000, LET7C: 100}))
    assert counted["hsa-let-7c-5p"] == pytest.approx(100, abs=0.5)
    assert [site.unused for site in reference.sites] == [
        "the allele has the sequence of hsa-let-7c-5p"
    ]


def test_two_variants_may_stand_on_one_read(tmp_path):
    other = ("hsa-let-7a-1", START + 12, "rs12", LET7A[11], "A")
    both = T9C[:11] + "A" + T9C[12:]
    counted = counted_reads(
        tmp_path, with_records(tmp_path, T9C_VARIANT, other), **{LET7A: 100, both: 100, LET7C: 20}
    )
    assert counts_of(counted)["hsa-let-7a-5p"] == pytest.approx(200, abs=0.5)
    assert counted.evidence
    reads = counted.evidence.quantities.allele_reads
    assert reads == pytest.approx(np.array([[100, 100], [100, 100]]), abs=0.5)


def test_the_isomir_table_names_alleles_and_survives_the_round_trip(tmp_path):
    reference = with_records(tmp_path, T9C_VARIANT)
    error = f"{T9C[:15]}A{T9C[16:]}"
    counted = counted_reads(tmp_path, reference, **{LET7A: 50, T9C[1:]: 40, T9C: 60, error: 2})
    assert counted.evidence
    table = isomirs.isomirs(counted.evidence, reference, 1)
    path = tmp_path / "i.gff3"
    path.write_text(isomirs.gff3_text(table, "s", "miRBase22"))
    assert list(isomirs.read_gff3(str(path))) == table
    rows = {row.read: row for row in table}
    assert rows[T9C].variant == "iso_snv_central"
    assert rows[T9C].alleles == ("rs9:T>C",)
    assert rows[T9C].cigar == "8MT13M"
    assert rows[T9C[1:]].variant == "iso_5p:+1,iso_snv_central"
    assert rows[error].variant == "iso_snv_central,iso_snv_central_supp"
    assert rows[error].differences == ((9, "T"), (16, LET7A[15]))
    assert rows[LET7A].alleles == ()


@given(st.integers(1, 40), st.sampled_from("ACGT"), st.booleans(), st.booleans())
def test_a_vcf_on_the_genome_and_one_on_hairpins_say_the_same(
    tmp_path_factory, position, other, is_reverse, chr_prefix
):
    folder = tmp_path_factory.mktemp("v")
    name, sequence = "hsa-let-7c", HAIRPINS["hsa-let-7c"]
    own = sequence[position - 1]
    on_hairpin = write_vcf(folder / "h.vcf", (name, position, "rs", own, other))
    strand, start, end = "-" if is_reverse else "+", 1001, 1000 + len(sequence)
    gff3 = folder / "m.gff3"
    row = (
        "chr7",
        ".",
        "miRNA_primary_transcript",
        start,
        end,
        ".",
        strand,
        ".",
        f"ID=x;Name={name}",
    )
    gff3.write_text("##gff-version 3\n" + "\t".join(map(str, row)) + "\n")
    at = end - position + 1 if is_reverse else start + position - 1
    bases = [reverse_complement(base) if is_reverse else base for base in (own, other)]
    contig = "chr7" if chr_prefix else "7"
    on_genome = write_vcf(folder / "g.vcf", (contig, at, "rs", *bases))
    there = read_variants(on_genome, HAIRPINS, str(gff3)).variants
    assert there == read_variants(on_hairpin, HAIRPINS, "").variants
    assert len(there) == (own != other)


def test_the_hairpins_own_base_may_be_what_the_vcf_calls_alternative(tmp_path):
    path = write_vcf(tmp_path / "v.vcf", ("hsa-let-7a-1", START + 9, "rs9", "C", "T"))
    (variant,) = read_variants(path, HAIRPINS, "").variants
    assert (variant.reference, variant.alternative) == ("T", "C")


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([("hsa-let-7a-1", START + 9, "rs9", "G", "A")], r"rs9: G,A, but T in hsa-let-7a-1"),
        ([("1", 500, "rs9", "G", "C")], "no hairpin lies on any contig"),
        ([], "no variants"),
        ([("hsa-let-7a-1", "x", "rs9", "A", "C")], "not a VCF record"),
        (
            [("hsa-let-7a-1", p, ".", HAIRPINS["hsa-let-7a-1"][p - 1], "N") for p in range(5, 16)],
            "more than 8 variants in one miRNA",
        ),
    ],
)
def test_variants_that_do_not_fit_the_reference_stop(tmp_path, records, message):
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    records = [(*r[:4], other[r[3]] if r[4] == "N" else r[4]) for r in records]
    with pytest.raises(InputError, match=message):
        with_records(tmp_path, *records)


def test_insertions_are_left_out_and_counted(tmp_path):
    path = write_vcf(tmp_path / "v.vcf", ("hsa-let-7a-1", START + 9, "rs9", "T", "TC"), T9C_VARIANT)
    known = read_variants(path, HAIRPINS, "")
    assert (len(known.variants), known.records, known.unusable) == (1, 2, 1)
    assert isinstance(known, KnownVariants)


def test_the_input_check_tells_of_useless_and_foreign_variants(tmp_path):
    files = *write_reference(tmp_path), "", "hsa", 0.05
    outside = write_vcf(tmp_path / "o.vcf", ("hsa-let-7a-1", 40, "rs", "A", "C"))
    wrong = write_vcf(tmp_path / "w.vcf", ("hsa-let-7a-1", START + 9, "rs", "A", "G"))
    right = write_vcf(tmp_path / "r.vcf", T9C_VARIANT)
    found = [
        [finding.severity for finding in examine_mirna_variants(path, *files)]
        for path in (outside, wrong, right)
    ]
    assert found == [[Severity.WARN], [Severity.STOP], []]


def test_the_command_reports_both_alleles_and_keeps_hairpins_apart(tmp_path):
    matures, hairpins = write_reference(tmp_path)
    vcf = write_vcf(tmp_path / "v.vcf", T9C_VARIANT)
    reads = {LET7A: 300, T9C: 100, LET7A + "TTA": 30, LET7A + "TAG": 60, LET7C: 40, LET7A[:7]: 9}
    path = write_reads(tmp_path / "a.fq.gz", reads)
    out = tmp_path / "o"
    command = ["mirna", "--library", f"diagnosis={path}", "--out-dir", str(out)]
    command += ["--matures", matures, "--hairpins", hairpins]
    settings = {"min_assigned": 1, "variants": vcf}
    assert main([*command, "--settings", json.dumps(settings)]) == 0
    (row,) = read_table(out / "mirna_alleles.tsv", MirnaAllele)
    assert (row.variant, row.position, row.snv_class) == ("rs9", 9, "iso_snv_central")
    assert row.reference_count == pytest.approx(390, abs=0.5)
    assert row.alternative_count == pytest.approx(100, abs=0.5)
    assert row.share_low < row.alternative_share < row.share_high
    told = {r.hairpin: r.count for r in read_table(out / "mirna_hairpins.tsv", MirnaHairpin)}
    assert told["hsa-let-7a-1"] + told["hsa-let-7a-2"] == pytest.approx(490, abs=1)


# Real data

# dbSNP on GRCh38, as in the donors' genotypes published with OptimiR.
OF_DONORS = [
    ("2", 64340782, "rs12473206", "C", "G"),
    ("4", 36426426, "rs6841938", "G", "A"),
    ("7", 1022963, "rs72631820", "T", "C"),
    ("11", 93733700, "rs2155248", "G", "T"),
    ("16", 81533949, "rs2925980", "A", "G"),
    ("18", 22933411, "rs7227168", "C", "T"),
    ("19", 804959, "rs10422347", "C", "T"),
    ("19", 8389352, "rs72996752", "A", "G"),
]
# (sample, miRNA) -> reads of the reference and of the alternative allele that OptimiR counts.
ALLELES = {
    ("S1", "hsa-miR-4433b-3p"): (32, 565),
    ("S1", "hsa-miR-1304-3p"): (0, 74),
    ("S1", "hsa-miR-7854-3p"): (0, 71),
    ("S1", "hsa-miR-1255b-5p"): (136, 0),
    ("S1", "hsa-miR-4999-5p"): (35, 0),
    ("S2", "hsa-miR-4433b-3p"): (196, 0),
    ("S2", "hsa-miR-1304-3p"): (0, 38),
    ("S2", "hsa-miR-7854-3p"): (0, 33),
    ("S2", "hsa-miR-1255b-5p"): (92, 28),
    ("S2", "hsa-miR-339-3p"): (41, 0),
    ("S2", "hsa-miR-4741"): (39, 0),
    ("S2", "hsa-miR-4745-5p"): (23, 0),
}


def test_with_known_variants_all_of_optimirs_counts_are_met(real_data, tmp_path):
    folder = real_data / "mirna"
    gff3 = str(folder / "hsa_miRBase_v22.gff3.gz")
    matures, hairpins = (str(folder / f"hsa_{x}_miRBase_v22.fa") for x in ("matures", "hairpins"))
    reference = read_reference(matures, hairpins, "hsa", 0.05, gff3)
    vcf = write_vcf(tmp_path / "v.vcf", *OF_DONORS)
    reference = with_variants(reference, read_variants(vcf, reference.hairpins, gff3), vcf)
    table = (folder / "optimir_expected_abundances.txt").read_text().splitlines()[1:]
    for column, sample in ((1, "S1"), (2, "S2")):
        path = str(folder / f"optimir_{sample}.fq.gz")
        counted = count_library(library(path), reference, small())
        counts = counts_of(counted)
        for cells in (line.split("\t") for line in table):
            assert counts[cells[0]] >= float(cells[column]), cells[0]
        assert counted.evidence
        for site, reads in zip(
            reference.sites, counted.evidence.quantities.allele_reads, strict=True
        ):
            expected = ALLELES.get((sample, reference.groups[site.group]))
            if expected:
                assert reads == pytest.approx(expected, rel=0.05, abs=2), site
