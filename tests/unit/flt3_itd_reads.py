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
    if design.amplicon is None:  # a longer molecule gives more fragments
        shares = shares * np.array([len(text) + design.mean - 1 for text in texts])
    picked = rng.choice(len(texts), size=fragments, p=shares / shares.sum())
    sizes = np.array([len(text) for text in texts])[picked]
    low, high, swapped = _spans(sizes, len(reference), design, rng)
    kept = np.flatnonzero(high - low >= min(design.read, _SHORTEST))
    picked, low, high, swapped = picked[kept], low[kept], high[kept], swapped[kept]
    bases = np.zeros((len(texts), max(map(len, texts))), dtype=np.uint8)
    for row, text in enumerate(texts):
        bases[row, : len(text)] = np.frombuffer(text.encode(), dtype=np.uint8)
    columns = np.arange(design.read)
    lengths = np.minimum(design.read, high - low)
    inside = columns < lengths[:, None]
    forward = bases[picked[:, None], np.where(inside, low[:, None] + columns, 0)]
    backward = _PARTNER[bases[picked[:, None], np.where(inside, high[:, None] - 1 - columns, 0)]]
    sides = [_texts(side, lengths, design.error, rng) for side in (forward, backward)]
    first, second = [], []
    for number, turned in enumerate(swapped.tolist()):
        first.append(sides[turned][number])
        second.append(sides[1 - turned][number])
    return first, second


def _spans(
    sizes: np.ndarray, wild: int, design: Design, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and past-last base of each fragment, and whether read 1 is its right end."""
    if design.amplicon is not None:
        low, end = design.amplicon
        return np.full(sizes.size, low), end + sizes - wild, np.zeros(sizes.size, dtype=int)
    length = np.maximum(design.read, rng.normal(design.mean, design.sd, sizes.size).astype(int))
    start = np.floor(rng.random(sizes.size) * (sizes + length - 1)).astype(int) - length + 1
    swapped = rng.integers(2, size=sizes.size)
    return np.maximum(0, start), np.minimum(sizes, start + length), swapped


_SHORTEST = 30
_PARTNER = np.zeros(256, dtype=np.uint8)
_PARTNER[[65, 67, 71, 84]] = [84, 71, 67, 65]


def _texts(
    bases: np.ndarray, lengths: np.ndarray, error: float, rng: np.random.Generator
) -> list[str]:
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    wrong = rng.random(bases.shape) < error
    place = np.searchsorted(letters, bases[wrong])
    changed = bases.copy()
    changed[wrong] = letters[(place + rng.integers(1, 4, size=place.size)) % 4]
    rows = changed.tobytes().decode("latin-1")
    width = bases.shape[1]
    return [rows[i * width : i * width + n] for i, n in enumerate(lengths.tolist())]


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
