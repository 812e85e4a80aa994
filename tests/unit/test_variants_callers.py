"""VCFs as Mutect2, VarDict, Strelka2 and freebayes write them, read for what they say."""

import json
from pathlib import Path

import numpy as np
import pysam
import pytest
from variants_world import CHROM, random_bases, with_run

from amlresist.__main__ import main
from amlresist.tables import read_table
from amlresist.variants.records import VariantChange

GENOME = with_run(random_bases(1200, np.random.default_rng(3)), 900, "A" * 8)
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
PAIR = ("T_DX", "T_REL")
Counts = dict[tuple[int, str, str], tuple[int | None, int | None, int | None, int | None]]


def base(pos: int) -> str:
    return GENOME[pos - 1]


def row(pos: int, ref: str, alt: str, form: str, *calls: str, info: str = ".") -> str:
    return "\t".join((CHROM, str(pos), ".", ref, alt, ".", "PASS", info, form, *calls))


def compared(folder: Path, rows: list[str], samples: tuple[str, ...] = PAIR) -> Counts:
    """(pos, ref, alt) -> alt and depth at diagnosis and at relapse."""
    folder.mkdir(exist_ok=True)
    fasta, vcf = folder / "genome.fa", folder / "calls.vcf"
    fasta.write_text(f">{CHROM}\n{GENOME}\n")
    pysam.faidx(str(fasta))
    header = "\t".join(("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"))
    lines = ["##fileformat=VCFv4.2", "\t".join((header, *samples)), *rows]
    vcf.write_text("\n".join(lines) + "\n")
    shared = {"assay": "dna", "capture": "", "paths": [str(vcf)], "given": True}
    libraries = [
        shared | {"sample": "T_DX", "timepoint": "diagnosis"},
        shared | {"sample": "T_REL", "timepoint": "relapse"},
    ]
    words = ["compare", "--libraries", json.dumps(libraries), "--reference", str(fasta)]
    assert main([*words, "--out-dir", str(folder / "out")]) == 0
    return {
        (r.pos, r.ref, r.alt): (r.before_alt, r.before_depth, r.after_alt, r.after_depth)
        for r in read_table(folder / "out" / "variants.tsv", VariantChange)
    }


def test_mutect2_spanning_deletions_and_symbolic_alleles_are_no_variants(tmp_path: Path) -> None:
    ref, alt = base(600), OTHER[base(600)]
    rows = [
        row(600, ref, f"{alt},*", "GT:AD:DP", "0/1/2:200,100,50:350", "0/0:400,2,0:402"),
        row(700, base(700), "<DEL>", "GT:AD", "0/1:100,90", "0/1:200,40", info="END=800"),
        row(750, base(750), ".", "GT:AD", "0/0:100", "0/0:200"),
    ]
    assert compared(tmp_path, rows) == {(600, ref, alt): (100, 350, 2, 402)}


def test_mutect2_mnv_stays_one_variant(tmp_path: Path) -> None:
    ref = GENOME[699:702]
    alt = "".join(OTHER[letter] for letter in ref)
    rows = [row(700, ref, alt, "GT:AD", "0/1:100,90", "0|1:200,40")]
    assert compared(tmp_path, rows) == {(700, ref, alt): (90, 190, 40, 240)}


def test_spellings_of_one_indel_in_a_repeat_are_one_variant(tmp_path: Path) -> None:
    rows = [
        row(905, "AAAA", "AAA", "GT:AD", "0/1:100,90", "0/1:200,40"),
        row(907, "AA", "A", "GT:AD", "0/1:100,90", "0/1:200,40"),
    ]
    assert compared(tmp_path, rows) == {(900, base(900) + "A", base(900)): (90, 190, 40, 240)}


def test_vardict_counts_are_vd_of_dp(tmp_path: Path) -> None:
    ref, alt = base(500), OTHER[base(500)]
    rows = [row(500, ref, alt, "GT:DP:VD:AF", "0/0:400:1:0.0025", "0/1:380:95:0.25")]
    assert compared(tmp_path, rows) == {(500, ref, alt): (1, 400, 95, 380)}


