"""The whole check: config and sheets first, then every file once, side by side."""

import dataclasses
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from amlresist.addresses import copied_library
from amlresist.errors import InputError
from amlresist.inputs.alignments import examine_alignment
from amlresist.inputs.bed import examine_bed
from amlresist.inputs.digests import describe_ends, describe_file
from amlresist.inputs.fastq import examine_fastq
from amlresist.inputs.findings import FETCH_AGAIN, Finding, Findings, Severity
from amlresist.inputs.genome import Genome
from amlresist.inputs.quick import (
    DEFAULT_BUILD,
    READ_COLUMNS,
    check_libraries_text,
    check_names,
    check_reference_paths,
    check_setting_paths,
    files_of,
    needed_reference_paths,
    reference_paths,
)
from amlresist.inputs.reference_files import (
    examine_annotation,
    examine_genome,
    examine_sequences,
    glance_at_genome,
    named_genome,
)
from amlresist.inputs.same_reads import alike, first_reads, reads_files
from amlresist.inputs.setting_files import (
    examine_claims,
    examine_gene_sets,
    examine_mirna_reference,
    examine_mirna_variants,
    examine_reference_cohort,
)
from amlresist.inputs.tables_of_libraries import examine_given
from amlresist.plan import Plan, make_plan
from amlresist.sheet import Assay, GivenKind, Library, comparisons

Examination = Callable[[], list[Finding]]
Found = TypeVar("Found")
FIRST_RECORDS = 200  # of a BAM or FASTQ, in the quick check
EMPTY_GZIP = 64  # bytes; two empty libraries are alike, and told so by their own check
_ORDER = {severity: number for number, severity in enumerate(Severity)}


def check_everything(
    config: Mapping[str, Any],
    scratch: Path,
    processes: int,
    *,
    quick: bool = False,
    copies: Mapping[str, str] | None = None,
) -> tuple[list[Finding], list[dict[str, Any]]]:
    """Check config, sheets and every file they name.

    Args:
        scratch: folder for temporary files.
        processes: files looked at side by side.
        quick: of reads look at headers, ends and first records only; the job that first reads
            such a file streams it.
        copies: address in the sheet -> path of its local copy; findings name the address.

    Returns:
        (findings, gravest first; one description per input file). Files are opened only when
        config, sheets and paths are sound.
    """
    copies = copies or {}
    try:
        plan = make_plan(config)
    except InputError as error:
        return [Finding(Severity.STOP, problem) for problem in error.problems], []
    libraries = tuple(copied_library(library, copies) for library in plan.libraries)
    findings, digests = _check_files(
        config, dataclasses.replace(plan, libraries=libraries), scratch, processes, quick=quick
    )
    findings = _named_by_address(findings, copies)
    return sorted(findings, key=lambda finding: _ORDER[finding.severity]), digests


def _check_files(
    config: Mapping[str, Any], plan: Plan, scratch: Path, processes: int, *, quick: bool
) -> tuple[list[Finding], list[dict[str, Any]]]:
    findings = check_libraries_text(config, plan.libraries) + check_reference_paths(
        config, plan.libraries
    )
    findings += check_setting_paths(plan) + check_names(plan)
    findings += _single_time_points(plan.libraries, plan.sheet_paths["samples"])
    if any(finding.severity is Severity.STOP for finding in findings):
        return findings, []
    with (
        tempfile.TemporaryDirectory(dir=scratch, prefix=".check-") as folder,
        ProcessPoolExecutor(processes) as pool,
    ):
        paths = [path for path in needed_reference_paths(config, plan.libraries).values() if path]
        files = sorted({*plan.files_given(), *plan.sheets(), *paths})
        describe = describe_ends if quick else describe_file
        described = [(path, pool.submit(describe, path)) for path in files]
        genome, genome_findings = _genome(config, plan.libraries, Path(folder), quick=quick)
        examinations = _examinations(plan, config, genome, quick=quick)
        futures = [(name, work, _submitted(pool, work)) for name, work in examinations.items()]
        looked_into = [] if quick else reads_files(plan.libraries)
        fingerprints = [
            (path, _submitted(pool, partial(first_reads, path, genome.fasta)))
            for path in looked_into
        ]
        findings += genome_findings
        for name, work, future in futures:
            findings += _found(name, work, future)
        reads_of = _first_reads(fingerprints)
        digests = [
            digest
            for path, future in described
            if (digest := _digest(path, describe, future, findings))
        ]
    sheet = plan.sheet_paths["samples"]
    findings += _same_content(plan.libraries, digests, sheet)
    findings += alike(plan.libraries, reads_of, sheet)
    return findings, digests


