"""The counter held against a slow one that goes through reads one by one, on random alignments."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pysam
import pytest
from variants_world import CHROM, random_bases

from amlresist.variants.alleles import Allele, normalise
from amlresist.variants.counts import count_fragments
from amlresist.variants.haplotypes import FLANK, Haplotypes, build_haplotypes, is_laid
from amlresist.variants.read_columns import CODES, Bytes

GENOME = random_bases(600, np.random.default_rng(23))
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
SITES = range(60, 540, 40)
MNV_EDGE, MIN_QUALITY, LAID_QUALITY = 5, 20, 10


def fetch(chrom: str, start: int, end: int) -> str:
    return GENOME[max(0, start) : end]


def random_allele(site: int, rng: np.random.Generator) -> Allele:
    """An SNV, a change of two bases, an insertion, a deletion or a change of both."""
    kind, size = rng.integers(5), int(rng.integers(1, 7))
    if kind < 2:
        deleted = GENOME[site : site + 1 + kind]
        return Allele(CHROM, site, deleted, "".join(OTHER[base] for base in deleted))
    deleted = "" if kind == 2 else GENOME[site : site + size]
    inserted = "" if kind == 3 else random_bases(int(rng.integers(1, 7)), rng)
    anchor = GENOME[site - 1]
    return normalise(Allele(CHROM, site - 1, anchor + deleted, anchor + inserted), fetch)


def random_record(
    header: pysam.AlignmentHeader,
    name: str,
    start: int,
    alleles: Sequence[Allele],
    rng: np.random.Generator,
) -> pysam.AlignedSegment:
    """A read that carries some alleles, aligned in one of the ways an aligner might."""
    bases, cigar, place = "", [], start
    for allele in sorted(alleles):
        if allele.pos < place or allele.end + 3 > start + 90:
            continue
        bases += GENOME[place : allele.pos] + allele.alt
        matched = min(len(allele.ref), len(allele.alt))
        cigar.append((0, allele.pos - place + matched))
        if len(allele.alt) > matched:
            cigar.append((1, len(allele.alt) - matched))
        if len(allele.ref) > matched:
            cigar.append((2, len(allele.ref) - matched))
        place = allele.end
    bases += GENOME[place : start + 90]
    cigar.append((0, start + 90 - place))
    if rng.random() < 0.2 and cigar[-1][1] > 20:  # clipped though it fits
        cigar[-1:] = [(0, cigar[-1][1] - 12), (4, 12)]
    letters = list(bases)
    for i in np.flatnonzero(rng.random(len(letters)) < 0.01):
        letters[i] = OTHER[letters[i]]
    record = pysam.AlignedSegment(header)
    record.query_name, record.reference_id, record.reference_start = name, 0, start
    record.mapping_quality = int(rng.choice([60, 5], p=[0.95, 0.05]))
    record.query_sequence, record.cigartuples = "".join(letters), _merged(cigar)
    record.query_qualities = rng.choice([37, 25, 15, 5], len(letters), p=[0.8, 0.1, 0.05, 0.05])
    return record


def _merged(cigar: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for code, length in cigar:
        if merged and merged[-1][0] == code:
            merged[-1] = (code, merged[-1][1] + length)
        elif length:
            merged.append((code, length))
    return merged


def random_bam(path: Path, alleles: Sequence[Allele], rng: np.random.Generator) -> Path:
    """Pairs with all kinds of overlap, and single reads."""
    header = pysam.AlignmentHeader.from_references([CHROM], [len(GENOME)])
    records = []
    for number in range(150):
        carried = [allele for allele in alleles if rng.random() < 0.4]
        first = int(rng.integers(0, len(GENOME) - 200))
        second = first + int(rng.integers(0, 100))
        pair = [
            random_record(header, f"q{number}", start, carried, rng) for start in (first, second)
        ]
        single = rng.random() < 0.2
        for i, record in enumerate(pair[: 1 if single else 2]):
            record.flag = 0 if single else (0x63, 0x93)[i]
            if not single:
                record.next_reference_id = 0
                record.next_reference_start = pair[1 - i].reference_start
            record.flag |= int(rng.choice([0, 0x400, 0x100], p=[0.9, 0.05, 0.05]))
            records.append(record)
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for record in sorted(records, key=lambda record: record.reference_start):
            out.write(record)
    pysam.index(str(path))
    return path


def slow_counts(path: Path, alleles: Sequence[Allele]) -> list[tuple[int, int, int]]:
    """(reference, alternative, other) fragments per allele."""
    said: dict[tuple[int, str], set[str]] = defaultdict(set)
    with pysam.AlignmentFile(str(path)) as bam:
        for record in bam:
            if record.flag & 0xF04 or record.mapping_quality < 20:
                continue
            for i, allele in enumerate(alleles):
                word = laid(record, allele) if is_laid(allele) else read_off(record, allele)
                if word:
                    said[i, str(record.query_name)].add(word)
    words = [[min(w) for (j, _), w in said.items() if j == i and len(w) == 1] for i in
             range(len(alleles))]  # fmt: skip
    return [(w.count("ref"), w.count("alt"), w.count("other")) for w in words]


def read_off(record: pysam.AlignedSegment, allele: Allele) -> str:
    """What the aligned bases say of a substitution."""
    sequence, qualities = str(record.query_sequence), record.query_qualities
    query = dict(pairs_by_reference(record))
    places = [query.get(p, -1) for p in range(allele.pos, allele.end)]
    edge = MNV_EDGE if len(places) > 1 else 0
    if any(place is None for place in places):
        gaps = [p for p in range(allele.pos, allele.end) if query.get(p, -1) is None]
        before = max(q for p, q in query.items() if q is not None and p < min(gaps)) + 1
        return "other" if edge <= before <= len(sequence) - edge else ""
    inside = [p for p in places if p is not None and edge <= p < len(sequence) - edge]
    if len(inside) < len(places) or inside != list(range(inside[0], inside[0] + len(inside))):
        return ""
    if qualities is None or min(qualities[p] for p in inside) < MIN_QUALITY:
        return ""
    bases = "".join(sequence[p] for p in inside)
    return "ref" if bases == allele.ref else "alt" if bases == allele.alt else "other"


def pairs_by_reference(record: pysam.AlignedSegment) -> Iterator[tuple[int, int | None]]:
    """(reference position, index of the base aligned to it or None where it is deleted)."""
    for query, reference in record.get_aligned_pairs():
        if reference is not None:
            yield reference, query


def laid(record: pysam.AlignedSegment, allele: Allele) -> str:
    """What the whole read says of an insertion, a deletion or a complex change."""
    hap = build_haplotypes(allele, fetch)
    assert record.reference_end is not None
    if record.reference_start >= hap.end or record.reference_end <= hap.start:
        return ""
    aligned = [(q, r) for q, r in record.get_aligned_pairs(matches_only=True)]
    first, last = (r - q - hap.start for q, r in (aligned[0], aligned[-1]))
    change = hap.start + hap.first + FLANK
    before = max((a for a in aligned if a[1] < change), key=lambda a: a[1], default=aligned[0])
    behind = min((a for a in aligned if a[1] >= change), key=lambda a: a[1], default=aligned[-1])
    allowed = 2 + len(str(record.query_sequence)) // 30
    word, strayed = compared(record, hap, [first], [last], allowed)
    if strayed:
        around = [first, last, *(r - q - hap.start for q, r in (before, behind))]
        core = hap.core()
        moved = [place - hap.first for place in around]
        word, _ = compared(record, core, moved, moved, 1)
        reaches = record.reference_start <= hap.start + hap.first
        if not word and reaches and record.reference_end >= hap.aligned_end:
            word = "other"
    return word


def compared(
    record: pysam.AlignedSegment,
    hap: Haplotypes,
    left: Sequence[int],
    right: Sequence[int],
    allowed: int,
) -> tuple[str, bool]:
    """The haplotype the read fits, "" for none, and whether it misfits both."""
    length = len(str(record.query_sequence))
    ref, ref_at = fewest(record, hap.reference, [*left, *right])
    alt, alt_at = fewest(record, hap.alternative, [*left, *(place + hap.shift for place in right)])
    is_alt = alt + 2 <= ref and alt <= allowed
    is_ref = ref + 2 <= alt and ref <= allowed
    at = alt_at if is_alt else ref_at
    covers = at <= hap.first and at + length >= hap.first + hap.needed
    word = "alt" if is_alt else "ref" if is_ref else ""
    return word if covers else "", min(ref, alt) > allowed


def fewest(record: pysam.AlignedSegment, codes: Bytes, places: Sequence[int]) -> tuple[int, int]:
    """Fewest misfits and the first place that has them."""
    sequence, qualities = str(record.query_sequence), record.query_qualities
    assert qualities is not None
    counted = []
    for place in places:
        pairs = [(i, i - place) for i in range(len(codes)) if 0 <= i - place < len(sequence)]
        misfits = [sequence[q] != CODES[codes[i]] for i, q in pairs if qualities[q] >= LAID_QUALITY]
        counted.append(sum(misfits))
    return min(counted), places[counted.index(min(counted))]


@pytest.mark.parametrize("seed", range(4))
def test_counts_equal_those_of_a_counter_that_goes_read_by_read(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    alleles = [random_allele(site, rng) for site in SITES]
    path = random_bam(tmp_path / "x.bam", alleles, rng)
    counts = count_fragments(
        path, alleles, fetch, min_mapping_quality=20, min_base_quality=MIN_QUALITY,
        keep_duplicates=False,
    )  # fmt: skip
    fast = list(zip(counts.ref.tolist(), counts.alt.tolist(), counts.other.tolist(), strict=True))
    assert sum(alt for _, alt, _ in fast) > 100
    assert fast == slow_counts(path, alleles)
