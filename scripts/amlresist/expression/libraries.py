"""A library's file, whatever its kind, to the expression of its genes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from amlresist.annotation import Transcript
from amlresist.errors import InputError, Problem
from amlresist.expression.genes import GeneNames, NameStatus
from amlresist.expression.matrix import (
    Matrix,
    choose_column,
    columns_of,
    read_matrix,
    row_identifiers,
)
from amlresist.expression.measured import (
    UNMAPPED,
    GeneRows,
    Measured,
    NameRemark,
    from_matrix,
    group_rows,
)
from amlresist.expression.salmon import is_salmon_table, read_salmon
from amlresist.expression.scale import recognise_scale
from amlresist.expression.settings import Settings
from amlresist.libraries import LibraryInput

_BAM_SUFFIXES = (".bam", ".cram", ".sam")
# Below these shares of named genes and of the themes' genes the identifiers are of another kind.
_MINIMUM_MAPPED = 0.5
_MINIMUM_THEME_COVERAGE = 0.5
_PROBE = re.compile(r"(\S+_at|ILMN_\d+|A_\d+_P\d+|TC\d+\S*\.hg\.\d)")


@dataclass(frozen=True)
class MeasuredLibrary:
    """A library with what it measured and how that was read.

    Attributes:
        library: as the station was told of it.
        measured: expression of genes.
        source: `salmon`, `bam` or `matrix`.
        scale: scale of the input.
        scale_source: how the scale was told.
        identifiers: number of identifiers in the input.
        unmapped: number of them that name no known gene.
        remarks: identifiers that were not simply one known gene.
        column: column of a matrix, "" for other files.
    """

    library: LibraryInput
    measured: Measured
    source: str
    scale: str
    scale_source: str
    identifiers: int
    unmapped: int
    remarks: tuple[NameRemark, ...]
    column: str = ""


def measure(
    library: LibraryInput,
    patient: str,
    models: Sequence[Transcript],
    names: GeneNames,
    theme_genes: frozenset[str],
    settings: Settings,
    reference: str | None = None,
) -> MeasuredLibrary:
    """Read salmon's table, a BAM or CRAM, or a given matrix.

    Raises:
        InputError: the file cannot be used; see the readers.
    """
    path = library.paths[0]
    if path.lower().endswith(_BAM_SUFFIXES):
        return _from_alignments(library, path, models, names, settings, reference)
    if is_salmon_table(path):
        measured, groups, n = read_salmon(path, models, names)
        return _measured(library, measured, "salmon", ("counts", "salmon's table"), groups, n)
    column = column_of(library, patient)
    matrix = read_matrix(path, [column])
    scale, scale_source = recognise_scale(matrix, column, settings.matrix_scale)
    groups = group_rows(row_identifiers(matrix, names), names, merge_remarks=True)
    measured = from_matrix(matrix.column(column), groups, scale)
    _require_known_genes(path, matrix, groups, measured, theme_genes)
    n = len(matrix.identifiers)
    read = _measured(library, measured, "matrix", (scale.value, scale_source), groups, n)
    return replace(read, column=column)


def column_of(library: LibraryInput, patient: str) -> str:
    """Column of a given matrix that holds the library.

    Raises:
        InputError: no column has a name of the library.
    """
    path = library.paths[0]
    columns = columns_of(path)
    return choose_column(path, columns, _column_names(library, patient, columns))


def require_fitting_columns(libraries: Sequence[MeasuredLibrary]) -> None:
    """Refuse columns of one matrix that are on different scales, and one column for two libraries.

    Raises:
        InputError: naming the two libraries.
    """
    first_of: dict[str, MeasuredLibrary] = {}
    columns: dict[tuple[str, str], MeasuredLibrary] = {}
    for item in libraries:
        path = item.library.paths[0]
        twin = columns.setdefault((path, item.column), item)
        if twin is not item:
            message, remedy = "one file for two libraries", "Give each its own file or column."
            raise InputError(_pair_problem(path, twin, item, item.column, message, remedy))
        first = first_of.setdefault(path, item)
        if first.scale != item.scale:
            value = f"{first.scale_source}; {item.scale_source}"
            message = "columns of one matrix are on different scales"
            remedy = "Give both on one scale, or set expression.matrix_scale if the guess is wrong."
            raise InputError(_pair_problem(path, first, item, value, message, remedy))


def _pair_problem(
    path: str, one: MeasuredLibrary, other: MeasuredLibrary, value: str, message: str, remedy: str
) -> Problem:
    where = f"{one.library.sample} and {other.library.sample}"
    return Problem(path, where, value, message, remedy)


def _measured(
    library: LibraryInput,
    measured: Measured,
    source: str,
    scale: tuple[str, str],
    groups: GeneRows,
    n_identifiers: int,
) -> MeasuredLibrary:
    return MeasuredLibrary(
        library, measured, source, *scale, n_identifiers, groups.n_unmapped, groups.remarks
    )


def _from_alignments(
    library: LibraryInput,
    path: str,
    models: Sequence[Transcript],
    names: GeneNames,
    settings: Settings,
    reference: str | None,
) -> MeasuredLibrary:
    from amlresist.expression.alignments import count_fragments

    measured, groups = count_fragments(
        path,
        models,
        names,
        minimum_mapping_quality=settings.minimum_mapping_quality,
        strandedness=settings.strandedness,
        reference=reference,
    )
    scale = ("counts", "fragments over exons")
    return _measured(library, measured, "bam", scale, groups, len(measured.genes))


def _column_names(library: LibraryInput, patient: str, columns: Sequence[str]) -> list[str]:
    """Names a column may have: as in the sheet, then as R writes them, then tximport's counts."""
    named = [library.sample, f"{patient}_{library.timepoint}", library.timepoint]
    named += [name for name in map(_name_in_r, named) if name not in named]
    named += [f"counts.{name}" for name in named if f"counts.{name}" in columns]
    return [*named, columns[0]] if len(columns) == 1 else named


