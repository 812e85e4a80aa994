"""Which 3' adapter a small-RNA library carries: detected, or verified against what was given."""

from collections.abc import Sequence
from dataclasses import dataclass

from amlresist.errors import InputError, Problem

PREFIX = 12  # bases that must match exactly to recognise an adapter: chance hit 6e-8 per position
SHORT_INSERT = 32  # reads no longer than this, of mixed length, look trimmed already

# Kit -> 3' adapter as the manufacturers' manuals print it.
KITS = {
    "Illumina TruSeq Small RNA": "TGGAATTCTCGGGTGCCAAGG",
    "NEBNext Small RNA": "AGATCGGAAGAGCACACGTCT",
    "QIAseq miRNA": "AACTGTAGGCACCATCAAT",
    "Illumina Small RNA v1.0": "TCGTATGCCGTCTTCTGCTTG",
    "Illumina Small RNA v1.5": "ATCTCGTATGCCGTCTTCTGCTTG",
    "MGI Small RNA": "AGTCGGAGGCCAAGCGGTCTTAGGAAGACAA",
    "Ion Total RNA-Seq v2": "ATCACCGACTGCCCATAGAGAGG",
    "SOLiD Small RNA": "CGCCTTGGCCGTACAGCAG",
    "SMARTer smRNA (poly-A tail)": "AAAAAAAAAAAAAAA",
}


@dataclass(frozen=True, slots=True)
class AdapterChoice:
    """The adapter to remove.

    Attributes:
        sequence: 3' adapter, "" when the reads are trimmed already.
        kit: name of the kit, "unknown kit" for an adapter not in the table.
        source: `given`, `detected` or `already trimmed`.
        share: share of the inspected reads that carry it.
    """

    sequence: str
    kit: str
    source: str
    share: float


def choose_adapter(file: str, reads: Sequence[str], given: str, min_share: float) -> AdapterChoice:
    """Adapter of a library, from its first reads.

    Args:
        file: path shown in problems.
        reads: sequences as sequenced.
        given: configured adapter sequence or kit name; "" = detect, "none" = already trimmed.
        min_share: share of reads that must carry the adapter.

    Raises:
        InputError: the given adapter is not in the reads, none is found, or the reads are said to
            be trimmed and are not. The best-matching known kit is named.
    """
    kit, share = best_kit(reads)
    detected = AdapterChoice(KITS[kit], kit, "detected", share)
    trimmed = AdapterChoice("", "NA", "already trimmed", share)
    if given.lower() == "none":
        if share >= min_share:
            raise _refusal(file, "reads said to be trimmed carry an adapter", detected)
        return trimmed
    if given:
        choice = _given(given, reads)
        if choice.share < min_share and not _same_start(choice.sequence, detected.sequence):
            raise _refusal(
                file, f"adapter {choice.sequence} is rare ({choice.share:.1%})", detected
            )
        if choice.share < min_share:
            raise _refusal(file, f"the adapter is rare ({choice.share:.1%})", detected)
        return choice
    if share >= min_share:
        return detected
    if looks_trimmed(reads):
        return trimmed
    raise _refusal(file, "no known 3' adapter found", detected)


def best_kit(reads: Sequence[str]) -> tuple[str, float]:
    """The kit whose adapter most reads carry, and the share of reads that do."""
    shares = {kit: adapter_share(reads, adapter) for kit, adapter in KITS.items()}
    kit = max(shares, key=lambda name: (shares[name], name))
    return kit, shares[kit]


def adapter_share(reads: Sequence[str], adapter: str) -> float:
    """Share of reads that contain the adapter's first bases exactly."""
    start = adapter[:PREFIX]
    return sum(start in read for read in reads) / len(reads) if reads else 0.0


def looks_trimmed(reads: Sequence[str]) -> bool:
    """Reads of mixed length, most of them as short as a miRNA: an adapter was removed before."""
    lengths = [len(read) for read in reads]
    short = sum(length <= SHORT_INSERT for length in lengths)
    return len(set(lengths)) >= 3 and short >= len(lengths) / 2


def _given(given: str, reads: Sequence[str]) -> AdapterChoice:
    sequence = KITS.get(given, given).upper().replace("U", "T")
    kit = next(
        (name for name, adapter in KITS.items() if _same_start(adapter, sequence)), "unknown kit"
    )
    return AdapterChoice(sequence, kit, "given", adapter_share(reads, sequence))


def _same_start(a: str, b: str) -> bool:
    return a[:PREFIX] == b[:PREFIX]


def _refusal(file: str, message: str, best: AdapterChoice) -> InputError:
    if best.share >= 0.01:
        remedy = (
            f"Best match: {best.kit} ({best.sequence}) in {best.share:.1%} of reads. Set"
            " mirna.adapter to the kit's 3' adapter, or check that this is a small-RNA library."
        )
    else:
        remedy = (
            "No known kit matches either: is this a small-RNA library (an mRNA library has no"
            " adapter in its reads)? Set mirna.adapter to the kit's 3' adapter, or to none when"
            " the adapter was removed before."
        )
    return InputError(Problem(file, "", "", message, remedy))
