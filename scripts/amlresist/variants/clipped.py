"""Insertions and deletions that the aligner clipped off, since the read's end was too short.

The last bases of such an end stand on the reference a little before or behind the place where the
alignment stops.
"""

from collections.abc import Callable, Iterator

import numpy as np

from amlresist.variants.read_columns import CODES, SOFT_CLIP, Reads

ANCHOR = 12  # bases of the clipped end that must be found, once, on the reference
MAX_SIZE = 60  # longest insertion or deletion that is looked for
FetchSpan = Callable[[int, int], str]
Change = tuple[int, str, str]


def clipped_changes(reads: Reads, reference: FetchSpan) -> Iterator[Change]:
    """(start, deleted, inserted) of each clipped end that is explained by one change.

    Args:
        reads: of one contig.
        reference: (start, end) -> reference bases of the contig.
    """
    operations = reads.operations
    clips = np.flatnonzero((operations.code == SOFT_CLIP) & (operations.length > ANCHOR))
    for i in clips.tolist():
        length, query = int(operations.length[i]), int(operations.query[i])
        read = np.full(length, operations.read[i])
        codes = reads.bases(read, query + np.arange(length))
        bases = "".join(CODES[code] for code in codes)
        place = int(operations.reference[i])
        change = _after(place, bases, reference) if query else _before(place, bases, reference)
        if change is not None:
            yield change


def _after(place: int, clip: str, reference: FetchSpan) -> Change | None:
    """Change at `place`, the end of the alignment, behind which `clip` follows."""
    start = max(0, place - MAX_SIZE)
    window = reference(start, place + len(clip) + MAX_SIZE)
    found = _only(window, clip[-ANCHOR:])
    if found is None:
        return None
    end = start + found + ANCHOR  # reference base behind the read's last
    inserted = len(clip) - (end - place)
    if inserted > 0:
        kept = clip[inserted:]
        told = end > place and window[place - start : end - start] == kept
        return (place, "", clip[:inserted]) if told else None
    resumed = end - len(clip)
    if inserted < 0 and window[resumed - start : end - start] == clip:
        return place, window[place - start : resumed - start], ""
    return None


def _before(place: int, clip: str, reference: FetchSpan) -> Change | None:
    """Change before `place`, the start of the alignment, to which `clip` leads."""
    start = max(0, place - len(clip) - MAX_SIZE)
    window = reference(start, place + MAX_SIZE)
    found = _only(window, clip[:ANCHOR])
    if found is None:
        return None
    first = start + found
    inserted = len(clip) - (place - first)
    if inserted > 0:
        kept = clip[: len(clip) - inserted]
        told = first < place and window[found : place - start] == kept
        return (place, "", clip[len(clip) - inserted :]) if told else None
    left_off = first + len(clip)
    if inserted < 0 and window[found : left_off - start] == clip:
        return left_off, window[left_off - start : place - start], ""
    return None


def _only(text: str, part: str) -> int | None:
    """Place of `part` in `text` if it is there once."""
    first = text.find(part)
    return first if first >= 0 and text.rfind(part) == first else None
