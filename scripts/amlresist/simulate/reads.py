"""Read pairs from a mixture of haplotypes, as a sequencer would give them.

Fragments are drawn from haplotypes, duplicated by PCR, read from both ends with errors. All work is
done on whole arrays; bases and qualities are `uint8` ASCII matrices of shape (reads, read length).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
ADAPTERS = ("AGATCGGAAGAGCACACGTCTGAACTCCAGTCA", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT")  # TruSeq
_LONG_RUN = 8  # homopolymers from here on slip more with every base
_COMPLEMENT = np.arange(256, dtype=np.uint8)
_COMPLEMENT[np.frombuffer(b"ACGT", np.uint8)] = np.frombuffer(b"TGCA", np.uint8)
_BASES = np.frombuffer(b"ACGT", np.uint8)
_BASE_INDEX = np.zeros(256, np.uint8)
_BASE_INDEX[_BASES] = np.arange(4)


@dataclass(frozen=True, slots=True)
class ReadModel:
    """How fragments are made and read.

    Attributes:
        read_length: bases per read.
        fragment_mean, fragment_sd: of the fragment length, bp.
        error_rate: substitutions per base, mean over cycles; late cycles have more.
        slip_rate: share of reads that lose or gain a base in a homopolymer of 4 or more.
        long_slip_rate: the same per base of a homopolymer beyond 7, for reads that span it.
        chimera_share: pairs whose second mate, and reads whose tail, come from elsewhere.
        foreign_share: pairs that come from no human sequence and stay unmapped.
        duplicate_share: share of fragments that are PCR copies of another.
        capture_pad: fragments may be centred this far outside a captured interval, bp.
    """

    read_length: int = 100
    fragment_mean: float = 220.0
    fragment_sd: float = 40.0
    error_rate: float = 1e-3
    slip_rate: float = 2e-4
    long_slip_rate: float = 3e-3
    chimera_share: float = 2e-3
    foreign_share: float = 1e-3
    duplicate_share: float = 0.08
    capture_pad: int = 100


@dataclass(frozen=True, slots=True)
class Haplotype:
    """One allele of a locus.

    Attributes:
        sequence: plus-strand bases.
        weight: share of this locus' copies that are this allele; weights of a locus sum to 1, or
            to less (more) where copies are lost (gained).
        intervals: captured parts of `sequence`, 0-based half-open.
    """

    sequence: str
    weight: float
    intervals: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Fragments:
    """Sequenced molecules.

    Attributes:
        bases: all haplotypes, one after another.
        starts, lengths: place of each fragment in `bases`.
        haplotypes: index of each fragment's haplotype.
        flipped: the first read comes from the fragment's right end.
    """

    bases: Bytes
    starts: Integers
    lengths: Integers
    haplotypes: Integers
    flipped: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ReadPairs:
    """Bases and qualities (Phred+33) of both mates; haplotype index per pair."""

    bases1: Bytes
    quals1: Bytes
    bases2: Bytes
    quals2: Bytes
    haplotypes: Integers


def captured_fragments(
    haplotypes: Sequence[Haplotype], depth: float, model: ReadModel, rng: np.random.Generator
) -> Fragments:
    """Fragments of captured haplotypes.

    `depth` is the mean number of distinct fragments whose reads show a target base; overlapping
    mates count once.
    """
    parts = [
        _centres(haplotype, depth, model, rng) for haplotype in haplotypes if haplotype.weight > 0
    ]
    used = [haplotype for haplotype in haplotypes if haplotype.weight > 0]
    index = np.repeat(np.arange(len(used)), [len(part) for part in parts])
    centres = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    sizes = np.array([len(haplotype.sequence) for haplotype in used], np.int64)
    lengths = fragment_lengths(len(centres), model, rng)
    starts = np.clip(centres - lengths // 2, 0, np.maximum(sizes[index] - lengths, 0))
    lengths = np.minimum(lengths, sizes[index])
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if used else np.zeros(0, np.int64)
    bases = np.frombuffer("".join(h.sequence for h in used).encode(), np.uint8)
    flipped = rng.random(len(starts)) < 0.5
    return Fragments(bases, starts + offsets[index], lengths, index, flipped)


def fragment_lengths(count: int, model: ReadModel, rng: np.random.Generator) -> Integers:
    """Fragment lengths, bp; none shorter than 40."""
    drawn = rng.normal(model.fragment_mean, model.fragment_sd, count)
    return np.maximum(np.rint(drawn), 40).astype(np.int64)


def read_bases_per_fragment(model: ReadModel) -> float:
    """Mean bases of a fragment that its two reads show, each base once."""
    deviates = np.linspace(-4, 4, 161)
    weights = np.exp(-(deviates**2) / 2)
    lengths = np.maximum(model.fragment_mean + model.fragment_sd * deviates, 40)
    shown = np.minimum(lengths, 2 * model.read_length)
    return float(np.sum(shown * weights) / np.sum(weights))


def with_duplicates(fragments: Fragments, model: ReadModel, rng: np.random.Generator) -> Fragments:
    """The fragments with PCR copies added, in random order."""
    count = len(fragments.starts)
    share = model.duplicate_share
    copies = rng.integers(0, max(count, 1), rng.poisson(count * share / (1 - share)))
    order = rng.permutation(np.concatenate([np.arange(count), copies[: count * len(copies)]]))
    return Fragments(
        fragments.bases,
        fragments.starts[order],
        fragments.lengths[order],
        fragments.haplotypes[order],
        fragments.flipped[order],
    )


def sequence_pairs(fragments: Fragments, model: ReadModel, rng: np.random.Generator) -> ReadPairs:
    """Read both ends of every fragment; a fragment shorter than a read runs into the adapter."""
    left = _read_end(fragments, fragments.flipped, 0, model, rng)
    right = _read_end(fragments, ~fragments.flipped, 1, model, rng)
    return ReadPairs(*left, *right, fragments.haplotypes)


def captured_pairs(
    haplotypes: Sequence[Haplotype], depth: float, model: ReadModel, rng: np.random.Generator
) -> ReadPairs:
    """Read pairs of a captured library with PCR duplicates, chimeras and foreign reads."""
    fragments = captured_fragments(haplotypes, depth, model, rng)
    pairs = sequence_pairs(with_duplicates(fragments, model, rng), model, rng)
    add_artefacts(pairs, model, rng)
    return pairs


def add_artefacts(pairs: ReadPairs, model: ReadModel, rng: np.random.Generator) -> None:
    """Make few pairs chimeric or foreign, in place."""
    count, length = pairs.bases1.shape
    swapped = np.unique(rng.integers(0, max(count, 1), rng.poisson(count * model.chimera_share)))
    partners = np.roll(swapped, 1)
    pairs.bases2[swapped], pairs.quals2[swapped] = pairs.bases2[partners], pairs.quals2[partners]
    cut = np.unique(rng.integers(0, max(count, 1), rng.poisson(count * model.chimera_share)))
    for row, donor in zip(cut.tolist(), np.roll(cut, 1).tolist(), strict=True):
        place = int(rng.integers(length // 4, length - length // 4))
        pairs.bases1[row, place:] = pairs.bases2[donor, place:]
    foreign = np.unique(rng.integers(0, max(count, 1), rng.poisson(count * model.foreign_share)))
    for bases in (pairs.bases1, pairs.bases2):
        bases[foreign] = rng.choice(_BASES, (len(foreign), length))


def amplicon_pairs(
    haplotypes: Sequence[Haplotype], count: int, model: ReadModel, rng: np.random.Generator
) -> ReadPairs:
    """`count` read pairs of a PCR amplicon: every fragment is a whole haplotype."""
    weights = np.array([haplotype.weight for haplotype in haplotypes])
    index = rng.choice(len(haplotypes), count, p=weights / weights.sum()).astype(np.int64)
    sizes = np.array([len(haplotype.sequence) for haplotype in haplotypes], np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    bases = np.frombuffer("".join(h.sequence for h in haplotypes).encode(), np.uint8)
    flipped = np.zeros(count, np.bool_)
    return sequence_pairs(
        Fragments(bases, offsets[index], sizes[index], index, flipped), model, rng
    )


def add_errors(bases: Bytes, quals: Bytes, error_rate: float, rng: np.random.Generator) -> None:
    """Write substitution errors into `bases` and their qualities into `quals`, in place.

    The error rate rises over the read: cycle i of L has rate x (0.5 + i / L).
    """
    count, length = bases.shape
    n_errors = int(rng.binomial(bases.size, error_rate))
    rows = rng.integers(0, max(count, 1), n_errors)
    cycles = _late_cycles(n_errors, length, rng)
    change = rng.integers(1, 4, n_errors).astype(np.uint8)
    bases[rows, cycles] = _BASES[(_BASE_INDEX[bases[rows, cycles]] + change) % 4]
    # Most sequencer errors are marked by a low quality, some are not.
    marked = rng.random(n_errors) < 0.75
    quals[rows[marked], cycles[marked]] = 33 + 12


def _centres(
    haplotype: Haplotype, depth: float, model: ReadModel, rng: np.random.Generator
) -> Integers:
    places = [
        np.arange(max(start - model.capture_pad, 0), end + model.capture_pad)
        for start, end in haplotype.intervals
    ]
    allowed = np.unique(np.concatenate(places)) if places else np.zeros(0, np.int64)
    expected = depth * haplotype.weight * len(allowed) / read_bases_per_fragment(model)
    return rng.choice(allowed, rng.poisson(expected)) if len(allowed) else allowed


def _read_end(
    fragments: Fragments,
    from_right: npt.NDArray[np.bool_],
    mate: int,
    model: ReadModel,
    rng: np.random.Generator,
) -> tuple[Bytes, Bytes]:
    """Bases and qualities of one mate; `from_right` fragments are read from their right end."""
    length = model.read_length
    steps = np.tile(np.arange(length, dtype=np.int32), (len(fragments.starts), 1))
    _slip(steps, fragments, from_right, model, rng)
    ends = (fragments.starts + fragments.lengths).astype(np.int32)
    first = np.where(from_right, ends - 1, fragments.starts.astype(np.int32))
    places = first[:, None] + np.where(from_right, -1, 1).astype(np.int32)[:, None] * steps
    beyond = steps >= fragments.lengths[:, None]
    bases = fragments.bases[np.clip(places, 0, len(fragments.bases) - 1)]
    bases[from_right] = _COMPLEMENT[bases[from_right]]
    rows, columns = np.nonzero(beyond)
    into_adapter = steps[rows, columns] - fragments.lengths[rows]
    adapter = np.frombuffer((ADAPTERS[mate] + "A" * length).encode(), np.uint8)
    bases[rows, columns] = adapter[into_adapter]
    quals = _qualities(bases.shape, rng)
    add_errors(bases, quals, model.error_rate, rng)
    return bases, quals


def _slip(
    steps: npt.NDArray[np.int32],
    fragments: Fragments,
    from_right: npt.NDArray[np.bool_],
    model: ReadModel,
    rng: np.random.Generator,
) -> None:
    """Let few reads skip or repeat a base inside a homopolymer, in place."""
    count = len(fragments.starts)
    for row in np.unique(rng.integers(0, max(count, 1), rng.poisson(count * model.slip_rate))):
        start, size = int(fragments.starts[row]), int(fragments.lengths[row])
        molecule = fragments.bases[start : start + size]
        molecule = (molecule[::-1] if from_right[row] else molecule)[: model.read_length]
        _slip_at(steps, int(row), _homopolymer_end(molecule), rng)
    ends = fragments.starts + fragments.lengths
    for run_start, run_end in _long_runs(fragments.bases):
        spanning = np.nonzero((fragments.starts < run_start) & (ends > run_end))[0]
        rate = model.long_slip_rate * (run_end - run_start - _LONG_RUN + 1)
        for row in spanning[rng.random(len(spanning)) < rate].tolist():
            inner = (
                ends[row] - 1 - run_start
                if from_right[row]
                else run_end - 1 - fragments.starts[row]
            )
            _slip_at(steps, row, int(inner), rng)


def _slip_at(
    steps: npt.NDArray[np.int32], row: int, run_end: int, rng: np.random.Generator
) -> None:
    """Skip (more often) or repeat the read's base number `run_end`, the last of its run."""
    if 0 < run_end < steps.shape[1]:
        steps[row, run_end:] += 1 if rng.random() < 0.7 else -1


