"""Results made elsewhere: VCFs, MAFs and count tables, read into one form.

What a file does not list it does not say: a missing record or genotype is unknown, never absent.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from amlresist.errors import InputError, Problem
from amlresist.inputs.maf import NEEDED
from amlresist.inputs.vcf_lines import vcf_lines
from amlresist.sheet import timepoint_rank
from amlresist.variants.alleles import Allele

_DIGITS = re.compile(r"[0-9]{1,18}")
_BASES = re.compile(r"[ACGTN]+")
UNPLACED = ""
"""Contig of rows that give no coordinates; their position is the row's number."""


class GivenCount(NamedTuple):
    """Fragments of one allele at one time point; None where the file does not say."""

    alt: int | None
    depth: int | None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class GivenVariant:
    """One row of a given result, for one library.

    Attributes:
        allele: as written; `UNPLACED` where the file has no coordinates.
        alt, depth: fragments or reads, None where the file does not say.
        gene, protein_change: as written, "" where not.
        line: line of the file.
        assumed: the file gives a VAF alone; the depth is the library's median.
        phase: the same for variants that the caller puts on one molecule, "" where it does not say.
    """

    allele: Allele
    alt: int | None
    depth: int | None
    gene: str
    protein_change: str
    line: int
    assumed: bool = False
    phase: str = ""


@dataclass(frozen=True, slots=True)
class GivenTable:
    """What a file says of one library.

    Attributes:
        kind: `vcf`, `maf` or `table`.
        variants: its rows.
        path: the file.
    """

    kind: str
    variants: tuple[GivenVariant, ...]
    path: str = ""