def _named_by_address(findings: Iterable[Finding], copies: Mapping[str, str]) -> list[Finding]:
    addresses = {path: address for address, path in copies.items()}
    named = []
    for finding in findings:
        told = finding.problem
        file, value = (addresses.get(text, text) for text in (told.file, told.value))
        named.append(Finding(finding.severity, dataclasses.replace(told, file=file, value=value)))
    return named


def _submitted(pool: ProcessPoolExecutor, work: Callable[[], Found]) -> "Future[Found]":
    try:
        return pool.submit(work)
    except BrokenProcessPool as error:  # a file before it ended its process
        future: Future[Found] = Future()
        future.set_exception(error)
        return future


def _found(
    name: str, work: Examination, future: "Future[list[Finding]]", attempts: int = 1
) -> list[Finding]:
    """Findings of an examination; a file that ends the process that reads it is a finding too."""
    try:
        return future.result()
    except BrokenProcessPool:
        if attempts:  # another file may have ended the process: once more, alone
            with ProcessPoolExecutor(1) as pool:
                return _found(name, work, pool.submit(work), attempts - 1)
    findings = Findings(name)
    findings.stop("ends the program that reads it (damaged, or memory is used up)", FETCH_AGAIN)
    return findings.all


def _first_reads(
    futures: Iterable[tuple[str, "Future[frozenset[int]]"]],
) -> dict[str, frozenset[int]]:
    """Path -> digests of its first reads; nothing of files that end the process reading them."""
    found = {}
    for path, future in futures:
        with suppress(BrokenProcessPool):
            found[path] = future.result()
    return found


def _digest(
    path: str,
    describe: Callable[[str], dict[str, Any]],
    future: "Future[dict[str, Any]]",
    found: list[Finding],
) -> dict[str, Any] | None:
    """Description of a file; None, and a finding, when it cannot be read."""
    findings = Findings(path)
    with findings.guarded():
        try:
            return future.result()
        except BrokenProcessPool:
            return describe(path)
    found += findings.all
    return None


def _largest_first(path: str) -> tuple[int, str]:
    return -Path(path).stat().st_size, path


def available_processors() -> int:
    """Processors this job may use."""
    return len(os.sched_getaffinity(0))


def _genome(
    config: Mapping[str, Any], libraries: Sequence[Library], scratch: Path, *, quick: bool
) -> tuple[Genome, list[Finding]]:
    fasta = reference_paths(config)["fasta"]
    if not fasta:
        return named_genome(_build(config)), []
    if quick and (glance := glance_at_genome(fasta)):
        return glance
    need_bases = any(
        library.given_kind in {GivenKind.VCF, GivenKind.MAF}
        or library.bam.lower().endswith(".cram")
        for library in libraries
    )
    return examine_genome(fasta, scratch, need_bases=need_bases)


def _build(config: Mapping[str, Any]) -> str:
    return str((config.get("reference") or {}).get("name") or DEFAULT_BUILD)


def _examinations(
    plan: Plan, config: Mapping[str, Any], genome: Genome, *, quick: bool
) -> dict[str, Examination]:
    """File -> its examination (a pair of FASTQs by its first), the largest first."""
    samples = {library.sample for library in plan.libraries}
    found: dict[str, Examination] = {}
    limit = FIRST_RECORDS if quick else None
    given: dict[str, list[Library]] = defaultdict(list)
    for library in plan.libraries:
        for name, examination in _of_library(library, samples, genome, limit):
            found.setdefault(name, examination)
        if library.given:
            given[library.given].append(library)
    for name, libraries in given.items():
        found[name] = partial(examine_given, libraries, genome, _build(config))
    for name, work in (_of_references(plan, config, genome) | _of_settings(plan)).items():
        found[name] = partial(_in_turn, found[name], work) if name in found else work
    return {name: found[name] for name in sorted(found, key=_largest_first)}


