"""Weigh a patient's tables against the claims."""

import argparse
from pathlib import Path

from amlresist.evidence.knowledge import (
    mechanisms,
    own_claims,
    resistance_facts,
    review_claims,
)
from amlresist.evidence.measurements import read_patient_tables
from amlresist.evidence.records import Evidence, Flt3Npm1, MechanismSummary
from amlresist.evidence.settings import Settings
from amlresist.evidence.strata import flt3_npm1_rows
from amlresist.evidence.summary import summarise_mechanisms
from amlresist.evidence.twin import twin_text
from amlresist.evidence.weigh import weigh_claims
from amlresist.files import write_text
from amlresist.libraries import facts_from_json
from amlresist.settings import load
from amlresist.tables import write_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `amlresist evidence`."""
    parser.add_argument("--patient", default="patient", help="pseudonym of the patient")
    parser.add_argument(
        "--results", required=True, help="folder with the patient's station folders"
    )
    parser.add_argument("--facts", default="", metavar="JSON", help="rows of the patient sheet")
    parser.add_argument("--out-dir", required=True, help="folder of the tables to write")
    parser.add_argument("--settings", default="", metavar="JSON", help="values of `evidence`")


def main(arguments: argparse.Namespace) -> None:
    """Write `evidence.tsv`, its siblings and `evidence.json`."""
    settings = load(Settings, "evidence", arguments.settings)
    facts = list(facts_from_json(arguments.facts).values())
    tables = read_patient_tables(arguments.patient, Path(arguments.results))
    beyond = resistance_facts() if settings.beyond_review else []
    sources = {
        "evidence": review_claims(),
        "evidence_beyond_review": beyond,
        "evidence_own_claims": own_claims(settings.claims_tables),
    }
    out = Path(arguments.out_dir)
    weighed = {
        name: weigh_claims(claims, tables, facts, settings) for name, claims in sources.items()
    }
    for name, rows in weighed.items():
        write_table(out / f"{name}.tsv", Evidence, rows)
    summaries = summarise_mechanisms(weighed["evidence"], mechanisms())
    strata = flt3_npm1_rows(tables, settings)
    write_table(out / "mechanisms.tsv", MechanismSummary, summaries)
    write_table(out / "flt3_npm1.tsv", Flt3Npm1, strata)
    text = twin_text({**weighed, "mechanisms": summaries, "flt3_npm1": strata})
    write_text(out / "evidence.json", text)
