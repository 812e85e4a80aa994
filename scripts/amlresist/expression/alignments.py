"""Fragments per gene from an RNA BAM or CRAM: those that overlap the exons of just one gene."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from amlresist.annotation import Transcript
from amlresist.errors import InputError, Problem
from amlresist.expression.genes import GeneNames
from amlresist.expression.measured import (
    GeneRows,
    Measured,
    Scale,
    Unit,
    combine_rows,
    group_rows,
)

# Same primary fragments as featureCounts and HTSeq count by default; duplicates stay, since in
# RNA many true fragments share their ends.
_LEFT_OUT = pysam.FUNMAP | pysam.FSECONDARY | pysam.FQCFAIL | pysam.FSUPPLEMENTARY

# Kits that keep the strand keep it in 90 to 99 % of the reads, others in half of them.
_MAX_AGAINST = 0.25


class ExonIndex:
    """Ids of the genes whose exons overlap an interval (0-based half-open)."""

    def __init__(self, models: Iterable[Transcript]) -> None:
        exons: dict[str, set[tuple[int, int, str, str]]] = defaultdict(set)
        for model in models:
            gene = model.gene_id or model.gene
            exons[model.chrom].update((s, e, gene, model.strand) for s, e in model.exons)
        self._exons = {chrom: sorted(found) for chrom, found in exons.items()}
        self._starts = {c: [exon[0] for exon in found] for c, found in self._exons.items()}
        self._longest = {
            c: max(exon[1] - exon[0] for exon in found) for c, found in self._exons.items()
        }
        self.lengths = {gene: _union_length(parts) for gene, parts in self._by_gene().items()}

    @property
    def contigs(self) -> set[str]:
        """Contigs with genes."""
        return set(self._exons)

    def genes(self, chrom: str, start: int, end: int, strand: str = "") -> set[str]:
        """Genes with an exon in [start, end); with `strand`, only those on it."""
        found = set()
        exons = self._exons.get(chrom, [])
        place = bisect_right(self._starts.get(chrom, []), end - 1) - 1
        while place >= 0 and exons[place][0] > start - self._longest[chrom]:
            _, exon_end, gene, gene_strand = exons[place]
            if exon_end > start and strand in ("", gene_strand):
                found.add(gene)
            place -= 1
        return found

    def _by_gene(self) -> dict[str, list[tuple[int, int]]]:
        by_gene: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for found in self._exons.values():
            for start, end, gene, _ in found:
                by_gene[gene].append((start, end))
        return by_gene


def count_fragments(
    path: Path | str,
    models: Iterable[Transcript],
    names: GeneNames,
    *,
    minimum_mapping_quality: int,
    strandedness: str,
    reference: str | None = None,
) -> tuple[Measured, GeneRows]:
    """Fragments per gene and TPM over the length of the gene's merged exons.

    A fragment counts once, whatever the number of its reads, for the one gene whose exons its
    aligned blocks overlap; fragments of no gene or of several are left out.

    Args:
        strandedness: `unstranded`, `forward` (read 1 runs along the transcript) or `reverse`.

    Raises:
        InputError: the file cannot be read to its end, shares no contig with the annotation, is
            not sorted by coordinate, or most of its reads run on the other strand.
    """
    index = ExonIndex(models)
    strands = _Strands(strandedness)
    counts = dict.fromkeys(index.lengths, 0)
    try:
        with pysam.AlignmentFile(str(path), reference_filename=reference) as alignments:
            _require_common_contigs(path, alignments, index)
            for genes in _fragment_genes(path, alignments, index, minimum_mapping_quality, strands):
                if len(genes) == 1:
                    counts[next(iter(genes))] += 1
    except (OSError, ValueError) as error:  # pysam's two for files that are cut or no alignments
        raise InputError(
            Problem(str(path), "", "", f"cannot be read to its end: {error}", "Copy it again.")
        ) from error
    strands.require_right(path)
    return _measured(counts, index.lengths, names)


@dataclass
class _Strands:
    """Reads over exons, by the strand that the setting expects: on it, and on the other only."""

    setting: str
    along: int = 0
    against: int = 0

    def genes(self, read: pysam.AlignedSegment, index: ExonIndex) -> set[str]:
        """Genes whose exons the read overlaps on the strand expected."""
        strand = _transcript_strand(read, self.setting)
        found = _read_genes(read, index, strand)
        self.along += bool(found)
        if strand and not found:
            self.against += bool(_read_genes(read, index, "-" if strand == "+" else "+"))
        return found

    def require_right(self, path: Path | str) -> None:
        """Refuse a setting the reads contradict: antisense reads, or half of them, would count."""
        share = self.against / max(self.along + self.against, 1)
        if share > _MAX_AGAINST:
            raise InputError(
                Problem(
                    str(path),
                    "expression.strandedness",
                    self.setting,
                    f"{share:.0%} of the reads over exons run on the other strand",
                    "Set it to the other direction, or to unstranded when it is about half.",
                )
            )


def _require_common_contigs(
    path: Path | str, alignments: pysam.AlignmentFile, index: ExonIndex
) -> None:
    if not index.contigs & set(alignments.references):
        raise InputError(
            Problem(
                str(path),
                "header",
                ", ".join(alignments.references[:3]),
                "no contig in common with the annotation",
                "Use the genome build and contig names the reads were aligned to.",
            )
        )


def _measured(
    counts: dict[str, int], lengths: dict[str, int], names: GeneNames
) -> tuple[Measured, GeneRows]:
    identifiers = sorted(counts)
    fragments = np.array([counts[gene] for gene in identifiers], dtype=np.float64)
    rate = fragments / np.array([lengths[gene] for gene in identifiers])
    tpm = rate / rate.sum() * 1e6 if rate.sum() else rate
    groups = group_rows(identifiers, names, merge_remarks=False)
    values = combine_rows(np.array([tpm, fragments]), groups, Scale.TPM)
    return Measured(groups.genes, values[0], values[1], Unit.TPM), groups


def _fragment_genes(
    path: Path | str,
    alignments: pysam.AlignmentFile,
    index: ExonIndex,
    minimum_quality: int,
    strands: _Strands,
) -> Iterator[set[str]]:
    """Genes of each fragment; the first mate waits for the second."""
    waiting: dict[str, set[str]] = {}
    contig, last = -1, (-1, -1)
    for read in alignments.fetch(until_eof=True):
        if read.flag & _LEFT_OUT or read.mapping_quality < minimum_quality:
            continue
        if read.is_paired:
            last, before = (read.reference_id, read.reference_start), last
            if last < before:
                raise InputError(_unsorted(path, str(read.query_name)))
        if read.reference_id != contig:
            yield from waiting.values()  # mates on other contigs count as fragments of their own
            waiting, contig = {}, read.reference_id
        genes = strands.genes(read, index)
        name = str(read.query_name)
        if name in waiting:
            yield waiting.pop(name) | genes
        elif _mate_follows(read):
            waiting[name] = genes
        else:
            yield genes
    yield from waiting.values()


def _unsorted(path: Path | str, read: str) -> Problem:
    message = "not sorted by coordinate: mates could not be told apart from further fragments"
    return Problem(str(path), f"read {read}", "", message, "Sort it with samtools sort.")


def _mate_follows(read: pysam.AlignedSegment) -> bool:
    return bool(
        read.is_paired
        and not read.mate_is_unmapped
        and read.next_reference_id == read.reference_id
        and read.next_reference_start >= read.reference_start
    )


def _read_genes(read: pysam.AlignedSegment, index: ExonIndex, strand: str) -> set[str]:
    chrom = str(read.reference_name)
    return {
        gene for start, end in read.get_blocks() for gene in index.genes(chrom, start, end, strand)
    }


def _transcript_strand(read: pysam.AlignedSegment, strandedness: str) -> str:
    if strandedness == "unstranded":
        return ""
    along = read.is_reverse == read.is_read2
    return "+" if along == (strandedness == "forward") else "-"


def _union_length(parts: Iterable[tuple[int, int]]) -> int:
    length, covered_to = 0, -1
    for start, end in sorted(parts):
        length += max(0, end - max(start, covered_to))
        covered_to = max(covered_to, end)
    return length
