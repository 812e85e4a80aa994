"""Salmon's transcript table (`quant.sf`) to gene level."""

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from amlresist.annotation import Transcript
from amlresist.errors import InputError, Problem
from amlresist.expression.genes import GeneNames
from amlresist.expression.measured import (
    GeneRows,
    Measured,
    Scale,
    Unit,
    combine_rows,
    group_rows,
)
from amlresist.inputs.text import lines_of

HEADER = ("Name", "Length", "EffectiveLength", "TPM", "NumReads")


def is_salmon_table(path: Path | str) -> bool:
    """Whether the file starts with salmon's header."""
    if not Path(path).is_file():
        return False
    first = next(lines_of(str(path)), None)
    return first is not None and tuple(first.text.split("\t")) == HEADER


def read_salmon(
    path: Path | str, models: Iterable[Transcript], names: GeneNames
) -> tuple[Measured, GeneRows, int]:
    """Sum transcripts to genes: TPM and fragments.

    Returns:
        The genes, which transcripts make up which, and the number of transcripts.

    Raises:
        InputError: a value is not a number or negative, or most transcripts are not annotated.
    """
    transcripts, tpm, fragments = _read(path)
    genes = gene_of_transcript(models)
    identifiers = [_gene_identifier(name, genes) for name in transcripts]
    groups = group_rows(identifiers, names, merge_remarks=False)
    unknown = [n for n, i in zip(transcripts, identifiers, strict=True) if i == n.split("|")[0]]
    if 2 * len(unknown) > len(transcripts):
        raise InputError(
            Problem(
                str(path),
                "",
                unknown[0],
                f"{len(unknown)} of {len(transcripts)} transcripts are not in the annotation",
                "Quantify against the transcripts of the annotation in use.",
            )
        )
    values = combine_rows(np.array([tpm, fragments]), groups, Scale.TPM)
    return Measured(groups.genes, values[0], values[1], Unit.TPM), groups, len(transcripts)


def gene_of_transcript(models: Iterable[Transcript]) -> dict[str, str]:
    """Transcript id, with and without version -> gene id, which outlives changes of symbols."""
    genes: dict[str, str] = {}
    for model in models:
        for name in (model.transcript, model.transcript.split(".")[0]):
            genes[name] = model.gene_id or model.gene
    return genes


def _gene_identifier(transcript: str, genes: dict[str, str]) -> str:
    # GENCODE FASTA names read ENST...|ENSG...|...; the transcript comes first.
    name = transcript.split("|", maxsplit=1)[0]
    return genes.get(name) or genes.get(name.split(".")[0]) or name


def _read(path: Path | str) -> tuple[list[str], list[float], list[float]]:
    transcripts, tpm, fragments = [], [], []
    for line in lines_of(str(path)):
        cells = line.text.split("\t")
        if line.number == 1:
            if tuple(cells) != HEADER:
                raise InputError(_bad(path, 1, line.text, "not salmon's column names"))
            continue
        if len(cells) != len(HEADER):
            raise InputError(_bad(path, line.number, line.text, "expected five columns"))
        try:
            values = float(cells[3]), float(cells[4])
        except ValueError:
            raise InputError(_bad(path, line.number, line.text, "not a number")) from None
        if not all(math.isfinite(value) and value >= 0 for value in values):
            raise InputError(_bad(path, line.number, line.text, "negative or not finite"))
        transcripts.append(cells[0])
        tpm.append(values[0])
        fragments.append(values[1])
    if not transcripts:
        raise InputError(_bad(path, 1, "", "no transcript"))
    return transcripts, tpm, fragments


def _bad(path: Path | str, number: int, line: str, message: str) -> Problem:
    return Problem(str(path), f"line {number}", line.strip(), message, "Run salmon quant again.")
