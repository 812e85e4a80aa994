"""Gene models map between genome, coding sequence and protein, from GTF and GFF3 alike."""

import gzip
import re

import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlresist.annotation import (
    Transcript,
    canonical_transcripts,
    from_row,
    read_gene_models,
    to_row,
)
from amlresist.dna import reverse_complement
from amlresist.errors import InputError

CONTIG = "NNNNATGAAATTTNNNNNCCCGGGTAANNNN"  # codons ATG AAA TTT | CCC GGG TAA in two exons
GTF = (
    'chrA\tt\tgene\t5\t27\t.\t{s}\t.\tgene_id "G1"; gene_name "TOY";\n'
    'chrA\tt\ttranscript\t5\t27\t.\t{s}\t.\tgene_id "G1"; transcript_id "T1"; gene_name "TOY";\n'
    'chrA\tt\texon\t5\t13\t.\t{s}\t.\tgene_id "G1"; transcript_id "T1"; gene_name "TOY";\n'
    'chrA\tt\texon\t19\t27\t.\t{s}\t.\tgene_id "G1"; transcript_id "T1"; gene_name "TOY";\n'
    'chrA\tt\tCDS\t5\t13\t.\t{s}\t0\tgene_id "G1"; transcript_id "T1"; gene_name "TOY";\n'
    'chrA\tt\tCDS\t19\t24\t.\t{s}\t0\tgene_id "G1"; transcript_id "T1"; gene_name "TOY";\n'
    'chrA\tt\tstop_codon\t25\t27\t.\t{s}\t0\tgene_id "G1"; transcript_id "T1"; gene_name "TOY";\n'
)
GFF3 = (
    "##gff-version 3\n"
    "chrA\tt\tgene\t5\t27\t.\t+\t.\tID=gene:G1;Name=TOY;biotype=protein_coding\n"
    "chrA\tt\tmRNA\t5\t27\t.\t+\t.\tID=transcript:T1;Parent=gene:G1;tag=basic\n"
    "chrA\tt\texon\t5\t13\t.\t+\t.\tParent=transcript:T1\n"
    "chrA\tt\texon\t19\t27\t.\t+\t.\tParent=transcript:T1\n"
    "chrA\tt\tCDS\t5\t13\t.\t+\t0\tID=CDS:1;Parent=transcript:T1\n"
    "chrA\tt\tCDS\t19\t27\t.\t+\t0\tID=CDS:1;Parent=transcript:T1\n"
)


def fetch(_contig: str, start: int, end: int) -> str:
    return CONTIG[start:end]


def fetch_reversed(_contig: str, start: int, end: int) -> str:
    return reverse_complement(CONTIG)[start:end]


def toy(tmp_path, text: str) -> Transcript:
    path = tmp_path / "genes"
    path.write_text(text)
    (transcript,) = read_gene_models(path)
    return transcript


def test_gtf_and_gff3_give_the_same_transcript(tmp_path):
    from_gtf = toy(tmp_path, GTF.format(s="+"))
    from_gff3 = toy(tmp_path, GFF3)
    assert from_gtf.cds == from_gff3.cds == ((4, 13), (18, 27))
    assert from_gtf.gene == from_gff3.gene == "TOY"
    assert from_gtf.protein(fetch) == from_gff3.protein(fetch) == "MKFPG"
    assert from_gtf.coding_position(12) == 9
    assert from_gtf.coding_position(13) is None
    assert from_gtf.codon_positions(4) == (18, 19, 20)


def test_minus_strand_reads_from_the_other_end(tmp_path):
    mirrored = re.sub(
        r"\t(\d+)\t(\d+)\t\.",
        lambda m: f"\t{len(CONTIG) + 1 - int(m[2])}\t{len(CONTIG) + 1 - int(m[1])}\t.",
        GTF.format(s="-"),
    )
    transcript = toy(tmp_path, mirrored)
    assert transcript.protein(fetch_reversed) == "MKFPG"
    assert transcript.coding_position(transcript.genome_position(1)) == 1
    assert transcript.genome_position(1) == len(CONTIG) - 5


@given(st.integers(1, 18), st.sampled_from("+-"))
def test_coding_positions_round_trip(coding, strand):
    intervals = ((4, 13), (18, 27))
    t = Transcript("TOY", "G1", "T1", "chrA", strand, "", True, intervals, intervals)
    assert t.coding_position(t.genome_position(coding)) == coding
    assert from_row(to_row(t)) == t


def test_annotation_without_transcripts_is_refused(tmp_path):
    (tmp_path / "a.gtf").write_text("chr1 spaces not tabs\n")
    with pytest.raises(InputError, match=r"9 tab-separated"):
        read_gene_models(tmp_path / "a.gtf")
    (tmp_path / "b.gtf").write_text("# nothing\n")
    with pytest.raises(InputError, match="no transcript"):
        read_gene_models(tmp_path / "b.gtf")


def test_compressed_annotation_is_read_by_content(tmp_path):
    (tmp_path / "genes.gtf").write_bytes(gzip.compress(GTF.format(s="+").encode()))
    assert read_gene_models(tmp_path / "genes.gtf", ["TOY"])[0].transcript == "T1"
    assert read_gene_models(tmp_path / "genes.gtf", ["OTHER"]) == []


@pytest.mark.real_data
def test_real_gene_models_translate_to_the_known_proteins(real_data):
    slices: dict[str, list[tuple[int, int, str]]] = {}
    for record in pysam.FastxFile(str(real_data / "reference/aml_loci_GRCh38.fa")):
        contig, start, end = re.match(r"(\w+):(\d+)-(\d+)", record.name).groups()
        slices.setdefault(contig, []).append((int(start) - 1, int(end), record.sequence))

    def real_fetch(contig: str, start: int, end: int) -> str:
        first, sequence = next((a, s) for a, b, s in slices[contig] if a <= start and end <= b)
        return sequence[start - first : end - first]

    known = {
        record.name: record.sequence
        for record in pysam.FastxFile(str(real_data / "reference/aml_proteins_GRCh38.fa"))
    }
    models = read_gene_models(real_data / "reference/aml_loci_GRCh38.gtf.gz")
    mine = {m.transcript: m.protein(real_fetch) for m in models if m.transcript in known}
    assert mine == known
    flt3 = canonical_transcripts(models)["FLT3"]
    assert flt3.transcript == "ENST00000241453.12"
    assert [flt3.protein(real_fetch)[i - 1] for i in (676, 691, 835, 842)] == list("NFDY")
    assert flt3.genome_position(1705) - flt3.genome_position(1837) == 132
