"""Which 3' adapter a small-RNA library carries: detected, or verified against what was given."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from amlresist.errors import InputError, Problem

PREFIX = 12  # bases that must match exactly to recognise an adapter: chance hit 6e-8 per position
SHORT_INSERT = 32  # reads no longer than this, of mixed length, look trimmed already
MIXED_SHARE = 0.1  # reads of a second kit from which a file holds two libraries; hopped reads: 1 %
POLY_A = "SMARTer smRNA (poly-A tail)"  # of other libraries a few reads hold such a stretch too

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
    POLY_A: "AAAAAAAAAAAAAAA",
}
# Kit -> bases of the unique molecular identifier right behind its adapter.
UMIS = {"QIAseq miRNA": 12}


@dataclass(frozen=True, slots=True)
class AdapterChoice:
    """The adapter to remove.

    Attributes:
        sequence: 3' adapter, "" when the reads are trimmed already.
        kit: name of the kit, "unknown kit" for an adapter not in the table.
        source: `given`, `detected` or `already trimmed`.
        share: share of the inspected reads that carry it.
        umi_shown: bases of the kit's identifier that most reads show behind it, 0 for none.
    """

    sequence: str
    kit: str
    source: str
    share: float
    umi_shown: int = 0


def choose_adapter(file: str, reads: Sequence[str], given: str, min_share: float) -> AdapterChoice:
    """Adapter of a library, from its first reads.

    Args:
        file: path shown in problems.
        reads: sequences as sequenced.
        given: configured adapter sequence or kit name; "" = detect, "none" = already trimmed.
        min_share: share of reads that must carry the adapter.

    Raises:
        InputError: the given adapter is not in the reads or stands behind another kit's, none is
            found or two, or the reads are said to be trimmed and are not. The kits are named.
    """
    firsts = first_adapters(reads)
    kit, share = _commonest(firsts, len(reads))
    detected = AdapterChoice(KITS[kit], kit, "detected", share, umi_shown(reads, kit))
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
        if stands_behind(reads, choice.sequence, detected.sequence):
            message = f"adapter {choice.sequence} stands behind another kit's"
            raise _refusal(file, message, detected)
        return choice
    if share >= min_share:
        _refuse_mixture(file, firsts, kit, len(reads))
        return detected
    if looks_trimmed(reads):
        return trimmed
    raise _refusal(file, "no known 3' adapter found", detected)


def first_adapters(reads: Sequence[str]) -> Counter[str]:
    """Kit -> reads in which its adapter comes first.

    Long reads run through the kit's adapter into Illumina's, which other kits have as theirs.
    """
    starts = [(kit, adapter[:PREFIX]) for kit, adapter in KITS.items()]
    firsts: Counter[str] = Counter()
    for read in reads:
        places = [(at, kit) for kit, start in starts if (at := read.find(start)) >= 0]
        if places:
            firsts[min(places)[1]] += 1
    return firsts


def stands_behind(reads: Sequence[str], adapter: str, other: str) -> bool:
    """Whether most reads with the adapter show the other one before it."""
    start, before = adapter[:PREFIX], other[:PREFIX]
    places = [(read.find(before), at) for read in reads if (at := read.find(start)) >= 0]
    return sum(0 <= first < at for first, at in places) > len(places) / 2


def umi_shown(reads: Sequence[str], kit: str) -> int:
    """Bases of the kit's identifier, when most reads with its adapter show them; else 0."""
    bases = UMIS.get(kit, 0)
    if not bases:
        return 0
    whole = len(KITS[kit]) + bases
    rests = [len(read) - at for read in reads if (at := read.find(KITS[kit][:PREFIX])) >= 0]
    return bases if sum(rest >= whole for rest in rests) > len(rests) / 2 else 0


def _commonest(firsts: Counter[str], n_reads: int) -> tuple[str, float]:
    kit = max(KITS, key=lambda name: (firsts[name], name))
    return kit, firsts[kit] / n_reads if n_reads else 0.0


def _refuse_mixture(file: str, firsts: Counter[str], kit: str, n_reads: int) -> None:
    """Refuse a file whose reads come from two kits: one half would be lost."""
    for other, adapter in KITS.items():
        kin = adapter[:PREFIX] in KITS[kit] or KITS[kit][:PREFIX] in adapter
        share = firsts[other] / n_reads
        if kin or POLY_A in (kit, other) or share < MIXED_SHARE:
            continue
        raise InputError(
            Problem(
                file,
                "",
                "",
                f"adapters of two kits: {kit} in {firsts[kit] / n_reads:.1%} of reads, {other} in"
                f" {share:.1%}",
                "Were libraries joined? Give each library its own FASTQ and row, or set"
                " mirna.adapter; reads of the other kit are then not counted.",
            )
        )


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
