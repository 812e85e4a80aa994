"""BAM and CRAM as people have them: every faulty one is refused or named, no good one is."""

import dataclasses
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest
from fault_files import (
    CONTIGS,
    GENOME,
    READ_LENGTH,
    random_genome,
    sound_reads,
    write_bam,
    write_fasta,
)

from amlresist.inputs.alignments import examine_alignment
from amlresist.reference.fasta import contigs_of

SQ = [{"SN": name, "LN": length} for name, length in CONTIGS.items()]
SAMPLE = "P1_diagnosis_dna"
READS = sound_reads(1, pairs=300)
EOF_BYTES = 28


def header(**changes) -> dict:
    lines = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": SQ,
        "RG": [{"ID": "a", "SM": SAMPLE}],
        **changes,
    }
    return {name: value for name, value in lines.items() if value is not None}


def bam(folder: Path, reads=READS, name: str = "x.bam", **options) -> Path:
    return write_bam(folder / name, reads, **options)


def changed(reads=READS, **changes):
    return [dataclasses.replace(read, **changes) for read in reads]


def every(step: int, reads=READS, **changes):
    """The reads, each `step`-th changed."""
    return [dataclasses.replace(r, **changes) if n % step == 0 else r for n, r in enumerate(reads)]


def spoiled(folder: Path, change: Callable[[bytes], bytes], **options) -> Path:
    path = bam(folder, **options)
    path.write_bytes(change(path.read_bytes()))
    os.utime(f"{path}.bai")
    return path


def flipped(data: bytes, share: float) -> bytes:
    place = int(len(data) * share)
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


def block_starts(data: bytes) -> list[int]:
    starts, place = [], 0
    while place < len(data):
        starts.append(place)
        place += int.from_bytes(data[place + 16 : place + 18], "little") + 1
    return starts


def without_last_reads(data: bytes) -> bytes:
    return data[: block_starts(data)[-2]] + data[-EOF_BYTES:]


def without_a_middle_block(data: bytes) -> bytes:
    starts = block_starts(data)
    return data[: starts[-3]] + data[starts[-2] :]


def cram(folder: Path, version: str = "3.0", genome=None) -> Path:
    fasta = folder / "genome.fa" if genome is None else write_fasta(folder / "other.fa", genome)
    pysam.faidx(str(fasta))
    source = bam(folder)
    out = folder / "x.cram"
    options = ["-O", f"cram,version={version}", "-T", str(fasta), "-o", str(out)]
    pysam.view(*options, str(source), catch_stdout=False)
    return out


def cut_cram(folder: Path, end: int) -> Path:
    path = cram(folder)
    path.write_bytes(path.read_bytes()[:end])
    return path


def as_sam_text(folder: Path) -> Path:
    path = bam(folder)
    path.write_text(pysam.view("-h", str(path)))
    return path


def renamed(path: Path, name: str) -> Path:
    return path.rename(path.with_name(name))


def raw_header(folder: Path, lines: list[str]) -> Path:
    """A BAM whose header text is as given."""
    source = bam(folder, name="source.bam")
    sam = folder / "x.sam"
    sam.write_text("\n".join(lines) + "\n" + pysam.view(str(source)))
    out = folder / "x.bam"
    pysam.view("-b", "--no-PG", "-o", str(out), str(sam), catch_stdout=False)
    return out


SQ_LINES = [f"@SQ\tSN:{name}\tLN:{length}" for name, length in CONTIGS.items()]
MORE = {**CONTIGS, "chrUn_KI270302v1": 2274, "chr1_KI270706v1_random": 900, "hs38d1": 3000}


def long_reads():
    return [
        dataclasses.replace(
            READS[0], name=f"l{n}", flag=0, contig="chr1", start=20 * n, mate_start=-1,
            bases=GENOME["chr1"][20 * n : 20 * n + 3000],
        )
        for n in range(100)
    ]  # fmt: skip


def single_end():
    return [dataclasses.replace(r, flag=r.flag & 16, name=f"s{n}") for n, r in enumerate(READS)]


def with_extra_alignments():
    extra = [dataclasses.replace(r, flag=r.flag | 256) for r in READS[::7]]
    extra += [dataclasses.replace(r, flag=r.flag | 2048) for r in READS[::11]]
    return sorted(READS + extra, key=lambda read: (read.contig, read.start))


def _with_index_of_another(folder: Path) -> Path:
    path = bam(folder)
    other = bam(folder, sound_reads(9, pairs=350), name="other.bam")
    Path(f"{path}.bai").write_bytes(Path(f"{other}.bai").read_bytes())
    return path


