"""Small-RNA reads and a reference of three let-7 hairpins for tests."""

import gzip
from pathlib import Path

from amlresist import settings as station_settings
from amlresist.libraries import LibraryInput
from amlresist.mirna.adapters import KITS
from amlresist.mirna.library import CountedLibrary
from amlresist.mirna.reference import Mature
from amlresist.mirna.settings import Settings

TRUSEQ = KITS["Illumina TruSeq Small RNA"]
LET7A, LET7C = "TGAGGTAGTAGGTTGTATAGTT", "TGAGGTAGTAGGTTGTATGGTT"
HAIRPINS = {
    "hsa-let-7a-1": f"GGGA{LET7A}TTAGGGTCACACCCACCACTGGGAGATAACTATACAATC",
    "hsa-let-7a-2": f"AGGT{LET7A}TAGAATTACATCAAGGGAGATAACTGTACAGCCTCCT",
    "hsa-let-7c": f"GCCA{LET7C}TAGAGTTACACCCTGGGAGTTAACTGTACAACCTTCT",
}
MATURES = [Mature("hsa-let-7a-5p", "MIMAT0000062", LET7A), Mature("hsa-let-7c-5p", "", LET7C)]


def small(**values: object) -> Settings:
    """Settings under which a few reads are a library."""
    return station_settings.load(
        Settings, "mirna", {"min_assigned": 1, "good_assigned": 1, **values}
    )


def write_reads(path: Path, inserts: dict[str, int], adapter: str = TRUSEQ) -> str:
    """A FASTQ of inserts with adapter, cut to 50 bases."""
    reads = [(s + adapter + "ACGT" * 20)[:50] for s, n in inserts.items() for _ in range(n)]
    with gzip.open(path, "wt") as handle:
        handle.write("".join(f"@r{i}\n{r}\n+\n{'I' * len(r)}\n" for i, r in enumerate(reads)))
    return str(path)


def write_reference(folder: Path) -> tuple[str, str]:
    """Paths of the matures and hairpins as FASTA."""
    matures, hairpins = folder / "m.fa", folder / "h.fa"
    matures.write_text("".join(f">{m.name}\n{m.sequence}\n" for m in MATURES))
    hairpins.write_text("".join(f">{n}\n{s}\n" for n, s in HAIRPINS.items()))
    return str(matures), str(hairpins)


def library(path: str, sample: str = "s", timepoint: str = "diagnosis") -> LibraryInput:
    """A library of one FASTQ."""
    return LibraryInput(sample, timepoint, "mirna", "", (path,))


def counts_of(counted: CountedLibrary) -> dict[str, float]:
    """miRNA -> reads."""
    return dict(zip(counted.names, counted.counts.round(2), strict=True))
