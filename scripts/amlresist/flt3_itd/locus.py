"""The searched stretch of FLT3 on the coding strand, from gene models and reference."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from amlresist.annotation import FetchSequence, Transcript
from amlresist.dna import reverse_complement, translate


@dataclass(frozen=True)
class Locus:
    """Reference of one assay around the juxtamembrane exons, on the coding strand.

    Attributes:
        transcript: canonical transcript the locus is named by.
        sequence: bases, 5' to 3' of the transcript; introns included for DNA, spliced for RNA.
        positions: genome position (0-based) of each base of `sequence`.
        first, last: insertions are looked for between these 0-based offsets (half-open).
        exons: (start, end) offsets of the exons inside `sequence`, 0-based half-open.
        target: (start, end) offsets of the juxtamembrane exon.
        assay: `dna` or `rna`.
        coding: whole coding sequence of the transcript.
    """

    transcript: Transcript
    sequence: str
    positions: npt.NDArray[np.int64]
    first: int
    last: int
    exons: tuple[tuple[int, int], ...]
    target: tuple[int, int]
    assay: str
    coding: str

    @property
    def plus(self) -> bool:
        """Whether the coding strand is the plus strand."""
        return self.transcript.strand == "+"

    @property
    def interval(self) -> tuple[int, int]:
        """Genome interval that holds the locus, 0-based half-open."""
        return int(self.positions.min()), int(self.positions.max()) + 1

    @cached_property
    def offset_of(self) -> dict[int, int]:
        """Genome position -> offset in `sequence`."""
        return {int(position): offset for offset, position in enumerate(self.positions)}


def build_locus(
    transcript: Transcript,
    fetch: FetchSequence,
    contig_length: int,
    assay: str,
    first_coding_base: int,
    flank: int,
) -> Locus:
    """Locus around the exon that holds `first_coding_base` and its two neighbours.

    Args:
        transcript: canonical FLT3 transcript.
        fetch: reference; contigs named as in the annotation.
        contig_length: length of the transcript's contig.
        assay: `rna` gives the spliced sequence.
        first_coding_base: a coding position (1-based) inside the juxtamembrane exon.
        flank: bases kept on both sides of the three exons.

    Raises:
        ValueError: the transcript is too short to hold `first_coding_base`.
    """
    exons = transcript.exons_in_transcript_order()
    anchor = transcript.genome_position(first_coding_base)
    middle = next(i for i, (start, end) in enumerate(exons) if start <= anchor < end)
    searched = exons[max(0, middle - 1) : middle + 2]
    if assay == "rna":
        positions = _in_order(exons, transcript.strand)
        inside = np.isin(positions, _in_order(searched, transcript.strand))
        edges = np.flatnonzero(inside)
        keep = slice(max(0, edges[0] - flank), edges[-1] + 1 + flank)
        positions = positions[keep]
    else:
        start = max(0, min(part[0] for part in searched) - flank)
        end = min(contig_length, max(part[1] for part in searched) + flank)
        positions = _in_order(((start, end),), transcript.strand)
    return Locus(
        transcript=transcript,
        sequence=_bases(positions, transcript, fetch),
        positions=positions,
        first=_span(positions, searched[0])[0],
        last=_span(positions, searched[-1])[1],
        exons=tuple(
            span for span in (_span(positions, exon) for exon in exons) if span[1] > span[0]
        ),
        target=_span(positions, exons[middle]),
        assay=assay,
        coding=transcript.coding_sequence(fetch),
    )


def misfit(locus: Locus) -> str:
    """Why reference and annotation cannot be of one build; "" where nothing says so.

    A transcript laid on another build reads as stop codons in every frame (that of a transcript
    whose beginning is not known need not be the first), or falls where the reference has no bases.
    """
    start, end = locus.target
    if "N" in locus.sequence[start:end]:
        return "the reference has no bases at the exon"
    if all("*" in translate(locus.coding[frame:])[:-1] for frame in range(3)):
        return "the coding sequence has stop codons inside"
    return ""


def _in_order(parts: tuple[tuple[int, int], ...], strand: str) -> npt.NDArray[np.int64]:
    step = 1 if strand == "+" else -1
    return np.concatenate([np.arange(start, end)[::step] for start, end in parts])


def _span(positions: npt.NDArray[np.int64], exon: tuple[int, int]) -> tuple[int, int]:
    inside = np.flatnonzero((positions >= exon[0]) & (positions < exon[1]))
    return (int(inside[0]), int(inside[-1]) + 1) if inside.size else (0, 0)


def _bases(positions: npt.NDArray[np.int64], transcript: Transcript, fetch: FetchSequence) -> str:
    start, end = int(positions.min()), int(positions.max()) + 1
    plus = fetch(transcript.chrom, start, end).upper()
    bases = "".join(plus[position - start] for position in positions)
    return bases if transcript.strand == "+" else reverse_complement(bases)[::-1]
