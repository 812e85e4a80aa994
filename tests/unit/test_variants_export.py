import csv
import gzip
import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
import pytest
from variants_world import CHROM, HandRead, World, random_bases, transcript, write_bam

from amlresist.__main__ import main
from amlresist.annotation import GeneModel, to_row
from amlresist.dna import CODONS
from amlresist.tables import read_table, write_table
from amlresist.variants.alleles import Allele
from amlresist.variants.candidates import write_candidates
from amlresist.variants.export import MAF_COLUMNS
from amlresist.variants.records import AlleleCount, VariantChange, VariantClass

OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
FILES = ("variants.tsv", "variants.vcf.gz", "variants.maf", "allele_counts.tsv", "clones.tsv")


@dataclass(frozen=True)
class Run:
    folder: Path
    out: Path
    alleles: dict[str, Allele]

    @property
    def rows(self) -> dict[Allele, VariantChange]:
        rows = read_table(self.out / "variants.tsv", VariantChange)
        return {Allele(row.chrom, row.pos - 1, row.ref, row.alt): row for row in rows}


def library(world: World, name: str, vafs: dict[Allele, float], depth: int) -> Path:
    """Perfect reads; each allele sits on its own reads, in the stated share of them."""
    reads = []
    for allele, vaf in vafs.items():
        for i in range(depth):
            start = allele.pos - 30 - i % 40
            flag = 0x10 * (i % 2)
            bases, cigar = world.genome[start : start + 100], ""
            if i < round(vaf * depth):
                before = world.genome[start : allele.pos]
                after = world.genome[allele.end : allele.end + 100]
                bases = (before + allele.alt + after)[:100]
                lead, size = len(before) + 1, len(allele.alt) - len(allele.ref)
                if size > 0:
                    cigar = f"{lead}M{size}I{100 - lead - size}M"
                elif size < 0:
                    cigar = f"{lead}M{-size}D{100 - lead}M"
            reads.append(HandRead(f"{name}_{allele.pos}_{i}", start, bases, cigar, flag))
    return write_bam(world.folder / f"{name}.bam", world.genome, reads)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("export")
    rng = np.random.default_rng(17)
    genome = random_bases(4000, rng)
    codons = sorted(set(CODONS) - {"TAA", "TAG", "TGA"})
    coding = "ATG" + "".join(rng.choice(codons, 511)) + "TAA"
    genome = genome[:350] + coding[:650] + genome[1000:1100] + coding[650:] + genome[1989:]
    world = World.make(folder, genome)
    places = range(400, 2801, 400)
    names = ("acquired", "lost", "insertion", "deletion", "mnv", "unread", "germline")
    alleles = {
        name: Allele(CHROM, p, genome[p], OTHER[genome[p]])
        for name, p in zip(names, places, strict=True)
    }
    alleles["insertion"] = world.allele(1200, "", "GATTACA")
    alleles["deletion"] = world.allele(1600, genome[1600:1605], "")
    alleles["mnv"] = world.allele(
        2000, genome[2000:2002], "".join(OTHER[b] for b in genome[2000:2002])
    )
    before = {
        "acquired": 0,
        "lost": 0.4,
        "insertion": 0.3,
        "deletion": 0,
        "mnv": 0.2,
        "germline": 0.5,
    }
    after = {
        "acquired": 0.4,
        "lost": 0,
        "insertion": 0.3,
        "deletion": 0.35,
        "mnv": 0.45,
        "germline": 0.5,
    }
    for name, vafs in (("dx", before), ("rel", after)):
        library(world, name, {alleles[key]: vaf for key, vaf in vafs.items()}, 1000)
    model = transcript([(300, 1000), (1100, 2100)], [(350, 1000), (1100, 1989)])
    write_table(folder / "models.tsv", GeneModel, [to_row(model)])
    sources = {allele: {"reads"} for allele in alleles.values()}
    sources[alleles["unread"]] = {"given"}
    write_candidates(folder / "candidates.vcf.gz", sources, {CHROM: len(genome)})
    assert compare(folder, folder / "out") == 0
    return Run(folder, folder / "out", alleles)


