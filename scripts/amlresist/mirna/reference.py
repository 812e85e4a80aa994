"""miRNAs as a reference: matures, their hairpins, groups that no read can tell apart.

Sequences are DNA in upper case. Positions inside hairpins are 0-based half-open.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from amlresist.errors import InputError
from amlresist.files import open_text
from amlresist.mirna.faults import faults_named, file_problem
from amlresist.mirna.variants import Variant

FLANK_5P = 6  # hairpin bases kept before a mature: the largest 5' shift and one more
FLANK_3P = 12  # hairpin bases kept behind it
_NOT_DNA = re.compile("[^ACGTN]")


@dataclass(frozen=True, slots=True)
class Mature:
    """A mature miRNA of the FASTA."""

    name: str
    accession: str
    sequence: str


@dataclass(frozen=True, slots=True)
class Context:
    """A mature sequence in its hairpin surroundings.

    Attributes:
        group: index of the miRNA group.
        hairpins: hairpins that share these surroundings.
        starts: first base of the mature in each of them, 0-based.
        length: bases of the mature.
        window: hairpin from `FLANK_5P` before to `FLANK_3P` behind the mature, N outside of it.
        variants: known variants of the allele; none for the FASTA's own.
        place: index of the context of the FASTA's own allele, -1 for itself.
    """

    group: int
    hairpins: tuple[str, ...]
    starts: tuple[int, ...]
    length: int
    window: str
    variants: tuple[Variant, ...] = ()
    place: int = -1

    @property
    def start(self) -> int:
        """First base of the mature in the first hairpin, 0-based."""
        return self.starts[0]


@dataclass(frozen=True, slots=True)
class Site:
    """A known variant in the surroundings of a mature.

    Attributes:
        variant: on its hairpin.
        group: index of the miRNA group.
        place: index of the context of the FASTA's own allele.
        column: place in the context's window.
        unused: why the other allele is not among the contexts, "" when it is.
    """

    variant: Variant
    group: int
    place: int
    column: int
    unused: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """What reads are compared with.

    Attributes:
        groups: names with identical mature sequence joined by "/", sorted.
        sequences: mature sequence of each group.
        accessions: accessions of each group, in the order of its names.
        contexts: every group's surroundings, sorted by group; other alleles right behind their own.
        hairpins: hairpin name -> sequence.
        foreign: mature sequence -> species prefixes, of the other species in the FASTA.
        unplaced: matures not found in any hairpin.
        sites: known variants in the contexts.
    """

    groups: tuple[str, ...]
    sequences: tuple[str, ...]
    accessions: tuple[str, ...]
    contexts: tuple[Context, ...]
    hairpins: Mapping[str, str]
    foreign: Mapping[str, tuple[str, ...]]
    unplaced: tuple[str, ...]
    sites: tuple[Site, ...] = ()


def read_reference(
    matures: str, hairpins: str, species: str, max_unplaced_share: float, gff3: str = ""
) -> Reference:
    """Read any miRBase or MirGeneDB FASTA pair.

    Args:
        matures, hairpins: FASTA paths; U or T, descriptions, blank lines, other species are fine.
        species: name prefix of the species counted, e.g. `hsa`.
        max_unplaced_share: share of matures that may be missing from the hairpins.
        gff3: optional miRBase GFF3, checked against the FASTA.

    Raises:
        InputError: a file is not FASTA or empty, the species is missing, or versions do not match.
    """
    every = read_fasta(matures)
    own = [mature for mature in every if _is_species(mature.name, species)]
    if not own:
        raise _species_problem(matures, species, every)
    precursors = {
        entry.name: entry.sequence
        for entry in read_fasta(hairpins)
        if _is_species(entry.name, species)
    }
    if not precursors:
        raise _species_problem(hairpins, species, read_fasta(hairpins))
    if gff3:
        _check_gff3(gff3, own, max_unplaced_share)
    foreign = [mature for mature in every if not _is_species(mature.name, species)]
    reference = build_reference(own, precursors, foreign)
    if len(reference.unplaced) > max_unplaced_share * len(own):
        raise _version_problem(hairpins, matures, reference.unplaced, len(own))
    return reference


def build_reference(
    matures: Iterable[Mature], hairpins: Mapping[str, str], foreign: Iterable[Mature] = ()
) -> Reference:
    """Group identical matures and place each in its hairpins."""
    by_sequence: dict[str, list[Mature]] = defaultdict(list)
    for mature in matures:
        by_sequence[mature.sequence].append(mature)
    named = sorted(
        ("/".join(sorted({m.name for m in members})), sequence)
        for sequence, members in by_sequence.items()
    )
    contexts: list[Context] = []
    unplaced: list[str] = []
    occurrences = _Occurrences(by_sequence, hairpins)
    for index, (name, sequence) in enumerate(named):
        places = _places(by_sequence[sequence], occurrences.of[sequence])
        if not places:
            unplaced.append(name)
            places = [("", 0)]
        contexts += _contexts(index, sequence, places, hairpins)
    strangers: dict[str, set[str]] = defaultdict(set)
    for mature in foreign:
        strangers[mature.sequence].add(_prefix(mature.name))
    return Reference(
        groups=tuple(name for name, _ in named),
        sequences=tuple(sequence for _, sequence in named),
        accessions=tuple(_accessions(by_sequence[sequence]) for _, sequence in named),
        contexts=tuple(contexts),
        hairpins=dict(hairpins),
        foreign={sequence: tuple(sorted(names)) for sequence, names in sorted(strangers.items())},
        unplaced=tuple(unplaced),
    )


def read_fasta(path: str) -> list[Mature]:
    """Entries of a FASTA as DNA in upper case: name (first word), accession (second word).

    Raises:
        InputError: not FASTA, an empty or doubled entry, or letters that are no bases.
    """
    entries: list[tuple[str, list[str]]] = []
    with faults_named(path), open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            text = line.strip()
            if text.startswith(">"):
                entries.append((text[1:].strip(), []))
            elif text and not entries:
                raise file_problem(
                    path, "not a FASTA", "Give a FASTA file.", where=f"line {number}", value=text
                )
            elif text:
                entries[-1][1].append(text)
    if not entries:
        raise file_problem(path, "no sequences", "Give a FASTA file.")
    found = [_entry(path, header, "".join(parts)) for header, parts in entries]
    seen: dict[str, str] = {}
    for entry in found:
        if seen.setdefault(entry.name, entry.sequence) != entry.sequence:
            raise file_problem(path, "name used twice", "Make the names unique.", value=entry.name)
    return list({entry.name: entry for entry in found}.values())


def core_name(name: str) -> str:
    """What mature and hairpin names share: `hsa-miR-26a-1-3p`, `hsa-mir-26a-1` -> `mir-26a-1`.

    MirGeneDB's `Hsa-Mir-26-P1_5p*` and `Hsa-Mir-26-P1_pre` give `mir-26-p1`.
    """
    core = name.lower().removesuffix("*")
    core = re.sub(r"(-[35]p|_[35]p|_pre|_co)$", "", core.removesuffix("*"))
    return core.partition("-")[2]


class _Occurrences:
    """Where each mature occurs in any hairpin; all are sought in one pass."""

    def __init__(self, sequences: Collection[str], hairpins: Mapping[str, str]) -> None:
        self.of: dict[str, list[tuple[str, int]]] = {sequence: [] for sequence in sequences}
        shortest = min(map(len, sequences), default=1)
        by_start: dict[str, list[str]] = defaultdict(list)
        for sequence in sequences:
            by_start[sequence[:shortest]].append(sequence)
        for name in sorted(hairpins):
            hairpin = hairpins[name]
            for start in range(len(hairpin) - shortest + 1):
                for sequence in by_start.get(hairpin[start : start + shortest], ()):
                    if hairpin.startswith(sequence, start):
                        self.of[sequence].append((name, start))


def _places(members: list[Mature], everywhere: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """(hairpin, start) of a mature: in hairpins of its name where there are any, else in all."""
    cores = {core_name(member.name) for member in members}
    named = [
        (name, start)
        for name, start in everywhere
        if any(core_name(name) == core or core_name(name).startswith(f"{core}-") for core in cores)
    ]
    return named or everywhere


def _contexts(
    group: int, sequence: str, places: Iterable[tuple[str, int]], hairpins: Mapping[str, str]
) -> list[Context]:
    windows: dict[str, list[tuple[str, int]]] = {}
    for name, start in places:
        hairpin = hairpins.get(name, sequence)
        padded = "N" * FLANK_5P + hairpin + "N" * FLANK_3P
        window = padded[start : start + FLANK_5P + len(sequence) + FLANK_3P]
        windows.setdefault(window, []).append((name, start))
    return [
        Context(
            group,
            tuple(name for name, _ in found),
            tuple(start for _, start in found),
            len(sequence),
            window,
        )
        for window, found in windows.items()
    ]


def _entry(path: str, header: str, sequence: str) -> Mature:
    words = header.split()
    dna = sequence.upper().replace("U", "T")
    if not words or not dna:
        raise file_problem(
            path, "entry without name or sequence", "Correct the FASTA.", value=header
        )
    if bad := _NOT_DNA.search(dna):
        raise file_problem(
            path, "not a base", "Give a nucleotide FASTA.", where=f"entry {words[0]}", value=bad[0]
        )
    return Mature(words[0], words[1] if len(words) > 1 else "", dna)


def _accessions(members: Iterable[Mature]) -> str:
    found = {member.accession for member in members if member.accession.startswith("MIMAT")}
    return "/".join(sorted(found))


def _prefix(name: str) -> str:
    return name.partition("-")[0].lower()


def _is_species(name: str, species: str) -> bool:
    return not species or _prefix(name) == species.lower()


def _check_gff3(path: str, own: Iterable[Mature], max_share: float) -> None:
    """Refuse a GFF3 of another miRBase version than the matures; blank lines are fine."""
    with faults_named(path), open_text(path) as handle:
        rows = [line.rstrip("\n").split("\t") for line in handle if line.strip()]
    names = {
        attribute.removeprefix("Name=")
        for row in rows
        if len(row) >= 9 and row[2] == "miRNA"
        for attribute in row[8].split(";")
        if attribute.startswith("Name=")
    }
    ours = {mature.name for mature in own}
    missing = sorted(ours ^ names)
    if len(missing) > max_share * len(ours):
        raise file_problem(
            path,
            f"{len(missing)} of {len(ours | names)} miRNAs are in only one of GFF3 and matures",
            "Take both from the same release.",
            value=", ".join(missing[:3]),
        )


def _species_problem(path: str, species: str, entries: Iterable[Mature]) -> InputError:
    names = sorted({_prefix(entry.name) for entry in entries})
    return file_problem(
        path,
        "no miRNA of this species",
        f"Prefixes found: {', '.join(names[:10])}. Set mirna.species to one of them.",
        value=species,
    )


def _version_problem(
    hairpins: str, matures: str, unplaced: Iterable[str], total: int
) -> InputError:
    missing = list(unplaced)
    return file_problem(
        hairpins,
        f"{len(missing)} of {total} matures of {matures} are in no hairpin",
        "Take matures and hairpins from the same release.",
        value=", ".join(missing[:3]),
    )
