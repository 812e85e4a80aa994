"""Fragments per allele, counted from the reads.

SNVs and changes of two bases are read off base by base. For longer MNVs, insertions, deletions and
complex changes the read is laid on the reference and on the changed haplotype, whatever its CIGAR
string says. A fragment whose mates both cover the locus counts once, and not at all when they
disagree.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from amlresist.annotation import FetchSequence
from amlresist.variants.alleles import Allele
from amlresist.variants.bam_stream import stream
from amlresist.variants.beside_indels import call_site, indels_beside, sites
from amlresist.variants.calls import ALTERNATIVE, NOTHING, OTHER, REFERENCE, Mask, ReadCalls, joined
from amlresist.variants.haplotypes import (
    LOW_QUALITY,
    Haplotypes,
    build_haplotypes,
    call_group,
    competing,
    is_laid,
    tell_apart,
)
from amlresist.variants.read_columns import Bytes, FetchSpan, Hashes, Ints, Reads, by_contig
from amlresist.variants.regions import Region, merge
from amlresist.variants.substitutions import call_substitutions, windows_of

_REGION_GAP = 200
Span = tuple[int, int]
Caller = Callable[..., tuple[Ints, Ints, Bytes]]


@dataclass(frozen=True, slots=True)
class FragmentCounts:
    """Fragments at each locus (arrays of length n loci).

    Attributes:
        ref, alt, other: fragments with the reference, the alternative or another allele.
        alt_forward: alternative fragments whose first read is forward.
        ref_forward: the same for reference fragments.
    """

    ref: Ints
    alt: Ints
    other: Ints
    alt_forward: Ints
    ref_forward: Ints

    @property
    def depth(self) -> Ints:
        """Informative fragments."""
        return self.ref + self.alt + self.other


@dataclass(frozen=True, slots=True)
class Loci:
    """What reads are held against.

    Attributes:
        alleles: as given.
        haplotypes: locus -> sequences to lay reads on, for alleles that are not read off.
        beside: locus of a substitution that is read off -> loci of the indels near it.
    """

    alleles: Sequence[Allele]
    haplotypes: Mapping[int, Haplotypes]
    beside: Mapping[int, tuple[int, ...]]

    @classmethod
    def of(cls, alleles: Sequence[Allele], fetch: FetchSequence) -> "Loci":
        """Loci of normalised alleles."""
        laid = {i: build_haplotypes(a, fetch) for i, a in enumerate(alleles) if is_laid(a)}
        haplotypes = tell_apart(laid, alleles)
        return cls(alleles, haplotypes, indels_beside(alleles, haplotypes))

    def spans(self) -> tuple[Ints, Ints]:
        """Start and end of the bases of which a read must have one aligned to say anything."""
        starts = np.array([allele.pos for allele in self.alleles], dtype=np.int64)
        ends = np.array([allele.end for allele in self.alleles], dtype=np.int64)
        for i, hap in self.haplotypes.items():
            starts[i], ends[i] = hap.start, hap.end
        for i, indels in self.beside.items():
            starts[i] = min(self.haplotypes[j].start for j in indels)
            ends[i] = max(self.haplotypes[j].end for j in indels)
        return starts, ends

    def regions(self) -> list[Region]:
        """Where the reads lie; a clipped read may be aligned on one side of an indel only."""
        spans = zip(*(values.tolist() for values in self.spans()), strict=True)
        named = ((a.chrom, *span) for a, span in zip(self.alleles, spans, strict=True))
        return merge(named, _REGION_GAP)


def count_fragments(
    path: Path | str,
    alleles: Sequence[Allele],
    fetch: FetchSequence,
    *,
    min_mapping_quality: int,
    min_base_quality: int,
    keep_duplicates: bool,
    reference: Path | str | None = None,
) -> FragmentCounts:
    """Count fragments per allele of one BAM or CRAM, without any depth cap.

    Args:
        path: the reads, sorted by coordinate.
        alleles: normalised alleles; any order.
        fetch: reference sequence.
        min_mapping_quality: reads below are left out.
        min_base_quality: bases below are not informative (substitutions).
        keep_duplicates: for amplicon libraries.
        reference: FASTA, needed for CRAM.
    """
    loci = Loci.of(alleles, fetch)
    tally = _Tally(*loci.spans())
    calls = read_calls(
        path,
        loci,
        fetch,
        min_mapping_quality=min_mapping_quality,
        min_base_quality=min_base_quality,
        keep_duplicates=keep_duplicates,
        reference=reference,
    )
    for found in calls:
        tally.add(found)
    return tally.counts()


def read_calls(
    path: Path | str,
    loci: Loci,
    fetch: FetchSequence,
    *,
    min_mapping_quality: int,
    min_base_quality: int,
    keep_duplicates: bool,
    reference: Path | str | None = None,
) -> Iterator[ReadCalls]:
    """Which allele each read carries at each locus, in file order.

    A read may stand in several pieces; mates are not joined yet.

    Args:
        path: the reads, sorted by coordinate.
        loci: where to look.
        fetch, min_mapping_quality, min_base_quality, keep_duplicates, reference: as
            `count_fragments`.
    """
    if not loci.alleles:
        return
    substitutions = {i: a for i, a in enumerate(loci.alleles) if a.is_substitution}
    windows = windows_of(substitutions, substitutions.keys() - loci.haplotypes.keys(), fetch)
    windows, beside = sites(windows, loci.beside, loci.alleles, loci.haplotypes)
    laid: dict[str, list[tuple[Span, Caller]]] = defaultdict(list)
    for name, mine in beside.items():
        for site in mine:
            caller = partial(call_site, site=site, min_base_quality=min_base_quality)
            laid[name].append((site.span, caller))
    for group in competing(loci.haplotypes, loci.alleles):
        haps = [(i, loci.haplotypes[i]) for i in group]
        span = min(hap.start for _, hap in haps), max(hap.end for _, hap in haps)
        laid[loci.alleles[group[0]].chrom].append((span, partial(call_group, group=haps)))
    pieces = stream(
        path,
        loci.regions(),
        min_mapping_quality=min_mapping_quality,
        keep_duplicates=keep_duplicates,
        reference=reference,
    )
    for contigs, piece in pieces:
        for name, reads in by_contig(contigs, piece):
            for calls in call_substitutions(reads, windows.get(name, ()), min_base_quality):
                yield ReadCalls(reads, *calls)
            callers = laid.get(name, ())
            yield from _laid_calls(reads, callers, partial(fetch, name))


def _laid_calls(
    reads: Reads, callers: Sequence[tuple[Span, Caller]], fetch: FetchSpan
) -> Iterator[ReadCalls]:
    """Calls of the reads of one contig that are laid on haplotypes."""
    first, last = int(reads.start.min()), int(reads.end.max())
    here = [(span, call) for span, call in callers if span[0] < last and span[1] > first]
    if not here:
        return
    near = np.zeros(len(reads), dtype=bool)
    for span, _ in here:
        near[reads.touching(*span)] = True
    poor = reads.poor_if_equal(fetch, np.flatnonzero(near), LOW_QUALITY)
    yield ReadCalls(reads, *joined([call(reads, poor=poor) for _, call in here]))


class _Tally:
    """Collects calls; mates of one fragment are joined at the end."""

    def __init__(self, starts: Ints, ends: Ints) -> None:
        self._starts, self._ends = starts, ends
        self._alone = np.zeros((len(starts), 4, 2), dtype=np.int64)
        self._shared: list[tuple[Ints, Hashes, Bytes, Mask]] = []
        self._widest = int((ends - starts).max(initial=0))
        self._longest = 0
        self._compiled = False
        self._named: Reads | None = None
        self._names, self._is_named = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=bool)

    def add(self, found: ReadCalls) -> None:
        """Take calls of reads; `NOTHING` calls are dropped in the end."""
        reads, read, locus, call = found.reads, found.read, found.locus, found.call
        # Reads come by their start, so a mate that starts before has been seen already.
        self._longest = max(self._longest, reads.longest)
        self._compiled = reads.compiled
        shared = self._count_alone(found)
        if len(shared):
            self._share(reads, read[shared], locus[shared], call[shared])

    def _count_alone(self, found: ReadCalls) -> Ints:
        """Count the calls whose mates cannot tell too; which are the others."""
        reads, read, locus, call = found.reads, found.read, found.locus, found.call
        if reads.compiled:
            from amlresist.variants import loops

            mates = reads.has_mate_here, reads.start, reads.mate_start, self._longest
            spans = self._starts, self._ends
            return loops.tally(
                self._alone, read, locus, call, reads.forward_fragment, *mates, *spans, NOTHING
            )
        near = reads.mate_start < reads.end + self._widest
        near &= reads.mate_start + self._longest + self._widest > reads.start
        near &= reads.has_mate_here
        if not near.any():
            self._count(locus, call, reads.forward_fragment[read])
            return np.zeros(0, dtype=np.int64)
        shared = near[read] & (call != NOTHING)
        place = np.flatnonzero(shared)
        shared[place] = self._mate_may_tell(reads, read[place], locus[place])
        alone = ~shared
        self._count(locus[alone], call[alone], reads.forward_fragment[read[alone]])
        return np.flatnonzero(shared)

    def _share(self, reads: Reads, read: Ints, locus: Ints, call: Bytes) -> None:
        """Keep calls until those of the mates are there."""
        names = self._names_of(reads, read)
        self._shared.append((locus, names[read], call, reads.forward_fragment[read]))

    def _names_of(self, reads: Reads, used: Ints) -> Hashes:
        """Hashed names by read, those of the used ones at least; each is hashed once."""
        if self._named is not reads:
            self._named = reads
            self._names = np.zeros(len(reads), dtype=np.uint64)
            self._is_named = np.zeros(len(reads), dtype=bool)
        is_new = np.zeros(len(reads), dtype=bool)
        is_new[used] = True
        new = np.flatnonzero(is_new & ~self._is_named)
        self._names[new] = reads.name_hashes(new)
        self._is_named[new] = True
        return self._names

    def _mate_may_tell(self, reads: Reads, read: Ints, locus: Ints) -> Mask:
        """Whether the mate can lie over the locus too."""
        mate = reads.mate_start[read]
        before_end = mate < self._ends[locus]
        later = mate >= reads.start[read]
        reaches = later | (mate + self._longest > self._starts[locus])
        return np.asarray(before_end & reaches)

    def _count(self, locus: Ints, call: Bytes, forward: Mask) -> None:
        key = (locus * 4 + call) * 2 + forward
        counts = np.bincount(key, minlength=self._alone.size)
        self._alone += counts.reshape(self._alone.shape)

    def counts(self) -> FragmentCounts:
        """The counts of everything added."""
        if self._shared:
            columns = [np.concatenate(parts) for parts in zip(*self._shared, strict=True)]
            self._shared = []
            self._count_shared(*columns)
        table = self._alone
        return FragmentCounts(
            ref=table[:, REFERENCE].sum(axis=1),
            alt=table[:, ALTERNATIVE].sum(axis=1),
            other=table[:, OTHER].sum(axis=1),
            alt_forward=table[:, ALTERNATIVE, 1],
            ref_forward=table[:, REFERENCE, 1],
        )

    def _count_shared(self, locus: Ints, name: Hashes, call: Bytes, forward: Mask) -> None:
        """Count fragments once, whose mates agree."""
        # Equal keys are the two mates of a fragment at a locus.
        key = name ^ (locus.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
        if self._compiled:
            from amlresist.variants import loops

            loops.join_mates(self._alone, key, locus, call, forward)
            return
        order = np.argsort(key)
        key, call, forward = key[order], call[order], forward[order]
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
        agree = np.minimum.reduceat(call, starts) == np.maximum.reduceat(call, starts)
        kept = starts[agree]
        is_forward = np.logical_or.reduceat(forward, starts)[agree]
        self._count(locus[order[kept]], call[kept], is_forward)
