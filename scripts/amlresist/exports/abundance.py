"""Gene expression of all samples in one compact matrix."""

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amlresist.exports.observed import sample_name
from amlresist.expression.records import GeneExpression
from amlresist.tables import read_table

UNIT = "tpm"  # other units are not comparable between patients


@dataclass(frozen=True, slots=True)
class Abundance:
    """TPM per gene and sample.

    Attributes:
        samples: (patient, time point) of each column.
        genes: gene -> values in the order of `samples`, NaN where not measured.
    """

    samples: tuple[tuple[str, str], ...]
    genes: "dict[str, array[float]]"

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [sample_name(patient, timepoint) for patient, timepoint in self.samples]


def read_abundance(results: Path, patients: Iterable[str]) -> Abundance:
    """Expression in TPM of all patients; the first library of a time point counts."""
    samples: list[tuple[str, str]] = []
    genes: dict[str, array[float]] = {}
    for patient in patients:
        table = results / patient / "expression" / "expression.tsv"
        rows = read_table(table, GeneExpression) if table.is_file() else []
        by_time: dict[str, dict[str, float]] = {}
        for row in rows:
            if row.unit == UNIT:
                by_time.setdefault(row.timepoint, {}).setdefault(row.gene, row.tpm)
        for timepoint, values in by_time.items():
            _add_column(genes, len(samples), values)
            samples.append((patient, timepoint))
    return Abundance(tuple(samples), genes)


def _add_column(genes: "dict[str, array[float]]", n_before: int, values: dict[str, float]) -> None:
    for gene in values.keys() - genes.keys():
        genes[gene] = array("f", [math.nan] * n_before)
    for gene, column in genes.items():
        column.append(values.get(gene, math.nan))
