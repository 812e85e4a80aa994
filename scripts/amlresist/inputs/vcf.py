"""A given VCF from its header to its last line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pysam

from amlresist.inputs.findings import FETCH_AGAIN, Finding, Findings
from amlresist.inputs.genome import Genome
from amlresist.inputs.text import Line, lines_of

FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
SHOWN = 5
MANY_WRONG_BASES = 0.01
# A caller's DP may leave out reads that AD counts, but not this many.
SURPLUS_FACTOR, SURPLUS_READS = 1.5, 10
_BASES = frozenset("ACGTN")
_IUPAC = frozenset("ACGTNRYSWKMBDHV")


@dataclass
class Seen:
    """What was seen while reading the records."""

    records: int = 0
    wrong_bases: int = 0
    unsorted: int = 0
    unusual_letters: int = 0
    missing_genotypes: int = 0


def examine_vcf(path: str, genome: Genome) -> list[Finding]:
    """Everything that can be told from a VCF (plain, gzip) or BCF."""
    findings = Findings(path)
    with findings.guarded():
        if path.lower().endswith(".bcf"):
            _read_bcf(path, findings)
        else:
            _read_text(path, genome, findings)
    return findings.all


def _read_bcf(path: str, findings: Findings) -> None:
    pysam.set_verbosity(0)
    with pysam.VariantFile(path) as handle:
        records = sum(1 for _ in handle)
    if not records:
        findings.note("lists no variant", "Taken as: the caller reported none.")


def _read_text(path: str, genome: Genome, findings: Findings) -> None:
    lines = lines_of(path)
    columns = _header(lines, findings)
    if not columns:
        return
    records = []
    for line in lines:
        if line.text.strip():
            fields = _fields(line, columns, findings)
            if findings.stopped():
                return
            records.append((line, fields))
    if not records:
        findings.note("lists no variant", "Taken as: the caller reported none.")
        return
    _check_last_line(*records[-1], findings)
    names = genome.names_for(list(dict.fromkeys(fields[0] for _, fields in records)))
    _check_names([fields for _, fields in records], names, genome, findings)
    _check_records(records, names, genome, findings)


def _header(lines: Iterator[Line], findings: Findings) -> list[str]:
    for line in lines:
        if line.number == 1 and not line.text.startswith("##fileformat=VCF"):
            findings.stop("does not start with ##fileformat=VCF", "Give a VCF file.", "line 1")
            return []
        if line.text.startswith("##"):
            continue
        columns = line.text.split("\t")
        if tuple(columns[:8]) != FIXED:
            has_blanks = tuple(line.text.split()[:8]) == FIXED
            findings.stop(
                "columns are separated by spaces, not tabs"
                if has_blanks
                else "line of column names is broken",
                "Write the file with tabs.",
                f"line {line.number}",
                line.text,
            )
            return []
        return columns
    findings.stop("has no line of column names (#CHROM ...)", FETCH_AGAIN)
    return []


def _fields(line: Line, columns: Sequence[str], findings: Findings) -> list[str]:
    fields = line.text.split("\t")
    where = f"line {line.number}"
    if len(fields) != len(columns):
        if len(fields) == 1 and len(line.text.split()) >= 8:
            message = "columns are separated by spaces, not tabs"
        else:
            message = f"has {len(fields)} columns, the header {len(columns)}"
        findings.stop(
            message, "Write the file anew; a cut last line means a lost end.", where, line.text
        )
    elif not fields[1].isdigit():
        findings.stop("position is no number", "Correct the line.", where, fields[1])
    elif set(fields[3].upper()) - _IUPAC or not fields[3]:
        findings.stop("REF is no nucleotide sequence", "Correct the line.", where, fields[3])
    return fields


def _check_last_line(line: Line, fields: Sequence[str], findings: Findings) -> None:
    if line.is_ended:
        return
    keys = fields[8].split(":") if len(fields) > 8 else []
    is_cut = any(len(sample.split(":")) < len(keys) for sample in fields[9:])
    report = findings.stop if is_cut else findings.warn
    report(
        "last line has no line end: the file may be cut",
        FETCH_AGAIN,
        f"line {line.number}",
        line.text,
    )


def _check_names(
    records: Sequence[Sequence[str]],
    names: dict[str, str],
    genome: Genome,
    findings: Findings,
) -> None:
    if not genome.contigs:
        return
    foreign = sorted({fields[0] for fields in records} - set(names))
    if not names:
        findings.stop(
            "no contig of the file is in the genome",
            "Give calls made on the same genome.",
            "column CHROM",
            ", ".join(foreign[:SHOWN]),
        )
    elif foreign:
        findings.warn(
            f"{len(foreign)} contigs are not in the genome",
            "Their variants are left out.",
            "column CHROM",
            ", ".join(foreign[:SHOWN]),
        )
    other = [f"{own} / {name}" for own, name in names.items() if own != name]
    if other:
        findings.stop(
            "contigs are spelled differently from the genome's (with and without 'chr')",
            "Rename them (bcftools annotate --rename-chrs): loci are matched by name, and the same "
            "variant under two names would look lost and acquired.",
            "column CHROM",
            ", ".join(other[:SHOWN]),
        )


def _check_records(
    records: Sequence[tuple[Line, list[str]]],
    names: dict[str, str],
    genome: Genome,
    findings: Findings,
) -> None:
    seen = Seen(records=len(records))
    bases = genome.open_bases()
    places: list[str] = []
    previous = ("", 0)
    for line, fields in records:
        where = f"line {line.number}"
        position = int(fields[1])
        seen.unsorted += fields[0] == previous[0] and position < previous[1]
        previous = (fields[0], position)
        _check_alleles(fields, seen)
        if problem := _depth_fault(fields, seen):
            findings.stop(problem, "Correct the counts, or give the BAM instead.", where, line.text)
        contig = names.get(fields[0])
        if contig is None:
            continue
        if not 0 < position <= genome.lengths[contig] - len(fields[3]) + 1:
            findings.stop(
                f"position lies outside {contig} (1 to {genome.lengths[contig]})",
                "Were the calls made on another build?",
                where,
                f"{fields[0]}:{fields[1]}",
            )
        elif bases and not _matches(bases, contig, position, fields[3].upper()):
            seen.wrong_bases += 1
            places.append(f"{fields[0]}:{fields[1]} {fields[3]}")
        if len(findings.all) > 50:
            break
    _report(seen, places, findings)


def _check_alleles(fields: Sequence[str], seen: Seen) -> None:
    letters = set((fields[3] + fields[4]).upper()) if fields[4][:1] not in "<." else set()
    unusual = letters - _BASES - {","}
    if unusual or fields[3] != fields[3].upper() or fields[4] != fields[4].upper():
        seen.unusual_letters += fields[4][:1] != "<"


def _matches(bases: Any, contig: str, position: int, ref: str) -> bool:
    genome = bases.fetch(contig, position - 1, position - 1 + len(ref)).upper()
    return len(genome) == len(ref) and all(
        own == other or "N" in (own, other) or own not in _BASES or other not in _BASES
        for own, other in zip(genome, ref, strict=True)
    )


def _depth_fault(fields: Sequence[str], seen: Seen) -> str:
    """What is wrong with a record's counts, "" when nothing is."""
    if len(fields) < 10:
        return ""
    keys = fields[8].split(":")
    alleles = 1 + (fields[4] != ".") * (fields[4].count(",") + 1)
    for sample in fields[9:]:
        values = dict(zip(keys, sample.split(":"), strict=False))
        seen.missing_genotypes += "." in values.get("GT", "")
        if fault := _count_fault(values, alleles):
            return fault
    return ""


