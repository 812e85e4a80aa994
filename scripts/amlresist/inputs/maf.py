"""A given MAF (mutation annotation format): columns, numbers, places."""

from collections.abc import Sequence

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
SHOWN = 5


def examine_maf(path: str, genome: Genome) -> list[Finding]:
    """Everything that can be told from a MAF; CR-only line ends are read like any other."""
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
        if not lines[-1].is_ended:  # its columns are complete
            findings.note("last line has no line end", "Nothing to do if it is whole.")
    return findings.all


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
