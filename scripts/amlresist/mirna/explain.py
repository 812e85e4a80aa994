"""Ways in which each read can have come from a miRNA: shifted ends, added bases, one substitution.

A read is explained as hairpin bases from `shift_5p` bases after the mature's first base on
(negative: before it) up to `shift_3p` bases beyond its last one, with at most one base substituted,
then a tail of bases that the hairpin does not encode.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.mirna.reference import FLANK_5P, Reference
from amlresist.mirna.settings import Settings

SEED = 7  # two seeds side by side: one is free of errors when at most one base is substituted
MIN_BODY = 2 * SEED  # fewest hairpin-encoded bases of an explained read
MAX_SUBSTITUTIONS = 1
MIN_SHIFT_3P, MAX_SHIFT_3P = -8, 6
MAX_OVERHANG = 5  # encoded bases beyond the mature's ends together; more is a hairpin's fragment
WIDTH = 48  # columns of the window matrix: flank + longest shift + longest read, and some
CHUNK = 10_000  # reads compared at a time, which bounds the memory
UNKNOWN = 4
# Prior log-probabilities that rank explanations before abundances are known; see docs/mirna.md.
LOG_PRIOR_SHIFT = -2.0  # per base of shift
LOG_PRIOR_TAIL = -3.0  # per added base
LOG_PRIOR_SUBSTITUTION = -8.0
LOG_PRIOR_WORST = -18.0  # explanations this far behind a read's best are left out
FRAGMENT_LEAD = 6.0  # a fragment of a hairpin that explains a read this much better keeps it

Bytes = npt.NDArray[np.uint8]
Small = npt.NDArray[np.int8]
Index = npt.NDArray[np.int32]
_CODES = np.full(256, UNKNOWN, np.uint8)
_CODES[[ord(base) for base in "ACGT"]] = range(4)


@dataclass(frozen=True, slots=True)
class Explanations:
    """One entry per read and way to explain it; sorted by read.

    Attributes:
        read: index of the unique read.
        context: index into `Reference.contexts`.
        shift_5p: read start against the mature's start; positive starts downstream.
        shift_3p: end of the hairpin-encoded part against the mature's end; positive is longer.
        tail: added bases.
        substitution: position of the substituted base in the read, -1 for none.
        tail_bases: added A, C, G and T, shape (n, 4).
    """

    read: Index
    context: Index
    shift_5p: Small
    shift_3p: Small
    tail: Small
    substitution: Small
    tail_bases: Small


def explain(reads: Sequence[str], reference: Reference, settings: Settings) -> Explanations:
    """Every plausible explanation of every read (unique sequences of at least 14 bases)."""
    index = SeedIndex(reference, settings.max_shift_5p)
    parts = list(_chunks(reads, index, settings.max_tail))
    if not parts:
        none = np.empty(0, np.int8)
        empty = np.empty(0, np.int32)
        return Explanations(empty, empty, none, none, none, none, np.empty((0, 4), np.int8))
    names = Explanations.__dataclass_fields__
    return Explanations(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


def encode(sequences: Sequence[str], width: int) -> Bytes:
    """Bases as 0-3 (A, C, G, T) and 4 beyond the end or unknown; shape (n, width)."""
    text = "".join(sequence.ljust(width)[:width] for sequence in sequences).encode("ascii")
    return _CODES[np.frombuffer(text, np.uint8)].reshape(len(sequences), width)


class SeedIndex:
    """Where in the miRNAs' surroundings a read may start, looked up by its first bases.

    A place is a context with a 5' shift; `place = context * n_shifts + (shift + max_shift)`.
    """

    def __init__(self, reference: Reference, max_shift: int) -> None:
        self.max_shift = max_shift
        self.n_shifts = 2 * max_shift + 1
        self.lengths = np.array([c.length for c in reference.contexts], np.int32)
        self.windows = encode([c.window for c in reference.contexts], WIDTH)
        first = FLANK_5P - max_shift
        self._codes = [
            np.concatenate(
                [seed_codes(self.windows, first + i + k)[:, None] for i in range(self.n_shifts)],
                axis=1,
            ).ravel()
            for k in (0, SEED)
        ]
        self._order = [np.argsort(codes, kind="stable") for codes in self._codes]
        self._sorted = [c[o] for c, o in zip(self._codes, self._order, strict=True)]

    def pairs(self, reads: Bytes) -> tuple[Index, Index]:
        """(read, place) of every match of one of the two seeds, each pair once."""
        first = seed_codes(reads, 0)
        found_read, found_place = self._lookup(0, first)
        again_read, again_place = self._lookup(1, seed_codes(reads, SEED))
        new = self._codes[0][again_place] != first[again_read]
        read = np.concatenate([found_read, again_read[new]])
        place = np.concatenate([found_place, again_place[new]])
        order = np.argsort(read, kind="stable")
        return read[order], place[order]

    def _lookup(self, which: int, codes: Index) -> tuple[Index, Index]:
        low = np.searchsorted(self._sorted[which], codes, "left")
        high = np.searchsorted(self._sorted[which], codes, "right")
        counts = np.where(codes >= 0, high - low, 0)
        read = np.repeat(np.arange(len(codes), dtype=np.int32), counts)
        within = np.arange(len(read)) - np.repeat(np.cumsum(counts) - counts, counts)
        place = self._order[which][np.repeat(low, counts) + within].astype(np.int32)
        return read, place


def seed_codes(bases: Bytes, at: int) -> Index:
    """The seed at column `at` as a number, -1 where a base is unknown; shape (n,)."""
    seed = bases[:, at : at + SEED].astype(np.int32)
    codes = seed @ (4 ** np.arange(SEED, dtype=np.int32))
    return np.where((seed < UNKNOWN).all(axis=1), codes, -1).astype(np.int32)


def _chunks(reads: Sequence[str], index: SeedIndex, max_tail: int) -> Iterator[Explanations]:
    width = max(map(len, reads), default=0)
    for start in range(0, len(reads), CHUNK):
        chunk = reads[start : start + CHUNK]
        lengths = np.array([len(read) for read in chunk], np.int32)
        yield _explain_chunk(encode(chunk, width), lengths, index, max_tail, start)


def _explain_chunk(
    bases: Bytes, lengths: Index, index: SeedIndex, max_tail: int, offset: int
) -> Explanations:
    read, place = index.pairs(bases)
    context, shift = place // index.n_shifts, place % index.n_shifts - index.max_shift
    columns = (FLANK_5P + shift)[:, None] + np.arange(bases.shape[1])
    template = index.windows[context[:, None], columns]
    differs = template != bases[read]
    before = np.cumsum(differs, axis=1, dtype=np.uint8)  # differences up to and with each base
    rows = np.arange(len(read))
    encoded = np.zeros(len(read), np.int32)  # bases at the tail's start that the hairpin encodes
    found = []
    for tail in range(max_tail + 1):
        body = lengths[read] - tail
        shift_3p = shift + body - index.lengths[context]
        if tail:
            encoded = np.where(differs[rows, np.maximum(body, 0)], 0, encoded + 1)
        n_different = before[rows, np.maximum(body, 1) - 1]
        overhang = np.maximum(-shift, 0) + np.maximum(shift_3p + encoded, 0)
        keep = (body >= MIN_BODY) & (n_different <= MAX_SUBSTITUTIONS)
        keep &= (shift_3p >= MIN_SHIFT_3P) & ((overhang <= MAX_OVERHANG) | (tail == 0))
        kept = np.flatnonzero(keep)
        found.append(
            (
                kept,
                np.full(len(kept), tail, np.int8),
                shift_3p[kept].astype(np.int8),
                np.where(n_different[kept] > 0, differs[kept].argmax(axis=1), -1).astype(np.int8),
                overhang[kept] > MAX_OVERHANG,
            )
        )
    pair, tail_length, shift_3p, substitution, is_fragment = (
        np.concatenate([part[i] for part in found]) for i in range(5)
    )
    score = (
        LOG_PRIOR_SHIFT * (np.abs(shift[pair]) + np.abs(shift_3p) / 2)
        + LOG_PRIOR_TAIL * tail_length
        + LOG_PRIOR_SUBSTITUTION * (substitution >= 0)
    )
    keep = np.flatnonzero(_plausible(read[pair], score, is_fragment, len(bases)))
    keep = keep[np.lexsort((tail_length[keep], place[pair[keep]], read[pair[keep]]))]
    pair, tail_length = pair[keep], tail_length[keep]
    return Explanations(
        read=(read[pair] + offset).astype(np.int32),
        context=context[pair].astype(np.int32),
        shift_5p=shift[pair].astype(np.int8),
        shift_3p=shift_3p[keep],
        tail=tail_length,
        substitution=substitution[keep],
        tail_bases=_tail_bases(bases, lengths, read[pair], tail_length),
    )


def _plausible(
    read: Index, score: npt.NDArray[np.float64], is_fragment: npt.NDArray[np.bool_], n_reads: int
) -> npt.NDArray[np.bool_]:
    """Explanations near a read's best one; none for a read that is rather a hairpin's fragment."""
    best = np.full(n_reads, -np.inf)
    of_fragments = best.copy()
    np.maximum.at(best, read[~is_fragment], score[~is_fragment])
    np.maximum.at(of_fragments, read[is_fragment], score[is_fragment])
    best[of_fragments > best + FRAGMENT_LEAD] = np.inf
    return ~is_fragment & (score >= best[read] + LOG_PRIOR_WORST)


def _tail_bases(bases: Bytes, lengths: Index, read: Index, tail: Small) -> Small:
    counts = np.zeros((len(read), 4), np.int8)
    for k in range(int(tail.max(initial=0))):
        rows = np.flatnonzero(tail > k)
        base = bases[read[rows], lengths[read[rows]] - 1 - k]
        counts[rows, base] += 1
    return counts
