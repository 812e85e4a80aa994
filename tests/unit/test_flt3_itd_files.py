"""Whatever an aligner or a file format made of the reads, the FLT3-ITD calls stay the same."""

import numpy as np
import pysam
import pytest
from flt3_itd_reads import (
    Design,
    call_one,
    duplicate,
    seed_index,
    settings,
    simulate,
    toy_genome,
    toy_length,
    toy_locus,
)

from amlresist.dna import reverse_complement
from amlresist.flt3_itd.calling import call_libraries
from amlresist.flt3_itd.library import open_library
from amlresist.flt3_itd.summary import library_row, named_clones, pair_rows
from amlresist.libraries import LibraryInput

LOCUS = toy_locus()
INDEX = seed_index(LOCUS.sequence)
REFERENCE, EXON = LOCUS.sequence, LOCUS.target
HAPLOTYPE = duplicate(REFERENCE, EXON[0] + 40, 66)


@pytest.fixture(scope="module")
def pairs():
    shares = [(REFERENCE, 0.6), (HAPLOTYPE, 0.4)]
    design = Design(100, mean=200, sd=40)
    return simulate(REFERENCE, shares, 2500, design, np.random.default_rng(21))


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    path = tmp_path_factory.mktemp("genome") / "g.fa"
    path.write_text(f">13\n{toy_genome()}\n")
    pysam.faidx(str(path))
    return str(path)


def records(pairs, header, *, unplaced=False, tags=None, named=None):
    """The pairs as an aligner writes them; reads that are not perfect lie beside their mates."""
    plus = toy_genome()
    for number, pair in enumerate(zip(*pairs, strict=True)):
        placed = [_placed(read, plus) for read in pair]
        where = next((place for place, _ in placed if place >= 0), -1)
        lost = where < 0 or (unplaced and any(place < 0 for place, _ in placed))
        for mate, (read, (place, reverse)) in enumerate(zip(pair, placed, strict=True)):
            record = pysam.AlignedSegment(header)
            record.query_name = f"r{number}{named[number] if named else ''}"
            mapped = place >= 0 and not lost
            record.flag = 0x1 | (0x80 if mate else 0x40)
            if reverse and mapped:
                record.flag |= 0x10
            if mapped:
                record.cigarstring = f"{len(read)}M"
            else:
                record.flag |= 0x4
            if placed[1 - mate][0] < 0 or lost:
                record.flag |= 0x8
            record.query_sequence = reverse_complement(read) if reverse and mapped else read
            record.query_qualities = pysam.qualitystring_to_array("I" * len(read))
            at = -1 if lost else where
            record.reference_id = record.next_reference_id = 0 if at >= 0 else -1
            record.reference_start = (place if mapped else at) if at >= 0 else -1
            other = placed[1 - mate][0]
            record.next_reference_start = (other if other >= 0 else at) if at >= 0 else -1
            if tags is not None:
                record.set_tag("RX", tags[number])
            yield record


def _placed(read, plus):
    forward = plus.find(read)
    if forward >= 0:
        return forward, False
    return plus.find(reverse_complement(read)), True


def write(path, made, genome="", contig="13"):
    header = pysam.AlignmentHeader.from_dict(
        {"HD": {"VN": "1.6"}, "SQ": [{"SN": contig, "LN": toy_length()}]}
    )
    unsorted = f"{path}.unsorted.bam"
    with pysam.AlignmentFile(unsorted, "wb", header=header) as out:
        for record in made(header):
            out.write(record)
    form = ["-O", "cram", "--reference", genome] if path.suffix == ".cram" else []
    pysam.sort(*form, "-o", str(path), unsorted)
    pysam.index(str(path))
    return path


def call_file(path, genome, **given):
    library = LibraryInput("s", "diagnosis", "dna", "panel", (str(path),))
    chosen = settings(**given)
    reads = open_library(library, LOCUS, INDEX, chosen, genome, toy_length())
    return call_libraries([reads], chosen)[0]


def seen(call):
    return [(clone.allele.apply(REFERENCE), round(clone.vaf.value, 9)) for clone in call.clones]


@pytest.fixture(scope="module")
def expected(tmp_path_factory, pairs, genome):
    path = tmp_path_factory.mktemp("plain") / "plain.bam"
    found = call_file(write(path, lambda header: records(pairs, header)), genome)
    assert [clone.allele.apply(REFERENCE) for clone in found.clones] == [HAPLOTYPE]
    assert found.clones[0].vaf.low < 0.4 < found.clones[0].vaf.high
    return found


def test_pairs_left_without_a_position_are_counted_all_the_same(tmp_path, pairs, genome, expected):
    path = write(tmp_path / "u.bam", lambda header: records(pairs, header, unplaced=True))
    assert seen(call_file(path, genome)) == seen(expected)
    skipped = call_file(path, genome, maximum_unplaced=10)
    assert "unplaced_reads_not_searched" in skipped.flags
    assert skipped.total_vaf.value < 0.2  # what the flag warns of


def test_a_file_without_its_unaligned_mates_is_no_proof_of_wild_type(tmp_path, pairs, genome):
    def aligned_only(header):
        return (record for record in records(pairs, header) if not record.is_unmapped)

    paths = {
        "diagnosis": write(tmp_path / "whole.bam", lambda header: records(pairs, header)),
        "relapse": write(tmp_path / "stripped.bam", aligned_only),
    }
    libraries = [
        LibraryInput("s", timepoint, "dna", "panel", (str(path),))
        for timepoint, path in paths.items()
    ]
    opened = [
        open_library(library, LOCUS, INDEX, settings(), genome, toy_length())
        for library in libraries
    ]
    calls = call_libraries(opened, settings())
    row = library_row("p", calls[1], settings())
    assert (row.verdict, row.flags) == ("not_callable", ("unaligned_mates_missing",))
    assert "unaligned mates" in row.reason
    (pair,) = pair_rows("p", named_clones(calls), calls, {}, settings())
    assert pair.change == "not_evaluable"


