"""Look through a patient's reads for alleles worth counting, over all time points together."""

from collections.abc import Iterable, Sequence

from amlresist.annotation import Transcript, canonical_transcripts
from amlresist.errors import InputError, Problem
from amlresist.libraries import LibraryInput
from amlresist.sheet import Capture
from amlresist.variants.alleles import Allele
from amlresist.variants.candidates import select
from amlresist.variants.hotspots import hotspot_alleles, hotspots
from amlresist.variants.pileup import Pileup, pile_up, stretches
from amlresist.variants.reference import Reference
from amlresist.variants.regions import Region, examined
from amlresist.variants.settings import Settings


def search(
    libraries: Sequence[LibraryInput],
    reference: Reference,
    reference_path: str,
    models: Iterable[Transcript],
    settings: Settings,
) -> dict[Allele, tuple[str, ...]]:
    """Alleles that any library shows, and every curated hotspot whether seen or not.

    Args:
        libraries: those with reads; none gives no allele.
        reference_path: path of the genome, for CRAM.

    Returns:
        Allele -> why it is a candidate: `reads`, `hotspot` or both.

    Raises:
        InputError: neither targets nor gene models say where to look.
    """
    if not libraries:
        return {}
    models = list(models)
    regions = examined(libraries, models, settings.target_padding, reference.contigs)
    if not regions:
        remedy = "Give --gene-models, or targets on the contigs of the reference."
        raise InputError(
            Problem("--gene-models", "", "", "names no region to look through", remedy)
        )
    found: list[Allele] = []
    # A stretch at a time, so that single errors are held of no more than that.
    for stretch in stretches(regions):
        found += select(
            [_piled_up(lib, stretch, reference, reference_path, settings) for lib in libraries],
            min_reads=settings.candidate_min_reads,
            error=settings.candidate_error,
            max_p=settings.candidate_max_p,
        )
    sources = {allele: {"reads"} for allele in found}
    for allele in hotspot_alleles(canonical_transcripts(models), reference.fetch, hotspots()):
        sources.setdefault(allele, set()).add("hotspot")
    return {allele: tuple(sorted(why)) for allele, why in sources.items()}


def _piled_up(
    library: LibraryInput,
    stretch: Region,
    reference: Reference,
    reference_path: str,
    settings: Settings,
) -> Pileup:
    return pile_up(
        library.paths[0],
        [stretch],
        reference.fetch,
        min_mapping_quality=settings.min_mapping_quality,
        min_base_quality=settings.min_base_quality,
        keep_duplicates=library.capture == Capture.AMPLICON,
        merge_distance=settings.merge_distance,
        reference=reference_path,
    )
