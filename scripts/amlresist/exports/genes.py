"""Identifiers of genes in the databases that other programs join by."""

import csv
from functools import cache

from amlresist.files import open_text
from amlresist.settings import RESOURCES


@cache
def entrez_ids() -> dict[str, str]:
    """Gene symbol -> NCBI Gene identifier."""
    return _column("gene_names.tsv", "symbol", "entrez")


@cache
def hgnc_ids() -> dict[str, str]:
    """Gene symbol -> HGNC identifier, for the genes of interest."""
    return _column("genes.tsv", "gene", "hgnc_id")


def _column(name: str, key: str, value: str) -> dict[str, str]:
    with open_text(RESOURCES / "knowledge" / name) as handle:
        rows = csv.DictReader(handle, delimiter="\t")
        return {row[key]: row[value] for row in rows if row[value] not in {"", "NA"}}
