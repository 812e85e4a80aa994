"""Sections for MultiQC (custom content), in MultiQC's own look.

MultiQC puts names and descriptions into its page as they are, so all text is escaped here.
"""

import html
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amlresist.alignment_qc.records import AlignmentQc
from amlresist.cohort.patients import FAILED, NOT_RUN
from amlresist.evidence.records import MechanismSummary, Status
from amlresist.flt3_itd.records import ItdLibrary
from amlresist.mirna.records import MirnaQc
from amlresist.report.drivers import driver_genes, rank_variants
from amlresist.report.labels import count_pairs
from amlresist.report.results import STATIONS, PatientResults
from amlresist.report.run_times import StationTime
from amlresist.report.settings import Settings
from amlresist.variants.records import VariantChange, VariantClass

# The pages' colours.
COLOURS = {
    VariantClass.ACQUIRED: "#d55e00",
    VariantClass.LOST: "#0072b2",
    VariantClass.EXPANDING: "#e69f00",
    VariantClass.CONTRACTING: "#56b4e9",
    VariantClass.STABLE: "#009e73",
    VariantClass.NOT_EVALUABLE: "#b3bac3",
}
_STATUS_VALUES = {
    Status.SUPPORTED: 1.0,
    Status.CONTRADICTED: -1.0,
    Status.NOT_OBSERVED: 0.0,
    Status.NOT_ASSESSED: None,
}
_ORDER = ("patients", "classes", "vaf", "mechanisms", "flt3_itd", "mirna", "times")
RECORDS = (VariantChange, MechanismSummary, AlignmentQc, ItdLibrary, MirnaQc)  # all it reads
# In a folder of its own: this one section differs from run to run.
TIMES = "benchmarks/amlresist_times_mqc.json"


@dataclass(frozen=True, slots=True)
class Header:
    """A column of a MultiQC table: title, meaning, how its value is read from a record."""

    title: str
    description: str
    value: Callable[[Any], float | str]
    scale: str | bool = False
    number_format: str = "{:,.0f}"


def multiqc_files(
    cohort: Sequence[PatientResults], settings: Settings, times: Sequence[StationTime] = ()
) -> dict[str, str]:
    """File name -> text: one `_mqc.json` per section that has data, and the configuration.

    Args:
        cohort: results of all patients.
        settings: section `report`.
        times: run times of the rules.
    """
    sections = {
        "general": _general(cohort),
        "patients": _patients(cohort),
        "classes": _classes(cohort),
        "vaf": _vaf(cohort, settings),
        "mechanisms": _mechanisms(cohort),
        "flt3_itd": _flt3_itd(cohort),
        "mirna": _mirna(cohort),
    }
    files = {
        f"amlresist_{name}_mqc.json": _section_text(section)
        for name, section in sections.items()
        if section["data"]
    }
    if times:
        files[TIMES] = _section_text(_times(times))
    return {**files, "multiqc_config.yaml": _configuration(cohort, settings)}


def _section_text(section: Mapping[str, Any]) -> str:
    return json.dumps(_escaped(section), indent=1, allow_nan=False)


_PARENT = {
    "parent_id": "amlresist",
    "parent_name": "amlresist",
    "parent_description": "What changed between diagnosis and relapse. Research software.",
}
_DEPTH = [
    Header("Depth", "Mean fragment depth", lambda r: r.mean_depth, "Blues"),
    Header(
        "Deep enough",
        "% of assayed bases at the minimum depth",
        lambda r: 100 * r.share_at_minimum,
        "RdYlGn",
        "{:,.1f}",
    ),
    Header("Duplicates", "% of mapped reads", lambda r: 100 * r.duplicate_share, "OrRd", "{:,.1f}"),
]
_RATIO = [
    Header(
        "ITD AR", "Total FLT3-ITD allelic ratio", lambda r: r.total_allelic_ratio, "PuRd", "{:,.2f}"
    ),
]
_ASSIGNED = [
    Header("miRNA reads", "Reads assigned to miRNAs", lambda r: r.assigned, "Greens"),
]
_CHANGES = [
    Header("Acquired", "Variants acquired", lambda r: r[VariantClass.ACQUIRED], "Oranges"),
    Header("Lost", "Variants lost", lambda r: r[VariantClass.LOST], "Blues"),
    Header(
        "Cannot be told",
        "Variants that the reads do not decide",
        lambda r: r[VariantClass.NOT_EVALUABLE],
        "Greys",
    ),
]


