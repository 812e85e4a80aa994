"""Lines of a VCF, or of a BCF as the VCF it stands for."""

from collections.abc import Iterator
from itertools import chain

import pysam

from amlresist.errors import InputError, Problem
from amlresist.files import FETCH_AGAIN
from amlresist.inputs.bgzf import block_fault
from amlresist.inputs.text import Line, lines_of


def vcf_lines(path: str) -> Iterator[Line]:
    """Lines to the very end of the file; a BCF is told by its name.

    Raises:
        InputError: gzip damage, a BCF that is cut, or bytes that are no UTF-8 text.
        ValueError, OSError: a BCF whose content is damaged.
    """
    if not path.lower().endswith(".bcf"):
        yield from lines_of(path)
        return
    if fault := block_fault(path):
        raise InputError(Problem(path, "", "", f"BCF {fault}", FETCH_AGAIN))
    pysam.set_verbosity(0)
    with pysam.VariantFile(path) as handle:
        texts = chain(str(handle.header).splitlines(), map(str, handle))
        for number, text in enumerate(texts, start=1):
            yield Line(number, text.rstrip("\n"), is_ended=True)
