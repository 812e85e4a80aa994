"""Genotypes read off the bases themselves: no list of known SNPs is needed."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amlresist.alignment_qc.records import BestMatch, Genotype
from amlresist.alignment_qc.regions import stretches

# VAF bands of a diploid genotype; what lies between is left out as unclear (subclone, copy number).
HETEROZYGOUS = (0.3, 0.7)
HOMOZYGOUS_FROM = 0.9
REFERENCE_UP_TO = 0.1
THIRD_ALLELE_LIMIT = 0.05
# An allele is new in the later library from this VAF and these fragments, if the earlier lacks it.
NEW_FROM, LEAST_NEW_READS, ABSENT_UP_TO = 0.05, 5, 0.01
SAME_PERSON_CONCORDANCE = 0.9
_BASES = "ACGT"


@dataclass(frozen=True)
class Sites:
    """Places where a library differs from the genome.

    Attributes:
        place: array places in the region, (n,).
        ref, alt: base codes 0 to 3, (n,).
        genotype: 1 heterozygous, 2 homozygous for the alternative allele, (n,).
    """

    place: np.ndarray
    ref: np.ndarray
    alt: np.ndarray
    genotype: np.ndarray


def find_sites(bases: np.ndarray, reference: np.ndarray, minimum_depth: int) -> Sites:
    """Heterozygous and homozygous-alternative single-base sites of one library.

    Args:
        bases: counts of A, C, G, T, (size, 4).
        reference: genome base codes, 4 for anything else, (size,).
    """
    parts = []
    for part in stretches(len(reference)):
        found = _sites_of_stretch(bases[part], reference[part], minimum_depth)
        parts.append(dataclasses.replace(found, place=found.place + part.start))
    names = [field.name for field in dataclasses.fields(Sites)]
    return Sites(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


def _sites_of_stretch(bases: np.ndarray, reference: np.ndarray, minimum_depth: int) -> Sites:
    depth = bases.sum(axis=1)
    candidates = np.flatnonzero((depth >= minimum_depth) & (reference < 4))
    counts = bases[candidates]
    ref = reference[candidates]
    rows = np.arange(len(candidates))
    others = counts.copy()
    others[rows, ref] = -1
    alt = others.argmax(axis=1)
    alt_share = counts[rows, alt] / depth[candidates]
    third = 1 - alt_share - counts[rows, ref] / depth[candidates]
    is_het = (alt_share >= HETEROZYGOUS[0]) & (alt_share <= HETEROZYGOUS[1])
    is_hom = alt_share >= HOMOZYGOUS_FROM
    kept = (is_het | is_hom) & (third < THIRD_ALLELE_LIMIT)
    genotype = np.where(is_hom, 2, 1)[kept]
    return Sites(candidates[kept], ref[kept], alt[kept], genotype)


def new_alleles(
    earlier: np.ndarray, later: np.ndarray, reference: np.ndarray, minimum_depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """(alternative, all) fragments of the later library at alleles that the earlier one lacks.

    Args:
        earlier, later: counts of A, C, G, T of two libraries, (size, 4).
        reference: genome base codes, 4 for anything else, (size,).
    """
    parts = [
        _new_alleles_of_stretch(earlier[part], later[part], reference[part], minimum_depth)
        for part in stretches(len(reference))
    ]
    alt, depth = (np.concatenate(column) for column in zip(*parts, strict=True))
    return alt, depth


def _new_alleles_of_stretch(
    earlier: np.ndarray, later: np.ndarray, reference: np.ndarray, minimum_depth: int
) -> tuple[np.ndarray, np.ndarray]:
    depths = earlier.sum(axis=1), later.sum(axis=1)
    readable = (np.minimum(*depths) >= minimum_depth) & (reference < 4)
    places = np.flatnonzero(readable)
    rows = np.arange(len(places))
    others = later[places]
    others[rows, reference[places]] = -1
    best = others.argmax(axis=1)
    alt, depth = others[rows, best], depths[1][places]
    is_absent = earlier[places, best] <= ABSENT_UP_TO * depths[0][places]
    is_reference = earlier[places, reference[places]] >= (1 - REFERENCE_UP_TO) * depths[0][places]
    is_new = (alt >= LEAST_NEW_READS) & (alt >= NEW_FROM * depth) & is_absent & is_reference
    return alt[is_new], depth[is_new]


def allele_counts(sites: Sites, bases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(reference, alternative) counts of a library at `sites`."""
    counts = bases[sites.place]
    rows = np.arange(len(sites.place))
    return counts[rows, sites.ref], counts[rows, sites.alt]


