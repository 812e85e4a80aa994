"""Gene models: from any GTF or GFF3 to transcripts that map between genome, cDNA and protein.

Genome coordinates are 0-based half-open everywhere in this module. Coding positions (`c.`) and
residues (`p.`) are 1-based, as in HGVS.
"""

import dataclasses
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from amlresist.dna import reverse_complement, translate
from amlresist.errors import InputError, Problem
from amlresist.files import open_text
from amlresist.settings import RESOURCES
from amlresist.tables import column, read_table

FetchSequence = Callable[[str, int, int], str]
"""(contig, start, end) -> plus-strand bases; 0-based half-open."""

LARGEST_POSITION = 2**31
_TRANSCRIPT_FEATURES = {"transcript", "mRNA", "primary_transcript"}
_GTF_ATTRIBUTE = re.compile(r'(\w+) "([^"]*)"')


@dataclass(frozen=True, slots=True)
class GeneModel:
    """`gene_models.tsv`: one row per transcript; intervals are 1-based closed `start-end`."""

    gene: str = column("gene symbol; the gene id where the annotation has no symbol")
    gene_id: str = column("gene id without version")
    transcript: str = column("transcript id, with its version where the annotation gives one")
    chrom: str = column("contig name as in the annotation")
    strand: str = column("+ or -")
    biotype: str = column("gene biotype, NA where not given")
    canonical: bool = column(
        "the gene's MANE Select, Ensembl canonical or longest coding transcript"
    )
    exons: tuple[str, ...] = column("exons, 1-based closed start-end, in genome order")
    cds: tuple[str, ...] = column("coding parts incl. stop codon, 1-based closed, in genome order")


@dataclass(frozen=True)
class Transcript:
    """A transcript with its exons and coding parts.

    Attributes:
        exons, cds: (start, end) pairs, 0-based half-open, ascending in the genome; `cds` includes
            the stop codon and is empty for non-coding transcripts.
    """

    gene: str
    gene_id: str
    transcript: str
    chrom: str
    strand: str
    biotype: str
    canonical: bool
    exons: tuple[tuple[int, int], ...]
    cds: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        """First base, 0-based."""
        return self.exons[0][0]

    @property
    def end(self) -> int:
        """One past the last base."""
        return self.exons[-1][1]

    @property
    def cds_length(self) -> int:
        """Coding bases, stop codon included."""
        return sum(end - start for start, end in self.cds)

    def exons_in_transcript_order(self) -> tuple[tuple[int, int], ...]:
        """Exons from 5' to 3' of the transcript (genome coordinates)."""
        return self.exons if self.strand == "+" else self.exons[::-1]

    def coding_position(self, position: int) -> int | None:
        """1-based c. position of genome base `position`, None outside the coding sequence."""
        offset = _offset_in(self.cds, position)
        if offset is None:
            return None
        return offset + 1 if self.strand == "+" else self.cds_length - offset

    def genome_position(self, coding: int) -> int:
        """0-based genome base of 1-based c. position `coding`.

        Raises:
            ValueError: `coding` is outside 1..cds_length.
        """
        if not 1 <= coding <= self.cds_length:
            raise ValueError(f"c.{coding} is outside {self.transcript} (1..{self.cds_length})")
        offset = coding - 1 if self.strand == "+" else self.cds_length - coding
        for start, end in self.cds:
            if offset < end - start:
                return start + offset
            offset -= end - start
        raise AssertionError("unreachable: offset lies within the coding sequence")

    def codon_positions(self, residue: int) -> tuple[int, int, int]:
        """0-based genome positions of the codon of 1-based `residue`, in reading order."""
        first = 3 * residue - 2
        return (
            self.genome_position(first),
            self.genome_position(first + 1),
            self.genome_position(first + 2),
        )

    def spliced_sequence(self, fetch: FetchSequence) -> str:
        """Transcript sequence, 5' to 3'."""
        return self._spliced(self.exons, fetch)

    def coding_sequence(self, fetch: FetchSequence) -> str:
        """Coding sequence, 5' to 3', stop codon included; empty when non-coding."""
        return self._spliced(self.cds, fetch)

    def protein(self, fetch: FetchSequence) -> str:
        """Protein without the final stop; `*` inside means an internal stop."""
        return translate(self.coding_sequence(fetch)).removesuffix("*")

    def _spliced(self, parts: Iterable[tuple[int, int]], fetch: FetchSequence) -> str:
        plus = "".join(fetch(self.chrom, start, end).upper() for start, end in parts)
        return plus if self.strand == "+" else reverse_complement(plus)