def read_given(
    path: Path | str, patient: str, timepoint: str, sample: str, limit: int | None = None
) -> GivenTable:
    """Read the rows of one library from a VCF, a MAF or a count table (told by its first lines).

    Args:
        path: the file; may hold several samples, patients or time points.
        patient, timepoint, sample: whose rows are wanted.
        limit: read the first lines only; None: all.

    Raises:
        InputError: the file is none of these, does not speak of this library, or has broken rows.
    """
    lines = [line.text for line in islice(vcf_lines(str(path)), limit)]
    place = Wanted(str(path), patient, timepoint, sample)
    if lines and lines[0].startswith("##fileformat=VCF"):
        return GivenTable("vcf", tuple(_read_vcf(lines, place)), place.path)
    rows = _rows(lines, place)
    header = rows.header
    if "Tumor_Sample_Barcode" in header:
        return GivenTable("maf", tuple(_read_maf(rows, place)), place.path)
    if "timepoint" in header:
        return GivenTable("table", tuple(_read_tidy(rows, place)), place.path)
    return GivenTable("table", tuple(_read_wide(rows, place)), place.path)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The library whose rows are read, and the file for messages."""

    path: str
    patient: str
    timepoint: str
    sample: str

    def problem(self, where: str, value: str, message: str, remedy: str) -> InputError:
        """An error about this file."""
        return InputError(Problem(self.path, where, value, message, remedy))


@dataclass(frozen=True, slots=True)
class _Rows:
    header: list[str]
    by_lower: dict[str, str]
    rows: list[tuple[int, dict[str, str]]]

    def column(self, *names: str) -> str | None:
        """The column that has one of the names, whatever its case."""
        return next((self.by_lower[name] for name in names if name in self.by_lower), None)


def _rows(lines: Sequence[str], place: Wanted) -> _Rows:
    numbered = [(i, x) for i, x in enumerate(lines, start=1) if x.strip() and not x.startswith("#")]
    if not numbered:
        raise place.problem("", "", "table is empty", "Give a VCF, a MAF or a table of counts.")
    header = numbered[0][1].split("\t")
    if len(header) < 3:
        raise place.problem(
            f"line {numbered[0][0]}", numbered[0][1], "no tab-separated header", "Separate by tabs."
        )
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise place.problem("header", repeated[0], "column is named twice", "Rename one.")
    rows = []
    for number, line in numbered[1:]:
        cells = line.split("\t")
        if len(cells) > len(header):
            raise place.problem(
                f"line {number}",
                line,
                f"{len(cells)} cells under {len(header)} columns",
                "Correct the line.",
            )
        rows.append((number, dict(zip(header, cells + [""] * len(header), strict=False))))
    return _Rows(header, {name.lower(): name for name in reversed(header)}, rows)


# --- VCF ---------------------------------------------------------------------------------------


def _read_vcf(lines: Sequence[str], place: Wanted) -> Iterator[GivenVariant]:
    column: int | None = None
    width = 0
    for number, line in enumerate(lines, start=1):
        if line.startswith("#CHROM"):
            names = line.split("\t")
            width = len(names)
            column = _sample_column(names[9:], place)
        if line.startswith("#") or not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != width or not _DIGITS.fullmatch(fields[1]) or int(fields[1]) < 1:
            spaces = " (are there spaces instead of tabs?)" if "\t" not in line else ""
            raise place.problem(
                f"line {number}", line, f"no VCF record{spaces}", "Make the VCF again."
            )
        call = _call_fields(fields, column)
        for index, alt in enumerate(fields[4].split(","), start=1):
            if not _BASES.fullmatch(alt.upper()) or not _BASES.fullmatch(fields[3].upper()):
                continue  # symbolic, spanning-deletion and missing alleles carry no sequence
            counts = _vcf_counts(call, fields[3], alt, index, place, number)
            if counts is None:
                continue
            allele = Allele(fields[0], int(fields[1]) - 1, fields[3].upper(), alt.upper())
            yield GivenVariant(allele, *counts, "", "", number, phase=_phase(call, index))


def _phase(call: Mapping[str, str], index: int) -> str:
    """Phase set and copy that carries the allele: PID and PGT of Mutect2, else GT and PS."""
    named = "PID" in call and "|" in call.get("PGT", "")
    copies = call.get("PGT" if named else "GT", "").split("|")
    if len(copies) < 2 or copies.count(str(index)) != 1:
        return ""
    return f"{call['PID'] if named else call.get('PS', '')}:{copies.index(str(index))}"


def _sample_column(names: Sequence[str], place: Wanted) -> int | None:
    """Which sample column is the library's; None for a VCF without samples."""
    if not names:
        return None
    wanted = (place.sample, f"{place.patient}_{place.timepoint}", place.timepoint)
    for name in wanted:
        if name in names:
            return names.index(name)
    lower = [name.lower() for name in names]
    matching = [i for i, name in enumerate(lower) if place.timepoint.lower() in name]
    tumour = [i for i, name in enumerate(lower) if name in {"tumor", "tumour"}]
    for found in (matching, tumour, list(range(len(names)))):
        if len(found) == 1:
            return found[0]
    raise place.problem(
        "#CHROM line",
        ", ".join(names),
        f"cannot tell which sample is {place.timepoint}",
        f"Name one of them {place.sample} or {place.timepoint}.",
    )


def _call_fields(fields: Sequence[str], column: int | None) -> dict[str, str]:
    """What a record says of the sample; of a file without samples, DP4 of INFO (LoFreq)."""
    if column is None or len(fields) < 10:
        counts = [part for part in fields[7].split(";") if part.startswith("DP4=")]
        return {"DP4": counts[0][4:]} if counts and "," not in fields[4] else {}
    return dict(zip(fields[8].split(":"), fields[9 + column].split(":"), strict=False))


def _vcf_counts(
    call: Mapping[str, str], ref: str, alt: str, index: int, place: Wanted, line: int
) -> tuple[int | None, int | None] | None:
    """(alt, depth) of one allele; None where the sample says nothing about it."""
    genotype = re.split(r"[/|]", call.get("GT", ""))
    listed = not call or str(index) in genotype
    counts = _allele_depths(call, ref, alt, index)
    if counts is None:
        return (None, None) if listed else None
    hits, depth = counts
    if hits < 0 or depth < hits:
        raise place.problem(
            f"line {line}", str(dict(call)), "allele depths do not add up", "Make the VCF again."
        )
    return (hits, depth) if depth or not listed else (None, None)


def _allele_depths(
    call: Mapping[str, str], ref: str, alt: str, index: int
) -> tuple[int, int] | None:
    """Fragments of the allele and in all: AD, or the fields of other callers."""
    numbers = {
        name: [int(x) for x in value.split(",")]
        for name, value in call.items()
        if re.fullmatch(r"-?\d+(,-?\d+)*", value)
    }
    return _listed_per_allele(numbers, index) or _listed_once(numbers, ref, alt)


