"""What each library says of each locus: counts from reads, counts given, or only a listing."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from amlresist.annotation import FetchSequence
from amlresist.errors import InputError, Problem
from amlresist.libraries import LibraryInput
from amlresist.sheet import Capture
from amlresist.variants.alleles import Allele, normalise
from amlresist.variants.counts import FragmentCounts, count_fragments
from amlresist.variants.given import UNPLACED, GivenCount, GivenTable
from amlresist.variants.likelihood import Floats
from amlresist.variants.model import Mask
from amlresist.variants.noise import (
    control_alleles,
    control_indels,
    error_of,
    learn,
    slip_factor,
    slips,
)
from amlresist.variants.phased import join_phased
from amlresist.variants.read_columns import Ints
from amlresist.variants.records import AlleleCount
from amlresist.variants.regions import Region, contains
from amlresist.variants.settings import Settings

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Track:
    """One library over all n loci; counts are `UNKNOWN` where it says nothing.

    Attributes:
        timepoint, sample: of the library.
        source: `reads`, `vcf`, `maf` or `table`.
        ref, alt, other, depth: fragments.
        alt_forward: alternative fragments whose first read is forward.
        assayed: the locus is in what the library was made to cover.
        listed: a given result lists the variant (always true for counts above 0).
        assumed: only a VAF is given; the depth is the library's median.
        error: error rate assumed.
    """

    timepoint: str
    sample: str
    source: str
    ref: Ints
    alt: Ints
    other: Ints
    depth: Ints
    alt_forward: Ints
    assayed: Mask
    listed: Mask
    assumed: Mask
    error: Floats

    @property
    def has_counts(self) -> bool:
        """Whether there is a count at any locus."""
        return bool((self.depth >= 0).any())


def track_from_reads(
    library: LibraryInput,
    alleles: Sequence[Allele],
    fetch: FetchSequence,
    targets: Sequence[Region] | None,
    settings: Settings,
    reference: str,
) -> Track:
    """Count all loci, and control loci beside them for the error rates."""
    placed = [i for i, a in enumerate(alleles) if a.chrom != UNPLACED and "<" not in a.alt]
    counted = [alleles[i] for i in placed]
    count = partial(
        count_fragments,
        library.paths[0],
        fetch=fetch,
        min_mapping_quality=settings.min_mapping_quality,
        min_base_quality=settings.min_base_quality,
        keep_duplicates=library.capture == Capture.AMPLICON,
        reference=reference,
    )
    controls, n = control_alleles(counted, fetch), len(counted)
    counts = count([*counted, *controls])
    rates = learn(controls, _slice(counts, n, n + len(controls)), settings.error_floor, fetch)
    # By themselves: reads must not have to choose between a candidate and a control.
    runs = control_indels(counted, fetch)
    rates |= learn(runs, count(runs), settings.error_floor, fetch)
    mine = _slice(counts, 0, n)
    # All fragments of an amplicon may start on one strand: no evidence of an artefact.
    unknown = library.capture == Capture.AMPLICON
    forward = np.full(n, UNKNOWN) if unknown else mine.alt_forward
    assayed = [targets is None or contains(targets, a.chrom, a.pos) for a in counted]
    errors = [error_of(a, rates, settings.error_floor, fetch) for a in counted]
    empty = _empty(library, "reads", len(alleles), settings.error_floor)
    for name, values in (
        ("ref", mine.ref),
        ("alt", mine.alt),
        ("other", mine.other),
        ("depth", mine.depth),
        ("alt_forward", forward),
        ("assayed", np.asarray(assayed, dtype=bool) | (mine.depth > 0)),
        ("listed", mine.alt > 0),
        ("error", np.asarray(errors)),
    ):
        getattr(empty, name)[placed] = values
    return empty


def with_shared_slippage(
    tracks: Sequence[Track], alleles: Sequence[Allele], fetch: FetchSequence, floor: float
) -> list[Track]:
    """Lower the error rates of indels in repeats that hardly slip at another time point.

    A repeat slips alike in all libraries of a patient, whatever its length lets expect; so the
    time point with the fewest slips tells the most, since the variant may be there at the others.

    Args:
        tracks: of all time points; those without reads stay as they are.
        alleles: the loci.
        fetch: reference sequence.
        floor: lowest error rate.
    """
    read = [track for track in tracks if track.source == "reads"]
    errors = {id(track): track.error.copy() for track in read}
    if len(read) > 1:
        for i, allele in enumerate(alleles):
            counted = [track for track in read if track.depth[i] > 0]
            if not counted or allele.is_substitution or not slips(allele, fetch):
                continue
            factors = [slip_factor(t.alt[i], t.depth[i], t.error[i]) for t in counted]
            for number, track in enumerate(counted):
                least = min([1.0, *factors[:number], *factors[number + 1 :]])
                errors[id(track)][i] = max(floor, track.error[i] * least)
    return [dataclasses.replace(t, error=errors.get(id(t), t.error)) for t in tracks]


def track_from_given(
    library: LibraryInput,
    table: GivenTable,
    variants: Mapping[Allele, GivenCount],
    alleles: Sequence[Allele],
    settings: Settings,
) -> Track:
    """Counts as given; a locus the result does not list stays unknown."""
    track = _empty(library, table.kind, len(alleles), settings.error_floor)
    for i, allele in enumerate(alleles):
        if allele not in variants:
            continue
        alt, depth, track.assumed[i] = variants[allele]
        track.listed[i] = alt != 0
        if alt is not None and depth is not None:
            track.alt[i], track.depth[i] = alt, depth
            track.ref[i], track.other[i] = depth - alt, 0
            track.assayed[i] = depth > 0
    return track


def given_alleles(
    table: GivenTable, fetch: FetchSequence | None, contigs: frozenset[str]
) -> dict[Allele, GivenCount]:
    """Normalised allele -> (alt, depth) of a given result.

    Without a reference that has the contig, alleles stay as written.

    Raises:
        InputError: contigs or reference bases are not those of the reference.
    """
    found: dict[Allele, GivenCount] = {}
    if fetch is not None:
        _check_genome(table, fetch, contigs)
    for variant in join_phased(table.variants, fetch, contigs):
        allele = variant.allele
        if fetch is not None and allele.chrom in contigs and "<" not in allele.alt:
            allele = normalise(_with_anchor(allele, fetch), fetch)
        if allele not in found or (found[allele].alt or 0) < (variant.alt or 0):
            found[allele] = GivenCount(variant.alt, variant.depth, variant.assumed)
    return found


def allele_counts(
    patient: str, tracks: Iterable[Track], alleles: Sequence[Allele]
) -> list[AlleleCount]:
    """Table rows of all tracks, by locus and then by time."""
    rows = []
    tracks = list(tracks)
    for i, allele in enumerate(alleles):
        for track in tracks:
            known = track.depth[i] >= 0
            depth, alt = int(track.depth[i]), int(track.alt[i])
            forward = int(track.alt_forward[i])
            rows.append(
                AlleleCount(
                    patient=patient,
                    timepoint=track.timepoint,
                    sample=track.sample,
                    chrom=allele.chrom,
                    pos=allele.pos + 1,
                    ref=allele.ref,
                    alt=allele.alt,
                    assayed=bool(track.assayed[i]),
                    ref_count=int(track.ref[i]) if known else None,
                    alt_count=alt if known else None,
                    other_count=int(track.other[i]) if known else None,
                    depth=depth if known else None,
                    alt_forward=forward if forward >= 0 else None,
                    alt_reverse=alt - forward if forward >= 0 else None,
                    vaf=alt / depth if depth > 0 else float("nan"),
                    error_rate=float(track.error[i]),
                    source=track.source,
                )
            )
    return rows


def _check_genome(table: GivenTable, fetch: FetchSequence, contigs: frozenset[str]) -> None:
    """Stop where a given result is of another genome: its loci would be looked up elsewhere."""
    for variant in table.variants:
        name = variant.allele.chrom
        other = name.removeprefix("chr") if name.startswith("chr") else f"chr{name}"
        if name not in contigs and other in contigs:
            message = f"the genome spells this contig {other}"
            remedy = "Rename the contigs, e.g. with bcftools annotate --rename-chrs."
            raise InputError(Problem(table.path, f"line {variant.line}", name, message, remedy))
    placed = [v for v in table.variants if v.allele.chrom in contigs]
    wrong = [v for v in placed if not _is_reference(v.allele, fetch)]
    if wrong:
        first = wrong[0].allele
        message = f"reference of {len(wrong)} of {len(placed)} variants is not the genome's"
        where = f"line {wrong[0].line}, {first.chrom}:{first.pos + 1}"
        remedy = "Give results on the genome build of the reference."
        raise InputError(Problem(table.path, where, first.ref, message, remedy))


def _is_reference(allele: Allele, fetch: FetchSequence) -> bool:
    """Whether the reference has the allele's bases, as far as both are known."""
    bases = fetch(allele.chrom, max(0, allele.pos), allele.end).upper()
    return len(bases) == len(allele.ref) and all(
        other in {own, "N"} or own not in "ACGT"
        for own, other in zip(bases, allele.ref.upper(), strict=True)
    )


def _with_anchor(allele: Allele, fetch: FetchSequence) -> Allele:
    """The allele with the base a MAF leaves out looked up."""
    if not (allele.ref.startswith("N") and allele.alt.startswith("N")):
        return allele
    base = fetch(allele.chrom, allele.pos, allele.pos + 1).upper()
    return Allele(allele.chrom, allele.pos, base + allele.ref[1:], base + allele.alt[1:])


def _empty(library: LibraryInput, source: str, n: int, error: float) -> Track:
    def unknown() -> Ints:
        return np.full(n, UNKNOWN, dtype=np.int64)

    return Track(
        library.timepoint,
        library.sample,
        source,
        unknown(),
        unknown(),
        unknown(),
        unknown(),
        unknown(),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
        np.full(n, error),
    )


def _slice(counts: FragmentCounts, start: int, end: int) -> FragmentCounts:
    return FragmentCounts(
        counts.ref[start:end],
        counts.alt[start:end],
        counts.other[start:end],
        counts.alt_forward[start:end],
        counts.ref_forward[start:end],
    )
