"""The reference genome as stations read it: cached, upper-case, by contig name."""

from pathlib import Path

import pysam

from amlresist.errors import InputError, Problem

_PIECE = 1 << 16
_KEPT = 256


class Reference:
    """Random access to a FASTA; the pieces read last are kept."""

    def __init__(self, path: Path | str) -> None:
        try:
            self._fasta = pysam.FastaFile(str(path))
        except (OSError, ValueError) as error:
            remedy = "Give a FASTA that can be indexed."
            raise InputError(Problem(str(path), "", str(error), "not readable", remedy)) from error
        self.contigs: dict[str, int] = dict(
            zip(self._fasta.references, self._fasta.lengths, strict=True)
        )
        self._pieces: dict[tuple[str, int], str] = {}

    def fetch(self, chrom: str, start: int, end: int) -> str:
        """Bases of 0-based half-open `start` to `end`, cut at the ends of the contig."""
        start, end = max(0, start), min(end, self.contigs[chrom])
        if start >= end:
            return ""
        first, last = start // _PIECE, (end - 1) // _PIECE
        text = "".join(self._piece(chrom, index) for index in range(first, last + 1))
        offset = first * _PIECE
        return text[start - offset : end - offset]

    def _piece(self, chrom: str, index: int) -> str:
        if (chrom, index) not in self._pieces:
            if len(self._pieces) >= _KEPT:
                self._pieces.pop(next(iter(self._pieces)))
            start = index * _PIECE
            self._pieces[chrom, index] = self._fasta.fetch(chrom, start, start + _PIECE).upper()
        return self._pieces[chrom, index]
