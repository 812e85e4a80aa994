"""Write the cohort's findings in the formats of other programs."""

import argparse
import json
from pathlib import Path

from amlresist.files import write_text
from amlresist.settings import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist export`."""
    parser.add_argument("--results", required=True, type=Path, help="folder of all results")
    parser.add_argument("--patients", required=True, nargs="+", help="pseudonyms of the patients")
    parser.add_argument("--patient-sheet", default="", help="what is known of the patients")
    parser.add_argument("--provenance", required=True, type=Path, help="for the reference's name")
    parser.add_argument("--out-dir", required=True, type=Path, help="folder to write to")
    parser.add_argument("--settings", default="", metavar="JSON", help="section report")


def main(arguments: argparse.Namespace) -> None:
    """Write MAF, cBioPortal study and Phenopackets."""
    from amlresist.alignment_qc.records import GeneCoverage
    from amlresist.cohort.gather import gathered
    from amlresist.evidence.records import Flt3Npm1
    from amlresist.exports.abundance import read_abundance
    from amlresist.exports.cbioportal import StudyInput, study_files
    from amlresist.exports.gene_panels import profiled_genes
    from amlresist.exports.maf import cohort_maf
    from amlresist.exports.observed import read_findings
    from amlresist.exports.phenopacket import phenopacket_text
    from amlresist.report.settings import Settings
    from amlresist.sheet import read_patient_facts

    settings = load(Settings, "report", arguments.settings)
    results, out = arguments.results, arguments.out_dir
    patients = sorted(set(arguments.patients))
    config = json.loads(arguments.provenance.read_text(encoding="utf-8")).get("config", {})
    reference = config.get("reference", {}).get("name", "")
    facts = read_patient_facts(arguments.patient_sheet) if arguments.patient_sheet else {}
    findings = [read_findings(results / patient, patient) for patient in patients]
    markers = gathered(results, patients, "evidence", "flt3_npm1.tsv", Flt3Npm1)
    coverage = gathered(results, patients, "alignment_qc", "gene_coverage.tsv", GeneCoverage)
    source = StudyInput(
        settings.study,
        reference,
        findings,
        facts,
        {(row.patient, row.timepoint): row for row in markers},
        read_abundance(results, patients),
        profiled_genes(coverage, findings, settings.covered_share),
    )
    for name, text in study_files(source).items():
        write_text(out / "cbioportal" / name, text)
    write_text(out / "cohort.maf", cohort_maf(results, patients))
    for own in findings:
        known = {t: fact for (patient, t), fact in facts.items() if patient == own.patient}
        text = phenopacket_text(own, known, reference)
        write_text(out / "phenopackets" / f"{own.patient}.json", text)
