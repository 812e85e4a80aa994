"""The same long insertion written at different places by different callers.

Without the reference sequence alleles cannot be normalised. A tandem duplication may be written at
any of its equivalent places, as a rotation of the same bases; long insertions that equal each
other up to rotation and lie near each other are taken for one.
"""

from collections.abc import Mapping

from amlresist.variants.alleles import Allele
from amlresist.variants.given import GivenCount

MIN_LENGTH = 9
MAX_DISTANCE = 300


def align_insertions(
    listed: Mapping[str, dict[Allele, GivenCount]],
) -> dict[str, dict[Allele, GivenCount]]:
    """Give insertions that are the same the allele of the earliest time point that lists them."""
    leaders: dict[tuple[str, str], list[Allele]] = {}
    result: dict[str, dict[Allele, GivenCount]] = {}
    for timepoint, counts in listed.items():
        renamed: dict[Allele, GivenCount] = {}
        for allele, count in counts.items():
            renamed[_leader(allele, leaders)] = count
        result[timepoint] = renamed
    return result


def _leader(allele: Allele, leaders: dict[tuple[str, str], list[Allele]]) -> Allele:
    inserted = allele.alt[1:]
    if allele.kind != "insertion" or len(inserted) < MIN_LENGTH:
        return allele
    known = leaders.setdefault((allele.chrom, _smallest_rotation(inserted)), [])
    for leader in known:
        if abs(leader.pos - allele.pos) <= MAX_DISTANCE:
            return leader
    known.append(allele)
    return allele


def _smallest_rotation(text: str) -> str:
    return min(text[i:] + text[:i] for i in range(len(text)))
