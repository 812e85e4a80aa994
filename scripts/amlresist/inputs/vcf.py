"""A given VCF from its header to its last line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from amlresist.inputs.findings import FETCH_AGAIN, Finding, Findings
from amlresist.inputs.genome import Genome
from amlresist.inputs.text import Line
from amlresist.inputs.vcf_grammar import (
    TELLING_KEYS,
    header_fault,
    is_whole,
    may_lead_with_phase,
    record_fault,
)
from amlresist.inputs.vcf_lines import vcf_lines

FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
SHOWN, MOST_FINDINGS = 5, 50
MANY_WRONG_BASES = 0.01
# A caller's DP may leave out reads that AD counts, but not this many.
SURPLUS_FACTOR, SURPLUS_READS = 1.5, 10
_BASES = frozenset("ACGTN")
_SYMBOLIC = frozenset("<[]>")


@dataclass
class Seen:
    """What was seen while reading the records.

    Attributes:
        names: contig of the file -> the genome's spelling, "" where the genome lacks it.
        wrong: the first places whose REF is not the genome's base.
    """

    genome: Genome
    bases: Any
    records: int = 0
    wrong_bases: int = 0
    unsorted: int = 0
    unusual_letters: int = 0
    symbolic: int = 0
    no_change: int = 0
    missing_genotypes: int = 0
    silent: int = 0
    previous: tuple[str, int] = ("", 0)
    names: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def contig(self, chrom: str) -> str:
        """The genome's spelling of a contig, "" where it has none."""
        if chrom not in self.names:
            self.names[chrom] = self.genome.names_for([chrom]).get(chrom, "")
        return self.names[chrom]


def examine_vcf(path: str, genome: Genome) -> list[Finding]:
    """Everything that can be told from a VCF (plain, gzip) or BCF."""
    findings = Findings(path)
    with findings.guarded():
        _read_text(vcf_lines(path), genome, findings)
    return findings.all


def _read_text(lines: Iterator[Line], genome: Genome, findings: Findings) -> None:
    first = next(lines, Line(0, "", is_ended=True))
    columns = _header(chain([first], lines), findings)
    if not columns:
        return
    seen = Seen(genome, genome.open_bases())
    last = None
    for line in lines:
        if not line.text.strip():
            continue
        fields = _fields(line, columns, first.text, findings)
        if not fields:
            return
        _check_record(line, fields, seen, findings)
        last = line, fields
        if len(findings.all) > MOST_FINDINGS:
            break
    if last is None:
        findings.note("lists no variant", "Taken as: the caller reported none.")
        return
    _check_last_line(*last, findings)
    _check_names(seen, findings)
    _report(seen, findings)


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
        if fault := header_fault(columns):
            findings.stop(fault, "Correct the header.", f"line {line.number}", line.text)
            return []
        return columns
    findings.stop("has no line of column names (#CHROM ...)", FETCH_AGAIN)
    return []


def _fields(line: Line, columns: Sequence[str], first_line: str, findings: Findings) -> list[str]:
    """Fields of a record, none (and a finding) when it is broken."""
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
        return []
    message, value = record_fault(fields, leading_phase=may_lead_with_phase(first_line))
    if message:
        findings.stop(message, "Correct the line.", where, value)
        return []
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


def _check_names(seen: Seen, findings: Findings) -> None:
    if not seen.genome.contigs:
        return
    foreign = sorted(own for own, name in seen.names.items() if not name)
    if len(foreign) == len(seen.names):
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
    other = [f"{own} / {name}" for own, name in seen.names.items() if name and own != name]
    if other:
        findings.stop(
            "contigs are spelled differently from the genome's (with and without 'chr')",
            "Rename them (bcftools annotate --rename-chrs): loci are matched by name, and the same "
            "variant under two names would look lost and acquired.",
            "column CHROM",
            ", ".join(other[:SHOWN]),
        )


