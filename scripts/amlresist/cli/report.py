"""Write a patient page, the cohort page or MultiQC content."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlresist.errors import InputError, Problem
from amlresist.files import write_text
from amlresist.report.settings import Settings
from amlresist.settings import load

if TYPE_CHECKING:
    from amlresist.report.drivers import RankedVariant
    from amlresist.report.reads import ReadPicture
    from amlresist.variants.alleles import Allele
    from amlresist.variants.settings import Settings as VariantSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Three kinds of report, each a subcommand."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    patient = kinds.add_parser("patient", help="one patient's page")
    patient.add_argument("--patient", required=True, help="pseudonym of the patient")
    patient.add_argument("--results", required=True, type=Path, help="folder results/PATIENT")
    patient.add_argument("--facts", default="", metavar="JSON", help="rows of the patient sheet")
    patient.add_argument(
        "--libraries", default="", metavar="JSON", help="DNA libraries whose reads are shown"
    )
    patient.add_argument("--reference", default="", help="indexed FASTA; needed to show reads")
    patient.add_argument(
        "--variants-settings", default="", metavar="JSON", help="section variants, as counted"
    )
    patient.add_argument(
        "--planned", nargs="*", default=[], metavar="STATION", help="stations that had to run"
    )
    cohort = kinds.add_parser("cohort", help="the page of all patients")
    multiqc = kinds.add_parser("multiqc", help="sections for MultiQC")
    for kind in (cohort, multiqc):
        kind.add_argument(
            "--benchmarks",
            type=Path,
            metavar="DIR",
            help="show run times from here; the page then differs from run to run",
        )
        kind.add_argument("--results", required=True, type=Path, help="folder of all results")
        kind.add_argument("--patients", required=True, nargs="+", help="pseudonyms")
    for kind in (patient, cohort):
        kind.add_argument("--provenance", required=True, type=Path, help="versions and digests")
        kind.add_argument("--out", required=True, type=Path, help="HTML file to write")
    multiqc.add_argument("--out-dir", required=True, type=Path, help="folder to write")
    for kind in (patient, cohort, multiqc):
        kind.add_argument("--settings", default="", metavar="JSON", help="section report")


def main(arguments: argparse.Namespace) -> None:
    """Write what was asked for."""
    settings = load(Settings, "report", arguments.settings)
    _KINDS[arguments.kind](arguments, settings)


def _patient(arguments: argparse.Namespace, settings: Settings) -> None:
    from amlresist.libraries import facts_from_json
    from amlresist.report.patient_page import patient_page, ranked_variants
    from amlresist.report.results import read_results
    from amlresist.report.sources import read_input_files
    from amlresist.variants.settings import Settings as VariantSettings

    results = read_results(arguments.results, arguments.patient, tuple(arguments.planned))
    facts = facts_from_json(arguments.facts)
    files = read_input_files(arguments.results.parent / "inputs" / "inputs.json")
    provenance = _provenance(arguments.provenance)
    counting = load(VariantSettings, "variants", arguments.variants_settings)
    pictures = _pictures(arguments, ranked_variants(results, settings), settings, counting)
    page = patient_page(results, facts, provenance, settings, counting, files, pictures)
    write_text(arguments.out, page)


def _pictures(
    arguments: argparse.Namespace,
    ranked: "Sequence[RankedVariant]",
    settings: Settings,
    counting: "VariantSettings",
) -> "dict[Allele, list[ReadPicture]]":
    """The reads behind the drivers, where libraries with reads are named."""
    from amlresist.libraries import from_json
    from amlresist.report.reads import read_pictures
    from amlresist.variants.reference import Reference

    libraries = from_json(arguments.libraries or "[]")
    if not libraries:
        return {}
    fetch = Reference(arguments.reference).fetch
    return read_pictures(ranked, libraries, fetch, settings, counting, arguments.reference)


def _cohort(arguments: argparse.Namespace, settings: Settings) -> None:
    from amlresist.report.cohort_page import cohort_page
    from amlresist.report.run_times import run_times

    folder = arguments.benchmarks
    times = run_times(folder, arguments.patients) if folder else []
    provenance = _provenance(arguments.provenance)
    page = cohort_page(arguments.results, arguments.patients, provenance, settings, times)
    write_text(arguments.out, page)


def _multiqc(arguments: argparse.Namespace, settings: Settings) -> None:
    from amlresist.report.multiqc import RECORDS, multiqc_files
    from amlresist.report.results import read_overview
    from amlresist.report.run_times import station_times

    folder = arguments.benchmarks
    times = station_times(folder, arguments.patients) if folder else []
    cohort = [read_overview(arguments.results / name, name, RECORDS) for name in arguments.patients]
    for name, text in multiqc_files(cohort, settings, times).items():
        write_text(arguments.out_dir / name, text)


def _provenance(path: Path) -> Any:
    """Content of a JSON file, or the text of any other."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            Problem(str(path), "", "", f"cannot be read: {error.strerror}", "Check the path.")
        ) from error
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


_KINDS = {"patient": _patient, "cohort": _cohort, "multiqc": _multiqc}
