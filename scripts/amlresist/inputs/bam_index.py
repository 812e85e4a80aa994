"""How many mapped records an index counts per contig (SAM specification, section 5.2; CSIv1)."""

import gzip
import struct
from pathlib import Path

import pysam

from amlresist.inputs.bgzf import GZIP_MAGIC


def find_index(path: str) -> str:
    """The index beside a BAM, "" when there is none."""
    names = (f"{path}.bai", f"{path}.csi", f"{path[:-4]}.bai")
    return next((name for name in names if Path(name).is_file()), "")


def mapped_counts(path: str, index: str, contigs: int) -> list[int]:
    """Mapped records per contig, as `index` has them.

    Raises:
        ValueError, OSError: the index is unsound or has another number of contigs.
    """
    # htslib looks contigs up in the index unchecked and crashes where it has fewer.
    if contigs_of_index(index) != contigs:
        raise ValueError("index has another number of contigs")
    with pysam.AlignmentFile(path, check_sq=False, index_filename=index) as handle:
        return [stat.mapped for stat in handle.get_index_statistics()]


def contigs_of_index(index: str) -> int:
    """Contigs of a BAI or CSI, -1 when it is neither."""
    content = Path(index).read_bytes()
    if content.startswith(GZIP_MAGIC):
        content = gzip.decompress(content)
    place = 4
    if content.startswith(b"CSI\1") and len(content) >= 16:
        place = 16 + struct.unpack_from("<i", content, 12)[0]
    elif not content.startswith(b"BAI\1"):
        return -1
    if not 0 <= place <= len(content) - 4:
        return -1
    return int(struct.unpack_from("<i", content, place)[0])
