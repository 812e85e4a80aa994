"""The review's miRNAs in the names of the reference in use."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from amlresist.mirna.records import ReviewMirna
from amlresist.mirna.reference import Reference
from amlresist.settings import RESOURCES
from amlresist.tables import read_table


@cache
def review_mirnas(path: Path = RESOURCES / "knowledge" / "mirnas.tsv") -> tuple[ReviewMirna, ...]:
    """One entry per miRNA and claim of the review."""
    return tuple(read_table(path, ReviewMirna))


def review_names(reference: Reference | None, listed: Iterable[str] = ()) -> dict[str, str]:
    """Review's miRNA -> the name it has in the results; its own where the reference lacks it.

    Matched by name, by accession, or by sequence (so that MirGeneDB names match).

    Args:
        reference: groups counted from reads; None when only given matrices are read.
        listed: names of given matrices.
    """
    found = dict.fromkeys((entry.mirna for entry in review_mirnas()), "")
    known = name_index(reference) if reference else {}
    for entry in review_mirnas():
        keys = (entry.mirna, entry.accession, entry.sequence)
        in_reference = next((known[key] for key in keys if key in known), "")
        found[entry.mirna] = in_reference or entry.mirna
    if not reference:
        members = {part: name for name in listed for part in name.split("/")}
        found = {mirna: members.get(mirna, name) for mirna, name in found.items()}
    return found


def name_index(reference: Reference) -> Mapping[str, str]:
    """Every name, accession and sequence of the reference -> its group's name."""
    index: dict[str, str] = {}
    for group, sequence, accessions in zip(
        reference.groups, reference.sequences, reference.accessions, strict=True
    ):
        keys = [*group.split("/"), *filter(None, accessions.split("/")), sequence, group]
        index |= dict.fromkeys(keys, group)
    return index