def read_gene_models(path: Path | str, genes: Iterable[str] | None = None) -> list[Transcript]:
    """Read transcripts from a GTF, a GFF3 (plain or gzip) or a `gene_models.tsv`.

    Args:
        path: the annotation.
        genes: keep only these symbols or gene ids; None keeps all.

    Returns:
        Transcripts in the file's order, one `canonical` per gene: MANE Select by the file's tag or
        by `resources/knowledge/canonical_transcripts.tsv`, else Ensembl canonical, else the
        longest coding, else the longest transcript; ties by transcript id.

    Raises:
        InputError: no transcript with exons was found.
    """
    wanted = None if genes is None else set(genes)
    if _is_gene_model_table(path):
        models = [_from_table(path, *row) for row in enumerate(read_table(path, GeneModel), 2)]
        return [m for m in models if wanted is None or m.gene in wanted or m.gene_id in wanted]
    transcripts = _mark_canonical(_read_annotation(path, wanted))
    if not transcripts and wanted is None:
        raise InputError(
            Problem(str(path), "", "", "no transcript with exons found", "Give a GTF or GFF3 file.")
        )
    return transcripts


def canonical_transcripts(models: Iterable[Transcript]) -> dict[str, Transcript]:
    """Gene symbol -> its canonical transcript."""
    return {model.gene: model for model in models if model.canonical}


def to_row(transcript: Transcript) -> GeneModel:
    """Table row of a transcript."""
    values = {f.name: getattr(transcript, f.name) for f in dataclasses.fields(Transcript)}
    values["exons"] = tuple(f"{start + 1}-{end}" for start, end in transcript.exons)
    values["cds"] = tuple(f"{start + 1}-{end}" for start, end in transcript.cds)
    return GeneModel(**values)


def from_row(row: GeneModel) -> Transcript:
    """Transcript of a table row."""
    values = {f.name: getattr(row, f.name) for f in dataclasses.fields(GeneModel)}
    values["exons"] = tuple(_parse_interval(text) for text in row.exons)
    values["cds"] = tuple(_parse_interval(text) for text in row.cds)
    return Transcript(**values)


def _from_table(path: Path | str, number: int, row: GeneModel) -> Transcript:
    for text in row.exons + row.cds:
        _interval(path, number, text.partition("-")[0], text.partition("-")[2])
    if not row.exons:
        raise InputError(
            Problem(str(path), f"line {number}", row.transcript, "has no exon", "Make it again.")
        )
    return from_row(row)