def _in_turn(first: Examination, second: Examination) -> list[Finding]:
    """Both examinations of a file that is used twice, as a VCF given and one of known variants."""
    return [*first(), *second()]


def _of_library(
    library: Library, samples: set[str], genome: Genome, limit: int | None
) -> Iterable[tuple[str, Examination]]:
    if library.fq1:
        yield library.fq1, partial(examine_fastq, library.fq1, library.fq2, limit)
    if library.bam:
        yield (
            library.bam,
            partial(
                examine_alignment,
                library.bam,
                assay=library.assay.value,
                sample=library.sample,
                other_samples=frozenset(samples - {library.sample}),
                contigs=tuple(genome.contigs),
                fasta=genome.fasta,
                limit=limit,
            ),
        )
    if library.targets:
        yield library.targets, partial(examine_bed, library.targets, genome)


def _of_references(plan: Plan, config: Mapping[str, Any], genome: Genome) -> dict[str, Examination]:
    paths = needed_reference_paths(config, plan.libraries)
    found: dict[str, Examination] = {}
    if paths["annotation"]:
        found[paths["annotation"]] = partial(examine_annotation, paths["annotation"], genome)
    for name in ("matures", "hairpins"):
        if paths[name]:
            found[paths[name]] = partial(examine_sequences, paths[name])
    if paths["matures"] and paths["hairpins"]:
        settings = plan.settings["mirna"]
        of_mirnas = (
            paths["matures"],
            paths["hairpins"],
            paths["gff3"],
            settings["species"],
            settings["max_unplaced_share"],
        )
        found[paths["matures"]] = partial(examine_mirna_reference, *of_mirnas)
        if variants := settings["variants"]:
            found[variants] = partial(examine_mirna_variants, variants, *of_mirnas)
    return found


def _of_settings(plan: Plan) -> dict[str, Examination]:
    expression = plan.settings["expression"]
    found: dict[str, Examination] = {
        path: partial(examine_gene_sets, path, is_network=is_network)
        for name, is_network in (("gene_sets", False), ("networks", True))
        for path in expression[name]
    }
    if cohort := expression["reference_cohort"]:
        found[cohort] = partial(
            examine_reference_cohort,
            cohort,
            scale=expression["matrix_scale"],
            minimum_samples=expression["cohort_minimum"],
        )
    claims = plan.settings["evidence"]["claims_tables"]
    return found | {path: partial(examine_claims, path) for path in claims}


def _same_content(
    libraries: Sequence[Library], digests: Iterable[Mapping[str, Any]], sheet: str
) -> list[Finding]:
    digest_of = {i["path"]: i["digest"] for i in digests if i["size"] > EMPTY_GZIP}
    seen: dict[str, tuple[Library, str]] = {}
    findings = Findings(sheet)
    for library in libraries:
        for column, path in files_of(library):
            digest = digest_of.get(path)
            if column not in READ_COLUMNS or digest is None:
                continue
            first, first_column = seen.setdefault(digest, (library, column))
            if (first, first_column) != (library, column):
                findings.stop(
                    f"has the same content as row {first.row}, column {first_column}",
                    "Each library has its own reads.",
                    f"row {library.row}, column {column}",
                    path,
                )
    return findings.all


def _single_time_points(libraries: Sequence[Library], sheet: str) -> list[Finding]:
    timepoints: dict[str, dict[Assay, set[str]]] = defaultdict(lambda: defaultdict(set))
    for library in libraries:
        timepoints[library.patient][library.assay].add(library.timepoint)
    findings = Findings(sheet)
    for patient, by_assay in sorted(timepoints.items()):
        unpaired = [assay.value for assay in sorted(by_assay) if not comparisons(by_assay[assay])]
        if len(unpaired) == len(by_assay):
            findings.warn(
                f"patient {patient} has no pair of time points (UNPAIRED)",
                "The page shows each time point alone; nothing is called acquired or lost.",
                value=", ".join(sorted(set().union(*by_assay.values()))),
            )
        elif unpaired:
            findings.note(
                f"patient {patient} has no pair of time points in {', '.join(unpaired)}",
                "No change is computed there.",
            )
    return findings.all


def severity_counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Severity -> number of findings, in the order of gravity."""
    counts = Counter(finding.severity.value for finding in findings)
    return {severity.value: counts[severity.value] for severity in Severity}