def _listed_per_allele(numbers: Mapping[str, Sequence[int]], index: int) -> tuple[int, int] | None:
    """AD of most callers, AO and RO of freebayes, NV and NR of Platypus."""
    if "AD" in numbers and len(numbers["AD"]) > index:
        depths = numbers["AD"]
        return depths[index], sum(depths) if min(depths) >= 0 else -1
    if "RO" in numbers and len(numbers.get("AO", [])) >= index:
        return numbers["AO"][index - 1], numbers["RO"][0] + sum(numbers["AO"])
    if "NR" in numbers and len(numbers.get("NV", [])) >= index:
        return numbers["NV"][index - 1], numbers["NR"][min(index, len(numbers["NR"])) - 1]
    return None


def _listed_once(
    numbers: Mapping[str, Sequence[int]], ref: str, alt: str
) -> tuple[int, int] | None:
    """AD and RD of VarScan, the fields of Strelka, VD and DP of VarDict, DP4 by strand."""
    if len(numbers.get("AD", [])) == 1 == len(numbers.get("RD", [])):
        return numbers["AD"][0], numbers["AD"][0] + numbers["RD"][0]
    if "TAR" in numbers and "TIR" in numbers:
        return numbers["TIR"][0], numbers["TIR"][0] + numbers["TAR"][0]
    if f"{ref}U" in numbers and f"{alt}U" in numbers:
        every = sum(numbers[f"{base}U"][0] for base in "ACGT" if f"{base}U" in numbers)
        return numbers[f"{alt}U"][0], every
    if "VD" in numbers and "DP" in numbers:
        return numbers["VD"][0], numbers["DP"][0]
    if len(numbers.get("DP4", [])) == 4:  # reference forward and reverse, then variant
        return sum(numbers["DP4"][2:]), sum(numbers["DP4"])
    return None


# --- MAF ---------------------------------------------------------------------------------------

_BARCODE_ENDINGS = {"diagnosis": "D|DX|P|PRIMARY|DIAGNOSIS", "relapse": "R|REL|RELAPSE"}


def _read_maf(rows: _Rows, place: Wanted) -> Iterator[GivenVariant]:
    missing = [name for name in NEEDED if name not in rows.header]
    if missing:
        remedy = f"A MAF needs {', '.join(NEEDED)}."
        raise place.problem("header", ", ".join(missing), "columns are missing", remedy)
    matches = _barcode_filter(rows, place)
    change = rows.column("hgvsp_short", "protein_change", "amino_acid_change", "aa_change")
    for number, row in rows.rows:
        if not matches(row["Tumor_Sample_Barcode"]):
            continue
        hits = _count(row.get("t_alt_count", ""), place, f"line {number}, t_alt_count")
        ref = _count(row.get("t_ref_count", ""), place, f"line {number}, t_ref_count")
        depth = _count(row.get("t_depth", ""), place, f"line {number}, t_depth")
        if hits is not None and ref is not None:
            depth = max(depth or 0, hits + ref)
        if hits is None or depth is None:
            hits = depth = None
        protein = (row[change] if change else "").removeprefix("p.")
        yield GivenVariant(
            _placed(row, _named(protein), place, number),
            hits,
            depth,
            row.get("Hugo_Symbol", ""),
            _named(protein),
            number,
        )


def _placed(row: Mapping[str, str], protein: str, place: Wanted, line: int) -> Allele:
    """The allele of a row; one without position is known by its gene and protein change."""
    text = row.get("Start_Position", "")
    if not _named(text) and not _named(row.get("Tumor_Seq_Allele2", "")):
        return Allele(UNPLACED, 0, "N", f"<{row.get('Hugo_Symbol', '')}:{protein}>")
    return _maf_allele(row, _whole(text, place, f"line {line}, Start_Position") or 0)