def _count_fault(values: dict[str, str], alleles: int) -> str:
    text = values.get("AD", ".")
    if set(text) <= {".", ","}:
        return ""
    counts = [int(part) for part in text.split(",") if part != "."]
    if any(count < 0 for count in counts):
        return "AD has a negative count"
    if len(text.split(",")) != alleles:
        return f"AD has {len(text.split(','))} counts for {alleles} alleles"
    depth = values.get("DP", ".")
    if depth.lstrip("-").isdigit():
        if int(depth) < 0:
            return "DP is negative"
        if sum(counts) > int(depth) * SURPLUS_FACTOR + SURPLUS_READS:
            return f"AD sums to {sum(counts)}, more than the depth DP = {depth}"
    return ""


def _report(seen: Seen, places: Sequence[str], findings: Findings) -> None:
    if seen.wrong_bases:
        share = seen.wrong_bases / seen.records
        build = "; another build?" if share > MANY_WRONG_BASES else ""
        findings.stop(
            f"REF of {seen.wrong_bases} of {seen.records} variants is not the genome's base{build}",
            "Give calls made on the same genome.",
            "column REF",
            ", ".join(places[:SHOWN]),
        )
    if seen.unsorted:
        findings.warn("variants are not sorted by position", "They are sorted on reading.")
    if seen.unusual_letters:
        findings.warn(
            "alleles have lower-case letters, IUPAC codes or '*'",
            "Lower case is read as upper case; the other alleles are left out.",
            value=f"{seen.unusual_letters} variants",
        )
    if seen.missing_genotypes:
        findings.note(
            "genotypes are missing (./.)",
            "Read as not known, never as absent.",
            value=f"{seen.missing_genotypes} genotypes",
        )
