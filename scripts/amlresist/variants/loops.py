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

_BLANK = 255  # stands for a base that is not to be trusted
_Function = TypeVar("_Function", bound=Callable[..., object])


def _compiled(function: _Function) -> _Function:
    """Compile at the first call; RuntimeError where machine code cannot be kept."""
    fast: _Function = numba.njit(cache=True)(function)
    return fast


@_compiled
def _number(data: Bytes, at: int | np.int64) -> np.int64:
    """The 32-bit number without sign that begins at a byte."""
    place = np.uint64(at)  # places with a sign could be meant from the end
    low = np.int64(data[place]) | np.int64(data[place + np.uint64(1)]) << 8
    high = np.int64(data[place + np.uint64(2)]) | np.int64(data[place + np.uint64(3)]) << 8
    return low | high << 16


@_compiled
def _base(data: Bytes, sequence: int, query: int) -> np.int64:
    """Four-bit code of a base of the read whose bases begin at `sequence`."""
    packed = np.int64(data[np.uint64(sequence + (query >> 1))])
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
def columns(data: Bytes, offsets: Ints) -> Ints:
    """Twin of `read_columns._columns`."""
    table = np.empty((9, len(offsets)), dtype=np.int64)
    for i in range(len(offsets)):
        record = data[offsets[i] : offsets[i] + 36]
        table[0, i] = np.int32(_number(record, 4))  # contigs and places are signed
        table[1, i] = np.int32(_number(record, 8))
        table[2, i] = np.int32(_number(record, 20))
        table[3, i] = np.int64(record[18]) | np.int64(record[19]) << 8
        table[4, i] = record[13]
        table[5, i] = np.int32(_number(record, 28))
        table[6, i] = np.int32(_number(record, 24))
        table[7, i] = record[12]
        table[8, i] = np.int64(record[16]) | np.int64(record[17]) << 8
    return table


@_compiled
def reaching(start: Ints, end: Ints, starts: Ints, furthest: Ints) -> Mask:
    """Twin of `bam_stream._reaching`."""
    touches = np.empty(len(start), dtype=np.bool_)
    before = 0
    for i in range(len(start)):
        before = _first_from(starts, before, end[i])
        touches[i] = furthest[before] > start[i]
    return touches


