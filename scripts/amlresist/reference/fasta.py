"""Genome FASTA of any flavour -> one plain, upper-case, indexed FASTA."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from amlresist.errors import InputError, Problem
from amlresist.files import open_text, whole_file

LINE_WIDTH = 60
IUPAC = "ACGTUNRYSWKMBDHV"
_NOT_IUPAC = str.maketrans("", "", IUPAC)


@dataclass(frozen=True, slots=True)
class Contig:
    """One sequence of a FASTA: name, length in bases and MD5 of its upper-case bases (SAM's M5)."""

    name: str
    length: int
    md5: str


def read_fasta(path: Path | str) -> Iterator[tuple[str, str]]:
    """Yield (name, upper-case bases) of each sequence; gzip, CRLF and CR line ends are read too.

    Raises:
        InputError: no header, a name that stands twice, an empty sequence, or letters that are no
            IUPAC nucleotide code.
    """
    seen: set[str] = set()
    name, parts = "", []
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if not line.startswith(">"):
                parts.append(_bases(path, number, line, in_sequence=bool(name)))
                continue
            if name:
                yield name, _joined(path, name, parts)
            name, parts = _name(path, number, line, seen), []
    if not name:
        raise InputError(
            Problem(str(path), "", "", "no sequence found", "Give a FASTA file of the genome.")
        )
    yield name, _joined(path, name, parts)


def contigs_of(path: Path | str) -> list[Contig]:
    """Name, length and MD5 of every sequence, in the file's order."""
    return [
        Contig(name, len(bases), hashlib.md5(bases.encode(), usedforsecurity=False).hexdigest())
        for name, bases in read_fasta(path)
    ]


def write_genome(source: Path | str, target: Path | str) -> list[tuple[str, int]]:
    """Write `source` as a plain upper-case FASTA with its `.fai` beside it.

    Returns:
        (name, length) of each contig.
    """
    contigs: list[tuple[str, int]] = []
    index: list[str] = []
    with whole_file(target) as partial, partial.open("w", encoding="ascii", newline="\n") as out:
        offset = 0
        for name, bases in read_fasta(source):
            offset += out.write(f">{name}\n")
            contigs.append((name, len(bases)))
            index.append(f"{name}\t{len(bases)}\t{offset}\t{LINE_WIDTH}\t{LINE_WIDTH + 1}\n")
            offset += _write_wrapped(out, bases)
    with whole_file(f"{target}.fai") as partial:
        partial.write_text("".join(index), encoding="ascii", newline="\n")
    return contigs


def _write_wrapped(out: TextIO, bases: str) -> int:
    lines = (bases[i : i + LINE_WIDTH] for i in range(0, len(bases), LINE_WIDTH))
    return sum(out.write(f"{line}\n") for line in lines)


def _name(path: Path | str, number: int, line: str, seen: set[str]) -> str:
    words = line[1:].split(maxsplit=1)
    if not words or words[0] in seen:
        message = "contig name stands twice" if words else "contig has no name"
        raise InputError(
            Problem(
                str(path), f"line {number}", line.strip(), message, "Give each contig its own name."
            )
        )
    seen.add(words[0])
    return words[0]


def _bases(path: Path | str, number: int, line: str, *, in_sequence: bool) -> str:
    bases = line.strip().upper()
    if bases and not in_sequence:
        raise InputError(
            Problem(
                str(path), f"line {number}", bases, "does not start with '>'", "Give a FASTA file."
            )
        )
    if strange := bases.translate(_NOT_IUPAC):
        raise InputError(
            Problem(
                str(path),
                f"line {number}",
                strange[0],
                "letter is no IUPAC nucleotide code",
                "Give nucleotide sequences.",
            )
        )
    return bases


def _joined(path: Path | str, name: str, parts: list[str]) -> str:
    bases = "".join(parts)
    if not bases:
        raise InputError(
            Problem(str(path), name, "", "contig has no bases", "Remove it or fetch the file anew.")
        )
    return bases