def _long_runs(bases: Bytes) -> list[tuple[int, int]]:
    """(start, end) of homopolymers of at least `_LONG_RUN` bases."""
    edges = np.concatenate([[0], np.nonzero(np.diff(bases))[0] + 1, [len(bases)]])
    is_long = np.diff(edges) >= _LONG_RUN
    return list(zip(edges[:-1][is_long].tolist(), edges[1:][is_long].tolist(), strict=True))


def _homopolymer_end(bases: Bytes, shortest: int = 4) -> int:
    """End of the longest homopolymer of at least `shortest` bases, 0 when there is none."""
    edges = np.concatenate([[0], np.nonzero(np.diff(bases))[0] + 1, [len(bases)]])
    runs = np.diff(edges)
    longest = int(np.argmax(runs))
    return int(edges[longest + 1]) - 1 if runs[longest] >= shortest else 0


def _qualities(shape: tuple[int, int], rng: np.random.Generator) -> Bytes:
    """Binned Illumina qualities: mostly 37, with 25 and 11 more often in late cycles."""
    quals = np.full(shape, 33 + 37, np.uint8)
    for value, share in ((25, 0.05), (11, 0.01)):
        n_lower = int(rng.binomial(quals.size, share))
        rows = rng.integers(0, max(shape[0], 1), n_lower)
        quals[rows, _late_cycles(n_lower, shape[1], rng)] = 33 + value
    return quals


def _late_cycles(count: int, length: int, rng: np.random.Generator) -> Integers:
    """Cycles drawn with density proportional to 0.5 + cycle / length."""
    uniform = rng.random(count)
    fraction = (np.sqrt(1 + 8 * uniform) - 1) / 2  # inverse of (x + x^2) / 2, the integral
    return np.minimum((fraction * length).astype(np.int64), length - 1)