def _maf_allele(row: Mapping[str, str], start: int) -> Allele:
    """VCF-style allele; the base before a pure insertion or deletion is N until it is looked up."""
    ref = row.get("Reference_Allele", "").upper().replace("-", "")
    alt = row.get("Tumor_Seq_Allele2", "").upper().replace("-", "")
    if not ref:  # MAF gives the base before an insertion
        return Allele(row["Chromosome"], start - 1, "N", "N" + alt)
    if not alt:
        return Allele(row["Chromosome"], start - 2, "N" + ref, "N")
    return Allele(row["Chromosome"], start - 1, ref, alt)


def _barcode_filter(rows: _Rows, place: Wanted) -> Callable[[str], bool]:
    barcodes = sorted({row["Tumor_Sample_Barcode"] for _, row in rows.rows})
    stem, number = re.fullmatch(r"(\D+)(\d*)", place.timepoint).groups()  # type: ignore[union-attr]
    ending = _BARCODE_ENDINGS.get(stem, stem)
    pattern = re.compile(rf"{re.escape(place.patient)}[-_.]?({ending}){number}", re.IGNORECASE)
    for wanted in (
        {b for b in barcodes if b == place.sample},
        {b for b in barcodes if pattern.fullmatch(b)},
        {b for b in barcodes if b == place.patient},
        set(barcodes) if len(barcodes) <= 1 else set(),
    ):
        if wanted:
            return wanted.__contains__
    raise place.problem(
        "column Tumor_Sample_Barcode",
        ", ".join(barcodes[:5]),
        f"no barcode is {place.sample} or belongs to {place.patient} at {place.timepoint}",
        "Give the library the barcode as its sample name.",
    )


# --- count tables ------------------------------------------------------------------------------

_COUNT_COLUMN = re.compile(
    r"(?P<prefix>.+?)[._ ](?P<what>ref|alt|var|depth|dp)(?:[._ ]?(?:count|counts|reads))?",
    re.IGNORECASE,
)
_PREFIXES = {
    "diagnosis": {"diagnosis", "dx", "d", "p", "primary", "before", "tumor", "tumour"},
    "relapse": {"relapse", "rel", "r", "after"},
    "remission": {"remission", "rem", "cr"},
    "normal": {"normal", "n", "germline", "control"},
}


