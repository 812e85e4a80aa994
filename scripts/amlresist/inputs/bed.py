"""A BED of captured regions."""

from amlresist.inputs.findings import Finding, Findings
from amlresist.inputs.genome import Genome
from amlresist.inputs.text import lines_of, warn_of_open_end
from amlresist.inputs.vcf_grammar import is_whole

REMEDY = "BED has contig, start (0-based) and end, with tabs."


def read_bed(path: str) -> list[tuple[str, int, int]]:
    """Regions of a BED, sorted and merged; 0-based half-open.

    Raises:
        ValueError: a line has no two whole numbers after the contig.
        InputError: the file cannot be read.
    """
    regions: list[tuple[str, int, int]] = []
    for line in lines_of(path):
        if line.text.strip() and not line.text.startswith(("#", "track", "browser")):
            contig, first, last = line.text.split("\t")[:3]
            regions.append((contig, int(first), int(last)))
    merged: list[tuple[str, int, int]] = []
    for contig, start, end in sorted(regions):
        if merged and merged[-1][0] == contig and start <= merged[-1][2]:
            merged[-1] = (contig, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((contig, start, end))
    return merged


def examine_bed(path: str, genome: Genome) -> list[Finding]:
    """Lines, order of start and end, place in the genome; and what is kept."""
    findings = Findings(path)
    names: dict[str, str] = {}
    kept, last = 0, None
    with findings.guarded():
        for line in lines_of(path):
            if not line.text.strip() or line.text.startswith(("#", "track", "browser")):
                continue
            kept, last = kept + 1, line
            fields = line.text.split("\t")
            fault = _line_fault(fields, genome, names)
            if fault:
                findings.stop(fault, REMEDY, f"line {line.number}", line.text)
        if last is None:
            findings.stop("has no region", "List the captured regions.")
        else:
            warn_of_open_end(last, findings)
        if not findings.stopped():
            bases = sum(end - start for _, start, end in read_bed(path))
            findings.note(f"{kept} regions, {bases} bases", "Loci outside are not assayed.")
    return findings.all


def _line_fault(fields: list[str], genome: Genome, names: dict[str, str]) -> str:
    if len(fields) < 3:
        return "columns are separated by spaces, not tabs" if len(fields) == 1 else "is cut short"
    if not (is_whole(fields[1]) and is_whole(fields[2])):
        return "start or end is no whole number"
    start, end = int(fields[1]), int(fields[2])
    if start >= end:
        return "start is not before end (BED starts count from 0)"
    if not genome.contigs:
        return ""
    if fields[0] not in names:
        names.update(genome.names_for([fields[0]]))
    if fields[0] not in names:
        return "contig is not in the genome"
    length = genome.lengths[names[fields[0]]]
    return f"end lies past the contig's {length} bases" if end > length else ""
