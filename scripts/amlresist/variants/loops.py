"""Loops over reads, compiled to machine code by numba.

Each does what a NumPy function does, its twin, on the same arrays, but several times as fast. To
import and load them costs as much as counting some megabytes of reads, so that only larger files
are worth it (`bam_stream.stream` decides); tests hold both against each other.

The machine code is kept from one run to the next, beside this file or in the user's cache folder.
numba makes it anew when this file changes, but does not notice when another does: so loops are all
here, and constants of other modules come in as arguments.
"""

from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np

from amlresist.variants.read_columns import Bytes, Hashes, Ints, Mask

_Function = TypeVar("_Function", bound=Callable[..., object])


def _compiled(function: _Function) -> _Function:
    """Compile at the first call; RuntimeError where machine code cannot be kept."""
    fast: _Function = numba.njit(cache=True)(function)
    return fast


@_compiled
def _number(data: Bytes, at: int | np.int64) -> np.int64:
    """The 32-bit number without sign that begins at a byte."""
    low = np.int64(data[at]) | np.int64(data[at + 1]) << 8
    return low | np.int64(data[at + 2]) << 16 | np.int64(data[at + 3]) << 24


@_compiled
def _base(data: Bytes, sequence: int, query: int) -> np.int64:
    """Four-bit code of a base of the read whose bases begin at `sequence`."""
    packed = np.int64(data[sequence + (query >> 1)])
    return packed & 15 if query & 1 else packed >> 4


