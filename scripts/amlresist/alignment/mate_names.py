"""Mates whose names end in .1 and .2 (SRA) -> pairs of one name, as bwa wants them.

python -m amlresist.alignment.mate_names [FIRST SECOND] reads two FASTQs, or one with mates behind
each other from standard input, and writes them behind each other to standard output.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

ENDINGS = (".1", ".2")


def are_numbered(paths: Sequence[str]) -> bool:
    """Whether the first reads of two sound FASTQs are of one name but for .1 and .2."""
    import dnaio

    if len(paths) < 2:
        return False
    with dnaio.open(*paths) as pairs:
        pair = next(iter(pairs), None)
    return pair is not None and _is_numbered(*pair)


def _is_numbered(first: Any, second: Any) -> bool:
    names = [read.id.removesuffix(end) for read, end in zip((first, second), ENDINGS, strict=True)]
    return bool(names[0] == names[1] and first.id != second.id)


def bare(pairs: Iterable[tuple[Any, Any]]) -> Iterator[Any]:
    """Reads of all pairs, one behind the other, the endings cut off."""
    for pair in pairs:
        for read, end in zip(pair, ENDINGS, strict=True):
            read.name = read.id.removesuffix(end)
            yield read


def main(paths: Sequence[str]) -> None:
    """Write the mates of two files, or of standard input, to standard output."""
    import dnaio

    source = {"file1": paths[0], "file2": paths[1]} if paths else {"file1": sys.stdin.buffer}
    with dnaio.open(**source, interleaved=not paths, fileformat="fastq") as pairs:
        for read in bare(pairs):
            sys.stdout.buffer.write(read.fastq_bytes())


if __name__ == "__main__":
    main(sys.argv[1:])