@_compiled
def operations(
    data: Bytes,
    cigar: Ints,
    counts: Ints,
    start: Ints,
    uses_reference: Ints,
    uses_query: Ints,
    wanted: Mask,
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Twin of `Reads.operations`: the columns of those whose code is wanted."""
    total = counts.sum()
    read, code = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    length, reference = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    query = np.empty(total, dtype=np.int64)
    i = 0
    for number in range(len(counts)):
        position, base = start[number], 0
        for k in range(counts[number]):
            packed = _number(data, cigar[number] + 4 * k)
            operation, bases = packed & 15, packed >> 4
            if wanted[operation]:
                read[i], code[i], length[i] = number, operation, bases
                reference[i], query[i] = position, base
                i += 1
            position += uses_reference[operation] * bases
            base += uses_query[operation] * bases
    return read[:i], code[:i], length[:i], reference[:i], query[:i]


@_compiled
def ends(
    data: Bytes, cigar: Ints, counts: Ints, start: Ints, uses_reference: Ints, aligns: Mask
) -> tuple[Ints, Mask]:
    """Twin of `Reads.end`, and whether bases of each read are aligned."""
    found, is_aligned = np.empty(len(start), dtype=np.int64), np.zeros(len(start), dtype=np.bool_)
    for number in range(len(start)):
        position = start[number]
        for k in range(counts[number]):
            packed = _number(data, cigar[number] + 4 * k)
            position += uses_reference[packed & 15] * (packed >> 4)
            is_aligned[number] |= aligns[packed & 15]
        found[number] = position
    return found, is_aligned


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
    found = np.full(len(length), -1, dtype=np.int64)
    # Two bases a byte, as reads have them, from even and from odd places on.
    pairs = np.zeros((2, len(codes) // 2 + 1), dtype=np.uint8)
    for k in range(len(codes) - 1):
        pairs[k & 1, k >> 1] = codes[k] << 4 | codes[k + 1]
    for i in range(len(length)):
        bases, whole = length[i], length[i] >> 1
        first = place[i] >> 1
        expected = pairs[place[i] & 1, first : first + whole]
        packed = data[sequence[i] : sequence[i] + whole]
        differs = np.uint8(0)
        for k in range(len(packed)):
            differs |= packed[k] ^ expected[k]
        if bases & 1 and _base(data, sequence[i], bases - 1) != codes[place[i] + bases - 1]:
            differs = np.uint8(1)
        if differs == 0:
            poor = 0
            for value in data[quality[i] : quality[i] + bases]:
                poor += value < min_quality
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
    loci: Ints,
    starts: Ints,
    matches: Bytes,
    edge: int,
    min_base_quality: int,
    calls: Bytes,
) -> tuple[Ints, Ints, Bytes]:
    """Twin of `substitutions._call_aligned`.

    Args:
        data: records.
        sequence, quality, lengths: of each read.
        read, reference, length, query: aligned blocks.
        loci, starts, matches: of the windows.
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
    reads, places = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
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
            reads[count], places[count], called[count] = number, loci[window], calls[said]
            count += 1
    return reads[:count], places[:count], called[:count]


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
    trusted = np.empty(length.max() if len(length) else 0, dtype=np.uint8)
    for i in range(len(length)):
        qualities = data[quality[i] : quality[i] + length[i]]
        for k in range(len(qualities)):
            is_good = qualities[k] >= min_quality
            trusted[k] = _base(data, sequence[i], k) if is_good else _BLANK
        for row in range(len(places)):
            place = places[row, i]
            if row and place == at[i]:
                continue
            first, end = max(0, place), min(len(haplotype), place + length[i])
            misfits = _misfits(trusted[first - place : end - place], haplotype[first:end], unknown)
            if row == 0 or misfits < best[i]:
                best[i], at[i] = misfits, place
    return best, at


@_compiled
def _misfits(bases: Bytes, haplotype: Bytes, unknown: int) -> np.int64:
    """Bases that are there and differ from the haplotype's where that is known."""
    count = np.int64(0)
    for k in range(min(len(bases), len(haplotype))):
        differs = bases[k] != haplotype[k]
        count += differs & (bases[k] != _BLANK) & (haplotype[k] != unknown)
    return count


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
        best, told = excess[0, i], np.int64(-1)
        for k in range(1, len(excess)):
            best = min(best, excess[k, i])
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
def reference_misfits(
    at: Ints, length: Ints, left: Ints, right: Ints, shift: int, size: int
) -> Ints:
    """Twin of `haplotypes.reference_misfits`."""
    fewest = np.empty(len(at), dtype=np.int64)
    for i in range(len(at)):
        first, end = at[i], at[i] + length[i]
        by_left = left[min(max(end, 0), size)] - left[min(max(first, 0), size)]
        first, end = first + shift, end + shift
        by_right = right[min(max(end, 0), size)] - right[min(max(first, 0), size)]
        fewest[i] = min(size, by_left, by_right)
    return fewest


@_compiled
def tally(
    table: Ints,
    read: Ints,
    locus: Ints,
    call: Bytes,
    forward: Mask,
    has_mate: Mask,
    start: Ints,
    mate_start: Ints,
    longest: int,
    starts: Ints,
    ends: Ints,
    nothing: int,
) -> Ints:
    """Twin of `counts._Tally._count_alone`.

    Args:
        table: fragments by locus, call and strand; added to.
        read, locus, call: calls.
        forward, has_mate, start, mate_start: of each read.
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
        if has_mate[number] and mate < ends[place] and reaches:
            shared[count] = i
            count += 1
        else:
            table[place, call[i], np.int64(forward[number])] += 1
    return shared[:count]


@_compiled
def join_mates(table: Ints, key: Hashes, locus: Ints, call: Bytes, forward: Mask) -> None:
    """Twin of `counts._Tally._count_shared`.

    Args:
        table: fragments by locus, call and strand; added to.
        key: equal for the two mates of a fragment at a locus.
        locus, call, forward: of each call.
    """
    # Each locus has slots of its own, next to each other: mates come soon after one another.
    begins, masks = _slots(locus, len(table))
    slots = np.full(begins[-1], -1, dtype=np.int64)  # the first call of each fragment
    torn = np.zeros(len(key), dtype=np.bool_)
    is_forward = forward.copy()
    for i in range(len(key)):
        begin, mask = begins[locus[i]], masks[locus[i]]
        slot = np.int64(key[i] >> np.uint64(1)) & mask
        while slots[begin + slot] >= 0 and key[slots[begin + slot]] != key[i]:
            slot = (slot + 1) & mask
        first = slots[begin + slot]
        if first < 0:
            slots[begin + slot] = i
        else:
            torn[first] |= call[first] != call[i]
            is_forward[first] |= forward[i]
    for first in slots:
        if first >= 0 and not torn[first]:
            table[locus[first], call[first], np.int64(is_forward[first])] += 1


@_compiled
def _slots(locus: Ints, n_loci: int) -> tuple[Ints, Ints]:
    """Where the slots of each locus begin, twice as many as calls or more, and their bit mask."""
    masks = np.zeros(n_loci, dtype=np.int64)
    for place in locus:
        masks[place] += 1
    begins = np.zeros(n_loci + 1, dtype=np.int64)
    for i in range(n_loci):
        size = 2
        while size < 2 * masks[i]:
            size *= 2
        begins[i + 1], masks[i] = begins[i] + size, size - 1
    return begins, masks


@_compiled
def name_hashes(
    data: Bytes, name: Ints, length: Ints, seed: np.uint64, factor: np.uint64
) -> Hashes:
    """Twin of `Reads.name_hashes`."""
    hashes = np.empty(len(name), dtype=np.uint64)
    for i in range(len(name)):
        value = seed
        for first in range(0, length[i], 8):
            low = _number(data, name[i] + first)
            word = np.uint64(low | _number(data, name[i] + first + 4) << 32)
            unused = 8 * max(0, first + 8 - length[i])
            word &= np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(unused)
            value = (value ^ word) * factor
            value ^= value >> np.uint64(32)
        hashes[i] = value
    return hashes