@_compiled
def record_offsets(data: Bytes, size: int) -> tuple[Ints, np.int64]:
    """Twin of `record_offsets.record_offsets`."""
    found = np.empty(size // 36 + 1, dtype=np.int64)  # the shortest record takes 36 bytes
    count, place = 0, np.int64(0)
    while place + 4 <= size and count < len(found):
        behind = place + 4 + _number(data, place)
        if behind > size:
            break
        found[count] = place
        count, place = count + 1, behind
    return found[:count].copy(), place


@_compiled
def is_evidence(data: Bytes, offsets: Ints, excluded: int, min_mapping_quality: int) -> Mask:
    """Twin of `bam_stream._is_evidence`."""
    usable = np.empty(len(offsets), dtype=np.bool_)
    for i in range(len(offsets)):
        at = offsets[i]
        flag = np.int64(data[at + 18]) | np.int64(data[at + 19]) << 8
        usable[i] = flag & excluded == 0 and data[at + 13] >= min_mapping_quality
    return usable


@_compiled
def operations(
    data: Bytes, cigar: Ints, counts: Ints, start: Ints, uses_reference: Ints, uses_query: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Twin of `Reads.operations`: its columns."""
    total = counts.sum()
    read, code = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    length, reference = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    query = np.empty(total, dtype=np.int64)
    i = 0
    for number in range(len(counts)):
        position, base = start[number], 0
        for k in range(counts[number]):
            packed = _number(data, cigar[number] + 4 * k)
            read[i], code[i], length[i] = number, packed & 15, packed >> 4
            reference[i], query[i] = position, base
            position += uses_reference[code[i]] * length[i]
            base += uses_query[code[i]] * length[i]
            i += 1
    return read, code, length, reference, query


@_compiled
def poor_if_equal(
    data: Bytes,
    sequence: Ints,
    quality: Ints,
    length: Ints,
    codes: Bytes,
    place: Ints,
    min_quality: int,
) -> Ints:
    """Twin of `Reads.poor_if_equal`, for reads of one block.

    Args:
        data: records.
        sequence, quality, length: of each read.
        codes: reference bases.
        place: of the first base of each read in `codes`.
        min_quality: bases below are poor.
    """
    found = np.empty(len(length), dtype=np.int64)
    for i in range(len(length)):
        poor, bases, at = 0, length[i], place[i]
        for k in range(bases >> 1):
            if data[sequence[i] + k] != codes[at + 2 * k] << 4 | codes[at + 2 * k + 1]:
                poor = -1
                break
        if bases & 1 and _base(data, sequence[i], bases - 1) != codes[at + bases - 1]:
            poor = -1
        if poor == 0:
            for k in range(bases):
                poor += data[quality[i] + k] < min_quality
        found[i] = poor
    return found


@_compiled
def _said(
    data: Bytes,
    sequence: int,
    quality: int,
    query: int,
    matches: Bytes,
    window: int,
    min_base_quality: int,
) -> np.int64:
    """What the bases of a read from `query` on say of a window: bits of `Windows.matches`."""
    said = np.int64(7)  # all bits
    for i in range(len(matches)):
        if data[quality + query + i] < min_base_quality:
            return np.int64(0)
        said &= np.int64(matches[i, 16 * window + _base(data, sequence, query + i)])
    return said


@_compiled
def call_aligned(
    data: Bytes,
    sequence: Ints,
    quality: Ints,
    lengths: Ints,
    read: Ints,
    reference: Ints,
    length: Ints,
    query: Ints,
    starts: Ints,
    matches: Bytes,
    edge: int,
    min_base_quality: int,
    calls: Bytes,
) -> tuple[Ints, Ints, Bytes]:
    """Twin of `substitutions._call_aligned`: (read, window, call).

    Args:
        data: records.
        sequence, quality, lengths: of each read.
        read, reference, length, query: aligned blocks.
        starts, matches: of the windows.
        edge: bases at the ends of reads that are left out.
        min_base_quality: bases below are not informative.
        calls: what the bits of `matches` amount to.
    """
    width = len(matches)
    low, high = np.empty(len(read), dtype=np.int64), np.empty(len(read), dtype=np.int64)
    first = last = total = 0
    for i in range(len(read)):
        first = _first_from(starts, first, reference[i])
        last = _first_from(starts, max(first, last), reference[i] + length[i] - width + 1)
        low[i], high[i] = first, last
        total += max(0, last - first)
    reads, windows = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    called = np.empty(total, dtype=np.uint8)
    count = 0
    for i in range(len(read)):
        number = read[i]
        for window in range(low[i], high[i]):
            base = query[i] + starts[window] - reference[i]
            if base < edge or base + width > lengths[number] - edge:
                continue
            said = _said(
                data, sequence[number], quality[number], base, matches, window, min_base_quality
            )
            reads[count], windows[count], called[count] = number, window, calls[said]
            count += 1
    return reads[:count], windows[:count], called[:count]


@_compiled
def _first_from(ascending: Ints, guess: int, value: int) -> int:
    """Index of the first that is `value` or more, looked for from a guess near by."""
    while guess > 0 and ascending[guess - 1] >= value:
        guess -= 1
    while guess < len(ascending) and ascending[guess] < value:
        guess += 1
    return guess


@_compiled
def best_fit(
    data: Bytes,
    sequence: Ints,
    quality: Ints,
    length: Ints,
    haplotype: Bytes,
    places: Ints,
    min_quality: int,
    unknown: int,
) -> tuple[Ints, Ints]:
    """Twin of `haplotypes.best_fit`.

    Args:
        data: records.
        sequence, quality, length: of each read.
        haplotype: base codes.
        places: of the first base of each read in the haplotype, one row per way to hang it up.
        min_quality: bases below tell nothing.
        unknown: base of the haplotype that fits all.
    """
    best = np.empty(len(length), dtype=np.int64)
    at = np.empty(len(length), dtype=np.int64)
    for i in range(len(length)):
        for row in range(len(places)):
            place = places[row, i]
            if row and place == at[i]:
                continue
            misfits = 0
            for k in range(max(0, place), min(len(haplotype), place + length[i])):
                if data[quality[i] + k - place] >= min_quality and haplotype[k] != unknown:
                    misfits += _base(data, sequence[i], k - place) != haplotype[k]
            if row == 0 or misfits < best[i]:
                best[i], at[i] = misfits, place
    return best, at


@_compiled
def agreed(
    data: Bytes,
    sequence: Ints,
    quality: Ints,
    length: Ints,
    excess: Ints,
    at: Ints,
    offsets: Ints,
    changed: Mask,
    matches: Bytes,
    window: int,
    edge: int,
    min_base_quality: int,
    calls: Bytes,
    other: int,
    nothing: int,
) -> Bytes:
    """Twin of `beside_indels._agreed`.

    Args:
        data: records.
        sequence, quality, length: of each read.
        excess, at: of each read on each haplotype, one row per haplotype.
        offsets: of the window in each haplotype.
        changed: whether the haplotype has other bases there.
        matches, window: what bases say.
        edge: bases at the ends of reads that are left out.
        min_base_quality: bases below are not informative.
        calls: what the bits of `matches` amount to.
        other, nothing: calls.
    """
    result = np.empty(len(length), dtype=np.uint8)
    width = len(matches)
    for i in range(len(length)):
        best, told = excess[:, i].min(), np.int64(-1)
        for k in range(len(excess)):
            if excess[k, i] != best:
                continue
            query = offsets[k] - at[k, i]
            call = np.int64(nothing)
            if changed[k]:
                call = np.int64(other)
            elif query >= edge and query + width <= length[i] - edge:
                said = _said(
                    data, sequence[i], quality[i], query, matches, window, min_base_quality
                )
                call = np.int64(calls[said])
            if told == -1:
                told = call
            elif told != call:
                told = np.int64(nothing)
        result[i] = told
    return result


@_compiled
def tally(
    table: Ints,
    read: Ints,
    locus: Ints,
    call: Bytes,
    forward: Mask,
    near: Mask,
    start: Ints,
    mate_start: Ints,
    longest: int,
    starts: Ints,
    ends: Ints,
    nothing: int,
) -> Ints:
    """Twin of `counts._Tally._add_alone`.

    Args:
        table: fragments by locus, call and strand; added to.
        read, locus, call: calls.
        forward, near, start, mate_start: of each read.
        longest: reference bases of the longest read so far.
        starts, ends: of each locus.
        nothing: the call that is not counted.

    Returns:
        Indices of the calls whose mates may tell too.
    """
    shared = np.empty(len(read), dtype=np.int64)
    count = 0
    for i in range(len(read)):
        if call[i] == nothing:
            continue
        number, place = read[i], locus[i]
        mate = mate_start[number]
        reaches = mate >= start[number] or mate + longest > starts[place]
        if near[number] and mate < ends[place] and reaches:
            shared[count] = i
            count += 1
        else:
            table[place, call[i], np.int64(forward[number])] += 1
    return shared[:count]


@_compiled
def name_hashes(data: Bytes, name: Ints, length: Ints, seed: int, factor: int) -> Hashes:
    """Twin of `Reads.name_hashes`."""
    hashes = np.empty(len(name), dtype=np.uint64)
    for i in range(len(name)):
        value = np.uint64(seed)
        for first in range(0, length[i], 8):
            word = np.uint64(0)
            for k in range(min(8, length[i] - first)):
                word |= np.uint64(data[name[i] + first + k]) << np.uint64(8 * k)
            value = (value ^ word) * np.uint64(factor)
            value ^= value >> np.uint64(32)
        hashes[i] = value
    return hashes
