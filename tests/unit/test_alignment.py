"""FASTQ to BAM loses no read, says whose they are, and gives the same bytes everywhere."""

import gzip
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pysam
import pytest

from amlresist.__main__ import main
from amlresist.alignment.adopt import adopt_alignment
from amlresist.alignment.align import align_library, read_group_line
from amlresist.alignment.pipeline import PipelineError, require_programs, run_chain, scratch_folder
from amlresist.alignment.settings import Settings
from amlresist.dna import reverse_complement
from amlresist.errors import InputError
from amlresist.libraries import LibraryInput, to_json
from amlresist.settings import load

SETTINGS = load(Settings, "alignment")
ADAPTER = "AGATCGGAAGAGCACACGTCTGAAC"
LENGTH, FRAGMENTS, COPIES = 100, 150, 10


@pytest.fixture(scope="module")
def genome(tmp_path_factory) -> Path:
    """A random genome of two contigs with its indexes."""
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    rng = np.random.default_rng(1)
    bases = {name: "".join(rng.choice(list("ACGT"), 5000)) for name in ("chr1", "chr2")}
    path.write_text("".join(f">{name}\n{text}\n" for name, text in bases.items()))
    pysam.faidx(str(path))
    run_chain([["bwa", "index", str(path)]], path.with_name("index.log"))
    return path


def write_pairs(folder: Path, genome: Path, *, insert=(150, 300)) -> tuple[str, str]:
    """FRAGMENTS pairs, the first COPIES of which stand twice, read through into adapters."""
    rng = np.random.default_rng(2)
    files = tuple(str(folder / name) for name in ("r1.fq.gz", "r2.fq.gz"))
    with pysam.FastaFile(str(genome)) as bases:
        starts = rng.integers(0, 4600, FRAGMENTS)
        ends = starts + rng.integers(*insert, FRAGMENTS)
        fragments = [bases.fetch("chr1", *span) for span in zip(starts, ends, strict=True)]
    fragments += fragments[:COPIES]
    mates = [[], []]
    for number, fragment in enumerate(fragments):
        for mate, text in enumerate((fragment, reverse_complement(fragment))):
            read = (text + ADAPTER + "A" * LENGTH)[:LENGTH]
            mates[mate].append(f"@f{number}/{mate + 1}\n{read}\n+\n{'F' * (LENGTH - 1)}E\n")
    for path, records in zip(files, mates, strict=True):
        Path(path).write_bytes(gzip.compress("".join(records).encode(), mtime=0))
    return files


def library(*paths: str, capture: str = "panel", **facts) -> LibraryInput:
    return LibraryInput("P1_dx", "diagnosis", "dna", capture, paths, **facts)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory, genome) -> tuple[str, str]:
    return write_pairs(tmp_path_factory.mktemp("reads"), genome)


@pytest.fixture(scope="module")
def aligned(tmp_path_factory, genome, pairs) -> Path:
    out = tmp_path_factory.mktemp("aligned") / "P1_dx.bam"
    align_library(library(*pairs), genome, out, 1, SETTINGS)
    return out


def flags(path: Path) -> list[int]:
    with pysam.AlignmentFile(str(path)) as handle:
        return [read.flag for read in handle]


def test_every_read_arrives_sorted_and_indexed(aligned):
    with pysam.AlignmentFile(str(aligned)) as handle:
        assert handle.header["HD"]["SO"] == "coordinate"
        assert handle.mapped == 2 * (FRAGMENTS + COPIES)
        starts = [read.reference_start for read in handle.fetch("chr1")]
    assert starts == sorted(starts)
    assert sorted(path.name for path in aligned.parent.iterdir()) == ["P1_dx.bam", "P1_dx.bam.bai"]


def test_duplicates_are_marked(aligned):
    assert sum(bool(flag & 0x400) for flag in flags(aligned)) == 2 * COPIES


@pytest.mark.parametrize(
    ("capture", "settings"), [("amplicon", {}), ("panel", {"mark_duplicates": False})]
)
def test_duplicates_are_left_alone_in_amplicons_and_on_request(
    tmp_path, genome, pairs, capture, settings
):
    out = tmp_path / "a.bam"
    chosen = load(Settings, "alignment", settings)
    reads = align_library(library(*pairs, capture=capture), genome, out, 1, chosen)
    assert reads == 2 * (FRAGMENTS + COPIES)
    assert not any(flag & 0x400 for flag in flags(out))


def test_read_group_names_the_library_on_every_read(aligned):
    with pysam.AlignmentFile(str(aligned)) as handle:
        (group,) = handle.header["RG"]
        assert {read.get_tag("RG") for read in handle} == {"P1_dx"}
    assert (group["ID"], group["SM"], group["LB"], group["PL"]) == ("P1_dx",) * 3 + ("ILLUMINA",)


def test_read_group_facts_of_the_sheet_are_used_and_cannot_break_the_line():
    facts = {"library": "lib\t7", "platform": "DNBSEQ", "unit": "flow\ncell.1"}
    line = read_group_line(library("a", read_group=facts))
    assert line == "@RG\\tID:P1_dx\\tSM:P1_dx\\tLB:lib 7\\tPL:DNBSEQ\\tPU:flow cell.1"


