"""Human builds by name: lengths of their chromosomes, and where Ensembl keeps them.

Lengths are those of the assemblies' primary chromosomes (Genome Reference Consortium); with them a
BAM's header tells its build before a genome has been fetched.
"""

from collections.abc import Mapping
from dataclasses import dataclass

CHROMOSOMES = (*(str(n) for n in range(1, 23)), "X", "Y")
_GRCH37 = (
    249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022,
    141213431, 135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753,
    81195210, 78077248, 59128983, 63025520, 48129895, 51304566, 155270560, 59373566,
)  # fmt: skip
_GRCH38 = (
    248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636,
    138394717, 133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345,
    83257441, 80373285, 58617616, 64444167, 46709983, 50818468, 156040895, 57227415,
)  # fmt: skip
BUILD_LENGTHS: Mapping[str, Mapping[str, int]] = {
    "GRCh37": dict(zip(CHROMOSOMES, _GRCH37, strict=True)),
    "GRCh38": dict(zip(CHROMOSOMES, _GRCH38, strict=True)),
}
ENSEMBL = "https://ftp.ensembl.org/pub"


@dataclass(frozen=True, slots=True)
class Remote:
    """A file of a server: folder below the base URL and name in it."""

    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class Build:
    """Where Ensembl keeps a build; its releases are pinned so that a name means one genome."""

    fasta: Remote
    annotation: Remote


BUILDS: Mapping[str, Build] = {
    "GRCh38": Build(
        Remote(
            "release-113/fasta/homo_sapiens/dna",
            "Homo_sapiens.GRCh38.dna.primary_assembly.fa.gz",
        ),
        Remote("release-113/gtf/homo_sapiens", "Homo_sapiens.GRCh38.113.gtf.gz"),
    ),
    "GRCh37": Build(
        Remote(
            "grch37/release-113/fasta/homo_sapiens/dna",
            "Homo_sapiens.GRCh37.dna.primary_assembly.fa.gz",
        ),
        Remote("grch37/release-113/gtf/homo_sapiens", "Homo_sapiens.GRCh37.87.gtf.gz"),
    ),
}


def build_of(lengths: Mapping[str, int]) -> str | None:
    """Name of the human build whose chromosome lengths these are; None when it is neither.

    Args:
        lengths: contig -> bases, with or without `chr`.
    """
    bare = {name.removeprefix("chr"): length for name, length in lengths.items()}
    for build, known in BUILD_LENGTHS.items():
        shared = [name for name in known if name in bare]
        if shared and all(bare[name] == known[name] for name in shared):
            return build
    return None