def compare(folder: Path, out: Path, *more: str) -> int:
    words = ["compare", "--patient", "P1", "--out-dir", str(out)]
    words += ["--library", f"diagnosis={folder}/dx.bam", "--library", f"relapse={folder}/rel.bam"]
    words += ["--candidates", f"{folder}/candidates.vcf.gz", "--reference", f"{folder}/genome.fa"]
    return main([*words, "--gene-models", f"{folder}/models.tsv", *more])


def test_classes_are_those_that_were_planted(run: Run) -> None:
    rows = run.rows
    assert rows[run.alleles["acquired"]].variant_class is VariantClass.ACQUIRED
    assert rows[run.alleles["deletion"]].variant_class is VariantClass.ACQUIRED
    assert rows[run.alleles["lost"]].variant_class is VariantClass.LOST
    assert rows[run.alleles["insertion"]].variant_class is VariantClass.STABLE
    assert rows[run.alleles["mnv"]].variant_class is VariantClass.EXPANDING


def test_a_locus_without_reads_is_not_evaluable_and_never_absent(run: Run) -> None:
    row = run.rows[run.alleles["unread"]]
    assert row.variant_class is VariantClass.NOT_EVALUABLE
    assert (row.before_depth, row.after_depth) == (0, 0)
    assert row.before_present is None and math.isnan(row.before_excluded_above)
    counts = read_table(run.out / "allele_counts.tsv", AlleleCount)
    unread = [c for c in counts if c.pos == run.alleles["unread"].pos + 1]
    assert len(unread) == 2


def test_an_empty_relapse_leaves_every_variant_not_evaluable(run: Run, tmp_path: Path) -> None:
    for name in (
        "genome.fa",
        "genome.fa.fai",
        "candidates.vcf.gz",
        "models.tsv",
        "dx.bam",
        "dx.bam.bai",
    ):
        shutil.copy(run.folder / name, tmp_path)
    genome = (run.folder / "genome.fa").read_text().split("\n")[1]
    write_bam(tmp_path / "rel.bam", genome, [])
    assert compare(tmp_path, tmp_path / "out") == 0
    rows = read_table(tmp_path / "out" / "variants.tsv", VariantChange)
    lost = [row for row in rows if row.variant_class is VariantClass.LOST]
    assert rows and not lost


