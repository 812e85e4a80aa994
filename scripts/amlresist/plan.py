"""What the sheet and the settings make the workflow do: which patient passes which station.

Pure planning, no Snakemake: rules ask a `Plan` for paths and for the JSON they hand to commands.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from amlresist import libraries as station_input
from amlresist.errors import InputError, Problem
from amlresist.libraries import LibraryInput
from amlresist.settings import RESOURCES, SCHEMAS, defaults, section_problems
from amlresist.sheet import (
    Assay,
    Library,
    PatientFacts,
    path_fault,
    read_libraries,
    read_patient_facts,
)

STATIONS = (
    "reference",
    "alignment",
    "alignment_qc",
    "variants",
    "flt3_itd",
    "mirna",
    "expression",
    "evidence",
    "report",
)
# Station -> the tables that others read; the first stands for all, since each appears when whole.
TABLES = {
    "alignment_qc": (
        "alignment_qc.tsv",
        "gene_coverage.tsv",
        "pair_identity.tsv",
        "genotypes.tsv",
    ),
    "variants": (
        "variants.tsv",
        "allele_counts.tsv",
        "variant_summary.tsv",
        "clones.tsv",
        "hotspots.tsv",
        "vaf_points.tsv",
        "variants.maf",
        "variants.vcf.gz",
    ),
    "flt3_itd": ("flt3_itd.tsv", "flt3_itd_clones.tsv", "flt3_itd_pairs.tsv", "flt3_itd.vcf"),
    "mirna": (
        "mirna_change.tsv",
        "mirna_counts.tsv",
        "mirna_qc.tsv",
        "mirna_hairpins.tsv",
        "mirna_lengths.tsv",
        "mirna_alleles.tsv",
    ),
    "expression": (
        "pathways.tsv",
        "expression.tsv",
        "expression_change.tsv",
        "expression_qc.tsv",
        "expression_unmapped.tsv",
    ),
    "evidence": (
        "evidence.tsv",
        "mechanisms.tsv",
        "evidence_beyond_review.tsv",
        "evidence_own_claims.tsv",
        "flt3_npm1.tsv",
        "evidence.json",
    ),
}
# Tables of the cohort beside its evidence.
COHORT_TABLES = (
    "alignment_qc.tsv",
    "gene_coverage.tsv",
    "pair_identity.tsv",
    "best_matches.tsv",
    "variants.tsv",
    "variant_summary.tsv",
    "clones.tsv",
    "gene_changes.tsv",
    "flt3_itd.tsv",
    "flt3_itd_clones.tsv",
    "flt3_itd_pairs.tsv",
    "itd_recurrence.tsv",
    "itd_carry_over.tsv",
    "mirna_change.tsv",
    "mirna_qc.tsv",
    "expression_change.tsv",
    "pathways.tsv",
    "evidence_beyond_review.tsv",
    "evidence_own_claims.tsv",
    "mechanisms.tsv",
    "flt3_npm1.tsv",
    "patients.tsv",
    "review_expectation.tsv",
)
# Station -> its settings that name files.
PATH_SETTINGS = {
    "reference": ("fasta", "annotation", "matures", "hairpins", "gff3"),
    "mirna": ("variants",),
    "expression": ("gene_sets", "networks", "reference_cohort"),
    "evidence": ("claims_tables",),
}
TOP_LEVEL = {"samples": "config/samples.tsv", "patients": "", "results": "results"}
SOURCES = Path(__file__).resolve().parent
SOURCE_SUFFIXES = (".py", ".j2", ".css", ".js")  # the report's pages are code as well


@dataclass(frozen=True)
class Plan:
    """The cohort and where everything lies.

    Attributes:
        libraries: rows of the sample sheet.
        facts: rows of the patient sheet.
        results: folder of all results, as written in the config.
        settings: station -> every setting with its value.
        sheet_paths: `samples` and `patients` -> path of the sheet, "" where there is none.
        root: folder in which Snakemake keeps the copies of what its default storage holds, with a
            slash at its end; "" where files lie in their places. Commands are told paths in it.
        copies: address of an input -> path of its local copy, which stands in its place everywhere.
    """

    libraries: tuple[Library, ...]
    facts: tuple[PatientFacts, ...]
    results: str
    settings: Mapping[str, Mapping[str, Any]]
    sheet_paths: Mapping[str, str]
    root: str = ""
    copies: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def patients(self) -> tuple[str, ...]:
        """Patients in the order of their names."""
        return tuple(sorted(self._by_patient))

    @cached_property
    def _by_patient(self) -> dict[str, list[Library]]:
        grouped: dict[str, list[Library]] = {}
        for library in self.libraries:
            grouped.setdefault(library.patient, []).append(library)
        return grouped

    @cached_property
    def _copied(self) -> frozenset[str]:
        return frozenset(map(str, self.copies.values()))

    @cached_property
    def _by_sample(self) -> dict[str, Library]:
        return {library.sample: library for library in self.libraries}

    def of(self, patient: str, *assays: Assay) -> list[Library]:
        """Libraries of a patient made with one of `assays`."""
        return [library for library in self._by_patient[patient] if library.assay in assays]

    def patients_at(self, station: str) -> list[str]:
        """Patients whose sheet rows give the station something to do."""
        return [patient for patient in self.patients if self.inputs_of(patient, station)]

    def path(self, patient: str, station: str, name: str) -> str:
        """`results/{patient}/{station}/{name}`."""
        return f"{self.results}/{patient}/{station}/{name}"

    def paths(self, station: str, name: str) -> list[str]:
        """The file of each patient; `{patient}` in the name is the patient's."""
        return [self.path(p, station, name.replace("{patient}", p)) for p in self.patients]

    def alignment(self, library: Library) -> str:
        """BAM or CRAM that stations read: made from FASTQ, or a given one checked and indexed."""
        suffix = "cram" if library.bam.lower().endswith(".cram") else "bam"
        return self.path(library.patient, "alignment", f"{library.sample}.{suffix}")

    def reads(self, sample: str) -> list[str]:
        """Files that hold the reads of the library named `sample`."""
        library = self._by_sample[sample]
        return _fastqs(library) or [library.bam]

    def reads_json(self, sample: str) -> str:
        """The library with its own files, as the alignment command takes it."""
        library = self._by_sample[sample]
        read_group = {
            "library": library.read_group_library,
            "platform": library.read_group_platform,
            "unit": library.read_group_unit,
        }
        return self._to_json(
            [station_input.from_sheet(library, self.reads(sample), read_group=read_group)]
        )

    def quantifications(self, patient: str) -> str:
        """The folder of salmon's transcript tables of a patient's RNA libraries."""
        return self.path(patient, "expression", "salmon")

    def inputs_of(self, patient: str, station: str) -> list[LibraryInput]:
        """The patient's libraries as the station sees them; empty when it has nothing to do."""
        choose = {
            "alignment_qc": self._aligned_dna,
            "dna_reads": self._aligned_dna,
            "variants": self._dna,
            "flt3_itd": self._itd_reads,
            "mirna": self._mirna,
            "rna_reads": self._rna_reads,
            "expression": self._rna,
        }
        return choose[station](patient)

    def station_files(self, patient: str) -> list[str]:
        """What the stations before the evidence left: one finished table of each.

        All tables where storage brings to a job only what it names.
        """
        return [
            self.path(patient, station, name)
            for station, names in TABLES.items()
            if station != "evidence" and self.inputs_of(patient, station)
            for name in (names if self.root else names[:1])
        ]

    def tables_in_storage(self, *patients: str) -> list[str]:
        """Every table of the patients, where storage must bring them; else nothing."""
        return [
            path
            for patient in (patients if self.root else ())
            for path in (
                *self.station_files(patient),
                *(self.path(patient, "evidence", name) for name in TABLES["evidence"]),
            )
        ]

    def indexes_in_storage(self, patient: str, station: str) -> list[str]:
        """Indexes beside the station's alignments and genome, where storage must bring them."""
        if not self.root:
            return []
        made = f"{self.results}/"
        files = [path for path in self.files_of(patient, station) if path.startswith(made)]
        bams = [f"{path}.bai" for path in files if path.endswith(".bam")]
        crams = [f"{path}.crai" for path in files if path.endswith(".cram")]
        return [*bams, *crams, f"{self.results}/reference/genome.fa.fai"]

    def files_of(self, patient: str, station: str) -> list[str]:
        """Files the station reads for the patient, each once."""
        reads_targets = station in {"alignment_qc", "variants"}
        named = (
            path
            for library in self.inputs_of(patient, station)
            for path in (*library.paths, library.targets if reads_targets else "")
            if path
        )
        return list(dict.fromkeys(named))

    def expression_files(self, patient: str) -> list[str]:
        """What the expression station reads: one folder for all quantified libraries."""
        folder = self.quantifications(patient)
        files = self.files_of(patient, "expression")
        others = [path for path in files if not path.startswith(f"{folder}/")]
        return others if others == files else [folder, *others]

    def genome_for(self, patient: str, station: str) -> list[str]:
        """The prepared genome where the station has something to do, else nothing."""
        has_input = bool(self.inputs_of(patient, station))
        return [f"{self.results}/reference/genome.fa"] if has_input else []

    def inputs_json(self, patient: str, station: str) -> str:
        """The patient's libraries as the station's command takes them."""
        return self._to_json(self.inputs_of(patient, station))

    def facts_json(self, patient: str) -> str:
        """What is known of the patient, as stations take it."""
        return station_input.facts_to_json(f for f in self.facts if f.patient == patient)

    def settings_json(self, station: str) -> str:
        """The station's settings that differ from their defaults, as its command takes them."""
        return json.dumps(self._changed(station), sort_keys=True)

    def config_json(self) -> str:
        """The config as commands take it; what is left out has its default."""
        changed = {station: self._changed(station) for station in STATIONS}
        sections = {station: values for station, values in changed.items() if values}
        return json.dumps({**self.sheet_paths, "results": self.results, **sections})

    def sheets(self) -> list[str]:
        """Paths of the sheets in use."""
        return [path for path in self.sheet_paths.values() if path]

    def own_gene_sets(self) -> list[str]:
        """Gene sets, networks and the reference cohort the settings name by path."""
        return [path for station, _, path in self.setting_paths() if station == "expression"]

    def setting_paths(self) -> Iterator[tuple[str, str, str]]:
        """(station, setting, path) of every file that the settings name."""
        for station, names in PATH_SETTINGS.items():
            for name in names:
                value = self.settings[station][name] or []
                for path in [value] if isinstance(value, str) else value:
                    yield station, name, path

    def files_given(self) -> list[str]:
        """Every input file the sheet names, each once."""
        named = (
            path
            for library in self.libraries
            for path in (library.fq1, library.fq2, library.bam, library.given, library.targets)
            if path
        )
        return sorted(set(named))

    def _to_json(self, libraries: Iterable[LibraryInput]) -> str:
        if self.root:
            libraries = [
                replace(
                    library,
                    paths=tuple(map(self._in_root, library.paths)),
                    targets=self._in_root(library.targets),
                )
                for library in libraries
            ]
        return station_input.to_json(libraries)

    def _in_root(self, path: str) -> str:
        """Where a command finds a file; copies of addresses have a place of their own."""
        return path if not path or path in self._copied else f"{self.root}{path}"

    def _changed(self, station: str) -> dict[str, Any]:
        usual = defaults(station)
        return {n: value for n, value in self.settings[station].items() if value != usual[n]}

    def _aligned_dna(self, patient: str) -> list[LibraryInput]:
        return [
            station_input.from_sheet(library, [self.alignment(library)])
            for library in self.of(patient, Assay.DNA)
            if library.has_reads
        ]

    def _dna(self, patient: str) -> list[LibraryInput]:
        given = [
            station_input.from_sheet(library, [library.given], given=True)
            for library in self.of(patient, Assay.DNA)
            if library.given
        ]
        return self._aligned_dna(patient) + given

    def _itd_reads(self, patient: str) -> list[LibraryInput]:
        rna = [
            station_input.from_sheet(library, _fastqs(library) or [self.alignment(library)])
            for library in self.of(patient, Assay.RNA)
            if library.has_reads
        ]
        return self._aligned_dna(patient) + rna

    def _mirna(self, patient: str) -> list[LibraryInput]:
        return [
            station_input.from_sheet(
                library, _fastqs(library) or [library.given], given=not library.fq1
            )
            for library in self.of(patient, Assay.MIRNA)
        ]

    def _rna_reads(self, patient: str) -> list[LibraryInput]:
        return [
            station_input.from_sheet(library, _fastqs(library))
            for library in self.of(patient, Assay.RNA)
            if library.fq1 and not library.given
        ]

    def _rna(self, patient: str) -> list[LibraryInput]:
        return [self._rna_input(library) for library in self.of(patient, Assay.RNA)]

    def _rna_input(self, library: Library) -> LibraryInput:
        if library.given:
            return station_input.from_sheet(library, [library.given], given=True)
        if library.fq1:
            table = f"{self.quantifications(library.patient)}/{library.sample}/quant.sf"
            return station_input.from_sheet(library, [table], given=True)
        return station_input.from_sheet(library, [self.alignment(library)])


