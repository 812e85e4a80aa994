"""isomiR table as mirGFF3.

Sign convention (mirGFF3 from version 1.1 on): positions count along the miRNA, so `iso_5p:+1`
starts one base downstream of the reference (a base less), `iso_5p:-1` one base upstream (a base
more); `iso_3p:+1` ends one base downstream (a base more). Version 1.0 signed `iso_5p` inversely.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from amlresist.files import open_text
from amlresist.mirna.library import ReadEvidence
from amlresist.mirna.reference import FLANK_5P, Context, Reference

VERSION = "1.2"
MIRBASE = "doi:10.25504/fairsharing.hmgte8"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Isomir:
    """One unique read with its likeliest origin.

    Attributes:
        read: sequence; name: miRNA group; hairpin: a hairpin it is cut from.
        start, end: hairpin-encoded part on the hairpin, 1-based closed.
        shift_5p, shift_3p: ends of that part against the mature, positive downstream.
        tail: added bases.
        differences: 1-based positions in the read whose base is not the hairpin's, and the
            hairpin's base there.
        reads: how often it was read.
        hits: miRNAs of the reference that explain it.
        alleles: known variants among the differences, e.g. `rs12473206:G>C`.
    """

    read: str
    name: str
    hairpin: str
    start: int
    end: int
    shift_5p: int
    shift_3p: int
    tail: int
    differences: tuple[tuple[int, str], ...]
    reads: int
    hits: int
    alleles: tuple[str, ...] = ()

    @property
    def variant(self) -> str:
        """Variant attribute, NA for the reference itself."""
        parts = [f"iso_5p:{self.shift_5p:+d}"] if self.shift_5p else []
        parts += [f"iso_3p:{self.shift_3p:+d}"] if self.shift_3p else []
        parts += [f"iso_add3p:{self.tail}"] if self.tail else []
        classes = [snv_class(position + self.shift_5p) for position, _ in self.differences]
        parts += list(dict.fromkeys(classes))
        return ",".join(parts) or "NA"

    @property
    def cigar(self) -> str:
        """M exact match, a letter the hairpin's base at a difference, I an added base."""
        body = len(self.read) - self.tail
        letters = ["M"] * body + ["I"] * self.tail
        for position, base in self.differences:
            letters[position - 1] = base
        runs = ((letter, len(list(run))) for letter, run in groupby(letters))
        return "".join(
            letter * n if n == 1 or letter not in "MI" else f"{n}{letter}" for letter, n in runs
        )


def isomirs(evidence: ReadEvidence, reference: Reference, min_reads: float) -> list[Isomir]:
    """Every read that is likelier a miRNA than not, sorted by miRNA, position and sequence."""
    x = evidence.explanations
    groups = np.array([context.group for context in reference.contexts])[x.context]
    pairs = np.unique(np.array([x.read, groups]), axis=1)
    hits = np.bincount(pairs[0], minlength=len(evidence.sequences))
    found = [
        _isomir(index, evidence, int(best), reference, int(hits[index]))
        for index, best in enumerate(evidence.quantities.best)
        if best >= 0 and evidence.quantities.posterior[index] >= 0.5
    ]
    kept = (isomir for isomir in found if isomir.reads >= min_reads)
    return sorted(kept, key=lambda i: (i.name, i.hairpin, i.start, i.end, i.read))


def gff3_text(rows: Iterable[Isomir], sample: str, source: str) -> str:
    """The rows as mirGFF3 text."""
    header = [
        f"## mirGFF3. VERSION {VERSION}",
        f"## source-ontology: {source} {MIRBASE if 'mirbase' in source.lower() else 'Custom.'}",
        "## TOOLS: amlresist",
        "## iso_5p: positive = starts downstream of the reference (bases missing), negative ="
        " upstream (bases more)",
        f"## COLDATA: {_escaped(sample)}",
    ]
    return "\n".join([*header, *(_line(row, source) for row in rows)]) + "\n"


def read_gff3(path: str) -> Iterator[Isomir]:
    """Read what `gff3_text` wrote (mirGFF3 1.1 or later with Read, Cigar and Hits attributes)."""
    with open_text(path) as handle:
        for line in handle:
            if line.strip() and not line.startswith("#"):
                yield _parsed(line.rstrip("\n").split("\t"))


def unique_id(sequence: str) -> str:
    """Identifier that names the sequence itself: length and the bases as a base-36 number."""
    number = int("".join(str("ACGT".index(base)) for base in sequence), 4)
    digits = ""
    while number or not digits:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return f"iso-{len(sequence)}-{digits}"


