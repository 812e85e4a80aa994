"""The header of a BAM or CRAM against the genome and the sheet."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pysam

from amlresist.inputs.bam_index import without_index
from amlresist.inputs.findings import Findings
from amlresist.reference.builds import build_of
from amlresist.reference.contigs import MITOCHONDRIAL, match_names
from amlresist.reference.fasta import Contig

SHOWN = 5


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What a SAM header says.

    Attributes:
        contigs: @SQ lines in their order; md5 is "" where the line has no M5.
        sort_order: SO of @HD, "unknown" when not given.
        read_groups: (ID, SM) of each @RG line, repeated lines included.
    """

    contigs: tuple[Contig, ...]
    sort_order: str
    read_groups: tuple[tuple[str, str], ...]


def header_facts(path: str) -> HeaderFacts:
    """Read a header without touching the records."""
    with without_index(path) as link, pysam.AlignmentFile(link, check_sq=False) as handle:
        return parse_header(str(handle.header))


def parse_header(text: str) -> HeaderFacts:
    """Facts of SAM header text."""
    contigs: list[Contig] = []
    groups: list[tuple[str, str]] = []
    order = "unknown"
    for line in text.splitlines():
        kind, *fields = line.split("\t")
        tags = {field[:2]: field[3:] for field in fields}
        if kind == "@SQ":
            contigs.append(Contig(tags.get("SN", ""), int(tags["LN"]), tags.get("M5", "").lower()))
        elif kind == "@RG":
            groups.append((tags.get("ID", ""), tags.get("SM", "")))
        elif kind == "@HD":
            order = tags.get("SO", order)
    return HeaderFacts(tuple(contigs), order, tuple(groups))


def check_contigs(
    facts: HeaderFacts, genome: Sequence[Contig], findings: Findings, *, need_bases: bool
) -> None:
    """Names, lengths and MD5 against the genome.

    Args:
        genome: contigs of the genome; md5 "" where it is not known.
        need_bases: the file cannot be read without the genome's bases (CRAM).
    """
    if not facts.contigs:
        findings.stop("header lists no contig (@SQ)", "Give reads that are aligned to the genome.")
        return
    if not genome:
        return
    known = {contig.name: contig for contig in genome}
    shared = [contig for contig in facts.contigs if contig.name in known]
    if not shared:
        _report_foreign_names(facts, known, findings)
        return
    _check_lengths(shared, known, findings)
    _check_digests(shared, known, findings, need_bases=need_bases)
    order = [contig.name for contig in genome if contig.name in {c.name for c in shared}]
    if [contig.name for contig in shared] != order:
        findings.note("contigs stand in another order than in the genome", "Nothing to do.")
    if len(shared) < len(facts.contigs):
        findings.note(
            f"{len(facts.contigs) - len(shared)} contigs are not in the genome",
            "Reads on them are not used.",
        )


def _report_foreign_names(facts: HeaderFacts, known: Collection[str], findings: Findings) -> None:
    own = [contig.name for contig in facts.contigs]
    if match_names(own, known):
        findings.stop(
            "contigs are spelled differently from the genome's (with and without 'chr')",
            "Give the genome the reads were aligned to, or rename with samtools reheader.",
            "header",
            f"{own[0]} / {next(iter(known))}",
        )
    else:
        findings.stop(
            "no contig of the header is in the genome",
            "Give the genome the reads were aligned to.",
            "header",
            ", ".join(own[:SHOWN]),
        )


def _check_lengths(shared: Sequence[Contig], known: dict[str, Contig], findings: Findings) -> None:
    wrong = [contig for contig in shared if contig.length != known[contig.name].length]
    for contig in wrong:
        if contig.name in MITOCHONDRIAL:
            findings.warn(
                f"{contig.name} is {contig.length} bases long, "
                f"{known[contig.name].length} in the genome",
                "Another mitochondrial sequence was used: nothing is called on it.",
                "header",
                contig.name,
            )
    nuclear = [contig for contig in wrong if contig.name not in MITOCHONDRIAL]
    if nuclear:
        first = nuclear[0]
        build = build_of({contig.name: contig.length for contig in nuclear})
        told = f"; these are the lengths of {build}" if build else ""
        findings.stop(
            f"{len(nuclear)} contigs differ in length from the genome: {first.name} has "
            f"{first.length} bases, {known[first.name].length} in the genome{told}",
            "Give the genome (build) the reads were aligned to.",
            "header",
            ", ".join(contig.name for contig in nuclear[:SHOWN]),
        )


def _check_digests(
    shared: Sequence[Contig], known: dict[str, Contig], findings: Findings, *, need_bases: bool
) -> None:
    wrong = [
        contig
        for contig in shared
        if contig.md5
        and known[contig.name].md5
        and contig.md5 != known[contig.name].md5
        and contig.name not in MITOCHONDRIAL
    ]
    if not wrong:
        return
    why = "the CRAM cannot be read without it" if need_bases else "their bases differ"
    findings.stop(
        f"{len(wrong)} contigs have another MD5 than the genome: {why}",
        f"Give the genome whose {wrong[0].name} has M5 {wrong[0].md5}.",
        "header",
        ", ".join(contig.name for contig in wrong[:SHOWN]),
    )


def check_read_groups(
    facts: HeaderFacts, sample: str, other_samples: Collection[str], findings: Findings
) -> None:
    """Read groups: one sample, no clashing ids, the name the sheet gives."""
    samples_of: dict[str, set[str]] = defaultdict(set)
    for group, name in facts.read_groups:
        samples_of[group].add(name)
    repeated = [group for group, n in Counter(g for g, _ in facts.read_groups).items() if n > 1]
    if repeated:
        names = sorted(samples_of[repeated[0]])
        findings.stop(
            f"read group {repeated[0]!r} is defined twice",
            "Give each read group its own ID and split samples into files.",
            "header",
            ", ".join(names),
        )
    names = sorted({name for _, name in facts.read_groups if name})
    if len(names) > 1:
        findings.stop(
            "file holds reads of more than one sample",
            "Split it by read group (samtools split).",
            "header",
            ", ".join(names),
        )
    elif names and sample and names[0] != sample:
        is_other = names[0] in other_samples
        findings.warn(
            f"sample name in the header is not {sample!r}, the name in the sheet"
            + (": it is another library of the sheet" if is_other else ""),
            "Swapped files? Correct the sheet, or set its column sample to this name.",
            "header, @RG SM",
            names[0],
        )
