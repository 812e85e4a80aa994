"""All libraries of a patient through the scan, then their tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pysam

from amlresist.alignment_qc.carry_over import carry_over
from amlresist.alignment_qc.genotypes import (
    Sites,
    allele_counts,
    find_sites,
    genotype_rows,
    new_alleles,
)
from amlresist.alignment_qc.identity import foreign_share
from amlresist.alignment_qc.pairs import pair_row, weigh
from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, Genotype, PairIdentity
from amlresist.alignment_qc.regions import Interval, Region, coding_intervals, make_region
from amlresist.alignment_qc.scan import Scan, base_codes, scan_alignment
from amlresist.alignment_qc.settings import Settings
from amlresist.alignment_qc.sex import judged_sex, observed_sex
from amlresist.alignment_qc.summaries import gene_rows, library_row, share_at
from amlresist.annotation import Transcript, canonical_transcripts
from amlresist.inputs.bed import read_bed
from amlresist.inputs.bgzf import block_fault
from amlresist.inputs.findings import FETCH_AGAIN, Findings, require_sound
from amlresist.libraries import LibraryInput
from amlresist.reference.contigs import match_names
from amlresist.settings import RESOURCES
from amlresist.sheet import NORMAL, Capture, PatientFacts

PADDING = 100  # introns beside exons are captured too and hold most SNPs
LARGEST_TARGET = 5_000_000  # bases; of an exome only the genes of interest are looked at
ASSAYED_DEPTH = 5  # a gene counts as assayed where half of it has this many fragments
ASSAYED_SHARE = 0.5


@dataclass(frozen=True)
class Tables:
    """Rows of the station's four tables."""

    libraries: list[AlignmentQc]
    genes: list[GeneCoverage]
    pairs: list[PairIdentity]
    genotypes: list[Genotype]


@dataclass(frozen=True)
class _Measured:
    library: LibraryInput
    scan: Scan
    sites: Sites
    sex: str


def genes_of_interest() -> list[str]:
    """Symbols of `resources/knowledge/genes.tsv`."""
    lines = (RESOURCES / "knowledge" / "genes.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines[1:] if line]


def examine_patient(
    patient: str,
    libraries: Sequence[LibraryInput],
    reference: Path,
    models: Sequence[Transcript],
    facts: Mapping[str, PatientFacts],
    settings: Settings,
) -> Tables:
    """Scan every library of a patient once and compare them."""
    with pysam.FastaFile(str(reference)) as genome:
        lengths = dict(zip(genome.references, genome.lengths, strict=True))
        canonical = canonical_transcripts(models)
        genes = {
            gene: coding_intervals(canonical[gene])
            for gene in genes_of_interest()
            if gene in canonical
        }
        targets = {
            library.sample: _targets(library.targets, lengths)
            for library in libraries
            if library.targets
        }
        region = _region(genes, targets, lengths)
        bases = _reference_codes(genome, region)
    measured = [_measure(library, reference, region, bases, settings) for library in libraries]
    assayed = _assayed_genes({g: region.inside(i) for g, i in genes.items()}, measured, targets)
    return Tables(
        libraries=[
            _library_row(
                patient, one, region, assayed, targets, _sex(one, measured, facts), settings
            )
            for one in measured
        ],
        genes=[
            row
            for one in measured
            for row in gene_rows(
                patient, one.library, one.scan, assayed, _targeted(one, region, targets), settings
            )
        ],
        pairs=_pairs(patient, measured, bases, facts, settings),
        genotypes=_genotypes(patient, measured, region),
    )


def _targets(path: str, lengths: Mapping[str, int]) -> list[Interval]:
    regions = read_bed(path)
    names = match_names({contig for contig, _, _ in regions}, lengths)
    return [(names[c], start, end) for c, start, end in regions if c in names]


def _targeted(
    one: _Measured, region: Region, targets: Mapping[str, list[Interval]]
) -> np.ndarray | None:
    """Mask of the library's targets, None where the sheet names none."""
    named = targets.get(one.library.sample)
    return None if named is None else region.mask(named)


def _region(
    genes: Mapping[str, list[Interval]],
    targets: Mapping[str, list[Interval]],
    lengths: Mapping[str, int],
) -> Region:
    intervals = [interval for group in genes.values() for interval in group]
    for group in targets.values():
        if sum(end - start for _, start, end in group) <= LARGEST_TARGET:
            intervals += group
    return make_region(intervals, PADDING, lengths)


def _reference_codes(genome: "pysam.FastaFile", region: Region) -> np.ndarray:
    """Base codes of the region, 4 for anything but A, C, G, T; uint8 (size,)."""
    return base_codes("".join(genome.fetch(*interval) for interval in region.intervals).upper())


def _measure(
    library: LibraryInput, reference: Path, region: Region, bases: np.ndarray, settings: Settings
) -> _Measured:
    path = library.paths[0]
    findings = Findings(path)
    if path.lower().endswith(".bam") and (fault := block_fault(path)):
        findings.stop(fault, FETCH_AGAIN)
        require_sound(findings.all)
    with findings.guarded():
        scan = scan_alignment(
            path,
            str(reference),
            region,
            settings,
            keep_duplicates=library.capture == Capture.AMPLICON,
        )
    require_sound(findings.all)
    sites = find_sites(scan.bases, bases, settings.genotype_depth)
    return _Measured(library, scan, sites, observed_sex(sites, region.places(sites.place)))


def _assayed_genes(
    genes: Mapping[str, np.ndarray],
    measured: Sequence[_Measured],
    targets: Mapping[str, list[Interval]],
) -> dict[str, np.ndarray]:
    """Genes that any library reads; all of them when every library names its targets."""
    if all(one.library.sample in targets for one in measured):
        return dict(genes)
    return {
        gene: places
        for gene, places in genes.items()
        if any(share_at(o.scan.depth, places, ASSAYED_DEPTH) >= ASSAYED_SHARE for o in measured)
    }


def _library_row(
    patient: str,
    one: _Measured,
    region: Region,
    genes: Mapping[str, np.ndarray],
    targets: Mapping[str, list[Interval]],
    sex: tuple[str, str],
    settings: Settings,
) -> AlignmentQc:
    if one.library.sample in targets:
        assayed = region.inside(targets[one.library.sample])
    else:
        assayed = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *genes.values()]))
    ref, alt = allele_counts(one.sites, one.scan.bases)
    homozygous = one.sites.genotype == 2
    return library_row(
        patient,
        one.library,
        one.scan,
        assayed,
        foreign_share(alt[homozygous], (ref + alt)[homozygous]),
        sex,
        settings,
    )