def _check_record(line: Line, fields: list[str], seen: Seen, findings: Findings) -> None:
    where, position = f"line {line.number}", int(fields[1])
    seen.records += 1
    seen.unsorted += fields[0] == seen.previous[0] and position < seen.previous[1]
    seen.previous = (fields[0], position)
    _check_alleles(fields, seen)
    if problem := _depth_fault(fields, seen):
        findings.stop(problem, "Correct the counts, or give the BAM instead.", where, line.text)
    contig = seen.contig(fields[0])
    if not contig:
        return
    length = seen.genome.lengths[contig]
    if not 0 < position <= length - len(fields[3]) + 1:
        findings.stop(
            f"position lies outside {contig} (1 to {length})",
            "Were the calls made on another build?",
            where,
            f"{fields[0]}:{fields[1]}",
        )
    elif seen.bases and not _matches(seen.bases, contig, position, fields[3].upper()):
        seen.wrong_bases += 1
        if len(seen.wrong) < SHOWN:
            seen.wrong.append(f"{fields[0]}:{fields[1]} {fields[3]}")


def _check_alleles(fields: Sequence[str], seen: Seen) -> None:
    ref, alts = fields[3], fields[4].split(",")
    seen.no_change += ref.upper() in fields[4].upper().split(",")
    written = [alt for alt in alts if alt != "." and not _SYMBOLIC & set(alt)]
    seen.symbolic += len(written) < len([alt for alt in alts if alt != "."])
    letters = "".join([ref, *written])
    seen.unusual_letters += bool(set(letters) - _BASES)


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
    seen.silent += TELLING_KEYS.isdisjoint(keys)
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
    if len(counts) == 1 and "RD" in values:  # VarScan: AD is of the variant allele alone
        counts.append(int(values["RD"]) if is_whole(values["RD"]) else 0)
        alleles = 1
    if any(count < 0 for count in counts):
        return "AD has a negative count"
    if len(text.split(",")) != alleles:
        return f"AD has {len(text.split(','))} counts for {alleles} alleles"
    depth = values.get("DP", ".")
    if is_whole(depth.removeprefix("-")):
        if int(depth) < 0:
            return "DP is negative"
        if sum(counts) > int(depth) * SURPLUS_FACTOR + SURPLUS_READS:
            return f"AD sums to {sum(counts)}, more than the depth DP = {depth}"
    return ""


def _report(seen: Seen, findings: Findings) -> None:
    if seen.wrong_bases:
        share = seen.wrong_bases / seen.records
        build = "; another build?" if share > MANY_WRONG_BASES else ""
        findings.stop(
            f"REF of {seen.wrong_bases} of {seen.records} variants is not the genome's base{build}",
            "Give calls made on the same genome.",
            "column REF",
            ", ".join(seen.wrong),
        )
    if seen.unsorted:
        findings.warn("variants are not sorted by position", "They are sorted on reading.")
    if seen.unusual_letters:
        findings.warn(
            "alleles have lower-case letters, IUPAC codes or '*'",
            "Lower case is read as upper case; the other alleles are left out.",
            value=f"{seen.unusual_letters} variants",
        )
    if seen.no_change:
        findings.warn(
            "REF and ALT are the same bases",
            "Such alleles are no variants. Was the file edited?",
            value=f"{seen.no_change} variants",
        )
    if seen.symbolic:
        findings.note(
            "alleles are symbolic (<DEL>) or breakends",
            "Left out: they carry no sequence.",
            value=f"{seen.symbolic} variants",
        )
    if seen.silent:
        findings.warn(
            "variants have neither a genotype nor counts of reads in FORMAT",
            "They are left out: nothing is known of them.",
            value=f"{seen.silent} variants",
        )
    if seen.missing_genotypes:
        findings.note(
            "genotypes are missing (./.)",
            "Read as not known, never as absent.",
            value=f"{seen.missing_genotypes} genotypes",
        )
