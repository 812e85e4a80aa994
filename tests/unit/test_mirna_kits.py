"""miRNA station: libraries of other kits are counted right, or it is said what to set."""

from pathlib import Path

import numpy as np
import pytest
from mirna_reads import TRUSEQ, library, small

from amlresist.errors import InputError
from amlresist.mirna.adapters import KITS, choose_adapter, first_adapters
from amlresist.mirna.library import CountedLibrary, count_library
from amlresist.mirna.reference import Mature, Reference, build_reference

NEB, QIASEQ = KITS["NEBNext Small RNA"], KITS["QIAseq miRNA"]
V10, V15 = KITS["Illumina Small RNA v1.0"], KITS["Illumina Small RNA v1.5"]
BEHIND_TRUSEQ = f"{TRUSEQ}AACTCCAGTCACATCACG{V15}" + "A" * 40  # index, then Illumina's
COPIES = 20  # reads of each miRNA


def random_bases(rng: np.random.Generator, length: int) -> str:
    return "".join(rng.choice(list("ACGT"), length))


@pytest.fixture(scope="module")
def reference() -> Reference:
    """Forty miRNAs that nothing confuses."""
    rng = np.random.default_rng(4)
    matures = {f"hsa-miR-{i}-5p": random_bases(rng, 22) for i in range(40)}
    hairpins = {
        name.replace("miR", "mir")[:-3]: random_bases(rng, 10) + mature + random_bases(rng, 30)
        for name, mature in matures.items()
    }
    return build_reference([Mature(name, "", m) for name, m in matures.items()], hairpins)


def count(
    tmp_path: Path, reference: Reference, before: int, after: str, length: int, **values: object
) -> CountedLibrary:
    """Reads of every miRNA with `before` random bases, behind it `after` (N: random)."""
    rng = np.random.default_rng(5)
    lines = []
    for mature in reference.sequences * COPIES:
        behind = "".join(random_bases(rng, 1) if base == "N" else base for base in after)
        read = (random_bases(rng, before) + mature + behind)[:length]
        lines.append(f"@r\n{read}\n+\n{'I' * len(read)}\n")
    path = tmp_path / "r.fq"
    path.write_text("".join(lines))
    return count_library(library(str(path)), reference, small(min_assigned=100, **values))


ALL = 40 * COPIES
UMI = "N" * 12
LIBRARIES = {
    "TruSeq, read far beyond": (0, BEHIND_TRUSEQ, 100, {}),
    "v1.5, whose adapter holds that of v1.0": (0, V15 + "A" * 40, 50, {}),
    "v1.0": (0, V10 + "A" * 40, 50, {}),
    "NEXTFLEX": (4, f"NNNN{BEHIND_TRUSEQ}", 75, {"trim_5p": 4, "trim_3p": 4}),
    "QIAseq with Illumina's adapter behind": (0, f"{QIASEQ}{UMI}{NEB}", 100, {"umi_length": 12}),
    "SMARTer": (3, "A" * 15 + NEB, 75, {"trim_5p": 3}),
    "trimmed before": (0, "", 50, {"adapter": "none"}),
}


@pytest.mark.parametrize("name", LIBRARIES)
def test_libraries_of_every_kit_are_counted(tmp_path, reference, name):
    before, after, length, values = LIBRARIES[name]
    counted = count(tmp_path, reference, before, after, length, **values)
    # An insert's own last A cannot be told from a poly-A tail: the read is only shorter.
    assert counted.facts.assigned == pytest.approx(ALL, abs=1)
    assert counted.facts.hints == ()


@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [(4, f"NNNN{TRUSEQ}", (4, 4)), (3, "A" * 15 + NEB, (3, 0)), (4, TRUSEQ, (4, 0))],
)
def test_random_bases_that_were_not_cut_are_named(tmp_path, reference, before, after, ends):
    counted = count(tmp_path, reference, before, after, 75)
    assert counted.verdict == "not_evaluable"
    five, three = ends
    assert f"set mirna.trim_5p to {five} and mirna.trim_3p to {three}" in counted.reason


def test_cutting_where_nothing_is_random_is_told(tmp_path, reference):
    verdicts = {
        name: count(tmp_path, reference, 0, BEHIND_TRUSEQ, 60, **values)
        for name, values in (
            ("right", {}),
            ("start", {"trim_5p": 2}),
            ("end", {"trim_3p": 4}),
            ("far", {"trim_5p": 5}),
        )
    }
    assert verdicts["right"].verdict == "good"
    assert verdicts["start"].verdict == "poor"
    assert "start at +2 bases: does mirna.trim_5p fit" in verdicts["start"].reason
    assert "end at -4 bases: does mirna.trim_3p fit" in verdicts["end"].reason
    assert verdicts["far"].verdict == "not_evaluable"
    assert "do mirna.trim_5p and mirna.trim_3p fit the kit?" in verdicts["far"].reason


def test_identifiers_that_are_not_used_are_told(tmp_path, reference):
    whole = count(tmp_path, reference, 0, f"{QIASEQ}{UMI}{NEB}", 75)
    assert "set mirna.umi_length to 12" in whole.reason
    cut = count(tmp_path, reference, 0, f"{QIASEQ}{UMI}", 50)  # nothing to use
    assert "umi_length" not in cut.reason


def test_reads_of_two_kits_in_one_file_stop():
    reads = ["ACGTACGTACGTACGTACGTAC" + (TRUSEQ if i % 4 else NEB) for i in range(400)]
    with pytest.raises(InputError, match=r"two kits: .*TruSeq.* 75.0%.*, NEBNext.* in 25.0%"):
        choose_adapter("f", reads, "", 0.2)
    assert choose_adapter("f", reads, TRUSEQ, 0.2).share == 0.75
    hopped = [*reads[1:4] * 100, *reads[:1]]
    assert choose_adapter("f", hopped, "", 0.2).kit == "Illumina TruSeq Small RNA"


@pytest.mark.parametrize(
    ("behind", "given"), [(f"{QIASEQ}ACGTTGCAACGT{NEB}", NEB), (V15, V10), (TRUSEQ, TRUSEQ[3:])]
)
def test_an_adapter_behind_that_of_the_kit_is_refused(behind, given):
    """Cutting there would leave the kit's own adapter in every insert."""
    reads = ["ACGTACGTACGTACGTACGTAC" + behind] * 100
    with pytest.raises(InputError, match="stands behind another kit's"):
        choose_adapter("f", reads, given, 0.2)


def test_the_kit_is_told_by_the_adapter_that_comes_first():
    read = "ACGTACGTACGTACGTACGTAC" + BEHIND_TRUSEQ
    assert first_adapters([read] * 5) == {"Illumina TruSeq Small RNA": 5}