FAULTY = {
    "empty file": lambda f: spoiled(f, lambda data: b""),
    "one byte": lambda f: spoiled(f, lambda data: data[:1]),
    "no end-of-file block": lambda f: spoiled(f, lambda data: data[:-EOF_BYTES]),
    "end-of-file block cut": lambda f: spoiled(f, lambda data: data[:-1]),
    "cut inside a block": lambda f: spoiled(f, lambda data: data[: len(data) // 2]),
    "cut inside the header": lambda f: spoiled(f, lambda data: data[:90]),
    "cut at a block, end added": lambda f: spoiled(
        f, without_last_reads, reads=sound_reads(1, pairs=3000)
    ),
    "a block missing in the middle": lambda f: spoiled(
        f, without_a_middle_block, reads=sound_reads(1, pairs=3000)
    ),
    "bytes behind the end": lambda f: spoiled(f, lambda data: data + b"more"),
    "two files joined": lambda f: spoiled(f, lambda data: data + data),
    "bit flipped early": lambda f: spoiled(f, lambda data: flipped(data, 0.2)),
    "bit flipped in the middle": lambda f: spoiled(f, lambda data: flipped(data, 0.5)),
    "bit flipped late": lambda f: spoiled(f, lambda data: flipped(data, 0.9)),
    "bytes set to zero": lambda f: spoiled(f, lambda data: data[:9000] + bytes(500) + data[9500:]),
    "gzip instead of BGZF": lambda f: spoiled(f, lambda data: gzip.compress(gzip.decompress(data))),
    "not compressed": lambda f: spoiled(f, gzip.decompress),
    "SAM text": as_sam_text,
    "CRAM named BAM": lambda f: renamed(cram(f), "y.bam"),
    "BAM named CRAM": lambda f: renamed(bam(f), "y.cram"),
    "unsorted under a sorted header": lambda f: bam(f, READS[::-1], index=False),
    "no contig in the header": lambda f: bam(f, [], header=header(SQ=[]), index=False),
    "another length": lambda f: bam(f, contigs={**CONTIGS, "chr2": 4001}),
    "another MD5": lambda f: bam(f, header=header(SQ=[{**line, "M5": "0" * 32} for line in SQ])),
    "names without chr": lambda f: bam(
        f, [dataclasses.replace(r, contig=r.contig[3:]) for r in READS],
        header=header(SQ=[{"SN": n[3:], "LN": length} for n, length in CONTIGS.items()]),
    ),
    "another genome": lambda f: bam(f, [], header=header(SQ=[{"SN": "ecoli", "LN": 4_000_000}])),
    "two samples": lambda f: bam(
        f, header=header(RG=[{"ID": "a", "SM": SAMPLE}, {"ID": "b", "SM": "OTHER"}])
    ),
    "read group twice": lambda f: raw_header(
        f, ["@HD\tVN:1.6\tSO:coordinate", *SQ_LINES, f"@RG\tID:a\tSM:{SAMPLE}", "@RG\tID:a\tSM:B"]
    ),
    "every record twice": lambda f: bam(
        f, sorted(READS * 2, key=lambda read: (read.contig, read.start))
    ),
    "a third of the mates lost": lambda f: bam(f, [r for n, r in enumerate(READS) if n % 3]),
    "first mates only": lambda f: bam(f, [r for r in READS if r.flag == 99]),
    "RNA": lambda f: bam(f, changed(cigar="40M100N40M", mate_start=0)),
    "CRAM of another genome": lambda f: cram(f, genome=random_genome(8)),
    "CRAM without its end": lambda f: cut_cram(f, -38),
    "CRAM cut": lambda f: cut_cram(f, -2000),
    "mates flagged alike": lambda f: bam(f, changed(flag=99)),
    "CIGAR longer than the bases": lambda f: bam(f, every(9, cigar="90M"), index=False),
}  # fmt: skip

TOLD = {
    "header only": (lambda f: bam(f, []), "not evaluable"),
    "unmapped reads only": (lambda f: bam(f, changed(flag=77), index=False), "not evaluable"),
    "secondary records only": (lambda f: bam(f, changed(flag=355)), "not evaluable"),
    "all duplicates": (lambda f: bam(f, [
        dataclasses.replace(r, flag=r.flag | 1024) for r in READS]), "duplicate"),
    "all failed quality control": (lambda f: bam(f, [
        dataclasses.replace(r, flag=r.flag | 512) for r in READS]), "quality control"),
    "mapping quality 0": (lambda f: bam(f, changed(mapq=0)), "no locus is evaluable"),
    "mapping quality 255": (lambda f: bam(f, changed(mapq=255)), "255"),
    "no base qualities": (lambda f: bam(f, changed(qualities="")), "no base qualities"),
    "flat base qualities": (lambda f: bam(f, changed(qualities="I" * READ_LENGTH)), "equal"),
    "name of another sample": (lambda f: bam(f, sample="P1_relapse_dna"), "P1_relapse_dna"),
    "some mates lost": (lambda f: bam(f, [
        r for n, r in enumerate(READS) if n % 21]), "lost a mate"),
    "reads past the contig's end": (lambda f: bam(
        f, [*[r for r in READS if r.contig == "chr1"], *changed(
            [r for r in READS if r.contig == "chr2"][:4], start=3990)]), "past the end"),
    "another mitochondrion": (lambda f: bam(f, contigs={**CONTIGS, "chrM": 498}), "chrM"),
    "index of another file": (_with_index_of_another, "another file"),
}  # fmt: skip


def with_csi(folder: Path) -> Path:
    path = bam(folder, index=False)
    pysam.index("-c", str(path))
    return path


GOOD = {
    "paired": bam,
    "single end": lambda f: bam(f, single_end()),
    "long reads": lambda f: bam(f, long_reads()),
    "no header line": lambda f: bam(f, header=header(HD=None)),
    "no read group": lambda f: bam(f, header=header(RG=None)),
    "sort order not said": lambda f: bam(f, header=header(HD={"VN": "1.6"})),
    "two lanes of one sample": lambda f: bam(
        f, header=header(RG=[{"ID": x, "SM": SAMPLE, "LB": "l"} for x in "ab"])
    ),
    "programs in the header": lambda f: bam(
        f, header=header(PG=[{"ID": "bwa", "PN": "bwa", "CL": "bwa mem 'a b' \"c\""}])
    ),
    "comments in the header": lambda f: bam(f, header=header(CO=["a remark: <b>&amp; =1+1"])),
    "alternative and decoy contigs": lambda f: bam(f, contigs=MORE),
    "other contig order": lambda f: bam(
        f, sorted(READS, key=lambda r: (r.contig == "chr1", r.start)),
        contigs={name: CONTIGS[name] for name in ("chr2", "chr1", "chrM")},
    ),
    "contigs of the genome missing": lambda f: bam(
        f, [r for r in READS if r.contig == "chr1"], contigs={"chr1": 6000}
    ),
    "right MD5": lambda f: bam(f, header=header(SQ=[
        {"SN": c.name, "LN": c.length, "M5": c.md5} for c in contigs_of(f / "genome.fa")])),
    "no index": lambda f: bam(f, index=False),
    "CSI index": with_csi,
    "secondary and supplementary alignments": lambda f: bam(f, with_extra_alignments()),
    "a third marked as duplicates": lambda f: bam(
        f, [dataclasses.replace(r, flag=r.flag | 1024) if n % 3 == 0 else r
            for n, r in enumerate(READS)]
    ),
    "soft and hard clips, = and X": lambda f: bam(
        f, every(2, every(5, cigar="10S70M"), cigar="5H30=1X49=")
    ),
    "insertions and deletions": lambda f: bam(f, every(4, cigar="30M2I20M3D28M")),
    "some reads of mapping quality 0": lambda f: bam(f, every(3, mapq=0)),
    "amplicon reads": lambda f: bam(f, [
        dataclasses.replace(r, name=f"{r.name}:{n}", flag=flag, contig="chr1", start=500,
                            mate_start=500, bases=GENOME["chr1"][500:580])
        for n, r in enumerate(READS[::2]) for flag in (99, 147)][: 2 * 140]),
    "sorted by name, header says so": lambda f: bam(
        f, sorted(READS, key=lambda r: r.name), index=False,
        header=header(HD={"VN": "1.6", "SO": "queryname"}),
    ),
    "CRAM 2.1": lambda f: cram(f, "2.1"),
    "CRAM 3.0": cram,
    "CRAM 3.1": lambda f: cram(f, "3.1"),
    "name with blanks and unicode": lambda f: bam(f, name="Probe Ä 1.bam"),
    "upper-case suffix": lambda f: bam(f, name="X.BAM", index=False),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, sound_files):
    (tmp_path / "genome.fa").write_bytes((sound_files / "genome.fa").read_bytes())
    return tmp_path


def told(path: Path, folder: Path) -> dict[str, list[str]]:
    findings = examine_alignment(
        str(path),
        assay="dna",
        sample=SAMPLE,
        other_samples={"P1_relapse_dna"},
        contigs=contigs_of(folder / "genome.fa"),
        fasta=str(folder / "genome.fa"),
    )
    sorted_out: dict[str, list[str]] = {"STOP": [], "WARN": [], "NOTE": []}
    for finding in findings:
        sorted_out[finding.severity.value].append(str(finding.problem))
    return sorted_out


@pytest.mark.parametrize("name", FAULTY)
def test_no_faulty_alignment_is_accepted(folder, name):
    assert told(FAULTY[name](folder), folder)["STOP"]


@pytest.mark.parametrize("name", TOLD)
def test_what_cannot_be_believed_is_said(folder, name):
    make, words = TOLD[name]
    found = told(make(folder), folder)
    assert not found["STOP"]
    assert any(words in text for text in found["WARN"]), found


@pytest.mark.parametrize("name", GOOD)
def test_no_good_alignment_is_refused(folder, name):
    found = told(GOOD[name](folder), folder)
    assert not found["STOP"] and not found["WARN"], found