def _parse_interval(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    return int(start) - 1, int(end)


def _offset_in(parts: tuple[tuple[int, int], ...], position: int) -> int | None:
    index = bisect_right(parts, position, key=lambda part: part[0]) - 1
    if index < 0 or position >= parts[index][1]:
        return None
    return sum(end - start for start, end in parts[:index]) + position - parts[index][0]


def _is_gene_model_table(path: Path | str) -> bool:
    with open_text(path) as handle:
        return handle.readline().startswith("gene\tgene_id\ttranscript\t")


@dataclass
class _Draft:
    attributes: dict[str, str]
    chrom: str
    strand: str
    exons: list[tuple[int, int]]
    cds: list[tuple[int, int]]


def _read_annotation(path: Path | str, wanted: set[str] | None) -> list[tuple[Transcript, int]]:
    """Transcripts with a rank of how canonical the annotation calls them (lower is better)."""
    genes: dict[str, dict[str, str]] = {}
    drafts: dict[str, _Draft] = defaultdict(lambda: _Draft({}, "", "", [], []))
    for chrom, feature, start, end, strand, attributes in _annotation_lines(path, wanted):
        if feature == "gene" or feature.endswith("_gene"):
            genes[_bare(attributes.get("ID", attributes.get("gene_id", "")))] = attributes
            continue
        if feature in _TRANSCRIPT_FEATURES or (
            "ID" in attributes
            and "Parent" in attributes
            and feature.endswith(("RNA", "transcript"))
        ):
            name = attributes.get("ID", attributes.get("transcript_id", ""))
            drafts[name].attributes = attributes
            continue
        if feature not in {"exon", "CDS", "stop_codon"}:
            continue
        parents = attributes.get("Parent", attributes.get("transcript_id", ""))
        for parent in parents.split(","):
            if not parent:
                remedy = "Each exon names its transcript; a cut last line means a lost end."
                raise InputError(
                    Problem(str(path), feature, f"{chrom}:{start + 1}", "has no transcript", remedy)
                )
            _add_part(drafts[parent], chrom, strand, feature, (start, end), attributes)
    finished = (_finish(name, draft, genes) for name, draft in drafts.items() if draft.exons)
    return [
        (t, rank)
        for t, rank in finished
        if wanted is None or t.gene in wanted or t.gene_id in wanted
    ]


def _add_part(
    draft: _Draft,
    chrom: str,
    strand: str,
    feature: str,
    part: tuple[int, int],
    attributes: dict[str, str],
) -> None:
    """Add an exon or coding part; of a name used at two loci (X and Y) the first one counts."""
    if draft.chrom and (draft.chrom, draft.strand) != (chrom, strand):
        return
    draft.chrom, draft.strand = chrom, strand
    draft.attributes = draft.attributes or attributes
    parts = draft.exons if feature == "exon" else draft.cds
    if part not in parts:
        parts.append(part)


def _annotation_lines(
    path: Path | str, wanted: set[str] | None
) -> Iterator[tuple[str, str, int, int, str, dict[str, str]]]:
    # Reading a whole-genome GTF for one gene: skip lines that cannot belong to it before parsing.
    with open_text(path) as handle:
        is_gff3 = None
        for number, line in enumerate(handle, start=1):
            if line.startswith("##FASTA"):  # GFF3 may carry its sequences behind
                return
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 9:
                raise InputError(
                    Problem(
                        str(path),
                        f"line {number}",
                        line.strip(),
                        f"expected 9 tab-separated fields, found {len(fields)}",
                        "Give a GTF or GFF3 file.",
                    )
                )
            if is_gff3 is None:
                is_gff3 = "=" in fields[8].split(";")[0] and '"' not in fields[8].split(";")[0]
            if wanted is not None and not is_gff3 and not any(g in fields[8] for g in wanted):
                continue
            parse = _gff3_attributes if is_gff3 else _gtf_attributes
            start, end = _interval(path, number, fields[3], fields[4])
            yield fields[0], fields[2], start, end, fields[6], parse(fields[8])


def _interval(path: Path | str, number: int, first: str, last: str) -> tuple[int, int]:
    """0-based half-open interval of 1-based closed text."""
    is_whole = (first + last).isascii() and first.isdigit() and last.isdigit()
    if not is_whole or not 0 < int(first) <= int(last) < LARGEST_POSITION:
        raise InputError(
            Problem(
                str(path),
                f"line {number}",
                f"{first} to {last}",
                "start and end are no places in a genome",
                "Starts count from 1 and lie before the end.",
            )
        )
    return int(first) - 1, int(last)


def _gtf_attributes(text: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for key, value in _GTF_ATTRIBUTE.findall(text):
        attributes[key] = (
            f"{attributes[key]},{value}" if key == "tag" and key in attributes else value
        )
    return attributes


def _gff3_attributes(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.strip().split(";") if part)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _bare(identifier: str) -> str:
    """Identifier without type prefix (Ensembl GFF3 writes `gene:ENSG...`)."""
    return identifier.split(":", 1)[-1]


def _finish(name: str, draft: _Draft, genes: dict[str, dict[str, str]]) -> tuple[Transcript, int]:
    own = draft.attributes
    gene_key = _bare(own.get("gene_id", own.get("Parent", own.get("geneID", ""))))
    parent = genes.get(gene_key, {})
    merged = {**parent, **own}
    symbol = (
        own.get("gene_name") or parent.get("gene_name") or own.get("gene") or parent.get("Name")
    )
    transcript_id = _bare(own.get("transcript_id", name))
    version = own.get("transcript_version", own.get("version", ""))
    if version and "." not in transcript_id:
        transcript_id = f"{transcript_id}.{version}"
    tags = merged.get("tag", "")
    if "MANE_Select" in tags or "MANE Select" in tags or transcript_id.split(".")[0] in _mane():
        rank = 0
    elif "Ensembl_canonical" in tags:
        rank = 1
    else:
        rank = 2
    return (
        Transcript(
            gene=symbol or gene_key,
            gene_id=gene_key.split(".")[0],
            transcript=transcript_id,
            chrom=draft.chrom,
            strand=draft.strand,
            biotype=merged.get("gene_biotype", merged.get("gene_type", merged.get("biotype", ""))),
            canonical=False,
            exons=tuple(sorted(draft.exons)),
            cds=_merged(draft.cds),
        ),
        rank,
    )


@cache
def _mane() -> frozenset[str]:
    """Unversioned Ensembl and RefSeq ids of the MANE Select transcripts the product ships."""
    table = RESOURCES / "knowledge" / "canonical_transcripts.tsv"
    lines = table.read_text(encoding="utf-8").splitlines()[1:]
    return frozenset(name for line in lines for name in line.split("\t")[2:4])


def _merged(parts: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sorted parts, touching or overlapping ones joined (a GTF lists the stop codon apart)."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(parts):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _mark_canonical(ranked: list[tuple[Transcript, int]]) -> list[Transcript]:
    best: dict[str, tuple[int, int, int, str]] = {}
    for transcript, rank in ranked:
        length = sum(end - start for start, end in transcript.exons)
        key = (rank, -transcript.cds_length, -length, transcript.transcript)
        best[transcript.gene_id] = min(best.get(transcript.gene_id, key), key)
    return [dataclasses.replace(t, canonical=best[t.gene_id][3] == t.transcript) for t, _ in ranked]
