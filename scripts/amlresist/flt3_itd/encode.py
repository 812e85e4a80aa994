"""Reads as matrices of small integers, and exact k-mer seeds between reads and locus."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.dna import reverse_complement

Matrix = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

UNKNOWN = 4  # any base that is not A, C, G, T; also the padding after a read's end
SEED = 11
STEP = 6
_SEEDS = 2  # seeds that place a read; one is found by chance in 1 % of a genome's reads
NO_DIAGONAL = np.int32(-(2**20))
_TABLE = bytes(
    "ACGT".find(chr(i).upper()) % 5 if chr(i).upper() in "ACGT" else 4 for i in range(256)
)
_COMPLEMENT = np.array([3, 2, 1, 0, UNKNOWN], dtype=np.uint8)


def encode(sequence: str) -> Matrix:
    """One sequence as codes 0..3 for A, C, G, T and 4 for the rest."""
    return np.frombuffer(sequence.encode().translate(_TABLE), dtype=np.uint8)


def decode(codes: npt.ArrayLike) -> str:
    """Bases of codes."""
    return "".join("ACGTN"[int(code)] for code in np.asarray(codes))


def encode_reads(reads: Sequence[str]) -> tuple[Matrix, Integers]:
    """Reads as a matrix (reads x longest length, padded with `UNKNOWN`) and their lengths."""
    lengths = np.fromiter(map(len, reads), dtype=np.int32, count=len(reads))
    width = max(SEED, int(lengths.max(initial=0)))
    joined = "".join([read.ljust(width, "N") for read in reads]).encode().translate(_TABLE)
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(reads), width), lengths


def reverse_rows(matrix: Matrix, lengths: Integers) -> Matrix:
    """Reverse complement of each row; the padding stays at the end."""
    turned = _COMPLEMENT[matrix[:, ::-1]]
    width = matrix.shape[1]
    if np.all(lengths == width):
        return turned
    columns = np.arange(width) + (width - lengths)[:, None]
    inside = columns < width
    return np.where(
        inside, np.take_along_axis(turned, np.minimum(columns, width - 1), axis=1), UNKNOWN
    ).astype(np.uint8)


@dataclass(frozen=True)
class SeedIndex:
    """Where each k-mer that is unique in the locus lies, for both strands.

    Attributes:
        forward, backward: k-mer code -> offset in the locus, or in its reverse complement; -1
            where the k-mer is absent or repeated.
        size: bases of the locus.
    """

    forward: npt.NDArray[np.int16]
    backward: npt.NDArray[np.int16]
    size: int


def seed_index(sequence: str) -> SeedIndex:
    """Index of a locus (at most 32,000 bases)."""
    return SeedIndex(
        _offsets(encode(sequence)), _offsets(encode(reverse_complement(sequence))), len(sequence)
    )


def _offsets(codes: Matrix) -> npt.NDArray[np.int16]:
    table = np.full(4**SEED, -1, dtype=np.int16)
    words = _words(codes[None, :], 1)[0]
    values, first, counts = np.unique(words, return_index=True, return_counts=True)
    windows = np.lib.stride_tricks.sliding_window_view(codes, SEED)
    known = (windows[first] < UNKNOWN).all(axis=1)
    keep = (counts == 1) & known
    table[values[keep]] = first[keep]
    return table


def _words(matrix: Matrix, step: int) -> Integers:
    """Code of the k-mer at every `step`-th column."""
    count = (matrix.shape[1] - SEED) // step + 1
    words = np.zeros((matrix.shape[0], count), dtype=np.int32)
    for place in range(SEED):
        words <<= 2
        words |= matrix[:, place : place + (count - 1) * step + 1 : step] & 3
    return words


def diagonals(matrix: Matrix, table: npt.NDArray[np.int16], step: int) -> Integers:
    """Diagonal (locus offset - read offset) of each seed; `NO_DIAGONAL` where there is none."""
    places = table[_words(matrix, step)].astype(np.int32)
    offsets = np.arange(0, places.shape[1] * step, step, dtype=np.int32)
    return np.where(places >= 0, places - offsets, NO_DIAGONAL)


@dataclass(frozen=True)
class Oriented:
    """Reads turned to the coding strand, with the diagonals of their outermost seeds.

    Attributes:
        matrix, lengths: the reads; rows without seeds are left as they are.
        reverse: rows that were turned.
        left, right: diagonal near the read's 5' and 3' end on the coding strand.
        found: rows with enough seeds to belong to the locus.
    """

    matrix: Matrix
    lengths: Integers
    reverse: Flags
    left: Integers
    right: Integers
    found: Flags

    def take(self, rows: npt.ArrayLike) -> "Oriented":
        """Some of the reads."""
        picked = np.asarray(rows)
        return Oriented(
            self.matrix[picked],
            self.lengths[picked],
            self.reverse[picked],
            self.left[picked],
            self.right[picked],
            self.found[picked],
        )


def orient(reads: Sequence[str], index: SeedIndex) -> Oriented:
    """Turn reads to the coding strand of the locus and find their outermost diagonals."""
    matrix, lengths = encode_reads(reads)
    forward = diagonals(matrix, index.forward, STEP)
    backward = diagonals(matrix, index.backward, STEP)
    n_forward = (forward != NO_DIAGONAL).sum(axis=1)
    n_backward = (backward != NO_DIAGONAL).sum(axis=1)
    reverse = n_backward > n_forward
    on_coding = np.where(
        backward == NO_DIAGONAL, NO_DIAGONAL, index.size - lengths[:, None] - backward
    )[:, ::-1]
    seeds = np.where(reverse[:, None], on_coding, forward).astype(np.int32)
    left, right = _outermost(seeds)
    turned = matrix.copy()
    turned[reverse] = reverse_rows(matrix[reverse], lengths[reverse])
    return Oriented(
        turned, lengths, reverse, left, right, np.maximum(n_forward, n_backward) >= _SEEDS
    )


def _outermost(seeds: Integers) -> tuple[Integers, Integers]:
    """First and last diagonal that two neighbouring seeds share, else that any seed has."""
    rows = np.arange(seeds.shape[0])
    known: Flags = np.asarray(seeds != NO_DIAGONAL)
    if seeds.shape[1] > 1:
        shared = known[:, 1:] & (seeds[:, 1:] == seeds[:, :-1])
        shared = np.pad(shared, ((0, 0), (0, 1)))
        some = np.asarray(shared.any(axis=1))
        known = np.where(some[:, None], shared, known)
    first = known.argmax(axis=1)
    last = known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    return seeds[rows, first], seeds[rows, last]


@dataclass(frozen=True)
class Target:
    """A haplotype that reads can be laid on at any diagonal, ends included."""

    codes: Matrix
    padding: int

    @classmethod
    def of(cls, sequence: str, padding: int) -> "Target":
        """Haplotype with `padding` unknown bases on both sides."""
        return cls(np.pad(encode(sequence), padding, constant_values=UNKNOWN), padding)

    def mismatches(self, matrix: Matrix, diagonal: Integers) -> Flags:
        """Where each read differs from the haplotype when laid on its diagonal."""
        windows = np.lib.stride_tricks.sliding_window_view(self.codes, matrix.shape[1])
        start = np.clip(diagonal + self.padding, 0, windows.shape[0] - 1)
        under = windows[start]
        differs: Flags = (under != matrix) & ((under | matrix) < UNKNOWN)
        return differs


_MISMATCH = -3


def best_stretch(
    wrong: Flags, inside: Flags
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Best-scoring stretch of each row, a match 1 and a mismatch -3: (begin, end, score)."""
    rows = np.arange(wrong.shape[0])
    gain = np.where(inside, np.where(wrong, _MISMATCH, 1), 0)
    total = np.pad(np.cumsum(gain, axis=1), ((0, 0), (1, 0)))
    floor = np.minimum.accumulate(total, axis=1)
    end = (total - floor).argmax(axis=1)
    score = total[rows, end] - floor[rows, end]
    begin = (total == floor[rows, end][:, None]).argmax(axis=1)
    return begin, end, score
