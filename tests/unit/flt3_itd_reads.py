"""Simulated FLT3 reads with known ITDs, for tests and benchmarks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amlresist.annotation import Transcript
from amlresist.dna import reverse_complement
from amlresist.flt3_itd.calling import LibraryCall, call_libraries
from amlresist.flt3_itd.encode import seed_index
from amlresist.flt3_itd.library import Reads
from amlresist.flt3_itd.locus import Locus, build_locus
from amlresist.flt3_itd.reads import Batch
from amlresist.flt3_itd.settings import Settings
from amlresist.libraries import LibraryInput
from amlresist.settings import load

EXON_14_FIRST = 1705
_EXONS = (1_597, 107, 133, 105, 300)  # exon 14 is the third: c.1705-1837
_INTRONS = (400, 92, 90, 600)
_LEAD = 700


def random_bases(length: int, rng: np.random.Generator) -> str:
    return "".join(rng.choice(list("ACGT"), size=length))


def toy_transcript(strand: str = "-", chrom: str = "13") -> Transcript:
    """A gene whose third exon holds c.1705-1837, as FLT3 exon 14 does."""
    edges, place = [], _LEAD
    for exon, intron in zip(_EXONS, (*_INTRONS, 0), strict=True):
        edges.append((place, place + exon))
        place += exon + intron
    if strand == "-":
        edges = [(toy_length() - end, toy_length() - start) for start, end in edges][::-1]
    exons = tuple(edges)
    return Transcript("FLT3", "G1", "T1", chrom, strand, "protein_coding", True, exons, exons)


def toy_length() -> int:
    return 2 * _LEAD + sum(_EXONS) + sum(_INTRONS)


def toy_genome(strand: str = "-", seed: int = 7) -> str:
    """Plus strand of the toy contig; the coding strand is the same for both strands."""
    rng = np.random.default_rng(seed)
    coding = list(random_bases(toy_length(), rng))
    place = _LEAD
    phase = 0
    for exon, intron in zip(_EXONS, (*_INTRONS, 0), strict=True):
        for offset in range(exon):
            base = place + offset
            if phase % 3 == 0 and coding[base] == "T":  # keeps stop codons out
                coding[base] = "C"
            phase += 1
        place += exon + intron
    bases = "".join(coding)
    return bases if strand == "+" else reverse_complement(bases)


def toy_locus(strand: str = "-", assay: str = "dna", seed: int = 7, chrom: str = "13") -> Locus:
    genome = toy_genome(strand, seed)
    return build_locus(
        toy_transcript(strand, chrom),
        lambda _, start, end: genome[start:end],
        len(genome),
        assay,
        settings().first_coding_base,
        settings().flank,
    )


def settings(**given: object) -> Settings:
    return load(Settings, "flt3_itd", given)


def duplicate(sequence: str, start: int, length: int, novel: str = "") -> str:
    """Haplotype whose bases [start, start + length) are duplicated, with N bases between."""
    end = start + length
    return sequence[:end] + novel + sequence[start:]


@dataclass(frozen=True)
class Design:
    """How fragments are made: amplicon ends on wild type, or capture with fragment lengths."""

    read: int
    amplicon: tuple[int, int] | None = None
    mean: float = 280.0
    sd: float = 50.0
    error: float = 0.002


def simulate(
    reference: str,
    haplotypes: Sequence[tuple[str, float]],
    fragments: int,
    design: Design,
    rng: np.random.Generator,
) -> tuple[list[str], list[str]]:
    """Read pairs of (haplotype, share of molecules); `fragments` is the number of fragments."""
    texts = [text for text, _ in haplotypes]
    shares = np.array([share for _, share in haplotypes])
    if design.amplicon is None:
        shares = shares * np.array([len(text) for text in texts])
    picked = rng.choice(len(texts), size=fragments, p=shares / shares.sum())
    whole = [np.frombuffer(text.encode(), dtype=np.uint8) for text in texts]
    first, second = [], []
    for number in picked:
        text = whole[number]
        if design.amplicon is not None:
            low, end = design.amplicon
            high = end + text.size - len(reference)
            reverse = False
        else:
            size = max(design.read, int(rng.normal(design.mean, design.sd)))
            low = int(rng.integers(-size + 1, text.size))
            low, high = max(0, low), min(text.size, low + size)
            reverse = bool(rng.integers(2))
            if high - low < design.read:
                continue
        molecule = text[low:high]
        ends = [molecule[: design.read], _turned(molecule[-design.read :])]
        if reverse:
            ends = ends[::-1]
        for reads, end in zip((first, second), ends, strict=True):
            reads.append(_with_errors(end, design.error, rng))
    return first, second


_PARTNER = np.zeros(256, dtype=np.uint8)
_PARTNER[[65, 67, 71, 84]] = [84, 71, 67, 65]


def _turned(bases: np.ndarray) -> np.ndarray:
    return _PARTNER[bases[::-1]]


def _with_errors(bases: np.ndarray, error: float, rng: np.random.Generator) -> str:
    count = rng.binomial(bases.size, error)
    if not count:
        return bases.tobytes().decode()
    changed = bases.copy()
    for place in rng.choice(bases.size, size=count, replace=False):
        changed[place] = rng.choice([b for b in b"ACGT" if b != changed[place]])
    return changed.tobytes().decode()


def as_reads(
    locus: Locus,
    pairs: tuple[Sequence[str], Sequence[str]],
    capture: str = "",
    timepoint: str = "diagnosis",
    **given: object,
) -> Reads:
    library = LibraryInput("s", timepoint, locus.assay, capture, ())
    batch = Batch(pairs[0], pairs[1], [""] * len(pairs[0]))
    return Reads(library, locus, _index(locus), settings(**given), _given=batch)


_INDICES: dict[str, object] = {}


def _index(locus: Locus):
    if locus.sequence not in _INDICES:
        _INDICES[locus.sequence] = seed_index(locus.sequence)
    return _INDICES[locus.sequence]


def call_one(
    locus: Locus, pairs: tuple[Sequence[str], Sequence[str]], capture: str = "", **given: object
) -> LibraryCall:
    reads = as_reads(locus, pairs, capture, **given)
    return call_libraries([reads], reads.settings)[0]
