"""A tiny sound cohort that each test spoils in one way, and the check run over it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fault_files import GTF, Cohort, sound_reads, write_bam, write_fasta


@pytest.fixture(scope="session")
def sound_files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    write_fasta(folder / "genome.fa")
    (folder / "genes.gtf").write_text(GTF)
    write_bam(folder / "dx.bam", sound_reads(1), sample="P1_diagnosis_dna")
    write_bam(folder / "rel.bam", sound_reads(2), sample="P1_relapse_dna")
    return folder


@pytest.fixture
def cohort(tmp_path, sound_files) -> Cohort:
    for path in sound_files.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name in ("dx.bam.bai", "rel.bam.bai"):
        (tmp_path / name).touch()
    return Cohort(
        tmp_path,
        {
            "samples": str(tmp_path / "samples.tsv"),
            "reference": {
                "fasta": str(tmp_path / "genome.fa"),
                "annotation": str(tmp_path / "genes.gtf"),
            },
        },
        [
            {"patient": "P1", "timepoint": time, "assay": "dna", "bam": str(tmp_path / name)}
            for time, name in (("diagnosis", "dx.bam"), ("relapse", "rel.bam"))
        ],
    )


@pytest.fixture
def run_check():
    """Run `amlresist check` as a program; gives the finished process."""

    def run(cohort: Cohort) -> subprocess.CompletedProcess:
        config = cohort.folder / "config.yaml"
        config.write_text(json.dumps(cohort.config))
        command = [sys.executable, "-m", "amlresist", "check", "--config", str(config)]
        command += ["--out-dir", str(cohort.folder / "out"), "--threads", "1"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run