def _name_in_r(name: str) -> str:
    """R's make.names: AML-01 becomes AML.01, 01_rna becomes X01_rna."""
    plain = re.sub(r"[^\w.]", ".", name, flags=re.ASCII)
    return plain if plain[:1].isalpha() or plain[:1] == "." else f"X{plain}"


def _require_known_genes(
    path: str,
    matrix: Matrix,
    groups: GeneRows,
    measured: Measured,
    theme_genes: frozenset[str],
) -> None:
    if _is_row_numbers(matrix.identifiers):
        raise InputError(
            Problem(
                path,
                "first column",
                ", ".join(matrix.identifiers[:3]),
                "row numbers where gene identifiers are expected",
                "Put the gene in the first column.",
            )
        )
    mapped = 1 - groups.n_unmapped / len(matrix.identifiers)
    coverage = len(theme_genes & set(measured.genes)) / len(theme_genes)
    if mapped >= _MINIMUM_MAPPED or coverage >= _MINIMUM_THEME_COVERAGE:
        return
    unmapped = [r for r in groups.remarks if r.status in UNMAPPED]
    dates = [r.identifier for r in unmapped if r.status == NameStatus.DATE_LIKE]
    shown = ", ".join([r.identifier for r in unmapped[:5]])
    spoilt = f"; dates in place of names: {', '.join(dates[:5])}" if dates else ""
    raise InputError(
        Problem(
            path,
            "gene names",
            shown,
            f"only {mapped:.0%} of the rows name a known human gene and {coverage:.0%} of the"
            f" themes' genes are there{spoilt}",
            _remedy_for([r.identifier for r in unmapped]),
        )
    )


def _remedy_for(unmapped: Sequence[str]) -> str:
    if sum(bool(_PROBE.fullmatch(text)) for text in unmapped) > len(unmapped) / 2:
        return "These are probes of a microarray: put the gene of each in the first column."
    return "Give HGNC symbols, Ensembl gene ids or Entrez ids in the first column."


def _is_row_numbers(identifiers: Sequence[str]) -> bool:
    """Whether identifiers count 0, 1, 2 ... or 1, 2, 3 ...: they would pass for Entrez ids."""
    first = identifiers[0]
    return (
        len(identifiers) > 2
        and first in {"0", "1"}
        and all(text == str(i) for i, text in enumerate(identifiers, start=int(first)))
    )