def test_header_has_programs_but_no_paths(aligned, genome):
    with pysam.AlignmentFile(str(aligned)) as handle:
        text = str(handle.header)
    assert "PN:bwa" in text and "VN:" in text
    assert "CL:" not in text and str(genome.parent) not in text


def test_same_bytes_with_two_threads_and_in_another_folder(tmp_path, genome, aligned):
    (tmp_path / "it's another $(folder)").mkdir()
    moved = write_pairs(tmp_path / "it's another $(folder)", genome)
    out = tmp_path / "other" / "P1_dx.bam"
    align_library(library(*moved), genome, out, 2, SETTINGS)
    assert out.read_bytes() == aligned.read_bytes()
    assert Path(f"{out}.bai").read_bytes() == Path(f"{aligned}.bai").read_bytes()


def test_single_end_reads_are_aligned(tmp_path, genome, pairs):
    out = tmp_path / "single.bam"
    assert align_library(library(pairs[0]), genome, out, 1, SETTINGS) == FRAGMENTS + COPIES


def test_file_names_that_look_like_options(tmp_path, genome, pairs, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("-t.fq.gz").write_bytes(Path(pairs[0]).read_bytes())
    for settings in ({}, {"adapter_r1": ADAPTER}):
        chosen = load(Settings, "alignment", settings)
        assert align_library(library("-t.fq.gz"), genome, Path("o.bam"), 1, chosen)


def test_empty_fastq_gives_a_bam_without_reads(tmp_path, genome):
    (tmp_path / "r1.fq").touch()
    out = tmp_path / "empty.bam"
    assert align_library(library(str(tmp_path / "r1.fq")), genome, out, 1, SETTINGS) == 0
    assert flags(out) == []


def cut_gzip(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-400])


def cut_inside_a_record(path: Path) -> None:
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text[: len(text) // 2]))


def fewer_records(path: Path) -> None:
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(b"".join(text.splitlines(keepends=True)[:-8])))


@pytest.mark.parametrize(
    ("spoil", "record", "message"),
    [
        (cut_gzip, "record ", "ended before"),
        (cut_inside_a_record, "record 8", "remature end"),
        (fewer_records, f"record {FRAGMENTS + COPIES - 1}", "fewer records than its mate file"),
    ],
)
def test_damaged_fastq_is_named_and_leaves_nothing_behind(tmp_path, genome, spoil, record, message):
    files = write_pairs(tmp_path, genome)
    spoil(Path(files[1]))
    out = tmp_path / "out" / "P1_dx.bam"
    with pytest.raises(InputError) as caught:
        align_library(library(*files), genome, out, 1, SETTINGS)
    assert files[1] in str(caught.value) and record in str(caught.value)
    assert message in str(caught.value)
    assert not out.parent.exists() or not list(out.parent.iterdir())


def test_a_failing_program_is_named_and_leaves_nothing_behind(tmp_path, pairs):
    out = tmp_path / "out" / "P1_dx.bam"
    with pytest.raises(PipelineError, match="bwa ended with code"):
        align_library(library(*pairs), tmp_path / "absent.fa", out, 1, SETTINGS)
    assert not list(out.parent.iterdir())


def test_full_disk_is_told_without_traceback_and_leaves_nothing_behind(tmp_path, genome, pairs):
    out = tmp_path / "out" / "P1_dx.bam"
    words = ["align", "--libraries", to_json([library(*pairs)]), "--reference", str(genome)]
    command = [sys.executable, "-m", "amlresist", *words, "--out", str(out)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        # No file may grow: writing fails as when the disk is full (SIGXFSZ instead of ENOSPC).
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        env=os.environ | {"PYTHONPATH": "scripts"},
    )
    assert done.returncode not in (0, None)
    assert "Traceback" not in done.stderr and "samtools" in done.stderr
    assert not list(out.parent.iterdir())


def test_parts_of_a_killed_job_are_swept_away(tmp_path):
    out = tmp_path / "a.bam"
    (tmp_path / ".parts-of-a.bam").mkdir()
    (tmp_path / ".parts-of-a.bam/sort.0001.bam").touch()
    with scratch_folder(out) as folder:
        assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_missing_program_is_named():
    with pytest.raises(InputError, match=r"not installed .*no-such-aligner.*apt or conda"):
        require_programs("samtools", "no-such-aligner")


def test_adapters_are_trimmed_and_counted(tmp_path, genome):
    files = write_pairs(tmp_path, genome, insert=(20, 90))
    settings = {"adapter_r1": ADAPTER, "minimum_length": 40}
    out = tmp_path / "trimmed.bam"
    reads = align_library(
        library(*files, capture="amplicon"), genome, out, 1, load(Settings, "alignment", settings)
    )
    with pysam.AlignmentFile(str(out)) as handle:
        found = list(handle)
    assert 0 < reads == len(found) < 2 * (FRAGMENTS + COPIES)
    assert {read.flag & 0xC0 for read in found} == {0x40, 0x80}
    assert min(len(read.query_sequence) for read in found) >= 40
    assert all(read.cigarstring == f"{read.query_length}M" for read in found)


