"""One line of a VCF against the grammar of the format (VCF 4.3, sections 1.4 to 1.6)."""

import re
from collections.abc import Callable, Sequence

CONTIG_NAME = re.compile(r"[0-9A-Za-z!$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*")
_NUMBER = re.compile(
    r"\.|-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf|infinity)", re.IGNORECASE
)
_KEY = re.compile(r"[A-Za-z_][0-9A-Za-z_.]*|1000G")
_GENOTYPE = re.compile(r"(\.|0|[1-9]\d*)([/|](\.|0|[1-9]\d*))*")
_LEADING_PHASE = re.compile(r"##fileformat=VCFv4\.([4-9]|\d\d)")
_COUNTS = re.compile(r"\.|(-?\d+|\.)(,(-?\d+|\.))*")
_NEVER_IN_FILTER = frozenset(' ,<>"')
_IUPAC = frozenset("ACGTNRYSWKMBDHV")
LARGEST_POSITION = 2**31 - 1
# Sample fields that hold counts of reads, in the usual callers' names.
COUNT_KEYS = frozenset({"AD", "AO", "RO", "DP", "VD", "TIR", "TAR", "AU", "CU", "GU", "TU"})
# Of these a record needs one to say anything of its samples.
TELLING_KEYS = (COUNT_KEYS | {"GT"}) - {"DP"}


def header_fault(columns: Sequence[str]) -> str:
    """What is wrong with the columns behind INFO; "" when nothing is."""
    if len(columns) > 8 and columns[8] != "FORMAT":
        return "ninth column is not FORMAT"
    if len(columns) == 9:
        return "no sample follows FORMAT (is the file cut?)"
    repeated = sorted({name for name in columns[9:] if columns[9:].count(name) > 1})
    if repeated or "" in columns[9:]:
        return f"sample stands twice: {repeated[0]}" if repeated else "a sample has no name"
    return ""


def may_lead_with_phase(first_line: str) -> bool:
    """Whether a genotype of this version may begin with its phase, as in `/0/1`."""
    return bool(_LEADING_PHASE.match(first_line))


def record_fault(fields: Sequence[str], *, leading_phase: bool = False) -> tuple[str, str]:
    """(what is wrong, value) of a record with as many fields as the header; ("", "") if nothing."""
    for number, (is_right, message) in enumerate(_FIXED):
        if not is_right(fields[number]):
            return message, fields[number]
    return _sample_fault(fields, leading_phase=leading_phase)


def is_whole(text: str) -> bool:
    """Whether a cell is digits alone; at most 18, which no count or place exceeds."""
    return text.isascii() and text.isdigit() and len(text) < 19


def _sample_fault(fields: Sequence[str], *, leading_phase: bool) -> tuple[str, str]:
    if len(fields) < 10:
        return "", ""
    keys = fields[8].split(":")
    if (fields[8] != "." and not all(map(_KEY.fullmatch, keys))) or len(set(keys)) < len(keys):
        return "FORMAT has a broken name, or one twice", fields[8]
    alleles = fields[4].count(",") + 1
    for sample in fields[9:]:
        values = sample.split(":")
        if len(values) > len(keys):
            return "sample has more values than FORMAT names", sample
        for key, value in zip(keys, values, strict=False):
            leads = leading_phase and key == "GT" and value[:1] in {"/", "|"}
            if fault := _value_fault(key, value[leads:], alleles):
                return fault, value
    return "", ""


def _value_fault(key: str, value: str, alleles: int) -> str:
    if key == "GT":
        return "" if _is_genotype(value, alleles) else "genotype is broken"
    is_broken = key in COUNT_KEYS and not _COUNTS.fullmatch(value)
    return f"{key} is no whole number" if is_broken else ""


def _is_genotype(text: str, alleles: int) -> bool:
    if not _GENOTYPE.fullmatch(text):
        return False
    return all(int(allele) <= alleles for allele in re.findall(r"\d+", text))


def _is_info(text: str) -> bool:
    return text == "." or all(_KEY.fullmatch(p.partition("=")[0]) for p in text.split(";") if p)


def _is_sequence(text: str) -> bool:
    return bool(text) and not set(text.upper()) - _IUPAC


def _is_filter(text: str) -> bool:
    return bool(text) and not _NEVER_IN_FILTER & set(text)


def _has_no_blank(text: str) -> bool:
    return bool(text) and " " not in text


_FIXED: tuple[tuple[Callable[[str], object], str], ...] = (
    (CONTIG_NAME.fullmatch, "contig is no name"),
    (lambda text: is_whole(text) and int(text) <= LARGEST_POSITION, "position is no number"),
    (_has_no_blank, "ID has a blank"),
    (_is_sequence, "REF is no nucleotide sequence"),
    (_has_no_blank, "ALT is no allele"),
    (_NUMBER.fullmatch, "QUAL is no number"),
    (_is_filter, "FILTER is no name"),
    (_is_info, "INFO has a broken name"),
)