def make_plan(config: Mapping[str, Any]) -> Plan:
    """Read the sheets a config names and complete its settings.

    Raises:
        InputError: with every problem of config and sheets.
    """
    problems = config_problems(config)
    libraries: list[Library] = []
    facts: list[PatientFacts] = []
    top = {name: config.get(name, default) or default for name, default in TOP_LEVEL.items()}
    try:
        libraries = read_libraries(top["samples"])
    except InputError as error:
        problems += error.problems
    try:
        facts = list(read_patient_facts(top["patients"]).values()) if top["patients"] else []
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    settings = {
        station: {**defaults(station), **(config.get(station) or {})} for station in STATIONS
    }
    sheet_paths = {name: str(top[name]) for name in ("samples", "patients")}
    return Plan(tuple(libraries), tuple(facts), top["results"].rstrip("/"), settings, sheet_paths)


def config_problems(config: Mapping[str, Any]) -> list[Problem]:
    """Every problem of a config: unknown sections or settings, wrong types, values out of range."""
    known = [*TOP_LEVEL, *STATIONS]
    problems = [
        Problem("config", name, "", "section is not known", f"Known: {', '.join(known)}.")
        for name in config
        if name not in known
    ]
    problems += [
        Problem("config", name, str(config[name]), "expected a text", "Give a path.")
        for name in TOP_LEVEL
        if not isinstance(config.get(name, ""), str)
    ]
    problems += [
        Problem("config", name, config[name], *fault)
        for name in TOP_LEVEL
        if isinstance(config.get(name), str) and (fault := path_fault(config[name]))
    ]
    if {"{", "}"} & set(str(config.get("results", ""))):
        message = "path has a brace, which stands for a part that varies"
        problems.append(Problem("config", "results", config["results"], message, "Leave it out."))
    for station in STATIONS:
        section = config.get(station) or {}
        if isinstance(section, Mapping):
            problems += section_problems("config", station, section)
        else:
            problems.append(
                Problem("config", station, str(section), "expected settings", "Write name: value.")
            )
    return problems


