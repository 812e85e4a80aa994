"""What a read can say of an allele."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from amlresist.variants.read_columns import Bytes, Ints, Reads

Mask = npt.NDArray[np.bool_]
NOTHING, REFERENCE, ALTERNATIVE, OTHER = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class ReadCalls:
    """Read `read[i]` of `reads` says `call[i]` at the locus `locus[i]`."""

    reads: Reads
    read: Ints
    locus: Ints
    call: Bytes


def joined(parts: list[tuple[Ints, Ints, Bytes]]) -> tuple[Ints, Ints, Bytes]:
    """(read, locus, call) of all parts, one after another."""
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, np.zeros(0, dtype=np.uint8)
    read, locus, call = (np.concatenate(part) for part in zip(*parts, strict=True))
    return read, locus, call
