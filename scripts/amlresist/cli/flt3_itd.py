"""FLT3-ITD: find the clones, measure their allelic ratio, follow them over the time points."""

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from amlresist.errors import InputError, Problem
from amlresist.libraries import (
    LibraryInput,
    add_library_arguments,
    facts_from_json,
    libraries_from,
)
from amlresist.sheet import Assay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the station."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="one BAM or CRAM, or one or two FASTQ files"
    )
    add_library_arguments(parser, Assay.DNA)
    parser.add_argument("--reference", required=True, help="genome FASTA")
    parser.add_argument(
        "--gene-models",
        "--annotation",
        dest="gene_models",
        required=True,
        help="gene_models.tsv, GTF or GFF3",
    )
    parser.add_argument("--facts", default="", metavar="JSON", help="blast fractions, from a rule")
    parser.add_argument("--settings", default="", metavar="JSON", help="section flt3_itd")
    parser.add_argument("--out-dir", default=".", help="folder for the tables (default: here)")


def main(arguments: argparse.Namespace) -> None:
    """Call the libraries and write every output."""
    from amlresist import settings as station_settings
    from amlresist.flt3_itd.calling import call_libraries
    from amlresist.flt3_itd.settings import Settings

    settings = station_settings.load(Settings, "flt3_itd", arguments.settings)
    libraries = _libraries(arguments)
    with _open_reference(arguments.reference) as fasta:
        opened = _open_libraries(arguments, libraries, fasta, settings)
        calls = call_libraries(opened, settings)
        length = fasta.get_reference_length(_contig_name(fasta, opened[0].locus.transcript.chrom))
    _write(arguments, calls, settings, length)


def _libraries(arguments: argparse.Namespace) -> list[LibraryInput]:
    if arguments.files:
        library = LibraryInput(
            sample=Path(arguments.files[0]).name.split(".")[0],
            timepoint="diagnosis",
            assay=str(arguments.assay),
            capture=str(arguments.capture),
            paths=tuple(arguments.files),
        )
        libraries = [library]
    else:
        libraries = libraries_from(arguments)
    usable = [library for library in libraries if library.assay in {"dna", "rna"}]
    problems = [
        Problem(
            ", ".join(library.paths),
            "",
            "",
            "expected one BAM or CRAM, or one or two different FASTQ files",
            "Give each library's own files.",
        )
        for library in usable
        if not 1 <= len(set(library.paths)) == len(library.paths) <= 2 or library.given
    ]
    if problems:
        raise InputError(problems)
    return usable


@contextmanager
def _open_reference(path: str) -> Iterator[Any]:
    """The FASTA; an index that is missing or older than it is made in a temporary folder."""
    import pysam

    if not Path(path).is_file():
        raise InputError(Problem(path, "", "", "reference not found", "Check the path."))
    index = Path(f"{path}.fai")
    with tempfile.TemporaryDirectory() as folder:
        given: dict[str, str] = {}
        if not index.is_file() or index.stat().st_mtime < Path(path).stat().st_mtime:
            given = {"filepath_index": str(Path(folder) / "reference.fai")}
            try:
                pysam.faidx(path, "--fai-idx", given["filepath_index"])
            except pysam.SamtoolsError as error:
                raise InputError(
                    Problem(path, "", "", f"cannot be indexed: {error}", "Give a sound FASTA.")
                ) from error
        with pysam.FastaFile(path, **given) as fasta:
            yield fasta


def _contig_name(fasta: Any, name: str) -> str:
    bare = name.removeprefix("chr")
    for spelled in (name, bare, f"chr{bare}"):
        if spelled in fasta.references:
            return spelled
    raise InputError(
        Problem(
            str(fasta.filename.decode()),
            "",
            name,
            "the contig of FLT3 is not in the reference",
            "Give reference and annotation of the same genome.",
        )
    )


def _open_libraries(
    arguments: argparse.Namespace, libraries: list[LibraryInput], fasta: Any, settings: Any
) -> list[Any]:
    from amlresist.flt3_itd.encode import seed_index
    from amlresist.flt3_itd.library import open_library
    from amlresist.flt3_itd.locus import build_locus, misfit

    transcript = _transcript(arguments.gene_models, settings.gene)
    contig = _contig_name(fasta, transcript.chrom)
    length = fasta.get_reference_length(contig)

    def fetch(_: str, start: int, end: int) -> str:
        return str(fasta.fetch(contig, start, end))

    loci = {}
    for assay in sorted({library.assay for library in libraries}):
        locus = build_locus(
            transcript, fetch, length, assay, settings.first_coding_base, settings.flank
        )
        if why := misfit(locus):
            raise InputError(
                Problem(
                    f"{arguments.gene_models}, {arguments.reference}",
                    "",
                    f"{settings.gene} on {contig}",
                    why,
                    "Give reference and annotation of the same genome build.",
                )
            )
        loci[assay] = locus, seed_index(locus.sequence)
    return [
        open_library(library, *loci[library.assay], settings, arguments.reference, length)
        for library in libraries
    ]


def _transcript(path: str, gene: str) -> Any:
    from amlresist.annotation import canonical_transcripts, read_gene_models

    models = canonical_transcripts(read_gene_models(path, [gene]))
    if not models or not models[min(models)].cds:
        raise InputError(
            Problem(
                path,
                "",
                gene,
                "no coding transcript of the gene",
                "Give an annotation that holds it, or name the gene in flt3_itd.gene.",
            )
        )
    return models.get(gene) or models[min(models)]


def _write(arguments: argparse.Namespace, calls: list[Any], settings: Any, length: int) -> None:
    from amlresist.files import write_text
    from amlresist.flt3_itd.figure import figure_svg
    from amlresist.flt3_itd.records import ItdClone, ItdLibrary, ItdPair
    from amlresist.flt3_itd.summary import clone_rows, library_row, named_clones, pair_rows
    from amlresist.flt3_itd.vcf import vcf_text
    from amlresist.tables import write_table

    folder = Path(arguments.out_dir)
    clones = named_clones(calls)
    libraries = [library_row(arguments.patient, call, settings) for call in calls]
    alleles = clone_rows(arguments.patient, clones)
    pairs = pair_rows(arguments.patient, clones, calls, facts_from_json(arguments.facts), settings)
    write_table(folder / "flt3_itd.tsv", ItdLibrary, libraries)
    write_table(folder / "flt3_itd_clones.tsv", ItdClone, alleles)
    write_table(folder / "flt3_itd_pairs.tsv", ItdPair, pairs)
    chrom = calls[0].reads.locus.transcript.chrom if calls else "."
    write_text(folder / "flt3_itd.vcf", vcf_text(calls, clones, chrom, length))
    content = {
        "libraries": [asdict(row) for row in libraries],
        "clones": [asdict(row) for row in alleles],
        "pairs": [asdict(row) for row in pairs],
        "settings": asdict(settings),
    }
    write_text(folder / "flt3_itd.json", json.dumps(_plain(content), indent=1) + "\n")
    for call in calls:
        name = f"flt3_itd_{call.reads.library.sample}.svg"
        write_text(folder / name, figure_svg(call, clones))
    for row in libraries:
        print(f"{row.sample} ({row.timepoint}, {row.assay}): {row.verdict}; {row.reason}")


def _plain(value: Any) -> Any:
    """JSON without NaN and infinity, which many readers refuse."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
