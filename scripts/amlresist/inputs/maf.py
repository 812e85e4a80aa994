"""A given MAF (mutation annotation format): columns, numbers, places."""

import re
from collections.abc import Sequence
from typing import Any

from amlresist.inputs.findings import FETCH_AGAIN, Finding, Findings
from amlresist.inputs.genome import Genome
from amlresist.inputs.text import Line, lines_of, repeated_name
from amlresist.inputs.vcf_grammar import is_whole

NEEDED = (
    "Hugo_Symbol",
    "Chromosome",
    "Start_Position",
    "Reference_Allele",
    "Tumor_Seq_Allele2",
    "Tumor_Sample_Barcode",
)
MISSING = frozenset({"", ".", "NA"})
_ALLELE = re.compile(r"-|[ACGTNacgtn]+")
_RELEASES = {"37": {"37", "hg19", "grch37", "hs37d5", "b37"}, "38": {"38", "hg38", "grch38"}}
MANY_WRONG_BASES = 0.1  # single wrong lines are typing errors, many another genome
SHOWN = 5


def examine_maf(path: str, genome: Genome, build: str = "") -> list[Finding]:
    """Everything that can be told from a MAF; CR-only line ends are read like any other.

    Args:
        build: name of the genome's build; "" does not ask.
    """
    findings = Findings(path)
    with findings.guarded():
        lines = [line for line in lines_of(path) if line.text and not line.text.startswith("#")]
        if not lines:
            findings.stop("has no lines", FETCH_AGAIN)
            return findings.all
        header = lines[0].text.split("\t")
        missing = [name for name in NEEDED if name not in header]
        if missing:
            has_blanks = len(header) == 1 and len(lines[0].text.split()) > 1
            findings.stop(
                "columns are separated by spaces, not tabs"
                if has_blanks
                else "columns are missing",
                f"A MAF needs {', '.join(NEEDED)}.",
                f"line {lines[0].number}",
                ", ".join(missing),
            )
            return findings.all
        if repeated := repeated_name(header):
            findings.stop("column is named twice", "Rename one.", "header", repeated)
            return findings.all
        _check_rows(lines[1:], header, genome, findings)
        _check_build(lines[1:], header, build, findings)
        _check_alleles(lines[1:], header, genome, findings)
        if not lines[-1].is_ended:  # its columns are complete
            findings.note("last line has no line end", "Nothing to do if it is whole.")
    return findings.all


def _check_build(lines: Sequence[Line], header: list[str], build: str, findings: Findings) -> None:
    """The MAF's own word on its build against the config's."""
    if "NCBI_Build" not in header:
        return
    column = header.index("NCBI_Build")
    told = {line.text.split("\t")[column] for line in lines if line.text.count("\t") >= column}
    other = sorted(name for name in told if build and _release(name) not in {"", _release(build)})
    if other and _release(build):
        findings.warn(
            f"is of build {', '.join(other)}, the genome of {build}",
            "Its rows are compared with each other only. Better: give the build's own genome.",
            "column NCBI_Build",
            ", ".join(other),
        )


def _release(build: str) -> str:
    """`37` or `38` of a build's many names; "" for others."""
    return next((number for number, names in _RELEASES.items() if build.lower() in names), "")


def _check_alleles(
    lines: Sequence[Line], header: list[str], genome: Genome, findings: Findings
) -> None:
    """Letters of the alleles, and the reference's against the genome's bases."""
    if findings.stopped():
        return
    columns = [header.index(name) for name in NEEDED[1:5]]
    handle = genome.open_bases()
    wrong: list[str] = []
    held = same = 0
    for line in lines:
        fields = line.text.split("\t")
        contig, start, ref, alt = (fields[column] for column in columns)
        if {ref, alt} & MISSING:
            continue
        if not (_ALLELE.fullmatch(ref) and _ALLELE.fullmatch(alt)):
            value = f"{ref} / {alt}"
            findings.stop("allele is no bases", "Use A, C, G, T, N or -.", _line(line), value)
            return
        same += ref == alt
        bases = _bases_at(genome, handle, contig, start, len(ref)) if ref != "-" else ""
        held += bool(bases)
        if bases and any(a != b and "N" not in (a, b) for a, b in zip(bases, ref, strict=True)):
            wrong.append(f"{contig}:{start} {ref}")
    _report_alleles(wrong, held, same, findings)


def _line(line: Line) -> str:
    return f"line {line.number}"


def _bases_at(genome: Genome, handle: Any, contig: str, start: str, length: int) -> str:
    """The genome's bases, "" where they cannot be told."""
    name = genome.names_for([contig]).get(contig, "")
    if not (handle and name and is_whole(start)):
        return ""
    first = int(start) - 1
    bases = str(handle.fetch(name, first, first + length)).upper()
    return bases if len(bases) == length else ""


def _report_alleles(wrong: Sequence[str], held: int, same: int, findings: Findings) -> None:
    if wrong:
        many = len(wrong) > MANY_WRONG_BASES * held
        findings.warn(
            f"Reference_Allele of {len(wrong)} of {held} variants is not the genome's base"
            + ("; another build?" if many else ""),
            "Rows of one MAF are still compared with each other, by their own places.",
            value=", ".join(wrong[:SHOWN]),
        )
    if same:
        findings.warn(
            "Reference_Allele and Tumor_Seq_Allele2 are the same",
            "Such rows are no variants. Does another column hold the allele?",
            value=f"{same} variants",
        )


def _check_rows(
    lines: Sequence[Line], header: list[str], genome: Genome, findings: Findings
) -> None:
    if not lines:
        findings.note("lists no variant", "Taken as: the caller reported none.")
        return
    contig_column, start_column = header.index("Chromosome"), header.index("Start_Position")
    outside, unplaced, renamed = [], 0, False
    for line in lines:
        fields = line.text.split("\t")
        where = f"line {line.number}"
        if len(fields) != len(header):
            findings.stop(
                f"has {len(fields)} columns, the header {len(header)}",
                FETCH_AGAIN,
                where,
                line.text,
            )
            return
        if fields[start_column] in MISSING:
            unplaced += 1
            continue
        if not is_whole(fields[start_column]) or int(fields[start_column]) == 0:
            findings.stop(
                "Start_Position is no position", "Correct the line.", where, fields[start_column]
            )
            return
        contig = genome.names_for([fields[contig_column]]).get(fields[contig_column])
        renamed = renamed or bool(contig and contig != fields[contig_column])
        if contig and int(fields[start_column]) > genome.lengths[contig]:
            outside.append(f"{fields[contig_column]}:{fields[start_column]}")
    if renamed:
        findings.warn(
            "contigs are spelled differently from the genome's (with and without 'chr')",
            "Rows are compared under their own names: every file of the patient must spell alike.",
            "column Chromosome",
        )
    if unplaced:
        findings.note(f"{unplaced} variants have no position", "They cannot be compared by place.")
    if outside:
        findings.warn(
            f"{len(outside)} of {len(lines)} variants lie past the end of their contig",
            "Were the calls made on another build than the genome?",
            value=", ".join(outside[:SHOWN]),
        )