def _general(cohort: Sequence[PatientResults]) -> dict[str, Any]:
    parts = [
        _table(_DEPTH, ((row.sample, row) for p in cohort for row in p.of(AlignmentQc))),
        _table(_RATIO, ((row.sample, row) for p in cohort for row in p.of(ItdLibrary))),
        _table(_ASSIGNED, ((row.sample, row) for p in cohort for row in p.of(MirnaQc))),
        _table(_CHANGES, _pairs(cohort)),
    ]
    data: dict[str, dict[str, Any]] = {}
    for part in parts:
        for name, values in part["data"].items():
            data.setdefault(name, {}).update(values)
    headers = {name: facts for part in parts for name, facts in part["headers"].items()}
    return {
        "id": "amlresist_general",
        "plot_type": "generalstats",
        "pconfig": headers,
        "data": data,
    }


def _patients(cohort: Sequence[PatientResults]) -> dict[str, Any]:
    headers = [
        Header("Failed", "Stations that failed", lambda p: _titles(p, FAILED)),
        Header(
            "Not assessed",
            "Stations without a library",
            lambda p: _titles(p, NOT_RUN),
        ),
        Header("Libraries", "Worst verdict of alignment quality", _worst_library),
    ]
    failed_first = sorted(cohort, key=lambda p: (not p.failed, p.patient))
    table = _table(headers, ((p.patient, p) for p in failed_first))
    return _section("patients", "Patients", "Failed ones first.", "table", table, sort_rows=False)


def _classes(cohort: Sequence[PatientResults]) -> dict[str, Any]:
    data = {
        name: {label.value: counts[label] for label in COLOURS} for name, counts in _pairs(cohort)
    }
    categories = {
        label.value: {"name": label.replace("_", " "), "color": colour}
        for label, colour in COLOURS.items()
    }
    part = {"data": data, "categories": categories}
    about = "Somatic variants by what happened to them between the time points."
    return _section("classes", "Variant classes", about, "bargraph", part, ylab="variants")


def _vaf(cohort: Sequence[PatientResults], settings: Settings) -> dict[str, Any]:
    genes = driver_genes(settings.extra_driver_genes)
    data = {
        f"{patient.patient} {variant.name} {variant.row.comparison}": {
            "x": 100 * variant.row.before_vaf,
            "y": 100 * variant.row.after_vaf,
            "color": COLOURS[variant.row.variant_class],
        }
        for patient in cohort
        for variant in rank_variants(patient.of(VariantChange), genes)
        if variant.is_driver and variant.row.before_depth and variant.row.after_depth
    }
    about = "Driver variants; the colours are those of the classes."
    return _section(
        "vaf",
        "VAF before and after",
        about,
        "scatter",
        {"data": data},
        xlab="VAF before (%)",
        ylab="VAF after (%)",
        xmin=0,
        ymin=0,
        xmax=100,
        ymax=100,
    )


def _mechanisms(cohort: Sequence[PatientResults]) -> dict[str, Any]:
    data = {
        patient.patient: {
            row.mechanism: _STATUS_VALUES[row.summary]
            for row in reversed(patient.of(MechanismSummary))  # the first comparison wins
        }
        for patient in cohort
        if patient.of(MechanismSummary)
    }
    columns = list(dict.fromkeys(name for row in data.values() for name in reversed(row)))
    matrix = [[row.get(name) for name in columns] for row in data.values()]
    part = {"data": matrix, "xcats": columns, "ycats": list(data)}
    about = "1 supported, 0 measured and not observed, -1 contradicted, empty not assessed."
    return _section(
        "mechanisms",
        "Mechanisms of resistance",
        about,
        "heatmap",
        part,
        min=-1,
        max=1,
        square=False,
        tt_decimals=0,
        xcats_samples=False,
        colstops=[[0, "#d55e00"], [0.5, "#f4f6f8"], [1, "#1d5c87"]],
    )


def _flt3_itd(cohort: Sequence[PatientResults]) -> dict[str, Any]:
    headers = [
        Header("Result", "ITD, no ITD or not callable", lambda r: _itd_words(r.verdict)),
        Header("Clones", "ITD clones", lambda r: r.n_clones),
        Header("AR", "Total ITD / wild type", lambda r: r.total_allelic_ratio, "PuRd", "{:,.3f}"),
        Header(
            "Not excluded below",
            "Smallest ITD VAF found with 95 % power, in %",
            lambda r: 100 * r.detection_limit,
            "Greys",
            "{:,.2f}",
        ),
        Header("Depth", "Fragments that span a junction", lambda r: r.depth, "Blues"),
    ]
    table = _table(headers, ((row.sample, row) for p in cohort for row in p.of(ItdLibrary)))
    return _section("flt3_itd", "FLT3-ITD", "Per library.", "table", table)


