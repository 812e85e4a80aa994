"""Sequence changes: written on the coding strand, normalised for VCF and HGVS, named.

An `Edit` replaces `sequence[start:end]` by `inserted`. The same class serves a gene's coding strand
(locus coordinates) and a contig's plus strand (genome coordinates); both are 0-based half-open.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from amlresist.dna import THREE_LETTER, reverse_complement, translate
from amlresist.simulate.genome import Genome
from amlresist.simulate.locus import Locus

_PLACE = r"[-*]?\d+(?:[+-]\d+)?"
_CHANGE = re.compile(
    rf"(?P<first>{_PLACE})(?:_(?P<last>{_PLACE}))?"
    r"(?:(?P<ref>[ACGT])>(?P<alt>[ACGT])|(?P<kind>del|dup|itd|ins|delins)(?P<bases>[ACGT]*))"
)


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace bases `start:end` by `inserted`."""

    start: int
    end: int
    inserted: str

    @property
    def shift(self) -> int:
        """How much longer the sequence becomes."""
        return len(self.inserted) - (self.end - self.start)


def parse_change(text: str, locus: Locus) -> Edit:
    """Edit of a coding change such as `743G>A`, `860_863dup`, `419_420delinsTA`.

    `1768_1797itdACG` is a duplication of c.1768-1797 with the N-nucleotides ACG between the copies.

    Raises:
        ValueError: the text is no change, or its reference base is not there.
    """
    match = _CHANGE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a coding change: {text}")
    start = locus.offset(match["first"])
    end = locus.offset(match["last"] or match["first"]) + 1
    if match["alt"]:
        if locus.sequence[start] != match["ref"]:
            raise ValueError(f"{locus.plan.gene} c.{text}: reference has {locus.sequence[start]}")
        return Edit(start, end, match["alt"])
    if match["kind"] in {"dup", "itd"}:
        return Edit(end, end, match["bases"] + locus.sequence[start:end])
    if match["kind"] == "ins":
        return Edit(start + 1, start + 1, match["bases"])
    return Edit(start, end, match["bases"])


def trim(edit: Edit, sequence: str) -> Edit:
    """The same change without bases that do not change; shared 3' bases go first."""
    removed, inserted = sequence[edit.start : edit.end], edit.inserted
    tail = len(_shared_start(removed[::-1], inserted[::-1]))
    removed, inserted = removed[: len(removed) - tail], inserted[: len(inserted) - tail]
    head = len(_shared_start(removed, inserted))
    start = edit.start + head
    return Edit(start, start + len(removed) - head, inserted[head:])


def left_aligned(edit: Edit, sequence: str) -> Edit:
    """The trimmed edit at its lowest equivalent place (pure insertions and deletions move)."""
    edit = trim(edit, sequence)
    while edit.start > 0 and (edit.start == edit.end) != (not edit.inserted):
        moving = edit.inserted or sequence[edit.start : edit.end]
        before = sequence[edit.start - 1]
        if moving[-1] != before:
            break
        inserted = before + edit.inserted[:-1] if edit.inserted else ""
        edit = Edit(edit.start - 1, edit.end - 1, inserted)
    return edit


def right_aligned(edit: Edit, sequence: str) -> Edit:
    """The trimmed edit at its highest equivalent place, as HGVS wants it on the coding strand."""
    length = len(sequence)
    mirrored = Edit(length - edit.end, length - edit.start, edit.inserted[::-1])
    moved = left_aligned(mirrored, sequence[::-1])
    return Edit(length - moved.end, length - moved.start, moved.inserted[::-1])


def on_genome(edit: Edit, gene: str, genome: Genome) -> Edit:
    """The left-aligned edit on the contig's plus strand."""
    chrom, _, _ = genome.span(gene)
    start, end = genome.to_genome(gene, edit.start, edit.end)
    is_plus = genome.loci[gene].plan.strand == "+"
    inserted = edit.inserted if is_plus else reverse_complement(edit.inserted)
    return left_aligned(Edit(start, end, inserted), genome.contigs[chrom])


def vcf_alleles(edit: Edit, contig: str) -> tuple[int, str, str]:
    """(1-based position, ref, alt) as a VCF writes the edit."""
    if edit.start == edit.end or not edit.inserted:
        anchor = contig[edit.start - 1]
        return edit.start, anchor + contig[edit.start : edit.end], anchor + edit.inserted
    return edit.start + 1, contig[edit.start : edit.end], edit.inserted


