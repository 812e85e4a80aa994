"""Compiled loops held against their NumPy twins, and used only where they pay."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_variants_oracle import GENOME, fetch, random_allele, random_bam
from variants_world import CHROM, HandRead, write_bam

from amlresist.variants import bam_stream, loops
from amlresist.variants.alleles import Allele
from amlresist.variants.bam_stream import stream
from amlresist.variants.counts import count_fragments
from amlresist.variants.pileup import pile_up
from amlresist.variants.record_offsets import ROOM, record_offsets

ALWAYS, NEVER = 0, 1 << 60
Table = list[list[int]]


def counts(path: Path, alleles: list[Allele], compiled_bytes: int, min_base_quality: int) -> Table:
    """All columns of the counts, with loops from so many bytes on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bam_stream, "COMPILED_BYTES", compiled_bytes)
        found = count_fragments(
            path, alleles, fetch, min_mapping_quality=20, min_base_quality=min_base_quality,
            keep_duplicates=False,
        )  # fmt: skip
    columns = (found.ref, found.alt, found.other, found.alt_forward, found.ref_forward)
    return [column.tolist() for column in columns]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 1 << 30), n=st.integers(1, 40), quality=st.sampled_from([0, 12, 20, 30]))
def test_counts_are_the_same_with_compiled_loops_and_without(
    tmp_path: Path, seed: int, n: int, quality: int
) -> None:
    # Many loci on few bases: indels compete, and substitutions lie beside and upon each other.
    rng = np.random.default_rng(seed)
    sites = rng.choice(np.arange(40, 540), n, replace=False)
    alleles = list(dict.fromkeys(random_allele(int(site), rng) for site in sites))
    carried = [allele for i, allele in enumerate(sorted(alleles)) if i % 4 == 0]
    path = random_bam(tmp_path / "x.bam", carried, rng)
    compiled = counts(path, alleles, ALWAYS, quality)
    assert compiled == counts(path, alleles, NEVER, quality)


def test_each_loop_is_compiled_once(tmp_path: Path) -> None:
    """Arrays of another kind would have it compiled anew, which takes seconds."""
    rng = np.random.default_rng(1)
    alleles = list(dict.fromkeys(random_allele(site, rng) for site in range(60, 540, 7)))
    counts(random_bam(tmp_path / "x.bam", alleles[::5], rng), alleles, ALWAYS, 20)
    called = {
        name: function.signatures
        for name, function in vars(loops).items()
        if hasattr(function, "signatures") and not name.startswith("_")
    }
    assert {len(kinds) for kinds in called.values()} == {1}, called


@pytest.mark.parametrize("cut", [0, 3, 40, 41, 90, 500, 1000])
def test_a_stretch_cut_anywhere_holds_the_same_whole_records(cut: int) -> None:
    lengths = [36, 40, 41, 300, 36, 90]
    data = b"".join((n - 4).to_bytes(4, "little") + bytes(n - 4) for n in lengths) * 3
    size = min(cut, len(data))
    stretch = np.frombuffer(data[:size] + bytes(ROOM), dtype=np.uint8)
    walked, end = record_offsets(stretch, size, compiled=True)
    expected, same_end = record_offsets(stretch, size)
    assert (walked.tolist(), end) == (expected.tolist(), same_end)


@pytest.mark.parametrize("compiled_bytes", [ALWAYS, NEVER])
def test_a_name_has_one_hash_whatever_reads_lie_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled_bytes: int
) -> None:
    monkeypatch.setattr(bam_stream, "COMPILED_BYTES", compiled_bytes)
    names = ["short", "a_name_that_is_much_longer_than_the_other", "eight_ch", "short"]
    reads = [HandRead(name, 100 + i, GENOME[100 + i : 200]) for i, name in enumerate(names)]
    path = write_bam(tmp_path / "x.bam", GENOME, reads)
    regions = [(CHROM, 0, len(GENOME))]
    ((_, piece),) = stream(path, regions, min_mapping_quality=0, keep_duplicates=False)
    together = piece.name_hashes(np.arange(4))
    alone = [int(piece.subset(np.array([i])).name_hashes(np.array([0]))[0]) for i in range(4)]
    assert together.tolist() == alone
    assert len(set(alone)) == 3
    assert alone[0] == alone[3]


def test_candidates_are_the_same_with_compiled_loops_and_without(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    alleles = list(dict.fromkeys(random_allele(site, rng) for site in range(60, 540, 25)))
    path = random_bam(tmp_path / "x.bam", alleles, rng)
    found = []
    for compiled_bytes in (ALWAYS, NEVER):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bam_stream, "COMPILED_BYTES", compiled_bytes)
            pileup = pile_up(
                path, [(CHROM, 0, len(GENOME))], fetch, min_mapping_quality=20,
                min_base_quality=20, keep_duplicates=False, merge_distance=2,
            )  # fmt: skip
        found.append((pileup.alleles, [depth.tolist() for _, _, depth in pileup.depth]))
    assert found[0] == found[1]
    assert len(found[0][0]) > len(alleles)


def in_new_process(code: str, **environment: str) -> str:
    """What Python prints."""
    scripts = str(Path(bam_stream.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": scripts, **environment},
    )  # fmt: skip
    return done.stdout.strip()


def test_small_files_do_not_pay_for_the_compiler(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "x.bam", GENOME, [HandRead("r", 100, GENOME[100:200])])
    code = "import sys; from amlresist.variants.bam_stream import stream\n"
    code += f"for _ in stream({str(path)!r}, [({CHROM!r}, 0, 600)], min_mapping_quality=0,"
    code += " keep_duplicates=False): pass\nprint('numba' in sys.modules)"
    assert in_new_process(code) == "False"


def test_where_machine_code_cannot_be_kept_or_numba_is_missing_arrays_do_the_work() -> None:
    ask = "from amlresist.variants.bam_stream import _can_compile; print(_can_compile())"
    missing = "import sys; sys.modules['numba'] = None\n"
    assert in_new_process(ask) == "True"
    # Notebooks' only: numba finds no folder for a file of a package.
    assert in_new_process(ask, NUMBA_CACHE_LOCATOR_CLASSES="IPythonCacheLocator") == "False"
    assert in_new_process(missing + ask) == "False"


def test_a_long_read_among_short_ones_is_counted_alike(tmp_path: Path) -> None:
    genome = GENOME * 200
    reads = [HandRead("long", 10, genome[10:100_010])]
    reads += [HandRead(f"r{i}", 300 + i, genome[300 + i : 400 + i]) for i in range(20)]
    path = write_bam(tmp_path / "x.bam", genome, reads)
    alleles = [Allele(CHROM, 350, genome[350], "A" if genome[350] != "A" else "C")]
    assert counts(path, alleles, ALWAYS, 20) == counts(path, alleles, NEVER, 20)
    assert pysam.AlignmentFile(str(path)).count() == 21