@pytest.mark.parametrize("adapter", ["", "AGATCGGAAGAGC"])
def test_mates_named_1_and_2_by_sra_are_aligned_as_pairs(tmp_path, genome, pairs, adapter):
    named = []
    for mate, path in enumerate(pairs, start=1):
        text = gzip.decompress(Path(path).read_bytes()).decode()
        target = tmp_path / f"sra_{mate}.fastq"
        target.write_text(re.sub(r"(?m)^@f(\d+)/\d$", rf"@SRR1.\1.{mate} \1 length=100", text))
        named.append(str(target))
    settings = load(Settings, "alignment", {"adapter_r1": adapter})
    found = align_library(library(*named), genome, tmp_path / "x.bam", 1, settings)
    with pysam.AlignmentFile(str(tmp_path / "x.bam")) as handle:
        reads = [read for read in handle if not read.is_secondary | read.is_supplementary]
    assert len(reads) == found and all(read.is_paired for read in reads)
    assert all(re.fullmatch(r"SRR1\.\d+", read.query_name) for read in reads)
    assert sum(read.is_proper_pair for read in reads) > 0.9 * len(reads)


def spoilt(aligned: Path, folder: Path, kind: str) -> Path:
    """A copy of the BAM as people hand it over."""
    path = folder / ("given.cram" if kind == "cram" else "given.bam")
    path.write_bytes(aligned.read_bytes())
    if kind == "stale index":
        Path(f"{path}.bai").write_bytes(b"BAI\1" + bytes(8))
        os.utime(f"{path}.bai", (1, 1))
    elif kind == "unsorted":
        pysam.sort("-n", "-o", str(path), str(aligned))
    return path


@pytest.mark.parametrize("kind", ["no index", "stale index", "unsorted"])
def test_given_bam_gets_an_index_of_its_own(tmp_path, genome, aligned, kind):
    given = spoilt(aligned, tmp_path, kind)
    before = given.read_bytes()
    out = tmp_path / "results" / "P1_dx.bam"
    adopt_alignment(library(str(given)), genome, out)
    with pysam.AlignmentFile(str(out)) as handle:
        assert handle.mapped == 2 * (FRAGMENTS + COPIES)
        assert sum(1 for _ in handle.fetch("chr1", 1000, 1500)) > 0
    assert out.is_symlink() == (kind != "unsorted")
    assert given.read_bytes() == before
    assert sorted(path.name for path in out.parent.iterdir()) == ["P1_dx.bam", "P1_dx.bam.bai"]


def test_given_cram_is_linked_and_indexed(tmp_path, genome, aligned):
    given = tmp_path / "given.cram"
    pysam.view("-C", "-T", str(genome), "-o", str(given), str(aligned), catch_stdout=False)
    out = tmp_path / "results" / "P1_dx.cram"
    adopt_alignment(library(str(given)), genome, out)
    assert Path(f"{out}.crai").is_file()
    with pysam.AlignmentFile(str(out), reference_filename=str(genome)) as handle:
        assert sum(1 for _ in handle.fetch("chr1")) == 2 * (FRAGMENTS + COPIES)


def test_truncated_bam_is_refused_and_leaves_nothing_behind(tmp_path, genome, aligned, capsys):
    given = tmp_path / "given.bam"
    given.write_bytes(aligned.read_bytes()[:-500])
    out = tmp_path / "results" / "P1_dx.bam"
    words = ["align", "--patient", "P1", "--libraries", to_json([library(str(given))])]
    words += ["--reference", str(genome), "--threads", "1", "--out", str(out)]
    assert main(words) == 2
    assert "truncated" in capsys.readouterr().err
    assert not out.parent.exists()


def test_bam_cut_between_blocks_is_told_by_its_index(tmp_path, genome, aligned):
    given = tmp_path / "given.bam"
    with (
        pysam.AlignmentFile(str(aligned)) as source,
        pysam.AlignmentFile(str(given), "wb", template=source) as out,
    ):
        for read in list(source)[:300]:
            out.write(read)
    Path(f"{given}.bai").write_bytes(Path(f"{aligned}.bai").read_bytes())
    with pytest.raises(InputError, match="file ends early"):
        adopt_alignment(library(str(given)), genome, tmp_path / "results" / "P1_dx.bam")


def test_warnings_of_a_given_bam_reach_the_log(tmp_path, genome, aligned, capsys):
    words = ["align", "--patient", "P1", "--library", f"diagnosis={aligned}"]
    words += ["--reference", str(genome), "--out", str(tmp_path / "x.bam")]
    assert main(words) == 0
    assert "WARN" not in capsys.readouterr().out
    other = LibraryInput("other", "relapse", "dna", "", (str(aligned),))
    notes = adopt_alignment(other, genome, tmp_path / "y.bam")
    assert any("sample name in the header is not 'other'" in note for note in notes)