def test_strelka2_counts_are_of_the_tumour_in_tiers(tmp_path: Path) -> None:
    ref, alt = base(500), OTHER[base(500)]
    tiers = {ref: "300,301", alt: "100,104"}
    form = ":".join(("DP", *(f"{letter}U" for letter in "ACGT")))
    tumour = ":".join(("400", *(tiers.get(letter, "0,0") for letter in "ACGT")))
    normal = ":".join(("90", *("90,90" if letter == ref else "0,0" for letter in "ACGT")))
    longer = base(800) + "ACG"
    rows = [
        row(500, ref, alt, form, normal, tumour),
        row(800, base(800), longer, "DP:TAR:TIR", "100:95,95:0,0", "400:300,300:90,92"),
    ]
    found = compared(tmp_path, rows, ("NORMAL", "TUMOR"))
    assert found[500, ref, alt][2:] == (100, 400)
    (indel,) = (counts for (_, _, written), counts in found.items() if len(written) > 1)
    assert indel[2:] == (90, 390)


def test_freebayes_alleles_keep_their_own_counts(tmp_path: Path) -> None:
    ref = base(500)
    first, second = OTHER[ref], OTHER[OTHER[ref]]
    rows = [
        row(500, ref, f"{first},{second}", "GT:RO:AO", "0/1:300:100,0", "0/2:310:0,90"),
    ]
    assert compared(tmp_path, rows) == {
        (500, ref, first): (100, 400, 0, 400),
        (500, ref, second): (0, 400, 90, 400),
    }


def test_what_a_vcf_without_depths_does_not_say_stays_unknown(tmp_path: Path) -> None:
    ref, alt = base(500), OTHER[base(500)]
    rows = [row(500, ref, alt, "GT:AD:DP", "0/1:.:.", "./.:.,.:300")]
    assert compared(tmp_path, rows) == {(500, ref, alt): (None, None, None, None)}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (row(500, OTHER[base(500)], base(500), "GT:AD", "0/1:9,9", "0/1:9,9"), "not the genome's"),
        (row(5000, "A", "C", "GT:AD", "0/1:9,9", "0/1:9,9"), "not the genome's"),
        (
            row(500, base(500), OTHER[base(500)], "GT:AD", "0/1:9,9", "0/1:9,9")[3:],
            "the genome spells this contig chr1",
        ),
    ],
    ids=["other base", "past the end", "without chr"],
)
def test_calls_on_another_genome_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    with pytest.raises(AssertionError):
        compared(tmp_path, [line])
    assert message in capsys.readouterr().err


def phased(pos: int, depths: tuple[str, str], genotypes: tuple[str, str], form: str) -> str:
    calls = [f"{g}:{d}:{pos // 100}_X" for g, d in zip(genotypes, depths, strict=True)]
    return row(pos, base(pos), OTHER[base(pos)], form, *calls)


def changed(start: int, *positions: int) -> tuple[int, str, str]:
    span = range(start, max(positions) + 1)
    alt = "".join(OTHER[base(p)] if p in positions else base(p) for p in span)
    return start, "".join(base(p) for p in span), alt


@pytest.mark.parametrize("form", ["PGT:AD:PID", "GT:AD:PS"])
def test_snvs_of_one_molecule_are_one_variant(tmp_path: Path, form: str) -> None:
    both = ("0|1", "0|1")
    rows = [
        phased(600, ("300,2", "210,90"), both, form),
        phased(602, ("310,1", "200,95"), both, form),
        phased(606, ("310,1", "200,95"), both, form),
        phased(700, ("310,9", "200,95"), both, form),
        phased(701, ("310,9", "200,99"), ("1|0", "1|0"), form),
    ]
    assert compared(tmp_path, rows) == {
        changed(600, 600, 602): (1, 302, 90, 295),
        changed(606, 606): (1, 311, 95, 295),
        changed(700, 700): (9, 319, 95, 295),
        changed(701, 701): (9, 319, 99, 299),
    }


def test_unphased_neighbours_stay_two(tmp_path: Path) -> None:
    rows = [
        row(p, base(p), OTHER[base(p)], "GT:AD", "0/1:300,30", "0/1:210,90") for p in (600, 601)
    ]
    assert set(compared(tmp_path, rows)) == {changed(600, 600), changed(601, 601)}