def _mirna(cohort: Sequence[PatientResults]) -> dict[str, Any]:
    headers = [
        Header("Verdict", "Can the library be used?", lambda r: r.verdict.replace("_", " ")),
        Header("Reads", "Reads in the FASTQ", lambda r: r.reads, "Blues"),
        Header(
            "20-24 nt", "% of trimmed reads", lambda r: 100 * r.share_20_24, "RdYlGn", "{:,.1f}"
        ),
        Header("Assigned", "Reads assigned to miRNAs", lambda r: r.assigned, "Greens"),
        Header("miRNAs", "miRNAs with at least 10 reads", lambda r: r.n_mirnas, "Greens"),
    ]
    table = _table(headers, ((row.sample, row) for p in cohort for row in p.of(MirnaQc)))
    return _section("mirna", "miRNA libraries", "Per library.", "table", table)


def _times(times: Sequence[StationTime]) -> dict[str, Any]:
    headers = [
        Header("Jobs", "Jobs of the rule", lambda r: r.jobs),
        Header(
            "Processor", "Processor seconds of all jobs", lambda r: r.processor, "Blues", "{:,.1f}"
        ),
        Header("Total", "Wall-clock seconds of all jobs", lambda r: r.seconds, "Blues", "{:,.1f}"),
        Header("Longest", "Seconds of the longest job", lambda r: r.longest, "Blues", "{:,.1f}"),
        Header("Memory", "Highest resident memory in MB", lambda r: r.max_rss, "Greens"),
    ]
    table = _table(headers, ((row.station.replace("_", " "), row) for row in times))
    about = "Every rule of this run, the longest first; of jobs done earlier, their own times."
    return _section("times", "Run times", about, "table", table)


def _section(
    name: str, title: str, about: str, plot: str, part: Mapping[str, Any], **options: Any
) -> dict[str, Any]:
    return {
        **_PARENT,
        "id": f"amlresist_{name}",
        "section_name": title,
        "description": about,
        "plot_type": plot,
        "pconfig": {"id": f"amlresist_{name}_plot", "title": f"amlresist: {title}", **options},
        **part,
    }


def _table(headers: Sequence[Header], rows: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    data = {
        name: {h.title: value for h in headers if not _is_nan(value := h.value(row))}
        for name, row in rows
    }
    facts = {
        h.title: {
            "title": h.title,
            "description": h.description,
            "scale": h.scale,
            "format": h.number_format,
        }
        for h in headers
    }
    return {"headers": facts, "data": data}


def _configuration(cohort: Sequence[PatientResults], settings: Settings) -> str:
    libraries = sum(len(p.of(AlignmentQc)) + len(p.of(MirnaQc)) for p in cohort)
    is_flat = libraries >= settings.flat_plots_from
    note = (
        f"Plots are static pictures because the cohort has {libraries} libraries. "
        if is_flat
        else ""
    )
    lines = [
        "title: amlresist",
        "subtitle: AML at diagnosis and relapse",
        f"intro_text: {json.dumps(note + 'Research software, not a diagnostic.')}",
        "show_analysis_paths: false",
        "show_analysis_time: false",
        "no_version_check: true",
        "skip_generalstats: false",
        f"plots_force_flat: {str(is_flat).lower()}",
        "report_section_order:",
        *(
            f"  amlresist_{name}: {{order: {10 * place}}}"
            for place, name in enumerate(_ORDER, start=1)
        ),
    ]
    return "\n".join(lines) + "\n"


def _titles(patient: PatientResults, state: str) -> str:
    # MultiQC takes commas for separators of thousands.
    return "; ".join(STATIONS[n] for n, found in patient.states.items() if found == state) or "none"


def _itd_words(verdict: str) -> str:
    return verdict.replace("_", " ").replace("itd", "ITD")


def _worst_library(patient: PatientResults) -> str:
    order = ("good", "poor", "not_evaluable")
    verdicts = [row.verdict for row in patient.of(AlignmentQc)]
    return max(verdicts, key=order.index).replace("_", " ") if verdicts else "not assessed"


def _pairs(cohort: Sequence[PatientResults]) -> list[tuple[str, Counter[VariantClass]]]:
    """Name of each comparison of two time points, and its somatic variants per class."""
    return [
        (f"{patient} {comparison.replace('>', ' to ')}", counts)
        for results in cohort
        for (patient, comparison), counts in count_pairs(results.of(VariantChange)).items()
    ]


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _escaped(value: Any) -> Any:
    match value:
        case str():
            return html.escape(value)
        case dict():
            return {_escaped(name): _escaped(part) for name, part in value.items()}
        case list() | tuple():
            return [_escaped(part) for part in value]
        case _:
            return value