@pytest.mark.parametrize("contig", ["13", "chr13", "NC_000013.11"])
def test_contig_spelling_does_not_change_calls(tmp_path, pairs, genome, expected, contig):
    made = write(tmp_path / "c.bam", lambda header: records(pairs, header), contig=contig)
    assert seen(call_file(made, genome)) == seen(expected)


def test_cram_gives_the_calls_of_bam(tmp_path, pairs, genome, expected):
    path = write(tmp_path / "x.cram", lambda header: records(pairs, header), genome)
    assert seen(call_file(path, genome)) == seen(expected)


def test_hard_clipped_supplementary_and_secondary_records_add_nothing(
    tmp_path, pairs, genome, expected
):
    def with_extra(header):
        for record in records(pairs, header):
            yield record
            if not record.is_unmapped:
                half = pysam.AlignedSegment.fromstring(record.to_string(), header)
                half.query_sequence = record.query_sequence[:25]
                half.cigarstring = f"25M{record.query_length - 25}H"
                half.flag |= 0x800 if record.is_read1 else 0x100
                yield half

    path = write(tmp_path / "s.bam", with_extra)
    assert seen(call_file(path, genome)) == seen(expected)


def test_a_slice_without_mates_and_single_reads_still_measure_the_vaf(tmp_path, pairs, genome):
    def first_only(header):
        return (record for record in records(pairs, header) if record.is_read1)

    def single(header):
        for record in first_only(header):
            record.flag &= 0x14
            record.next_reference_id = record.next_reference_start = -1
            yield record

    for name, made in (("slice", first_only), ("single", single)):
        found = call_file(write(tmp_path / f"{name}.bam", made), genome)
        assert [clone.allele.apply(REFERENCE) for clone in found.clones] == [HAPLOTYPE]
        assert found.clones[0].vaf.low < 0.4 < found.clones[0].vaf.high


@pytest.fixture(scope="module")
def copied(pairs):
    """Each fragment one to seven times, with the molecular tag of its molecule."""
    rng = np.random.default_rng(3)
    tags = ["".join(rng.choice(list("ACGT"), 8)) for _ in pairs[0]]
    rows = np.repeat(np.arange(len(tags)), rng.integers(1, 8, size=len(tags)))
    return tuple([side[i] for i in rows] for side in pairs), [tags[i] for i in rows]


def assert_copies_count_once(found, expected):
    assert seen(found)[0][0] == HAPLOTYPE
    assert found.clones[0].vaf.value == pytest.approx(expected.clones[0].vaf.value, abs=0.002)
    width = [c.vaf.high - c.vaf.low for c in (found.clones[0], expected.clones[0])]
    assert width[0] == pytest.approx(width[1], rel=0.03)


def test_molecular_tags_make_copies_count_once(tmp_path, copied, genome, expected):
    many, tags = copied
    path = write(tmp_path / "t.bam", lambda header: records(many, header, tags=tags))
    assert_copies_count_once(call_file(path, genome, umi="tag"), expected)


@pytest.mark.parametrize("form", [":{}", "_{}", ":{}+{}", ":{}_{}", "_{}-{}"])
def test_molecular_tags_in_read_names_do_the_same(tmp_path, copied, genome, expected, form):
    many, tags = copied
    ends = [f".{i}" + form.format(tag, tag[::-1]) for i, tag in enumerate(tags)]
    path = write(tmp_path / "n.bam", lambda header: records(many, header, named=ends))
    assert_copies_count_once(call_file(path, genome, umi="name"), expected)


def test_molecular_tags_in_fastq_names_do_the_same(tmp_path, copied, genome, expected):
    many, tags = copied
    paths = [tmp_path / f"{mate}.fq" for mate in (1, 2)]
    for mate, (path, side) in enumerate(zip(paths, many, strict=True), start=1):
        names = [f"r{i}:{tag}/{mate} 1:N:0:TTGACC" for i, tag in enumerate(tags)]
        path.write_text(
            "".join(
                f"@{name}\n{read}\n+\n{'I' * len(read)}\n"
                for name, read in zip(names, side, strict=True)
            )
        )
    chosen = settings(umi="name")
    library = LibraryInput("s", "diagnosis", "dna", "panel", tuple(map(str, paths)))
    reads = open_library(library, LOCUS, INDEX, chosen, genome, toy_length())
    assert_copies_count_once(call_libraries([reads], chosen)[0], expected)


def test_adapter_read_through_does_not_hide_an_itd():
    adapter = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACG"
    shares = [(REFERENCE, 0.6), (duplicate(REFERENCE, EXON[0] + 60, 30), 0.4)]
    short = Design(110, mean=105, sd=2)
    pairs = simulate(REFERENCE, shares, 6000, short, np.random.default_rng(5))
    found = call_one(LOCUS, tuple([text + adapter for text in side] for side in pairs), "panel")
    assert [clone.allele.apply(REFERENCE) for clone in found.clones] == [shares[1][0]]
    assert found.clones[0].vaf.low < 0.4 < found.clones[0].vaf.high
