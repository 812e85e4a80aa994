"""Neighbouring substitutions that a caller wrote one by one, though one molecule carries them.

By itself each may seem to do to the protein what the two together do not.
"""

import dataclasses
from collections.abc import Container, Iterable, Iterator

from amlresist.annotation import FetchSequence
from amlresist.variants.alleles import Allele
from amlresist.variants.given import GivenVariant

_UNCHANGED = 2  # bases that may lie between two changes of one codon


def join_phased(
    variants: Iterable[GivenVariant], fetch: FetchSequence | None, contigs: Container[str]
) -> Iterator[GivenVariant]:
    """The variants, with phased substitutions at most 2 unchanged bases apart made one MNV.

    It has the fewest fragments and the lowest depth of its parts; what the file says of their
    proteins does not hold for it.

    Args:
        variants: of one library.
        fetch: reference sequence; without it only changes right beside each other are joined.
        contigs: those the reference has.
    """
    last: dict[tuple[str, str], GivenVariant] = {}
    for variant in sorted(variants, key=lambda v: v.allele):
        allele = variant.allele
        if not variant.phase or not allele.is_substitution:
            yield variant
            continue
        key = (allele.chrom, variant.phase)
        before = last.pop(key, None)
        known = fetch if allele.chrom in contigs else None
        whole = None if before is None else _joined(before, variant, known)
        if before is not None and whole is None:
            yield before
        last[key] = whole or variant
    yield from last.values()


def _joined(
    first: GivenVariant, second: GivenVariant, fetch: FetchSequence | None
) -> GivenVariant | None:
    """Both as one; None where they lie too far apart."""
    one, other = first.allele, second.allele
    gap = other.pos - one.end
    if not 0 <= gap <= _UNCHANGED or (gap and fetch is None):
        return None
    between = fetch(one.chrom, one.end, other.pos).upper() if fetch is not None else ""
    counts = [v for v in (first, second) if v.alt is not None and v.depth is not None]
    known = len(counts) == 2
    return dataclasses.replace(
        first,
        allele=Allele(
            one.chrom, one.pos, one.ref + between + other.ref, one.alt + between + other.alt
        ),
        alt=min(v.alt or 0 for v in counts) if known else None,
        depth=min(v.depth or 0 for v in counts) if known else None,
        protein_change="",
    )
