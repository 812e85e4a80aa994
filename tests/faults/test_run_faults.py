"""Faults of the machine around a run (B106 to B111): disk, folders, locale, a second run."""

import faulthandler
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fault_files import GENOME, Cohort

from amlresist.alignment.adopt import adopt_alignment
from amlresist.inputs.alignments import examine_alignment
from amlresist.libraries import LibraryInput
from amlresist.reference.fasta import write_genome
from amlresist.settings import REPOSITORY

OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}


def tree(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every path below a folder with its size, time stamp and inode."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path.relative_to(folder))] = status.st_size, status.st_mtime_ns, status.st_ino
    return found


def calls(folder: Path, timepoint: str, alt_reads: int) -> Path:
    """A VCF of thirty variants."""
    lines = [
        "##fileformat=VCFv4.2",
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{timepoint}",
    ]
    for position in range(100, 3100, 100):
        ref = GENOME["chr1"][position - 1]
        counts = f"{100 - alt_reads},{alt_reads}"
        lines.append(f"chr1\t{position}\t.\t{ref}\t{OTHER[ref]}\t50\tPASS\t.\tAD\t{counts}")
    path = folder / f"{timepoint} Ä.vcf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def compare(folder: Path, out: Path, **environment: str) -> subprocess.CompletedProcess:
    """`amlresist compare` over two given VCFs."""
    command = [sys.executable, "-m", "amlresist", "compare", "--out-dir", str(out)]
    for timepoint in ("diagnosis", "relapse"):
        command += ["--library", f"{timepoint}={folder / f'{timepoint} Ä.vcf'}"]
    return subprocess.run(
        command, capture_output=True, check=False, env=os.environ | environment, cwd=folder
    )


def test_b109_inputs_are_only_read(cohort: Cohort, tmp_path_factory):
    reads = cohort.folder / "reads"
    reads.mkdir()
    for row, name in zip(cohort.rows, ("dx.bam", "rel.bam"), strict=True):
        (cohort.folder / name).rename(reads / name)
        row["bam"] = str(reads / name)
    (cohort.folder / "genome.fa").rename(reads / "genome.fa")
    cohort.config["reference"]["fasta"] = str(reads / "genome.fa")
    reads.chmod(0o555)
    before = tree(reads)
    results = tmp_path_factory.mktemp("results")
    try:
        assert not cohort.check().of("STOP")
        write_genome(reads / "genome.fa", results / "genome.fa")
        library = LibraryInput("P1_diagnosis_dna", "diagnosis", "dna", "panel", (row["bam"],))
        adopt_alignment(library, results / "genome.fa", results / "P1_diagnosis_dna.bam")
        assert tree(reads) == before
    finally:
        reads.chmod(0o755)


def fifo(path: Path) -> str:
    os.mkfifo(path)
    return str(path)


def loop(path: Path) -> str:
    path.symlink_to(path)
    return str(path)


@pytest.mark.parametrize(
    "make",
    [
        fifo,
        loop,
        lambda path: "/proc/self/mem",
        lambda path: "/proc/version",
        lambda path: "/dev/zero",
        lambda path: "/dev/null",
        lambda path: str(path.parent),
        lambda path: str(path / "deeper.bam"),
    ],
    ids=["fifo", "loop", "memory", "proc", "zero", "null", "folder", "absent"],
)
def test_b109_what_is_no_file_of_reads_is_refused_at_once(cohort, make):
    cohort.rows[0]["bam"] = make(cohort.folder / "odd.bam")
    assert cohort.check().of("STOP")


def test_b109_links_to_reads_work(cohort):
    (cohort.folder / "real").mkdir()
    cohort.diagnosis.rename(cohort.folder / "real" / "file.bam")
    cohort.diagnosis.symlink_to("real/file.bam")
    cohort.check().notes("has no index") if not Path(f"{cohort.diagnosis}.bai").exists() else None
    assert not cohort.check().of("STOP")


LOCALES = [
    {"LC_ALL": "C", "TZ": "UTC"},
    {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
    {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "TZ": "America/St_Johns"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "Mars/Nowhere"},
]


def test_b111_same_bytes_in_every_locale_and_time_zone(tmp_path):
    calls(tmp_path, "diagnosis", 0)
    calls(tmp_path, "relapse", 40)
    contents = []
    for number, environment in enumerate(LOCALES):
        out = tmp_path / f"out{number}"
        done = compare(tmp_path, out, **environment, PYTHONHASHSEED=str(number))
        assert done.returncode == 0, done.stderr
        contents.append({p.name: p.read_bytes() for p in sorted(out.iterdir())})
    assert len(contents[0]) >= 3
    assert all(content == contents[0] for content in contents)


def test_b111_the_check_speaks_in_every_locale(cohort):
    cohort.diagnosis.rename(cohort.folder / "Ärzte 1.bam")
    cohort.rows[0]["bam"] = str(cohort.folder / "Ärzte 1.bam")
    cohort.rows[1]["bam"] = str(cohort.folder / "fehlt ü.bam")
    cohort.write_sheet()
    command = [sys.executable, "-m", "amlresist", "check", "--config-json"]
    command += [json.dumps(cohort.config), "--out-dir", str(cohort.folder / "out")]
    for environment in LOCALES:
        done = subprocess.run(
            command, capture_output=True, check=False, env=os.environ | environment
        )
        assert done.returncode == 2
        assert b"does not exist" in done.stderr and b"Traceback" not in done.stderr


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own with 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("may not mount a small disk here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_b106_a_full_disk_leaves_nothing_half_written_and_the_run_resumes(tmp_path, small_disk):
    calls(tmp_path, "diagnosis", 0)
    calls(tmp_path, "relapse", 40)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(60 << 10))
    out = small_disk / "out"
    done = compare(tmp_path, out)
    assert done.returncode == 3, done.stderr
    assert b"No space left" in done.stderr and b"Traceback" not in done.stderr
    whole = compare(tmp_path, tmp_path / "whole")
    assert whole.returncode == 0
    for path in out.rglob("*"):
        assert path.read_bytes() == (tmp_path / "whole" / path.name).read_bytes()
    ballast.unlink()
    assert compare(tmp_path, out).returncode == 0
    assert sorted(p.name for p in out.iterdir()) == sorted(
        p.name for p in (tmp_path / "whole").iterdir()
    )


def test_a_second_run_in_the_same_folder_is_refused(cohort):
    for row, timepoint in zip(cohort.rows, ("diagnosis", "relapse"), strict=True):
        del row["bam"]
        row["given"] = str(calls(cohort.folder, timepoint, 40).rename(
            cohort.folder / f"{timepoint}.vcf"))  # fmt: skip
    cohort.write_sheet()
    (cohort.folder / "config.yaml").write_text(json.dumps(cohort.config))
    # What a run that still goes on has left: its note, and the lock of its results.
    locks = cohort.folder / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/cohort/report.html\n")
    words = "from amlresist.start import note_run; note_run(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", words], cwd=cohort.folder, stdin=subprocess.PIPE
    ) as running:
        while not (cohort.folder / ".snakemake" / "amlresist-run.tsv").exists():
            assert running.poll() is None
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile")]
        command += ["--cores", "1", "--configfile", "config.yaml"]
        second = subprocess.run(
            command, cwd=cohort.folder, capture_output=True, text=True, check=False
        )
        running.communicate(b"\n")
    told = second.stdout + second.stderr
    assert second.returncode != 0
    assert "cannot be locked" in told, told
    assert not (cohort.folder / "results").exists()


def ending(path, **options):
    """An examination that dies on the diagnosis, as a library in C may on a damaged file."""
    if path.endswith("dx.bam"):
        faulthandler.disable()
        os.kill(os.getpid(), signal.SIGSEGV)
    return examine_alignment(path, **options)


def test_a_file_that_ends_the_process_reading_it_is_named(cohort, monkeypatch):
    monkeypatch.setattr("amlresist.inputs.check.examine_alignment", ending)
    verdict = cohort.check()
    verdict.stops("dx.bam", "ends the program that reads it")
    assert not any("rel.bam" in text for text in verdict.of("STOP")), str(verdict)