def apply_edits(sequence: str, edits: Iterable[Edit], start: int = 0) -> str:
    """`sequence` (whose first base is coordinate `start`) with all edits made.

    Raises:
        ValueError: two edits overlap.
    """
    pieces = []
    place = start
    for edit in sorted(edits):
        if edit.start < place:
            raise ValueError(f"edits overlap at {edit.start}")
        pieces += [sequence[place - start : edit.start - start], edit.inserted]
        place = edit.end
    return "".join([*pieces, sequence[place - start :]])


def hgvs_coding(edit: Edit, locus: Locus) -> str:
    """HGVS coding change, 3'-most, without the transcript, e.g. `c.860_863dup`."""
    sequence = locus.sequence
    edit = right_aligned(edit, sequence)
    removed = sequence[edit.start : edit.end]
    n_inserted = len(edit.inserted)
    if not removed:
        if sequence[edit.start - n_inserted : edit.start] == edit.inserted:
            return f"c.{_range_name(locus, edit.start - n_inserted, edit.start)}dup"
        around = f"{locus.coding_name(edit.start - 1)}_{locus.coding_name(edit.start)}"
        return f"c.{around}ins{edit.inserted}"
    if len(removed) == 1 and n_inserted == 1:
        return f"c.{locus.coding_name(edit.start)}{removed}>{edit.inserted}"
    place = _range_name(locus, edit.start, edit.end)
    return f"c.{place}delins{edit.inserted}" if edit.inserted else f"c.{place}del"


def protein_change(edit: Edit, locus: Locus) -> str:
    """Protein change in one-letter HGVS, e.g. `W288Cfs*12`; "" outside the coding sequence.

    Changes that touch an exon boundary or an intron have no protein name here.
    """
    if not any(a <= edit.start and edit.end <= b for a, b in locus.coding_parts):
        return ""
    before = locus.protein
    after = _edited_protein(edit, locus)
    first = len(_shared_start(before, after))
    if before == after:
        residue = _residue(locus, edit.start)
        return f"{before[residue - 1]}{residue}="
    if edit.shift % 3:
        if after[first : first + 1] == "*":
            return f"{before[first]}{first + 1}*"
        return f"{before[first]}{first + 1}{after[first]}fs*{after.find('*', first) - first + 1}"
    return _in_frame_name(before, after)


def three_letter(change: str) -> str:
    """`p.Asp835Tyr` of `D835Y`; "" stays ""."""
    text = re.sub(
        r"[A-Z*]",
        lambda m: THREE_LETTER[m[0]],
        change.replace("fs", "\0").replace("del", "\1").replace("ins", "\2").replace("dup", "\3"),
    )
    for mark, word in zip("\0\1\2\3", ("fs", "del", "ins", "dup"), strict=True):
        text = text.replace(mark, word)
    return f"p.{text}" if change else ""


def _edited_protein(edit: Edit, locus: Locus) -> str:
    # The 3' untranslated region is read on, since a frameshift may end there.
    spliced = "".join(
        apply_edits(locus.sequence[a:b], [edit], a)
        if a <= edit.start and edit.end <= b
        else locus.sequence[a:b]
        for a, b in locus.exons
    )
    return translate(spliced[locus.utr5 :]).partition("*")[0] + "*"


def _in_frame_name(before: str, after: str) -> str:
    head = len(_shared_start(before, after))
    room = min(len(before), len(after)) - head
    tail = min(room, len(_shared_start(before[::-1], after[::-1])))
    removed = before[head : len(before) - tail]
    inserted = after[head : len(after) - tail]
    if after[head] == "*" or (inserted.endswith("*") and len(removed) == 0):
        return f"{before[head]}{head + 1}*"
    if not removed:
        n = len(inserted)
        if before[head - n : head] == inserted:
            return f"{_residues(before, head - n, head)}dup"
        return f"{before[head - 1]}{head}_{before[head]}{head + 1}ins{inserted}"
    if len(removed) == len(inserted) == 1:
        return f"{removed}{head + 1}{inserted}"
    place = _residues(before, head, head + len(removed))
    return f"{place}delins{inserted}" if inserted else f"{place}del"


def _residues(protein: str, start: int, end: int) -> str:
    first = f"{protein[start]}{start + 1}"
    return first if end - start == 1 else f"{first}_{protein[end - 1]}{end}"


def _residue(locus: Locus, offset: int) -> int:
    return (int(locus.coding_name(offset)) + 2) // 3


def _range_name(locus: Locus, start: int, end: int) -> str:
    first = locus.coding_name(start)
    return first if end - start == 1 else f"{first}_{locus.coding_name(end - 1)}"


def _shared_start(first: str, second: str) -> str:
    shared = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        shared += 1
    return first[:shared]
