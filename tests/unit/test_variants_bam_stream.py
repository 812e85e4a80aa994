"""Reads taken out of BAM files by their index, held against pysam."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pysam
import pytest

from amlresist.errors import InputError
from amlresist.variants import bam_stream
from amlresist.variants import inflate as inflate_module
from amlresist.variants.bam_stream import stream
from amlresist.variants.record_offsets import ROOM, record_offsets

CONTIGS = {"chr1": 3_000_000, "chr2": 400_000, "chrEmpty": 1000}
Region = tuple[str, int, int]
Place = tuple[str, int, int]


def random_bam(path: Path, reads: int, rng: np.random.Generator) -> Path:
    """Reads that heap up at a few places; some span far, some are no evidence."""
    header = pysam.AlignmentHeader.from_references(list(CONTIGS), list(CONTIGS.values()))
    heaps = rng.integers(0, 390_000, 12)
    records = []
    for i in range(reads):
        record = pysam.AlignedSegment(header)
        record.query_name, record.reference_id = f"r{'x' * rng.integers(30)}{i}", i % 2
        far = 2_500_000 if i % 2 == 0 and i % 3 == 0 else 0
        record.reference_start = int(rng.choice(heaps)) + int(rng.integers(0, 300)) + far
        length = int(rng.integers(30, 151))
        gap = 40_000 if rng.random() < 0.01 else 0
        record.cigartuples = [(0, 20), (3, gap), (0, length - 20)] if gap else [(0, length)]
        record.query_sequence = "A" * length
        record.flag = int(rng.choice([0, 16, 0x400, 0x100], p=[0.45, 0.45, 0.05, 0.05]))
        record.mapping_quality = int(rng.choice([60, 3], p=[0.9, 0.1]))
        records.append(record)
    records.sort(key=lambda r: (r.reference_id, r.reference_start))
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for record in records:
            out.write(record)
    return path


def in_odd_blocks(path: Path, out: Path, rng: np.random.Generator) -> Path:
    """The same file in blocks that begin anywhere in a record."""
    with pysam.BGZFile(str(path)) as whole, pysam.BGZFile(str(out), "wb") as cut:
        data = whole.read(1 << 30)
        place = 0
        while place < len(data):
            size = int(rng.integers(3000, 60_000))
            cut.write(data[place : place + size])
            cut.flush()
            place += size
    return out


def random_regions(rng: np.random.Generator) -> list[Region]:
    """Regions of all sizes, overlapping ones too."""
    regions = []
    for _ in range(int(rng.integers(1, 8))):
        name = str(rng.choice(list(CONTIGS)))
        start = int(rng.integers(0, CONTIGS[name]))
        regions.append((name, start, start + int(10 ** rng.uniform(0, 5.5))))
    return regions


def by_pysam(path: Path, regions: Sequence[Region]) -> list[Place]:
    """Evidence over the regions, by going through the whole file."""
    found = []
    with pysam.AlignmentFile(str(path)) as bam:
        for read in bam:
            if read.flag & 0xF04 or read.mapping_quality < 20:
                continue
            start, end = read.reference_start, read.reference_end or 0
            if any(read.reference_name == c and start < e and end > s for c, s, e in regions):
                found.append((str(read.reference_name), start, read.query_length))
    return found


def by_stream(path: Path, regions: Sequence[Region]) -> list[Place]:
    found: list[Place] = []
    for contigs, reads in stream(path, regions, min_mapping_quality=20, keep_duplicates=False):
        columns = zip(reads.contig.tolist(), reads.start.tolist(), reads.length, strict=True)
        found += [(contigs[c], start, int(length)) for c, start, length in columns]
    return found


@pytest.mark.parametrize("form", ["bai", "csi", "odd_blocks", "no_index"])
def test_reads_of_any_regions_come_once_and_in_order(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    path = random_bam(tmp_path / "x.bam", 6000, rng)
    if form == "odd_blocks":
        path = in_odd_blocks(path, tmp_path / "odd.bam", rng)
    if form != "no_index":
        pysam.index("-c" if form == "csi" else "-b", str(path))
    seen = 0
    # Pieces smaller than a block as well as larger ones.
    for i in range(24):
        monkeypatch.setattr(bam_stream, "CHUNK_BYTES", 10 ** (3 + i % 5))
        regions = random_regions(rng)
        found = by_stream(path, regions)
        assert found == by_pysam(path, regions)
        seen += len(found)
    assert seen > 5_000


def test_a_damaged_block_is_an_error(tmp_path: Path) -> None:
    path = random_bam(tmp_path / "x.bam", 3000, np.random.default_rng(5))
    pysam.index(str(path))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (tmp_path / "x.bam.bai").touch()
    with pytest.raises(InputError):
        by_stream(path, [(name, 0, length) for name, length in CONTIGS.items()])


def test_an_index_that_is_none_is_an_error(tmp_path: Path) -> None:
    path = random_bam(tmp_path / "x.bam", 10, np.random.default_rng(5))
    (tmp_path / "x.bam.bai").write_bytes(b"BAI\1\2")
    with pytest.raises(InputError):
        by_stream(path, [("chr1", 0, 10)])


def record(size: int, rng: np.random.Generator) -> bytes:
    """A record of about that many bases."""
    bases = max(0, size + int(rng.integers(-5, 6)))
    name = b"n" * int(rng.integers(1, 40)) + b"\0"
    fixed = struct.pack("<2i2B3H4i", 0, 5, len(name), 60, 0, 1, 0, bases, 0, 7, 0)
    body = fixed + name + struct.pack("<I", bases << 4) + rng.bytes(bases + (bases + 1) // 2)
    return struct.pack("<i", len(body)) + body


@pytest.mark.parametrize("size", [30, 150, 3000, 90_000])
def test_records_are_found_where_a_walk_from_one_to_the_next_finds_them(size: int) -> None:
    rng = np.random.default_rng(size)
    records = [record(size, rng) for _ in range(1 + 1_500_000 // (size * 2 + 80))]
    whole = b"".join(records)
    lengths = np.cumsum([0, *map(len, records)])
    for cut in (len(whole), len(whole) - 1, len(whole) - 40, len(records[0]), 3, 0):
        data = np.frombuffer(whole[:cut] + bytes(ROOM), dtype=np.uint8)
        offsets, end = record_offsets(data, cut)
        complete = lengths[lengths <= cut]
        assert offsets.tolist() == complete[:-1].tolist()
        assert end == complete[-1]


@pytest.mark.parametrize("library", ["_by_libdeflate", "_by_isal", "_by_zlib"])
def test_each_library_inflates_alike_and_notices_damage(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = random_bam(tmp_path / "x.bam", 3000, np.random.default_rng(6))
    pysam.index(str(path))
    regions = [("chr1", 0, 200_000), ("chr2", 1000, 300_000)]
    expected = by_pysam(path, regions)
    try:
        inflate, checksum = getattr(inflate_module, library)()
    except (ImportError, OSError):
        pytest.skip("library is not there")
    monkeypatch.setattr(inflate_module, "_inflate", inflate)
    monkeypatch.setattr(inflate_module, "_checksum", checksum)
    assert by_stream(path, regions) == expected
    whole = path.read_bytes()
    for place in (len(whole) // 2, len(whole) // 3):
        data = bytearray(whole)
        data[place] ^= 0x55
        path.write_bytes(data)
        (tmp_path / "x.bam.bai").touch()
        with pytest.raises(InputError):
            by_stream(path, [(name, 0, length) for name, length in CONTIGS.items()])


def in_stored_blocks(data: bytes, path: Path) -> Path:
    """A BAM of blocks that take as many bytes whatever is in them."""
    with pysam.BGZFile(str(path), "wb0") as out:
        out.write(data)
    return path


@pytest.mark.parametrize("compiled_bytes", [0, 1 << 60], ids=["loops", "arrays"])
@pytest.mark.parametrize(
    ("place", "wrong"),
    [(16, b"\xff\xff"), (20, b"\x00\x94\x35\x77"), (20, b"\xfb\xff\xff\xff"), (12, b"\xff")],
    ids=["operations", "bases", "bases below zero", "name"],
)
def test_record_that_says_more_than_it_holds_stops_the_count(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    compiled_bytes: int,
    place: int,
    wrong: bytes,
) -> None:
    """Neither arrays nor loops look for bytes that are not there, whatever checksums say."""
    monkeypatch.setattr(bam_stream, "COMPILED_BYTES", compiled_bytes)
    with pysam.BGZFile(str(random_bam(tmp_path / "x.bam", 300, np.random.default_rng(1)))) as whole:
        data = whole.read(1 << 30)
    path = in_stored_blocks(data, tmp_path / "stored.bam")
    pysam.index(str(path))
    everywhere = [(name, 0, length) for name, length in CONTIGS.items()]
    options = {"min_mapping_quality": 20, "keep_duplicates": False}
    assert list(stream(path, everywhere, **options))
    record = data.index(b"chrEmpty\0") + len(b"chrEmpty\0") + 4
    damaged = data[: record + place] + wrong + data[record + place + len(wrong) :]
    in_stored_blocks(damaged, path)
    Path(f"{path}.bai").touch()  # an older index would be made anew
    with pytest.raises(InputError, match="shorter than its parts"):
        list(stream(path, everywhere, **options))
