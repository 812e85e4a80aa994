"""RNA FASTQ -> salmon's transcript table, with proof that salmon saw every fragment."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from amlresist.alignment.pipeline import (
    PipelineError,
    plain_path,
    require_programs,
    run_chain,
    scratch_folder,
)
from amlresist.inputs.fastq import read_fastq
from amlresist.inputs.findings import require_sound
from amlresist.libraries import LibraryInput

# More threads make the estimates differ in the last digits from run to run.
THREADS = "1"


def quantify(library: LibraryInput, index: Path, out: Path) -> int:
    """Run salmon on one library and leave its results, `quant.sf` among them, in folder `out`.

    Returns:
        Fragments (pairs, or single reads), which equal those of the FASTQ files.

    Raises:
        InputError: a FASTQ is unsound or salmon is missing.
        PipelineError: salmon failed, or did not see every fragment.
    """
    require_programs("salmon")
    findings, records = read_fastq(library.paths[0], "".join(library.paths[1:]))
    require_sound(findings)
    expected = records // len(library.paths)
    with scratch_folder(out) as scratch:
        finished = scratch / out.name
        command = salmon_command(library.paths, index, finished)
        run_chain([command], scratch / "output.txt")
        found = _fragments_seen(finished)
        if found != expected:
            raise PipelineError(f"{expected} fragments expected, {found} seen by salmon")
        shutil.rmtree(out, ignore_errors=True)
        finished.replace(out)
    return found


def salmon_command(paths: Sequence[str], index: Path, out: Path) -> list[str]:
    """Salmon's words for one or two FASTQ files."""
    first, *second = map(plain_path, paths)
    mates = ["--mates1", first, "--mates2", *second] if second else ["-r", first]
    words = ["salmon", "quant", "--index", str(index), "--libType", "A", *mates]
    return [*words, "--validateMappings", "--threads", THREADS, "--output", str(out)]


def _fragments_seen(folder: Path) -> int:
    report = folder / "aux_info/meta_info.json"
    return int(json.loads(report.read_text(encoding="utf-8"))["num_processed"])
