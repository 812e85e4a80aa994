"""Contig names: the same chromosome is `13` here and `chr13` there, `MT` here and `chrM` there."""

import dataclasses
from collections.abc import Iterable, Mapping

from amlresist.annotation import Transcript

MITOCHONDRIAL = frozenset({"M", "MT", "chrM", "chrMT"})


def other_names(name: str) -> tuple[str, ...]:
    """Other usual spellings of contig `name`, most likely first."""
    if name in MITOCHONDRIAL:
        return tuple(n for n in ("chrM", "MT", "M", "chrMT") if n != name)
    return (name.removeprefix("chr"),) if name.startswith("chr") else (f"chr{name}",)


def match_names(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Map each of `names` to the spelling in `known`; names without a partner are left out."""
    available = set(known)
    matched = {}
    for name in names:
        candidates = (name, *other_names(name))
        found = next((candidate for candidate in candidates if candidate in available), None)
        if found is not None:
            matched[name] = found
    return matched


def place_transcripts(
    transcripts: Iterable[Transcript], lengths: Mapping[str, int]
) -> tuple[list[Transcript], list[Transcript], list[Transcript]]:
    """Rename contigs to the genome's spelling and sort out what does not lie in the genome.

    Args:
        transcripts: gene models as the annotation names their contigs.
        lengths: contig of the genome -> bases.

    Returns:
        (placed with the genome's contig names, on a contig the genome lacks, past a contig's end).
    """
    models = list(transcripts)
    names = match_names(dict.fromkeys(model.chrom for model in models), lengths)
    placed, absent, beyond = [], [], []
    for model in models:
        chrom = names.get(model.chrom)
        if chrom is None:
            absent.append(model)
        elif model.end > lengths[chrom]:
            beyond.append(model)
        else:
            placed.append(dataclasses.replace(model, chrom=chrom))
    return placed, absent, beyond
