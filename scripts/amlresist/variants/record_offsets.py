"""Where the records of a stretch of BAM begin.

A record tells its own length only, so that the next one is known when this one is. To walk quickly,
a likely record is guessed in every section, and all sections are walked together. A guess counts
only if the walk through the section before arrives at it: the result is that of one long walk.
"""

from typing import Any

import numpy as np

from amlresist.variants.read_columns import Bytes, Ints, numbers

ROOM = 1 << 16  # bytes that must lie behind the stretch
_SECTION = 1 << 16
_SEARCHED = 1 << 9  # bytes of a section in which its first record is looked for
_SHORTEST = 32  # bytes of a record behind its length
_STEPS = 16  # taken before looking whether all have arrived


def record_offsets(data: Bytes, size: int, *, compiled: bool = False) -> tuple[Ints, int]:
    """Offsets of the whole records among the first `size` bytes, and where the last one ends.

    Args:
        data: begins with a record, and is longer than `size` by `ROOM`.
        size: bytes that are there.
        compiled: one long walk, by `loops`.

    Raises:
        EOFError: these are no records, or one whose parts take more than it has.
    """
    at = numbers(data)
    if compiled:
        from amlresist.variants import loops

        offsets, behind = loops.record_offsets(data, size)
        end = int(behind)
    else:
        offsets, end = _offsets(data, at, size)
    # What comes after takes bytes where a record says that they are.
    if (_taken(data, at, offsets) > at[offsets]).any():
        raise EOFError("a record is shorter than its parts")
    return offsets, end


def _offsets(data: Bytes, at: Any, size: int) -> tuple[Ints, int]:
    """By a walk from several likely records."""
    starts = np.concatenate(([0], _likely(data, at, size)))
    offsets = _walk(at, starts, size)
    if offsets is None:
        offsets = _walk(at, starts[:1], size)
    if offsets is None:
        raise EOFError("no records where they should be")
    # The last record may be cut off.
    end = int(offsets[-1] + 4 + at[offsets[-1]]) if len(offsets) else 0
    return (offsets, end) if end <= size else (offsets[:-1], int(offsets[-1]))


def _likely(data: Bytes, at: Any, size: int) -> Ints:
    """A likely record in each section behind the first, where there is one."""
    sections = np.arange(_SECTION, size - _SECTION, _SECTION)
    place = (sections[:, None] + np.arange(_SEARCHED)).ravel()
    place = place[(at[place] >= _SHORTEST) & (at[place] < ROOM)]
    name = data[place + 12].astype(np.int64)
    fits = (_taken(data, at, place) <= at[place]) & (name > 1) & (data[place + 35 + name] == 0)
    place = place[fits]
    _, first = np.unique(place // _SECTION, return_index=True)
    return np.asarray(place[first], dtype=np.int64)


def _taken(data: Bytes, at: Any, place: Ints) -> Ints:
    """Bytes that the parts of records take, behind the length: name, CIGAR, bases, qualities."""
    name, bases = data[place + 12].astype(np.int64), at[place + 20].astype(np.int64)
    cigar = data[place + 16].astype(np.int64) + 256 * data[place + 17].astype(np.int64)
    taken: Ints = _SHORTEST + name + 4 * cigar + (bases + 1) // 2 + bases
    return taken


def _walk(at: Any, starts: Ints, size: int) -> Ints | None:
    """Records from each start to the next one; None where a walk does not arrive there."""
    stops = np.concatenate((starts[1:], [size - 3]))  # a length takes four bytes
    place, steps = starts, []
    while (place < stops).any():
        for _ in range(_STEPS):
            steps.append(place)
            place = np.minimum(place + at[place] + 4, size)
    walked = np.array(steps, dtype=np.int64).reshape(-1, len(starts)).T
    arrives = (walked[:-1] == stops[:-1, None]).any(axis=1)
    return walked[walked < stops[:, None]] if arrives.all() else None