def genotype_class(ref: np.ndarray, alt: np.ndarray, minimum_depth: int) -> np.ndarray:
    """0 reference, 1 heterozygous, 2 homozygous alternative, -1 not readable; (n,) int8."""
    depth = ref + alt
    share = alt / np.maximum(depth, 1)
    found = np.select([share <= REFERENCE_UP_TO, share >= HOMOZYGOUS_FROM], [0, 2], default=1)
    return np.where(depth >= minimum_depth, found, -1).astype(np.int8)


def genotype_rows(
    patient: str,
    samples: Mapping[str, np.ndarray],
    sites: Iterable[Sites],
    places: "Mapping[int, tuple[str, int]]",
) -> list[Genotype]:
    """Counts of every library of a patient at the sites of any of them.

    Args:
        samples: library -> its bases, (size, 4).
        places: array place -> (contig, 0-based position).
    """
    union = sorted(
        {
            (int(place), int(ref), int(alt))
            for group in sites
            for place, ref, alt in zip(group.place, group.ref, group.alt, strict=True)
        }
    )
    return [
        Genotype(
            patient=patient,
            sample=sample,
            chrom=places[place][0],
            pos=places[place][1] + 1,
            ref=_BASES[ref],
            alt=_BASES[alt],
            ref_count=int(bases[place, ref]),
            alt_count=int(bases[place, alt]),
        )
        for sample, bases in samples.items()
        for place, ref, alt in union
    ]


def best_matches(
    tables: Iterable[Sequence[Genotype]], minimum_depth: int = 20, minimum_sites: int = 20
) -> list[BestMatch]:
    """For each library of a cohort the library of another patient that it resembles most.

    Compared are sites where both patients differ from the genome (those of both tables): two
    libraries of one person agree there almost everywhere, two people in about half.

    Args:
        tables: the `genotypes.tsv` of each patient.
        minimum_sites: shared sites below which two libraries are not compared.
    """
    rows = [row for table in tables for row in table]
    samples = sorted({(row.patient, row.sample) for row in rows})
    sites = sorted({(row.chrom, row.pos, row.ref, row.alt) for row in rows})
    matrix = _class_matrix(rows, samples, sites, minimum_depth)
    patients = np.array([patient for patient, _ in samples])
    matches = []
    for number, (patient, sample) in enumerate(samples):
        readable = (matrix >= 0) & (matrix[number] >= 0)
        shared = readable.sum(axis=1)
        same = (readable & (matrix == matrix[number])).sum(axis=1)
        allowed = (patients != patient) & (shared >= minimum_sites)
        if not allowed.any():
            continue
        concordance = np.where(allowed, same / np.maximum(shared, 1), -1.0)
        best = int(concordance.argmax())
        matches.append(
            BestMatch(
                patient=patient,
                sample=sample,
                other_patient=samples[best][0],
                other_sample=samples[best][1],
                sites=int(shared[best]),
                concordance=float(concordance[best]),
                same_person=bool(concordance[best] >= SAME_PERSON_CONCORDANCE),
            )
        )
    return matches


def _class_matrix(
    rows: Sequence[Genotype],
    samples: Sequence[tuple[str, str]],
    sites: Sequence[tuple[str, int, str, str]],
    minimum_depth: int,
) -> np.ndarray:
    """Genotype class of every sample at every site, -1 where not in its table."""
    row_of = {sample: number for number, sample in enumerate(samples)}
    column_of = {site: number for number, site in enumerate(sites)}
    matrix = np.full((len(samples), len(sites)), -1, dtype=np.int8)
    row_numbers = [row_of[row.patient, row.sample] for row in rows]
    columns = [column_of[row.chrom, row.pos, row.ref, row.alt] for row in rows]
    ref = np.array([row.ref_count for row in rows])
    alt = np.array([row.alt_count for row in rows])
    matrix[row_numbers, columns] = genotype_class(ref, alt, minimum_depth)
    return matrix