def _isomir(
    index: int, evidence: ReadEvidence, best: int, reference: Reference, hits: int
) -> Isomir:
    x = evidence.explanations
    context = reference.contexts[x.context[best]]
    read = evidence.sequences[index]
    shift, tail = int(x.shift_5p[best]), int(x.tail[best])
    body = len(read) - tail
    first = FLANK_5P + shift
    own = reference.contexts[context.place] if context.place >= 0 else context
    differences = tuple(
        (place, base)
        for place, (base, seen) in enumerate(zip(own.window[first:], read[:body], strict=False), 1)
        if base != seen
    )
    return Isomir(
        read=read,
        name=reference.groups[context.group],
        hairpin=context.hairpins[0] or "unplaced",
        start=context.start + shift + 1,
        end=context.start + shift + body,
        shift_5p=shift,
        shift_3p=int(x.shift_3p[best]),
        tail=tail,
        differences=differences,
        reads=evidence.inserts.counts[read],
        hits=hits,
        alleles=_alleles(context, first, differences),
    )


def _alleles(
    context: Context, first: int, differences: Iterable[tuple[int, str]]
) -> tuple[str, ...]:
    """The context's variants that the read holds; `first` is its first column in the window."""
    columns = {first + position - 1 for position, _ in differences}
    return tuple(
        f"{variant.name}:{variant.reference}>{variant.alternative}"
        for variant in context.variants
        if variant.position - context.start + FLANK_5P in columns
    )


def _line(row: Isomir, source: str) -> str:
    kind = "ref_miRNA" if row.variant == "NA" else "isomiR"
    attributes = {
        "Read": row.read,
        "UID": unique_id(row.read),
        "Name": _escaped(row.name),
        "Parent": _escaped(row.hairpin),
        "Variant": row.variant,
        "Cigar": row.cigar,
        "Hits": row.hits,
        "Expression": row.reads,
        "Filter": "PASS",
    }
    if row.alleles:
        attributes["allele"] = ",".join(map(_escaped, row.alleles))
    text = ";".join(f"{name} {value}" for name, value in attributes.items())
    cells = [_escaped(row.hairpin), source, kind, row.start, row.end, ".", "+", ".", text]
    return "\t".join(map(str, cells))


def _parsed(cells: list[str]) -> Isomir:
    attributes = dict(part.strip().split(" ", 1) for part in cells[8].split(";") if part.strip())
    variants = dict(
        [*part.split(":"), ""][:2] for part in attributes["Variant"].split(",") if part != "NA"
    )
    alleles = attributes.get("allele", "")
    return Isomir(
        read=attributes["Read"],
        name=_plain(attributes["Name"]),
        hairpin=_plain(attributes["Parent"]),
        start=int(cells[3]),
        end=int(cells[4]),
        shift_5p=int(variants.get("iso_5p", 0)),
        shift_3p=int(variants.get("iso_3p", 0)),
        tail=int(variants.get("iso_add3p", 0)),
        differences=_differences(attributes["Cigar"]),
        reads=int(attributes["Expression"]),
        hits=int(attributes["Hits"]),
        alleles=tuple(map(_plain, alleles.split(","))) if alleles else (),
    )


def _differences(cigar: str) -> tuple[tuple[int, str], ...]:
    """1-based positions and hairpin bases of the differences in a Cigar."""
    found, position, digits = [], 0, ""
    for letter in cigar:
        if letter.isdigit():
            digits += letter
            continue
        position += int(digits or 1)
        if letter in "ACGTN":
            found.append((position, letter))
        digits = ""
    return tuple(found)


def snv_class(position: int) -> str:
    """Class of a difference by its 1-based position in the mature."""
    classes = (
        (2, 7, "_seed"),
        (8, 8, "_central_offset"),
        (9, 12, "_central"),
        (13, 17, "_central_supp"),
    )
    return next((f"iso_snv{name}" for a, b, name in classes if a <= position <= b), "iso_snv")


def _escaped(text: str) -> str:
    for letter, code in (("%", "%25"), (";", "%3B"), ("=", "%3D"), ("&", "%26"), (",", "%2C")):
        text = text.replace(letter, code)
    return text


def _plain(text: str) -> str:
    for letter, code in ((";", "%3B"), ("=", "%3D"), ("&", "%26"), (",", "%2C"), ("%", "%25")):
        text = text.replace(code, letter)
    return text