def _read_wide(rows: _Rows, place: Wanted) -> Iterator[GivenVariant]:
    """One row per variant, columns such as `diagnosis_ref_count` or `P.var.count`."""
    columns = _count_columns(rows.header, place)
    if "alt" not in columns or not {"ref", "depth"} & set(columns):
        raise place.problem(
            "header",
            ", ".join(rows.header[:20]),
            f"no columns with the counts at {place.timepoint}",
            f"Name them {place.timepoint}_ref_count and {place.timepoint}_alt_count.",
        )
    variants = [_counted(rows, row, number, columns, place) for number, row in rows.rows]
    column = _vaf_column(rows.header, place)
    if column is None:
        yield from variants
        return
    depths = sorted(v.depth for v in variants if v.depth)
    written = {number: row[column] for number, row in rows.rows}
    percent = max((_share(text) or 0.0 for text in written.values()), default=0.0) > 1
    for variant in variants:
        share = _share(written[variant.line]) if variant.depth is None and depths else None
        if share is None:
            yield variant
            continue
        depth = depths[len(depths) // 2]
        alt = round(depth * min(1.0, share / 100 if percent else share))
        yield dataclasses.replace(variant, alt=alt, depth=depth, assumed=True)


def _vaf_column(header: Iterable[str], place: Wanted) -> str | None:
    """The column with the VAF of the library, in percent or as a fraction."""
    names = _column_prefixes(place)
    for name in header:
        prefix, _, what = re.sub(r"[._ ]", " ", name.lower()).rpartition(" ")
        if prefix in names and what in {"vaf", "af"}:
            return name
    return None


def _share(text: str) -> float | None:
    try:
        share = float(text.strip())
    except ValueError:
        return None
    return share if 0 <= share <= 100 else None


def _column_prefixes(place: Wanted) -> set[str]:
    """What the columns of the library may begin with, in small letters."""
    stem = place.timepoint.rstrip("0123456789")
    names = {place.timepoint.lower(), place.sample.lower()}
    return names | _PREFIXES.get(stem, set()) if stem == place.timepoint else names


def _count_columns(header: Iterable[str], place: Wanted) -> dict[str, str]:
    """`ref`, `alt`, `depth` -> column of the library."""
    names = _column_prefixes(place)
    found: dict[str, str] = {}
    for name in header:
        match = _COUNT_COLUMN.fullmatch(name)
        if match and match["prefix"].lower() in names:
            what = {"var": "alt", "dp": "depth"}.get(match["what"].lower(), match["what"].lower())
            found.setdefault(what, name)
    return found


def _read_tidy(rows: _Rows, place: Wanted) -> Iterator[GivenVariant]:
    """One row per variant and time point: columns timepoint, ref_count, alt_count, depth."""
    columns = {
        what: name
        for what, name in (
            ("ref", rows.column("ref_count")),
            ("alt", rows.column("alt_count")),
            ("depth", rows.column("depth")),
        )
        if name
    }
    if "alt" not in columns or len(columns) < 2:
        raise place.problem(
            "header",
            ", ".join(rows.header),
            "no count columns",
            "Needed: alt_count and ref_count or depth.",
        )
    patient = rows.column("patient")
    for number, row in rows.rows:
        try:
            timepoint_rank(row["timepoint"])
        except ValueError as error:
            raise place.problem(
                f"line {number}, column timepoint",
                row["timepoint"],
                "time point is not known",
                "Use diagnosis, relapse, relapse2 ..., remission or normal.",
            ) from error
        if row["timepoint"] == place.timepoint and (not patient or row[patient] == place.patient):
            yield _counted(rows, row, number, columns, place)


def _counted(
    rows: _Rows, row: Mapping[str, str], number: int, columns: Mapping[str, str], place: Wanted
) -> GivenVariant:
    values = {
        what: _count(row[name], place, f"line {number}, column {name}")
        for what, name in columns.items()
    }
    hits, ref, depth = values.get("alt"), values.get("ref"), values.get("depth")
    if hits is not None and ref is not None:
        depth = max(depth or 0, hits + ref)
    if hits is None or depth is None:
        hits = depth = None
    elif hits > depth:
        raise place.problem(
            f"line {number}", f"{hits} of {depth}", "more variant than all fragments", "Correct it."
        )
    gene = rows.column("gene", "gene_name", "hugo_symbol", "symbol")
    change = rows.column("protein_change", "hgvsp_short", "aa_change", "amino_acid_change")
    return GivenVariant(
        _table_allele(rows, row, number, place),
        hits,
        depth,
        _named(row[gene]) if gene else "",
        _named(row[change]).removeprefix("p.") if change else "",
        number,
    )


def _table_allele(rows: _Rows, row: Mapping[str, str], number: int, place: Wanted) -> Allele:
    chrom = rows.column("chrom", "chr", "chromosome", "#chrom")
    position = rows.column("pos", "position", "start", "start_position", "coord")
    if not chrom or not position:
        return Allele(UNPLACED, number - 2, "N", "<ALT>")
    start = _whole(row[position], place, f"line {number}, column {position}") or 0
    ref = rows.column("ref", "reference_allele", "ref_allele")
    alt = rows.column("alt", "tumor_seq_allele2", "alt_allele")
    if not ref or not alt:
        return Allele(row[chrom], start - 1, "N", "<ALT>")
    return _maf_allele(
        {"Chromosome": row[chrom], "Reference_Allele": row[ref], "Tumor_Seq_Allele2": row[alt]},
        start,
    )


def _named(text: str) -> str:
    return "" if text in {"-", ".", "NA"} else text


def _whole(text: str, place: Wanted, where: str) -> int | None:
    number = _count(text, place, where)
    if number is None or number < 1:
        raise place.problem(where, text, "no position", "Positions are whole numbers from 1.")
    return number


def _count(text: str, place: Wanted, where: str) -> int | None:
    """Whole number of a cell (`3027` or `3027.0`); None where it is empty.

    Raises:
        InputError: it is no whole number, or negative.
    """
    text = text.strip()
    if text in {"", ".", "NA", "NaN", "nan"}:
        return None
    try:
        number = float(text)
        if number < 0 or number != int(number):
            raise ValueError(text)
    except (ValueError, OverflowError) as error:
        raise place.problem(
            where, text, "expected a whole number, 0 or more", "Correct the cell."
        ) from error
    return int(number)
