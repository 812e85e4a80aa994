"""Gene names: from symbols, Ensembl or Entrez ids and aliases to today's symbols."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from amlresist.annotation import Transcript
from amlresist.files import open_text
from amlresist.settings import RESOURCES

_ENSEMBL = re.compile(r"(ENS[A-Z]*G\d{11})(\.\d+)?(_PAR_Y)?")
_JOINED = re.compile(r"(ENSG\d{11}(?:\.\d+)?)_(?!PAR_Y)(.+)")  # as RSEM joins id and symbol
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec"
_DATE_LIKE = re.compile(
    rf"(\d{{1,4}}[-/. ]({_MONTH})([-/. ]\d{{2,4}})?|({_MONTH})[-/. ]\d{{1,4}}"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}( 00:00:00)?|\d{1,2}[-/]\d{1,2}[-/]\d{2,4})",
    re.IGNORECASE,
)


class NameStatus(StrEnum):
    """How sure it is which gene an identifier means."""

    KNOWN = "known"
    ALIAS = "alias"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    DATE_LIKE = "date_like"


@dataclass(frozen=True, slots=True)
class GeneName:
    """What an identifier means.

    Attributes:
        gene: symbol; an identifier that is not known stays as it is, without version.
        status: how the symbol was found.
        note: what to tell the user about it.
    """

    gene: str
    status: NameStatus
    note: str = ""


class GeneNames:
    """Maps identifiers to symbols.

    In this order: approved symbol; curated alias of this field (any case); Ensembl id by the
    annotation, then by the shipped table; Entrez id; symbol of the annotation, by its Ensembl id
    where it is an old one; unambiguous alias of NCBI Gene; Excel date.
    """

    def __init__(self, models: Iterable[Transcript] = ()) -> None:
        shipped = _shipped_names()
        self._symbols = shipped.symbols
        self._aliases = shipped.aliases
        self._identifiers = dict(shipped.identifiers)
        self._model_symbols: dict[str, str] = {}
        for model in models:
            gene_id = model.gene_id.split(".")[0]
            current = shipped.identifiers.get(gene_id)
            known = current or self._curated_symbol(model.gene) or model.gene
            symbol = model.gene if model.gene in self._symbols else known
            self._model_symbols[model.gene] = symbol
            self._identifiers[gene_id] = symbol

    def resolve(self, text: str) -> GeneName:
        """Meaning of one identifier; parts joined by `|` (or id and symbol by `_`) in turn."""
        plain = _JOINED.sub(r"\1|\2", text.strip().strip('"'))
        parts = [part for part in plain.split("|") if part]
        found = [self._resolve_one(part) for part in parts] or [
            GeneName(text.strip(), NameStatus.UNKNOWN, "empty identifier")
        ]
        sure = (name for name in found if name.status in {NameStatus.KNOWN, NameStatus.ALIAS})
        return next(sure, found[0])

    def _resolve_one(self, text: str) -> GeneName:
        ensembl = _ENSEMBL.fullmatch(text)
        key = ensembl[1] if ensembl else text
        known = text if text in self._symbols else self._identifiers.get(key)
        curated = _curated_aliases().get(text.upper())
        if known is None and curated:
            return curated
        known = known or self._model_symbols.get(text)
        if known:
            return GeneName(known, NameStatus.KNOWN)
        if text in self._aliases:
            return GeneName(self._aliases[text], NameStatus.ALIAS, "alias in NCBI Gene")
        if _DATE_LIKE.fullmatch(text):
            note = "a date: a spreadsheet has changed a gene name such as SEPT2 or MARCH1"
            return GeneName(text, NameStatus.DATE_LIKE, note)
        return GeneName(key, NameStatus.UNKNOWN, "no gene of this name is known")

    def _curated_symbol(self, text: str) -> str:
        curated = _curated_aliases().get(text.upper())
        return curated.gene if curated and curated.status is NameStatus.ALIAS else ""


@dataclass(frozen=True, slots=True)
class _Shipped:
    symbols: frozenset[str]
    identifiers: dict[str, str]
    aliases: dict[str, str]


@cache
def _shipped_names() -> _Shipped:
    identifiers: dict[str, str] = {}
    aliases: dict[str, str] = {}
    symbols: set[str] = set()
    with open_text(RESOURCES / "knowledge" / "gene_names.tsv") as handle:
        next(handle)
        for line in handle:
            symbol, entrez, ensembl, others = line.rstrip("\n").split("\t")
            symbols.add(symbol)
            identifiers[entrez] = symbol
            identifiers.update((name, symbol) for name in ensembl.split(";") if name != "NA")
            aliases.update((name, symbol) for name in others.split(";") if name != "NA")
    return _Shipped(frozenset(symbols), identifiers, aliases)


@cache
def _curated_aliases() -> dict[str, GeneName]:
    curated = {}
    with open_text(RESOURCES / "knowledge" / "gene_aliases.tsv") as handle:
        next(handle)
        for line in handle:
            alias, symbol, note = line.rstrip("\n").split("\t")
            if symbol == "NA":
                curated[alias] = GeneName(alias, NameStatus.AMBIGUOUS, note)
            else:
                curated[alias] = GeneName(symbol, NameStatus.ALIAS, note)
    return curated
