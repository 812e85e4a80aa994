"""From a patient's files to a case, and from the case to the tables."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amlresist.annotation import Transcript, canonical_transcripts, read_gene_models
from amlresist.errors import InputError, Problem
from amlresist.evidence.knowledge import Role, genes
from amlresist.libraries import LibraryInput
from amlresist.sheet import PatientFacts, comparisons, timepoint_rank
from amlresist.variants.alleles import Allele
from amlresist.variants.candidates import read_candidates
from amlresist.variants.clone_table import (
    clone_names,
    clone_rows,
    find_clones,
    leukemic_timepoints,
    truncal_of,
)
from amlresist.variants.comparison import compare, observations_of
from amlresist.variants.consequence import Annotation, Annotator
from amlresist.variants.given import GivenCount, GivenTable, read_given
from amlresist.variants.hotspot_table import hotspot_rows
from amlresist.variants.hotspots import hotspot_alleles, hotspot_of, hotspots
from amlresist.variants.loci import Case, Locus
from amlresist.variants.overdispersion import estimate
from amlresist.variants.purity import (
    Purity,
    Segment,
    combined,
    from_facts,
    from_founder,
    read_segments,
)
from amlresist.variants.records import (
    AlleleCount,
    CloneShare,
    HotspotCheck,
    PairSummary,
    VafPoint,
    VariantChange,
    VariantClass,
)
from amlresist.variants.reference import Reference
from amlresist.variants.regions import Region, read_bed
from amlresist.variants.same_insertion import align_insertions
from amlresist.variants.settings import Settings
from amlresist.variants.single import describe
from amlresist.variants.tracks import (
    Track,
    allele_counts,
    given_alleles,
    track_from_given,
    track_from_reads,
    with_shared_slippage,
)
from amlresist.variants.vaf_points import vaf_points

GivenCounts = dict[Allele, GivenCount]


@dataclass(frozen=True, slots=True)
class Sources:
    """What is looked up beside the libraries; None or empty where not given."""

    reference: Reference | None
    reference_path: str
    models: tuple[Transcript, ...]
    candidates: Mapping[Allele, tuple[str, ...]]
    segments: tuple[Segment, ...]

    @classmethod
    def open(cls, reference: str, gene_models: str, candidates: str, segments: str) -> "Sources":
        """Open the files; "" for one that is not given."""
        return cls(
            Reference(reference) if reference else None,
            reference,
            tuple(read_gene_models(gene_models)) if gene_models else (),
            read_candidates(candidates) if candidates else {},
            tuple(read_segments(segments)) if segments else (),
        )


@dataclass(frozen=True, slots=True)
class Results:
    """Rows of all tables of a patient.

    Attributes:
        excluded_above: (allele, time point) -> U95 where the variant was not seen.
    """

    counts: list[AlleleCount]
    changes: list[VariantChange]
    summaries: list[PairSummary]
    clones: list[CloneShare]
    hotspots: list[HotspotCheck]
    points: list[VafPoint]
    excluded_above: dict[tuple[Allele, str], float]


def prepare(
    patient: str,
    libraries: Sequence[LibraryInput],
    facts: Mapping[str, PatientFacts],
    sources: Sources,
    settings: Settings,
) -> Case:
    """Count every locus in every library and learn what the comparison needs.

    Raises:
        InputError: reads without a reference, or a given file that cannot be read.
    """
    chosen = _one_per_timepoint(libraries)
    if sources.reference is None and any(not library.given for library in chosen):
        remedy = "Give --reference."
        raise InputError(Problem("--reference", "", "", "counting reads needs it", remedy))
    tables = {
        library.timepoint: read_given(library.paths[0], patient, library.timepoint, library.sample)
        for library in libraries
        if is_result(library)
    }
    listed = _given_counts(tables, sources.reference)
    loci = _loci(listed, tables, sources)
    alleles = [locus.allele for locus in loci]
    tracks = [_track(lib, alleles, listed, tables, sources, settings) for lib in chosen]
    if sources.reference is not None:
        fetch = sources.reference.fetch
        tracks = with_shared_slippage(tracks, alleles, fetch, settings.error_floor)
    return _learned(patient, loci, tracks, facts, sources, settings)


def results(case: Case, settings: Settings) -> Results:
    """All comparisons of a case."""
    changes: list[VariantChange] = []
    summaries = []
    column = {track.timepoint: i for i, track in enumerate(case.tracks)}
    pairs = comparisons(column)
    observations = observations_of(case, settings)
    for before, after in pairs:
        rows, summary = compare(case, column[before], column[after], settings, observations)
        changes += rows
        summaries.append(summary)
    if not pairs:
        first = min(leukemic_timepoints(column) or column, key=timepoint_rank)
        rows, summary = describe(case, column[first], settings)
        changes += rows
        summaries.append(summary)
    chosen, clusters = find_clones(case, observations, settings, _of_no_clone(changes))
    names = clone_names(clusters, truncal_of(case, chosen, clusters, settings))
    clone_of = {
        case.loci[locus].allele: names[index]
        for locus, index in zip(chosen, clusters.assignment, strict=True)
        if index >= 0
    }
    changes = [
        dataclasses.replace(
            row, clone=clone_of.get(Allele(row.chrom, row.pos - 1, row.ref, row.alt), "")
        )
        for row in changes
    ]
    excluded = {}
    for row in changes:
        allele = Allele(row.chrom, row.pos - 1, row.ref, row.alt)
        before, _, after = row.comparison.partition(">")
        excluded[allele, before] = row.before_excluded_above
        excluded[allele, after] = row.after_excluded_above
    return Results(
        allele_counts(case.patient, case.tracks, [locus.allele for locus in case.loci]),
        changes,
        summaries,
        clone_rows(case, clusters, names),
        hotspot_rows(case, settings),
        vaf_points(case, changes, settings),
        excluded,
    )


def _of_no_clone(rows: Sequence[VariantChange]) -> frozenset[Allele]:
    """Variants that are germline or artefacts in some comparison."""
    classes = {VariantClass.GERMLINE, VariantClass.ARTEFACT}
    return frozenset(
        Allele(row.chrom, row.pos - 1, row.ref, row.alt)
        for row in rows
        if row.variant_class in classes
    )


def is_result(library: LibraryInput) -> bool:
    """Whether the library is a result made elsewhere, not reads; on a command line by its name."""
    return library.given or not library.paths[0].lower().endswith((".bam", ".cram", ".sam"))


def _one_per_timepoint(libraries: Sequence[LibraryInput]) -> list[LibraryInput]:
    """Reads go before given results of the same time point."""
    best: dict[str, LibraryInput] = {}
    for library in libraries:
        given = is_result(library)
        marked = dataclasses.replace(library, given=given)
        held = best.get(library.timepoint)
        if held is None or (held.given and not given):
            best[library.timepoint] = marked
    return sorted(best.values(), key=lambda library: timepoint_rank(library.timepoint))


def _given_counts(
    tables: Mapping[str, GivenTable], reference: Reference | None
) -> dict[str, GivenCounts]:
    fetch = reference.fetch if reference else None
    contigs = frozenset(reference.contigs) if reference else frozenset()
    listed = {
        timepoint: given_alleles(table, fetch, contigs) for timepoint, table in tables.items()
    }
    return align_insertions(listed)


def _loci(
    listed: Mapping[str, GivenCounts], tables: Mapping[str, GivenTable], sources: Sources
) -> list[Locus]:
    why: dict[Allele, set[str]] = {a: set(s) for a, s in sources.candidates.items()}
    for counts in listed.values():
        for allele in counts:
            why.setdefault(allele, set()).add("given")
    if sources.reference is not None and sources.models:
        models = canonical_transcripts(sources.models)
        for allele in hotspot_alleles(models, sources.reference.fetch, hotspots()):
            if allele in why:
                why[allele].add("hotspot")
    as_written = _written_annotations(tables)
    annotator = None
    if sources.reference is not None and sources.models:
        annotator = Annotator(sources.models, sources.reference.fetch)
    rank = (
        {name: i for i, name in enumerate(sources.reference.contigs)} if sources.reference else {}
    )
    loci = []
    for allele in sorted(why, key=lambda a: (rank.get(a.chrom, len(rank)), a)):
        annotation = as_written.get(allele, Annotation(consequence=""))
        if annotator is not None and allele.chrom in rank and "<" not in allele.alt:
            annotation = annotator.annotate(allele)
        spot = hotspot_of(annotation.gene, annotation.protein_change, hotspots())
        loci.append(Locus(allele, annotation, spot, tuple(sorted(why[allele]))))
    return loci


def _written_annotations(tables: Mapping[str, GivenTable]) -> dict[Allele, Annotation]:
    """Gene and protein change as a given result names them."""
    return {
        variant.allele: Annotation(
            gene=variant.gene, protein_change=variant.protein_change, consequence=""
        )
        for table in tables.values()
        for variant in table.variants
    }


def _track(
    library: LibraryInput,
    alleles: Sequence[Allele],
    listed: Mapping[str, GivenCounts],
    tables: Mapping[str, GivenTable],
    sources: Sources,
    settings: Settings,
) -> Track:
    if library.given:
        table = tables[library.timepoint]
        return track_from_given(library, table, listed[library.timepoint], alleles, settings)
    assert sources.reference is not None, "checked by prepare"
    targets: list[Region] | None = read_bed(library.targets) if library.targets else None
    return track_from_reads(
        library, alleles, sources.reference.fetch, targets, settings, sources.reference_path
    )


def _learned(
    patient: str,
    loci: Sequence[Locus],
    tracks: Sequence[Track],
    facts: Mapping[str, PatientFacts],
    sources: Sources,
    settings: Settings,
) -> Case:
    timepoints = [track.timepoint for track in tracks]
    alt = np.stack(
        [np.maximum(t.alt, 0) for t in tracks if t.has_counts] or [np.zeros(len(loci))], 1
    )
    depth = np.stack(
        [np.maximum(t.depth, 0) for t in tracks if t.has_counts] or [np.zeros(len(loci))], 1
    )
    spread = estimate(alt, depth, settings.overdispersion, settings.overdispersion_min_snps)
    given = from_facts(facts, timepoints)
    case = Case(
        patient=patient,
        loci=loci,
        tracks=tracks,
        overdispersion=spread,
        purity=given,
        segments=sources.segments,
        transplanted=frozenset(t for t, fact in facts.items() if fact.transplant_before),
        drivers=frozenset(gene.gene for gene in genes() if Role.DRIVER in gene.roles),
    )
    return dataclasses.replace(case, purity=combined(given, _learned_purity(case, settings)))


def _learned_purity(case: Case, settings: Settings) -> Purity:
    """Shares of leukemic cells from the founder cluster, NaN at time points without leukemia."""
    chosen, clusters = find_clones(case, observations_of(case, settings), settings)
    found = from_founder(clusters, truncal_of(case, chosen, clusters, settings))
    counted = leukemic_timepoints(track.timepoint for track in case.tracks if track.has_counts)
    shares, intervals = [math.nan] * len(case.tracks), [(math.nan, math.nan)] * len(case.tracks)
    for place, column in enumerate(
        i for i, track in enumerate(case.tracks) if track.timepoint in counted
    ):
        shares[column] = found.shares[place]
        intervals[column] = found.interval(place)
    return Purity(tuple(shares), found.source, tuple(intervals))