def _sex(
    one: _Measured, measured: Iterable[_Measured], facts: Mapping[str, PatientFacts]
) -> tuple[str, str]:
    return judged_sex(
        one.sex,
        next((fact.sex for fact in facts.values() if fact.sex), ""),
        [other.sex for other in measured if other is not one],
        transplanted=_has_transplant(one.library, facts),
    )


def _pairs(
    patient: str,
    measured: Sequence[_Measured],
    bases: np.ndarray,
    facts: Mapping[str, PatientFacts],
    settings: Settings,
) -> list[PairIdentity]:
    # A normal sample has no lost alleles: its sites are the best to judge the others by.
    ordered = sorted(measured, key=lambda one: one.library.timepoint != NORMAL)
    rows = []
    for earlier, later in combinations(ordered, 2):
        new = new_alleles(earlier.scan.bases, later.scan.bases, bases, settings.genotype_depth)
        evidence = weigh(earlier.sites, later.scan.bases, settings, new)
        transplant = _has_transplant(later.library, facts) and not _has_transplant(
            earlier.library, facts
        )
        samples = (earlier.library.sample, later.library.sample)
        before, after, depth = earlier.scan.bases, later.scan.bases, settings.genotype_depth
        carried = (
            carry_over(before, after, bases, depth),
            carry_over(after, before, bases, depth),
        )
        rows.append(
            pair_row(patient, samples, evidence, settings, transplant=transplant, carried=carried)
        )
    return rows


def _has_transplant(library: LibraryInput, facts: Mapping[str, PatientFacts]) -> bool:
    fact = facts.get(library.timepoint)
    return fact is not None and fact.transplant_before is True


def _genotypes(patient: str, measured: Iterable[_Measured], region: Region) -> list[Genotype]:
    measured = list(measured)
    places = sorted({int(place) for one in measured for place in one.sites.place})
    return genotype_rows(
        patient,
        {one.library.sample: one.scan.bases for one in measured},
        [one.sites for one in measured],
        dict(zip(places, region.places(places), strict=True)),
    )