def source_digest(*parts: str) -> str:
    """Digest of library sources below `scripts/amlresist`, so that changed code re-runs its rules.

    Args:
        parts: station folders or modules without `.py`. The shared core, the command and the
            schema (with the defaults) of each are included.
    """
    core = ["errors", "files", "tables", "dna", "annotation", "libraries", "settings"]
    schemas = [SCHEMAS / f"{part}.schema.json" for part in parts]
    commands = [SOURCES / "cli" / f"{part}.py" for part in parts]
    beside = [path for path in (*schemas, *commands) if path.is_file()]
    return _digest([*_source_files([*core, *parts]), *beside])


def resource_digest(folder: str) -> str:
    """Digest of the files below `resources/{folder}`: edited knowledge re-runs its rules."""
    return _digest(sorted((RESOURCES / folder).rglob("*.*")))


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _source_files(parts: Iterable[str]) -> list[Path]:
    found: set[Path] = set()
    for part in parts:
        module = SOURCES / f"{part}.py"
        inside = [module] if module.is_file() else (SOURCES / part).rglob("*.*")
        found.update(path for path in inside if path.suffix in SOURCE_SUFFIXES)
    return sorted(found)


def _fastqs(library: Library) -> list[str]:
    return [path for path in (library.fq1, library.fq2) if path]
