# amlresist: why did the leukemia come back, and what changed between diagnosis and relapse?
#
# Reads come in by the sheet, pass one station after another, each leaves one tidy table, the tables
# meet in the evidence, the evidence becomes the report. One rules file per station, in that order.
import gc
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


# The graph of jobs is large and lives to the end: looking through it for garbage often is wasted time.
gc.set_threshold(200_000, 50, 100)

HOME = Path(workflow.current_basedir)
sys.path.insert(0, str(HOME / "scripts"))
from amlresist.addresses import root_of_copies, with_copies
from amlresist.errors import InputError
from amlresist.plan import COHORT_TABLES, make_plan, resource_digest, source_digest
from amlresist.rule_functions import folder_of, growing, of_patient, of_sample
from amlresist.start import (
    check_inputs,
    confirm_inputs,
    fetch_inputs,
    note_run,
    prepare_jobs,
    refuse_repeated_settings,
    release_stale_lock,
    report_unfinished,
    tell_untested_tools,
)

prepare_jobs(HOME / "scripts")
if workflow.is_main_process:
    release_stale_lock()

try:
    if workflow.is_main_process:
        refuse_repeated_settings(workflow.configfiles)
    plan = with_copies(make_plan(config), partial(storage, keep_local=True))
    plan = replace(plan, root=root_of_copies(workflow))
except InputError as error:
    raise WorkflowError(*error.problems) from None

RESULTS = plan.results
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"


wildcard_constraints:
    patient=r"[A-Za-z0-9][A-Za-z0-9_.-]*",
    sample=r"[A-Za-z0-9][A-Za-z0-9_.-]*",


include: "rules/inputs.smk"
include: "rules/reference.smk"
include: "rules/alignment.smk"
include: "rules/alignment_qc.smk"
include: "rules/variants.smk"
include: "rules/flt3_itd.smk"
include: "rules/mirna.smk"
include: "rules/expression.smk"
include: "rules/evidence.smk"
include: "rules/report.smk"
include: "rules/exports.smk"


rule all:
    default_target: True
    input:
        [plan.path(patient, "report", f"{patient}.html") for patient in plan.patients],
        f"{RESULTS}/cohort/report.html",
        f"{RESULTS}/cohort/multiqc.html",
        f"{RESULTS}/cohort/exports/cohort.maf",


onsuccess:
    confirm_inputs(plan)
    print(f"Cohort report: {RESULTS}/cohort/report.html")


onerror:
    report_unfinished(plan)
