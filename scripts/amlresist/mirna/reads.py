"""From a small-RNA FASTQ to unique inserts with their counts: trim, check, collapse."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from amlresist.mirna.adapters import PREFIX, AdapterChoice, choose_adapter
from amlresist.mirna.faults import faults_named, file_problem
from amlresist.mirna.settings import Settings

INSPECTED = 20_000  # reads from which the adapter is told
PHRED = 33
LEAST_PARENT = 3  # reads of a UMI of which a neighbour may be a misreading
MOST_MISREAD = 50  # reads of a misread UMI; more are no sequencing errors


@dataclass(frozen=True, slots=True)
class Inserts:
    """A library after trimming, collapsed.

    Attributes:
        adapter: what was removed.
        reads: reads in the FASTQ.
        low_quality: reads dropped for base quality or for an N inside the window.
        no_adapter: reads in which the adapter was not found.
        too_short: reads shorter than the quality check's bound after trimming.
        too_long: reads above the length window after trimming.
        duplicates: reads dropped because their insert and UMI were seen before.
        lengths: insert length -> reads, over all reads with adapter.
        counts: insert sequence -> reads, inside the length window (whose lower end may lie below
            the quality check's bound), in the order of sequences.
    """

    adapter: AdapterChoice
    reads: int
    low_quality: int
    no_adapter: int
    too_short: int
    too_long: int
    duplicates: int
    lengths: Mapping[int, int]
    counts: Mapping[str, int]

    @property
    def in_window(self) -> int:
        """Reads inside the length window."""
        return sum(self.counts.values())


def read_inserts(path: str, settings: Settings) -> Inserts:
    """Trim and collapse one library.

    Raises:
        InputError: no FASTQ, truncated, empty, or its adapter is in doubt.
    """
    with _fastq_faults_named(path):
        import dnaio

        with dnaio.open(path) as records:
            first = [record.sequence for record in islice(records, INSPECTED)]
        if not first:
            raise file_problem(path, "no reads", "Give the library's FASTQ.")
        adapter = choose_adapter(path, first, settings.adapter, settings.min_adapter_share)
        del first
        with dnaio.open(path) as records:
            return _collapse(path, records, adapter, settings)


def _collapse(path: str, records: Any, adapter: AdapterChoice, settings: Settings) -> Inserts:
    found, not_found, low_quality = _split(records, adapter, settings)
    reads = low_quality + found.total() + not_found.total()
    no_adapter = _trim_rest(found, not_found, adapter, settings)
    if settings.umi_length:
        _require_umis(path, found, settings)
    duplicates = _deduplicate(found, settings)
    lengths: Counter[int] = Counter()
    for insert, count in found.items():
        lengths[len(insert)] += count
    low, high = settings.min_length, settings.max_length
    inside = {s: n for s, n in found.items() if low <= len(s) <= high}
    clean = {s: inside[s] for s in sorted(inside) if not s.strip("ACGT")}
    return Inserts(
        adapter=adapter,
        reads=reads,
        low_quality=low_quality + sum(inside.values()) - sum(clean.values()),
        no_adapter=no_adapter,
        too_short=sum(n for length, n in lengths.items() if length < settings.short_length),
        too_long=sum(n for length, n in lengths.items() if length > high),
        duplicates=duplicates,
        lengths=dict(sorted(lengths.items())),
        counts=clean,
    )


def _split(
    records: Any, adapter: AdapterChoice, settings: Settings
) -> tuple[Counter[str], Counter[str], int]:
    """Inserts of reads with an exact adapter start, whole reads without, low-quality reads."""
    found: Counter[str] = Counter()
    not_found: Counter[str] = Counter()
    low_bases = bytes(range(PHRED + settings.low_base_quality))
    share = 1 - settings.max_low_base_share
    start = adapter.sequence[:PREFIX]
    keep_umi = settings.umi_length > 0
    low_quality = 0
    for record in records:
        sequence = record.sequence
        qualities = record.qualities
        if qualities is not None:
            good = len(record.qualities_as_bytes().translate(None, low_bases))
            if good < share * len(sequence):
                low_quality += 1
                continue
        at = sequence.find(start) if start else len(sequence)
        if at < 0:
            not_found[sequence] += 1
        elif keep_umi:
            found[_with_umi(sequence, at, len(adapter.sequence), settings.umi_length)] += 1
        else:
            found[sequence[:at]] += 1
    return found, not_found, low_quality


def _with_umi(sequence: str, at: int, adapter_length: int, umi_length: int) -> str:
    umi = sequence[at + adapter_length : at + adapter_length + umi_length]
    return f"{sequence[:at]} {umi}"


def _trim_rest(
    found: Counter[str], not_found: Counter[str], adapter: AdapterChoice, settings: Settings
) -> int:
    """Trim reads whose adapter has errors or runs off the read's end; returns reads without any."""
    if not not_found:
        return 0
    from cutadapt.adapters import BackAdapter

    matcher = BackAdapter(
        adapter.sequence,
        max_errors=settings.adapter_error_rate,
        min_overlap=settings.adapter_min_overlap,
    )
    no_adapter = 0
    for sequence, count in not_found.items():
        match = matcher.match_to(sequence)
        if match is None:
            no_adapter += count
        elif settings.umi_length:
            umi = sequence[match.rstop : match.rstop + settings.umi_length]
            found[f"{sequence[: match.rstart]} {umi}"] += count
        else:
            found[sequence[: match.rstart]] += count
    return no_adapter


def _require_umis(path: str, found: Counter[str], settings: Settings) -> None:
    """Refuse a library most of whose reads do not show their identifier."""
    whole = settings.umi_length
    shown = sum(n for key, n in found.items() if len(key.partition(" ")[2]) == whole)
    if shown < settings.min_umi_share * found.total():
        raise file_problem(
            path,
            f"only {shown / found.total():.0%} of the reads show an identifier (UMI) of {whole} "
            "bases behind the adapter",
            "Was it cut off before, or are the reads too short? Give the FASTQ as sequenced, or "
            "set mirna.umi_length to 0.",
        )


def _deduplicate(found: Counter[str], settings: Settings) -> int:
    """Replace keys of `found` by bare inserts: UMIs counted once, fixed ends cut; in place.

    Misread UMIs are copies of the UMI they were misread from.

    Returns the reads dropped as duplicates. Reads too short to show their whole UMI are counted
    as they are, since nothing tells whether they are duplicates.
    """
    if not (settings.umi_length or settings.trim_5p or settings.trim_3p):
        return 0
    duplicates = 0
    bare: Counter[str] = Counter()
    misread = _misread_umis(found, settings.umi_length)
    for key, count in found.items():
        insert, _, umi = key.partition(" ")
        if key in misread:
            duplicates += count
            continue
        known = settings.umi_length > 0 and len(umi) == settings.umi_length
        bare[insert[settings.trim_5p : max(len(insert) - settings.trim_3p, 0)]] += (
            1 if known else count
        )
        duplicates += count - 1 if known else 0
    found.clear()
    found.update(bare)
    return duplicates


def _misread_umis(found: Counter[str], umi_length: int) -> frozenset[str]:
    """Keys whose UMI is a misread one: a base from a UMI of the same insert read far more often.

    The directional rule of Smith, Heger and Sudbery 2017 (Genome Research 27:491): at least twice
    as often, less one. Pairs read once or twice are left alone, since in abundant miRNAs different
    molecules have neighbouring UMIs by chance.
    """
    if not umi_length:
        return frozenset()
    misread = set()
    for key, count in found.items():
        start = len(key) - umi_length
        if key.rfind(" ") != start - 1 or count > MOST_MISREAD:
            continue
        needed = max(2 * count - 1, LEAST_PARENT)
        neighbours = (
            f"{key[:place]}{base}{key[place + 1 :]}"
            for place in range(start, len(key))
            for base in "ACGT"
            if base != key[place]
        )
        if any(found.get(other, 0) >= needed for other in neighbours):
            misread.add(key)
    return frozenset(misread)


@contextmanager
def _fastq_faults_named(path: str) -> Iterator[None]:
    """Faults of the FASTQ become one sentence each."""
    import dnaio

    try:
        with faults_named(path):
            yield
    except (dnaio.FileFormatError, dnaio.UnknownFileFormat) as error:
        message = f"not a sound FASTQ: {error}"
        raise file_problem(path, message, "Give the FASTQ as sequenced.") from error
