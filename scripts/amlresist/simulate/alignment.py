"""Align simulated FASTQ as a laboratory would hand over its BAM or CRAM: same bytes every time."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amlresist.errors import InputError, Problem

# Tools run inside the work folder with bare file names, and bwa with a fixed batch size, so that
# neither paths nor the machine's size show in the output.
_ALIGN = (
    "bwa mem -v 1 -K 20000000 -H contigs.sam -R '{read_group}' genome.fa reads_1.fq reads_2.fq"
    " | samtools fixmate --no-PG -m -u - - | samtools sort --no-PG -u -T sort -"
    " | samtools markdup --no-PG -T markdup {output_options} - {output}"
)
_OUTPUT = {
    "bam": "-O bam,level=4",
    "cram": "-O cram,version=3.0",
}


@dataclass(frozen=True, slots=True)
class ReadGroup:
    """Facts of the @RG line."""

    sample: str
    library: str
    unit: str
    platform: str = "ILLUMINA"

    @property
    def line(self) -> str:
        """The line with escaped tabs, as bwa takes it."""
        return (
            f"@RG\\tID:{self.sample}\\tSM:{self.sample}\\tLB:{self.library}"
            f"\\tPL:{self.platform}\\tPU:{self.unit}"
        )


def prepare_index(folder: Path, contigs: Mapping[str, str]) -> None:
    """Index `folder/genome.fa` for bwa and samtools."""
    # Bases found by their digest leave no path of the reference in a CRAM's header.
    (folder / "bases").mkdir()
    lines = []
    for name, bases in contigs.items():
        digest = hashlib.md5(bases.encode()).hexdigest()
        (folder / "bases" / digest).write_text(bases)
        lines.append(f"@SQ\tSN:{name}\tLN:{len(bases)}\tM5:{digest}\n")
    (folder / "contigs.sam").write_text("".join(lines))
    _run("bwa index genome.fa 2>bwa_index.log && samtools faidx genome.fa", folder)


def align_pairs(
    folder: Path, fastqs: tuple[bytes, bytes], group: ReadGroup, form: str
) -> dict[str, Path]:
    """Align read pairs, mark duplicates, sort and index.

    Args:
        folder: work folder with an indexed genome.fa.
        fastqs: FASTQ bytes of first and second mates.
        form: `bam` or `cram`.

    Returns:
        Suffix (`bam`, `bam.bai`, `cram`, `cram.crai`) -> file inside `folder`.
    """
    for number, content in enumerate(fastqs, start=1):
        (folder / f"reads_{number}.fq").write_bytes(content)
    output = f"aligned.{form}"
    command = _ALIGN.format(read_group=group.line, output_options=_OUTPUT[form], output=output)
    _run(f"{command} && samtools index {output}", folder)
    index = f"{form}.{'bai' if form == 'bam' else 'crai'}"
    return {form: folder / output, index: folder / f"aligned.{index}"}


def _run(command: str, folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, "REF_PATH": "bases/%s", "REF_CACHE": "bases/%s", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InputError(
            Problem(
                "simulate",
                "",
                command[:60],
                f"a tool failed: {done.stderr.strip()[-300:]}",
                "Install bwa and samtools (apt install bwa samtools).",
            )
        )