def test_bcftools_and_pysam_read_the_vcf_with_classes_and_posteriors(run: Run) -> None:
    path = run.out / "variants.vcf.gz"
    line = "%CHROM\\t%POS\\t%REF\\t%ALT\\t%INFO/CLASS\\t%INFO/PROB[\\t%AD\\t%DP]\\n"
    done = subprocess.run(
        ["bcftools", "query", "-f", line, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    rows = run.rows
    lines = [text.split("\t") for text in done.stdout.splitlines()]
    assert len(lines) == len(rows)
    for chrom, pos, ref, alt, label, probability, *samples in lines:
        row = rows[Allele(chrom, int(pos) - 1, ref, alt)]
        assert label == row.variant_class.value
        if probability != ".":
            assert float(probability) == pytest.approx(row.probability, rel=1e-4)
        assert samples[1] == str(row.before_depth)
    with pysam.VariantFile(str(path)) as vcf:
        assert vcf.header.version == "VCFv4.3"
        assert vcf.header.contigs[CHROM].length == 4000
        assert list(vcf.header.samples) == ["dx", "rel"]
        (found,) = vcf.fetch(CHROM, 400, 401)
        assert found.info["CLASS"] == ("acquired",)
        assert found.samples["dx"]["AD"] == (1000, 0)
        assert found.samples["dx"]["U95"] < 0.02


META = re.compile(r"##(INFO|FORMAT)=<ID=(\w+),Number=(\w|\.),Type=(\w+),Description=\"[^\"]+\">")
VALUES = {
    "Integer": re.compile(r"-?\d+|\."),
    "Float": re.compile(r"-?\d+(\.\d+)?(e-?\d+)?|\."),
    "String": re.compile(r"[^\s;=,]+"),
}


def vcf_faults(text: str) -> Iterator[str]:
    """What does not agree with the VCF 4.3 specification: header, order, numbers and types."""
    lines = text.splitlines()
    defined = {(m[1], m[2]): (m[3], m[4]) for m in map(META.fullmatch, lines) if m}
    contigs = re.findall(r"##contig=<ID=([^,>]+)", text)
    yield from (f"header: {x}" for x in lines if x.startswith(("##INFO", "##FORMAT")) and
                not META.fullmatch(x))  # fmt: skip
    (columns,) = (line.split("\t") for line in lines if line.startswith("#CHROM"))
    last = (-1, 0)
    for line in lines[lines.index("\t".join(columns)) + 1 :]:
        cells = line.split("\t")
        chrom, pos, _, ref, alt, _, status, info, form = cells[:9]
        if len(cells) != len(columns) or status != "PASS" or chrom not in contigs:
            yield f"columns: {line}"
        if not re.fullmatch("[ACGTN]+", ref) or not re.fullmatch("[ACGTN]+", alt):
            yield f"alleles: {line}"
        place = (contigs.index(chrom), int(pos))
        if place < last:
            yield f"order: {line}"
        last = place
        told = [("INFO", *entry.partition("=")[::2]) for entry in info.split(";")]
        for sample in cells[9:]:
            values = zip(form.split(":"), sample.split(":"), strict=True)
            told += [("FORMAT", key, value) for key, value in values]
        for where, key, value in told:
            number, kind = defined.get((where, key), ("?", ""))
            parts = value.split(",")
            wanted = {"1": 1, "A": 1, "R": 2, ".": len(parts)}.get(number, -1)
            if len(parts) != wanted and value != ".":
                yield f"number: {key} in {line}"
            if not all(VALUES[kind].fullmatch(part) for part in parts):
                yield f"type: {key} in {line}"


def test_the_vcf_keeps_to_its_specification(run: Run) -> None:
    with gzip.open(run.out / "variants.vcf.gz", "rt") as handle:
        text = handle.read()
    assert text.startswith("##fileformat=VCFv4.3\n")
    assert list(vcf_faults(text)) == []
    assert {"CLASS", "PROB", "QVALUE", "U95"} <= {match[2] for match in META.finditer(text)}


def test_the_reference_bases_of_the_vcf_are_those_of_the_genome(run: Run) -> None:
    words = ["bcftools", "norm", "-c", "e", "-f", str(run.folder / "genome.fa")]
    words.append(str(run.out / "variants.vcf.gz"))
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "0 realigned" in done.stderr or "/0/0" in done.stderr.replace(" ", "")


def maf_rows(path: Path) -> list[dict[str, str]]:
    with path.open() as handle:
        assert handle.readline() == "#version 2.4\n"
        return list(csv.DictReader(handle, delimiter="\t"))


def test_the_maf_has_its_columns_and_one_row_per_library_that_shows_a_variant(run: Run) -> None:
    rows = maf_rows(run.out / "variants.maf")
    assert tuple(rows[0]) == MAF_COLUMNS
    libraries = {
        name: [r["Tumor_Sample_Barcode"] for r in rows if r["Start_Position"] == str(start)]
        for name, start in (("acquired", 401), ("lost", 801), ("mnv", 2001))
    }
    assert libraries == {"acquired": ["rel"], "lost": ["dx"], "mnv": ["dx", "rel"]}
    for row in rows:
        assert int(row["t_ref_count"]) + int(row["t_alt_count"]) <= int(row["t_depth"])


def test_the_maf_writes_indels_as_gdc_does(run: Run) -> None:
    by_type: dict[str, dict[str, str]] = {}
    for row in maf_rows(run.out / "variants.maf"):
        by_type.setdefault(row["Variant_Type"], row)
    insertion, deletion = by_type["INS"], by_type["DEL"]
    assert (insertion["Reference_Allele"], insertion["Tumor_Seq_Allele2"]) == ("-", "GATTACA")
    assert int(insertion["End_Position"]) == int(insertion["Start_Position"]) + 1
    assert (deletion["Tumor_Seq_Allele2"], len(deletion["Reference_Allele"])) == ("-", 5)
    assert int(deletion["End_Position"]) == int(deletion["Start_Position"]) + 4
    assert insertion["Variant_Classification"] == "Frame_Shift_Ins"
    assert by_type["DNP"]["Reference_Allele"] != by_type["DNP"]["Tumor_Seq_Allele2"]


GDC_CLASSIFICATIONS = {
    "Frame_Shift_Del",
    "Frame_Shift_Ins",
    "In_Frame_Del",
    "In_Frame_Ins",
    "Missense_Mutation",
    "Nonsense_Mutation",
    "Silent",
    "Splice_Site",
    "Splice_Region",
    "Translation_Start_Site",
    "Nonstop_Mutation",
    "3'UTR",
    "3'Flank",
    "5'UTR",
    "5'Flank",
    "IGR",
    "Intron",
    "RNA",
    "Targeted_Region",
}


def test_the_maf_keeps_to_the_gdc_vocabulary_and_coordinates(run: Run) -> None:
    for row in maf_rows(run.out / "variants.maf"):
        start, end = int(row["Start_Position"]), int(row["End_Position"])
        ref, alt = row["Reference_Allele"], row["Tumor_Seq_Allele2"]
        assert row["Variant_Classification"] in GDC_CLASSIFICATIONS
        assert row["Variant_Type"] in {"SNP", "DNP", "TNP", "ONP", "INS", "DEL"}
        assert row["Strand"] == "+" and ref != alt
        assert end - start == (1 if ref == "-" else len(ref) - 1)
        assert all(re.fullmatch("[ACGT]+|-", allele) for allele in (ref, alt))


def test_the_same_input_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    turned = ["--library", f"relapse={run.folder}/rel.bam"]
    assert compare(run.folder, tmp_path / "again") == 0
    words = ["compare", "--patient", "P1", "--out-dir", str(tmp_path / "turned"), *turned]
    words += ["--library", f"diagnosis={run.folder}/dx.bam"]
    words += ["--candidates", f"{run.folder}/candidates.vcf.gz"]
    words += ["--reference", f"{run.folder}/genome.fa", "--gene-models", f"{run.folder}/models.tsv"]
    assert main(words) == 0
    for name in FILES:
        first = (run.out / name).read_bytes()
        assert (tmp_path / "again" / name).read_bytes() == first, name
        assert (tmp_path / "turned" / name).read_bytes() == first, name


def test_without_a_list_the_reads_are_searched_and_what_they_show_is_classified(
    run: Run, tmp_path: Path
) -> None:
    words = ["--reference", f"{run.folder}/genome.fa", "--gene-models", f"{run.folder}/models.tsv"]
    for time, name in (("diagnosis", "dx"), ("relapse", "rel")):
        words += ["--library", f"{time}={run.folder}/{name}.bam"]
    assert main(["compare", "--patient", "P1", "--out-dir", str(tmp_path), *words]) == 0
    assert main(["candidates", *words, "--out", str(tmp_path / "alone.vcf.gz")]) == 0
    searched = (tmp_path / "candidates.vcf.gz").read_bytes()
    assert searched == (tmp_path / "alone.vcf.gz").read_bytes()
    found = read_table(tmp_path / "variants.tsv", VariantChange)
    classes = {Allele(row.chrom, row.pos - 1, row.ref, row.alt): row for row in found}
    coding = {name: allele for name, allele in run.alleles.items() if 350 <= allele.pos < 1989}
    assert {"acquired", "lost"} < coding.keys()
    for name, allele in coding.items():
        if run.rows[allele].variant_class is not VariantClass.NOT_EVALUABLE:
            assert classes[allele].variant_class is run.rows[allele].variant_class, name


def test_reads_without_anything_that_says_where_to_look_are_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", "--out-dir", str(tmp_path), "--reference", f"{run.folder}/genome.fa"]
    assert main([*words, "--library", f"diagnosis={run.folder}/dx.bam"]) == 2
    assert "names no region to look through" in capsys.readouterr().err


def test_no_cell_of_a_text_table_is_a_formula(run: Run) -> None:
    for name in FILES:
        if name.endswith(".gz"):
            continue
        for line in (run.out / name).read_text().splitlines():
            for cell in line.split("\t"):
                harmless = cell in {"-", "+"} or cell.removeprefix("-").replace(".", "").isdigit()
                assert not cell.startswith(("=", "+", "-", "@")) or harmless, (name, cell)
