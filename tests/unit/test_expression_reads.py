"""Salmon tables and alignments become fragments per gene."""

import numpy as np
import pysam
import pytest

from amlresist.annotation import Transcript
from amlresist.errors import InputError
from amlresist.expression.alignments import ExonIndex, count_fragments
from amlresist.expression.genes import GeneNames
from amlresist.expression.measured import Unit
from amlresist.expression.salmon import HEADER, is_salmon_table, read_salmon


def model(gene, transcript, exons, strand="+", chrom="chr1"):
    return Transcript(gene, f"{gene}_id", transcript, chrom, strand, "", True, exons, ())


MODELS = [
    model("FLT3", "ENST01.1", ((100, 200), (300, 400))),
    model("FLT3", "ENST02.1", ((150, 250),)),
    model("MVP", "ENST03.2", ((1000, 1200),), "-"),
    model("TP53", "ENST04.1", ((1150, 1300),), "+"),
]
NAMES = GeneNames(MODELS)


def quant(tmp_path, *rows):
    path = tmp_path / "quant.sf"
    lines = ["\t".join(HEADER), *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_transcripts_are_summed_to_genes(tmp_path):
    path = quant(
        tmp_path,
        ("ENST01.1", 200, 150, 600000, 30.5),
        ("ENST02", 100, 50, 150000, 9.5),
        ("ENST03.2|ENSG00000013364.1|", 200, 150, 250000, 20),
    )
    assert is_salmon_table(path)
    measured, _, n = read_salmon(path, MODELS, NAMES)
    assert n == 3
    assert measured.genes == ("FLT3", "MVP")
    assert measured.counts.tolist() == [40, 20]
    assert measured.abundance.tolist() == [750_000, 250_000]


def test_transcripts_of_another_annotation_are_refused(tmp_path):
    path = quant(tmp_path, ("X1", 1, 1, 1, 1), ("X2", 1, 1, 1, 1), ("ENST01.1", 1, 1, 1, 1))
    with pytest.raises(InputError, match="2 of 3 transcripts are not in the annotation"):
        read_salmon(path, MODELS, NAMES)


@pytest.mark.parametrize("row", [("ENST01.1", 1, 1, -1, 1), ("ENST01.1", 1, 1, "nan", 1), ("a", 1)])
def test_broken_salmon_tables_are_refused(tmp_path, row):
    with pytest.raises(InputError, match="line 2"):
        read_salmon(quant(tmp_path, row), MODELS, NAMES)


def test_an_empty_library_is_not_usable(tmp_path):
    measured, _, _ = read_salmon(quant(tmp_path, ("ENST01.1", 1, 1, 0, 0)), MODELS, NAMES)
    assert not measured.usable


def alignment_file(tmp_path, reads, contigs=("chr1",)):
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": name, "LN": 10_000} for name in contigs]}
    path = tmp_path / "rna.bam"
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for name, start, cigar, flag, quality, mate_start in reads:
            read = pysam.AlignedSegment(out.header)
            read.query_name, read.reference_id, read.reference_start = name, 0, start
            read.cigarstring, read.flag, read.mapping_quality = cigar, flag, quality
            length = read.infer_query_length()
            read.query_sequence, read.query_qualities = (
                "A" * length,
                pysam.qualitystring_to_array("I" * length),
            )
            if mate_start is not None:
                read.next_reference_id, read.next_reference_start = 0, mate_start
            out.write(read)
    return path


def count(path, **changed):
    options = {"minimum_mapping_quality": 10, "strandedness": "unstranded", **changed}
    measured, _ = count_fragments(path, MODELS, NAMES, **options)
    return dict(zip(measured.genes, measured.counts.tolist(), strict=True)), measured


FORWARD_PAIR, REVERSE_PAIR = 0x1 | 0x2 | 0x20 | 0x40, 0x1 | 0x2 | 0x10 | 0x80


def test_fragments_count_once_and_only_for_one_gene(tmp_path):
    path = alignment_file(
        tmp_path,
        [
            ("pair", 120, "50M", FORWARD_PAIR, 60, 320),
            ("spliced", 150, "50M100N50M", 0, 60, None),
            ("intron", 260, "30M", 0, 60, None),
            ("skips_exon", 90, "10M300N10M", 0, 60, None),
            ("low", 120, "50M", 0, 3, None),
            ("secondary", 120, "50M", 0x100, 60, None),
            ("duplicate", 120, "50M", 0x400, 60, None),
            ("pair", 320, "50M", REVERSE_PAIR, 60, 120),
            ("only_mvp", 1010, "50M", 0, 60, None),
            ("shared", 1160, "30M", 0, 60, None),
            ("only_tp53", 1210, "50M", 0, 60, None),
        ],
    )
    counts, measured = count(path)
    assert counts == {"FLT3": 3, "MVP": 1, "TP53": 1}
    assert measured.unit is Unit.TPM
    assert measured.abundance.sum() == pytest.approx(1e6)


def test_strand_decides_where_genes_overlap(tmp_path):
    path = alignment_file(tmp_path, [("r", 1160, "30M", 0, 60, None)])
    assert count(path, strandedness="forward")[0] == {"FLT3": 0, "MVP": 0, "TP53": 1}
    assert count(path, strandedness="reverse")[0] == {"FLT3": 0, "MVP": 1, "TP53": 0}


def test_a_strand_setting_that_the_reads_contradict_is_refused(tmp_path):
    """FLT3 and TP53 of the models are on the plus strand, MVP on the minus strand."""
    reads = [(f"r{i}", 120, "50M", 0x10, 60, None) for i in range(8)]
    reads += [("along", 120, "50M", 0, 60, None), ("intron", 260, "30M", 0, 60, None)]
    path = alignment_file(tmp_path, reads)
    with pytest.raises(InputError, match="89% of the reads over exons run on the other strand"):
        count(path, strandedness="forward")
    assert count(path, strandedness="reverse")[0]["FLT3"] == 8
    assert count(path)[0]["FLT3"] == 9
    unstranded = [(f"r{i}", 120, "50M", 0x10 * (i % 2), 60, None) for i in range(10)]
    for setting in ("forward", "reverse"):
        with pytest.raises(InputError, match="50% of the reads"):
            count(alignment_file(tmp_path, unstranded), strandedness=setting)


@pytest.mark.parametrize("order", [(320, 120), (320, 120, 320, 120)])
def test_mates_out_of_order_are_refused_not_counted_twice(tmp_path, order):
    flags = {120: FORWARD_PAIR, 320: REVERSE_PAIR}
    reads = [
        (f"pair{i // 2}", start, "50M", flags[start], 60, 440 - start)
        for i, start in enumerate(order)
    ]
    with pytest.raises(InputError, match="not sorted by coordinate"):
        count(alignment_file(tmp_path, reads))


def test_a_pair_of_which_one_mate_is_left_out_counts_once(tmp_path):
    """One mate fits several places, is unmapped, or lies on another contig."""
    reads = [
        ("first_low", 120, "50M", FORWARD_PAIR, 0, 320),
        ("second_low", 120, "50M", FORWARD_PAIR, 60, 320),
        ("alone", 130, "50M", 0x1 | 0x8 | 0x40, 60, 130),
        ("same_start", 140, "50M", FORWARD_PAIR, 60, 140),
        ("same_start", 140, "50M", REVERSE_PAIR, 60, 140),
        ("first_low", 320, "50M", REVERSE_PAIR, 60, 120),
        ("second_low", 320, "50M", REVERSE_PAIR, 0, 120),
    ]
    assert count(alignment_file(tmp_path, reads))[0]["FLT3"] == 4


def test_a_genome_of_other_contig_names_is_refused(tmp_path):
    path = alignment_file(tmp_path, [("r", 1160, "30M", 0, 60, None)], contigs=("1",))
    with pytest.raises(InputError, match="no contig in common"):
        count(path)


def test_a_truncated_file_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    reads = [
        (f"r{i}", int(s), "50M", 0, 60, None)
        for i, s in enumerate(sorted(rng.integers(0, 9000, 20000)))
    ]
    path = alignment_file(tmp_path, reads)
    cut = tmp_path / "cut.bam"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="cannot be read to its end"):
        count(cut)
    cut.write_text("no alignments")
    with pytest.raises(InputError, match="cannot be read to its end"):
        count(cut)


def test_exon_lengths_are_those_of_merged_exons():
    assert ExonIndex(MODELS).lengths == {"FLT3_id": 250, "MVP_id": 200, "TP53_id": 150}


def test_old_symbols_of_the_annotation_are_brought_up_to_date(tmp_path):
    models = [
        Transcript("MARCH1", "ENSG00000145416", "ENST9.1", "chr1", "+", "", True, ((0, 500),), ())
    ]
    names = GeneNames(models)
    path = alignment_file(tmp_path, [("r", 100, "50M", 0, 60, None)])
    options = {"minimum_mapping_quality": 10, "strandedness": "unstranded"}
    assert count_fragments(path, models, names, **options)[0].genes == ("MARCHF1",)
    assert read_salmon(quant(tmp_path, ("ENST9.1", 9, 9, 9, 9)), models, names)[0].genes == (
        "MARCHF1",
    )
