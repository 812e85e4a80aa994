"""miRNA station: what a user may rely on."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirna_reads import (
    HAIRPINS,
    LET7A,
    LET7C,
    MATURES,
    TRUSEQ,
    counts_of,
    library,
    small,
    write_reads,
    write_reference,
)
from scipy.special import gammaincinv

from amlresist.__main__ import main
from amlresist.errors import InputError
from amlresist.mirna import isomirs
from amlresist.mirna.adapters import KITS, choose_adapter
from amlresist.mirna.change import cohort_bcv, fold_change
from amlresist.mirna.intervals import count_interval
from amlresist.mirna.library import count_library
from amlresist.mirna.matrix import read_sample
from amlresist.mirna.model import profile_trust
from amlresist.mirna.normalise import tmm_factor
from amlresist.mirna.reads import read_inserts
from amlresist.mirna.records import MirnaChange, MirnaCount, MirnaQc
from amlresist.mirna.reference import (
    FLANK_3P,
    FLANK_5P,
    Mature,
    Reference,
    build_reference,
    read_reference,
)
from amlresist.tables import read_table


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_reference(MATURES, HAIRPINS)


def test_mature_is_counted_once_over_its_hairpins(tmp_path, reference):
    path = write_reads(tmp_path / "a.fq.gz", {LET7A: 500, LET7C: 40})
    counted = counts_of(count_library(library(path), reference, small()))
    assert counted["hsa-let-7a-5p"] == pytest.approx(500, abs=0.5)
    assert counted["hsa-let-7c-5p"] == pytest.approx(40, abs=0.5)


def test_sequencing_errors_of_a_common_mirna_do_not_feed_its_relative(tmp_path, reference):
    error = LET7A[:5] + "C" + LET7A[6:]
    path = write_reads(tmp_path / "a.fq.gz", {LET7A: 2000, error: 3})
    counted = counts_of(count_library(library(path), reference, small()))
    assert counted["hsa-let-7a-5p"] == pytest.approx(2003, abs=0.5)
    assert counted["hsa-let-7c-5p"] < 0.5


def test_counts_do_not_depend_on_read_order(tmp_path, reference):
    inserts = {LET7A: 50, LET7C: 20, LET7A[:-2]: 9, "ACGTTGCATGCATGGCTAGCAT": 8}
    one = write_reads(tmp_path / "a.fq.gz", inserts)
    two = write_reads(tmp_path / "b.fq.gz", dict(reversed(inserts.items())))
    first, second = (count_library(library(p), reference, small()) for p in (one, two))
    assert (first.counts == second.counts).all()


def test_identical_matures_are_one_group():
    twins = [Mature("hsa-miR-x-3p", "", LET7A), Mature("hsa-miR-y-3p", "", LET7A)]
    assert build_reference(twins, HAIRPINS).groups == ("hsa-miR-x-3p/hsa-miR-y-3p",)


def test_wrong_adapter_stops_and_names_the_kit_that_fits():
    reads = [LET7A + TRUSEQ] * 100
    with pytest.raises(InputError, match="Illumina TruSeq Small RNA"):
        choose_adapter("f", reads, KITS["NEBNext Small RNA"], 0.2)
    with pytest.raises(InputError, match="carry an adapter"):
        choose_adapter("f", reads, "none", 0.2)


def test_mrna_reads_stop_and_trimmed_reads_are_recognised():
    rng = np.random.default_rng(1)
    mrna = ["".join(rng.choice(list("ACGT"), 100)) for _ in range(200)]
    with pytest.raises(InputError, match="mRNA library"):
        choose_adapter("f", mrna, "", 0.2)
    trimmed = [LET7A[: 18 + i % 5] for i in range(200)]
    assert choose_adapter("f", trimmed, "", 0.2).source == "already trimmed"


def test_umi_copies_count_once(tmp_path, reference):
    umis = ["ACGTACGTACGT", "TTGTACGTACGA"]
    adapter = KITS["QIAseq miRNA"]
    path = tmp_path / "u.fq"
    reads = [LET7A[:20] + adapter + umis[i % 2] for i in range(20)]
    path.write_text("".join(f"@r\n{r}\n+\n{'I' * len(r)}\n" for r in reads))
    counted = count_library(library(str(path)), reference, small(umi_length=12))
    assert counted.evidence and counted.evidence.inserts.duplicates == 18
    assert counted.facts.assigned == pytest.approx(2, abs=0.1)


def test_b028_umi_that_is_not_where_the_settings_say_stops(tmp_path, reference):
    adapter = KITS["QIAseq miRNA"]
    path = tmp_path / "u.fq"
    for behind, passes in (("ACGTACGTACGT", True), ("", False), ("ACGTACG", False)):
        reads = [LET7A[:20] + adapter + behind] * 20
        path.write_text("".join(f"@r\n{r}\n+\n{'I' * len(r)}\n" for r in reads))
        if passes:
            count_library(library(str(path)), reference, small(umi_length=12))
            continue
        with pytest.raises(InputError, match=r"only 0% .*UMI"):
            count_library(library(str(path)), reference, small(umi_length=12))


def test_truncated_and_empty_fastq_are_named(tmp_path, reference):
    whole = Path(write_reads(tmp_path / "a.fq.gz", {LET7A: 500}))
    cut = tmp_path / "cut.fq.gz"
    cut.write_bytes(whole.read_bytes()[:-30])
    empty = tmp_path / "empty.fq"
    empty.write_text("")
    for path in (cut, empty, tmp_path / "absent.fq"):
        with pytest.raises(InputError, match=path.name):
            count_library(library(str(path)), reference, small())


def test_versions_that_do_not_match_stop_with_their_number(tmp_path):
    (tmp_path / "m.fa").write_text(f">hsa-a\n{LET7A}\n>hsa-b\nCCCCCCCCCCCCCCCCCCCC\n")
    (tmp_path / "h.fa").write_text(f">hsa-mir-a desc\nGG{LET7A.replace('T', 'U')}\n\nGGGG\n")
    with pytest.raises(InputError, match="1 of 2 matures"):
        read_reference(str(tmp_path / "m.fa"), str(tmp_path / "h.fa"), "hsa", 0.05)


@pytest.mark.parametrize("bad", ["-1", "x", ""])
def test_matrix_with_values_that_are_no_counts_stops(tmp_path, bad):
    path = tmp_path / "m.csv"
    path.write_text(f"mirna,s\nhsa-let-7a-5p,{bad}\n")
    with pytest.raises(InputError, match="not a count"):
        read_sample(str(path), "s")


def test_matrix_pair_gives_the_same_tables_and_never_calls_absence_zero(tmp_path):
    path = tmp_path / "m.tsv"
    rows = [f"hsa-miR-{i}\t{i * 10}\t{i * 10}" for i in range(1, 60)]
    path.write_text("\n".join(["mirna\tdx\trel", *rows, "hsa-miR-223-3p\t20\t900"]) + "\n")
    sides = [
        {
            "sample": s,
            "timepoint": t,
            "assay": "mirna",
            "capture": "",
            "paths": [str(path)],
            "given": True,
        }
        for s, t in (("dx", "diagnosis"), ("rel", "relapse"))
    ]
    command = [
        "mirna",
        "--patient",
        "P",
        "--libraries",
        json.dumps(sides),
        "--out-dir",
        str(tmp_path / "o"),
    ]
    assert main(command) == 0
    change = {row.mirna: row for row in read_table(tmp_path / "o/mirna_change.tsv", MirnaChange)}
    assert change["hsa-miR-223-3p"].direction == "up"
    assert change["hsa-miR-223-3p"].in_review
    assert change["hsa-miR-638"].direction == "not_evaluable"
    assert "exploratory" in change["hsa-miR-223-3p"].dispersion_source


def test_poor_library_shows_no_numbers(tmp_path):
    matures, hairpins = write_reference(tmp_path)
    path = write_reads(tmp_path / "a.fq.gz", {LET7A: 30})
    out = tmp_path / "o"
    command = ["mirna", "--library", f"diagnosis={path}", "--out-dir", str(out)]
    command += ["--matures", matures, "--hairpins", hairpins]
    assert main(command) == 0
    assert read_table(out / "mirna_qc.tsv", MirnaQc)[0].verdict == "not_evaluable"
    assert all(np.isnan(row.count) for row in read_table(out / "mirna_counts.tsv", MirnaCount))


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_fold_change_interval_holds_the_estimate_and_mirrors(before, after):
    x, y = np.array([before]), np.array([after])
    there, back = fold_change(x, y, 1e6, 1e6, 0.4), fold_change(y, x, 1e6, 1e6, 0.4)
    assert there.low < there.log2 < there.high
    assert there.log2 == pytest.approx(-back.log2)


@given(st.lists(st.floats(1e-9, 1e7), min_size=1, max_size=20), st.floats(0, 0.99))
def test_count_intervals_are_garwoods(counts, missing):
    x = np.array(counts)
    low, high = count_interval(x, np.full(len(x), missing))
    sure = np.maximum(x * (1 - missing), 1e-9)
    wanted = gammaincinv(sure, 0.025), gammaincinv(x * (1 - missing) + 1, 0.975)
    assert low == pytest.approx(wanted[0] / (1 - missing), rel=1e-8, abs=1e-12)
    assert high == pytest.approx(wanted[1] / (1 - missing), rel=1e-8)
    assert (low <= x).all()


def test_no_reads_have_the_interval_from_zero_to_3_7():
    low, high = count_interval(np.zeros(2), np.zeros(2))
    assert low.tolist() == [0, 0]
    assert high == pytest.approx([3.688879454, 3.688879454])


def test_tmm_ignores_one_dominant_change():
    rng = np.random.default_rng(1)
    before = rng.lognormal(5, 1, 300).round()
    after = before.copy()
    after[np.argmax(after)] += before.sum()
    scaled = after / (after.sum() * tmm_factor(after, before)) * before.sum()
    assert np.median(scaled / before) == pytest.approx(1, abs=0.02)


def test_cohort_dispersion_is_recovered():
    rng = np.random.default_rng(2)
    mean, shape = rng.lognormal(6, 1, 400), (8, 400)
    draw = [rng.poisson(mean * rng.lognormal(0, 0.3, shape)) for _ in range(2)]
    bcv = cohort_bcv(draw[0].astype(float), draw[1].astype(float), np.full((8, 2), 1e6))
    assert np.median(bcv) == pytest.approx(0.3, abs=0.03)


def test_isomir_table_survives_the_round_trip(tmp_path, reference):
    inserts = {LET7A: 50, LET7A + "TT": 9, LET7A[1:]: 8, LET7A[:-1] + "AA": 7, "A" + LET7A: 6}
    counted = count_library(library(write_reads(tmp_path / "a.fq.gz", inserts)), reference, small())
    assert counted.evidence
    table = isomirs.isomirs(counted.evidence, reference, 1)
    path = tmp_path / "i.gff3"
    path.write_text(isomirs.gff3_text(table, "s", "miRBase22"))
    assert list(isomirs.read_gff3(str(path))) == table
    assert {row.variant for row in table if row.read == LET7A[1:]} == {"iso_5p:+1"}


def test_nested_names_are_told_apart_or_said_to_be_alike(tmp_path):
    """miR-520b and -520c differ by a last base; only isomiR profiles can part them."""
    short = "AAAGTGCTTCCTTTTAGAGGG"
    matures = [
        *MATURES,
        Mature("hsa-miR-520b-3p", "", short),
        Mature("hsa-miR-520c-3p", "", f"{short}T"),
    ]
    hairpins = {
        **HAIRPINS,
        "hsa-mir-520b": f"CCCTCTACAGGGAAGCGCTTTCTGTTGTCTGAAAGAAAAG{short}",
        "hsa-mir-520c": f"TCTCAGGCTGTCGTGGGAAGCACTTTCTGTTGTCTGAAAGAAAAG{short}TTACCGTTTGAGA",
    }
    profile = {-2: 6, -1: 14, 0: 60, 1: 15, 2: 5}
    inserts: Counter[str] = Counter()
    for mature in (LET7A, LET7C):
        for shift, share in profile.items():
            inserts[(mature + "TT")[: len(mature) + shift]] += 20 * share
    for shift, share in profile.items():
        inserts[f"{short}TTA"[: 22 + shift]] += 20 * share
    path = write_reads(tmp_path / "a.fq.gz", inserts)
    counted = count_library(library(path), build_reference(matures, hairpins), small())
    place = {name: k for k, name in enumerate(counted.names)}
    short_name, long_name = place["hsa-miR-520b-3p"], place["hsa-miR-520c-3p"]
    assert counted.low[long_name] <= 2000 <= counted.high[long_name]
    assert counted.low[short_name] == 0 < counted.high[short_name]
    assert counted.counts[[short_name, long_name]].sum() == pytest.approx(2000, rel=0.01)
    assert counted.evidence
    assert long_name in counted.evidence.quantities.rivals.get(short_name, ())


def test_profile_is_trusted_as_far_as_mirnas_are_alike():
    rng = np.random.default_rng(5)
    library_profile = np.array([0.1, 0.7, 0.15, 0.05])
    unlike = rng.dirichlet(40 * library_profile, 300)
    table = np.array([rng.multinomial(5000, p) for p in unlike], float)
    assert profile_trust(table, library_profile) == pytest.approx(40, rel=0.4)
    alike = rng.multinomial(5000, library_profile, 300).astype(float)
    assert profile_trust(alike, library_profile) == 1000
    assert profile_trust(table[:3], library_profile) == 30  # too few miRNAs to learn from


@pytest.mark.parametrize("beyond_3p", [3, 2])
def test_fragments_of_a_hairpin_are_no_mirna(tmp_path, reference, beyond_3p):
    fragment = HAIRPINS["hsa-let-7a-1"][1 : 4 + len(LET7A) + beyond_3p]  # 3 bases before the mature
    path = write_reads(tmp_path / "a.fq.gz", {LET7C: 300, fragment: 40})
    counted = counts_of(count_library(library(path), reference, small()))
    assert counted["hsa-let-7a-5p"] == 0
    assert counted["hsa-let-7c-5p"] == pytest.approx(300, abs=0.5)


def test_long_ends_of_a_mirna_do_not_feed_a_look_alike_of_that_length(tmp_path):
    """miR-513a-5p (18 nt) with four more bases and added ones; 513b-5p (22 nt) is silent."""
    one, other = "TTCACAGGGAGGTGTCAT", "TTCACAAGGAGGTGTCATTTAT"
    hairpins = {
        "hsa-mir-x-1": f"GGACC{one}TTATGGGACCTAGG",
        "hsa-mir-y-1": f"CAGCC{other}TGGAACCTAGC",
    }
    matures = [Mature("hsa-miR-x-5p", "", one), Mature("hsa-miR-y-5p", "", other)]
    reads = {one: 500, f"{one}TTAT": 20, f"{one}TTATAT": 6, f"{one}TTATTA": 5, f"{one}TTATAA": 5}
    path = write_reads(tmp_path / "a.fq.gz", reads)
    counted = counts_of(count_library(library(path), build_reference(matures, hairpins), small()))
    assert counted["hsa-miR-y-5p"] < 0.5
    assert counted["hsa-miR-x-5p"] == pytest.approx(sum(reads.values()), abs=0.5)


@pytest.mark.parametrize("mature", ["TAGATCTTTGACTCTGGCAGTCTCCAGG", "CTTCCAGACGCTCCGC"])
def test_the_longest_and_shortest_matures_keep_their_isomirs(tmp_path, mature):
    """28 nt with two more, 16 nt with two less."""
    reference = build_reference(
        [Mature("hsa-miR-x-5p", "", mature)], {"hsa-mir-x": f"GGACC{mature}CATTGGACCTAGG"}
    )
    reads = {mature: 500, f"{mature}C": 60, f"{mature}CA": 20, mature[:-1]: 80, mature[:-2]: 30}
    path = write_reads(tmp_path / "a.fq.gz", reads)
    counted = counts_of(count_library(library(path), reference, small()))
    assert counted["hsa-miR-x-5p"] == pytest.approx(sum(reads.values()), abs=0.5)


def test_reads_of_another_species_get_a_verdict(tmp_path):
    """Foreign matures that differ from ours: a minority is flagged, a majority refused."""
    strange = "TGAGACTCGACCATGGAATTAC"
    own = build_reference(MATURES, HAIRPINS, [Mature("cel-miR-s-5p", "", strange)])
    verdicts = {}
    for foreign in (0, 30, 200):
        path = write_reads(tmp_path / f"{foreign}.fq.gz", {LET7A: 100, strange: foreign})
        counted = count_library(library(path), own, small())
        verdicts[foreign] = counted.verdict, counted.facts.foreign_species
    assert verdicts[0] == ("good", "")
    assert verdicts[30] == ("poor", "cel")
    assert verdicts[200] == ("not_evaluable", "cel")


def test_umi_with_a_sequencing_error_is_no_new_molecule(tmp_path, reference):
    adapter = KITS["QIAseq miRNA"]
    umi, misread = "ACGTACGTACGT", "ACGTACCTACGT"
    reads = [LET7A + adapter + umi] * 30 + [LET7A + adapter + misread]
    path = tmp_path / "u.fq"
    path.write_text("".join(f"@r\n{r}\n+\n{'I' * len(r)}\n" for r in reads))
    counted = count_library(library(str(path)), reference, small(umi_length=12))
    assert counted.facts.assigned == pytest.approx(1, abs=0.05)
    assert counted.evidence and counted.evidence.inserts.duplicates == 30


def test_mirgenedb_names_are_understood(tmp_path):
    """MirGeneDB: Hsa- in the name, _5p or _3p with a star, _pre for the precursor, U."""
    star = "CTATACAATCTACTGTCTTTC"
    (tmp_path / "m.fa").write_text(
        f">Hsa-Let-7-P1a_5p MIMAT0000062\n{LET7A.replace('T', 'U')}\n"
        f">Hsa-Let-7-P1a_3p* MIMAT0004481\n{star.replace('T', 'U')}\n"
        f">Hsa-Let-7-P2_5p MIMAT0000064\n{LET7C.replace('T', 'U')}\n"
    )
    (tmp_path / "h.fa").write_text(
        f">Hsa-Let-7-P1a_pre MI0000060\nGGGA{LET7A}TTAGGG{star}CC\n"
        f">Hsa-Let-7-P2_pre MI0000064\nGCCA{LET7C}TAGAGTTACAC\n"
    )
    found = read_reference(str(tmp_path / "m.fa"), str(tmp_path / "h.fa"), "hsa", 0.0)
    placed = {found.groups[c.group]: c.hairpins for c in found.contexts}
    assert placed["Hsa-Let-7-P1a_3p*"] == ("Hsa-Let-7-P1a_pre",)
    assert placed["Hsa-Let-7-P2_5p"] == ("Hsa-Let-7-P2_pre",)
    path = write_reads(tmp_path / "a.fq.gz", {LET7A: 50, LET7C: 20})
    assert counts_of(count_library(library(path), found, small()))[
        "Hsa-Let-7-P1a_5p"
    ] == pytest.approx(50, abs=0.2)


def test_gff3_of_another_release_stops(tmp_path):
    (tmp_path / "m.fa").write_text(f">hsa-let-7a-5p\n{LET7A}\n>hsa-let-7c-5p\n{LET7C}\n")
    (tmp_path / "h.fa").write_text("".join(f">{n}\n{s}\n" for n, s in HAIRPINS.items()))
    lines = [
        f"chr1\t.\tmiRNA\t1\t22\t.\t+\t.\tID=x;Name={name}"
        for name in ("hsa-let-7a-5p", "hsa-let-7c-5p")
    ]
    (tmp_path / "same.gff3").write_text("##gff-version 3\n\n" + "\n".join(lines) + "\n")
    (tmp_path / "other.gff3").write_text(lines[0].replace("7a", "7z") + "\n")
    paths = str(tmp_path / "m.fa"), str(tmp_path / "h.fa"), "hsa", 0.05
    assert read_reference(*paths, str(tmp_path / "same.gff3")).groups
    with pytest.raises(InputError, match="only one of GFF3 and matures"):
        read_reference(*paths, str(tmp_path / "other.gff3"))


def test_the_setting_gff3_checks_and_changes_no_byte_of_the_tables(tmp_path):
    matures, hairpins = write_reference(tmp_path)
    (tmp_path / "m.gff3").write_text(
        "".join(f"9\t.\tmiRNA\t5\t26\t.\t+\t.\tID={m.name};Name={m.name}\n" for m in MATURES)
    )
    path = write_reads(tmp_path / "a.fq.gz", {LET7A: 60, LET7A[:-1]: 9, LET7C: 20})
    tables = []
    for number, gff3 in enumerate(("", str(tmp_path / "m.gff3"))):
        out = tmp_path / f"o{number}"
        command = ["mirna", "--library", f"diagnosis={path}", "--out-dir", str(out)]
        command += ["--matures", matures, "--hairpins", hairpins]
        settings = json.dumps({"min_assigned": 1})
        assert main([*command, f"--gff3={gff3}", "--settings", settings]) == 0
        tables.append({file.name: file.read_bytes() for file in out.iterdir()})
    assert tables[0] == tables[1]
    assert b"hsa-let-7c-5p" in tables[0]["mirna_counts.tsv"]


# Real data


@pytest.fixture(scope="module")
def human(real_data) -> tuple[Path, Reference]:
    folder = real_data / "mirna"
    matures, hairpins = (str(folder / f"hsa_{x}_miRBase_v22.fa") for x in ("matures", "hairpins"))
    return folder, read_reference(
        matures, hairpins, "hsa", 0.05, str(folder / "hsa_miRBase_v22.gff3.gz")
    )


@pytest.mark.parametrize(
    ("name", "short", "without", "mirna"),
    [("mirtrace_sample1", 1888, 126, 4480), ("mirtrace_sample2", 1656, 104, 4714)],
)
def test_mirtrace_counts_are_met(human, name, short, without, mirna):
    folder, reference = human
    counted = count_library(library(str(folder / f"{name}.fastq.gz")), reference, small())
    assert counted.evidence
    inserts = counted.evidence.inserts
    assert inserts.too_short == pytest.approx(short, rel=0.02)
    assert inserts.no_adapter == pytest.approx(without, abs=0.002 * inserts.reads)
    assert counted.facts.assigned >= 0.95 * mirna


@pytest.mark.parametrize(
    ("name", "low", "short", "without"),
    [("mirtrace_sample1", 9, 1888, 126), ("mirtrace_sample2", 11, 1656, 104)],
)
def test_by_mirtraces_definitions_its_counts_are_met(
    real_data, tmp_path, name, low, short, without
):
    """It reads 50 bases and takes the adapter's first 8 exactly, or any start at the read's end."""
    path = tmp_path / "50.fq"
    with gzip.open(real_data / "mirna" / f"{name}.fastq.gz", "rt") as reads:
        path.write_text("".join(line.rstrip("\n")[:50] + "\n" for line in reads))
    by_its_rules = small(adapter=TRUSEQ[:8], adapter_error_rate=0, adapter_min_overlap=1)
    found = read_inserts(str(path), by_its_rules)
    assert found.too_short == pytest.approx(short, rel=0.005)  # it drops poly-bases
    assert found.no_adapter == pytest.approx(without, rel=0.02)  # reads with N too
    assert found.low_quality == pytest.approx(low, abs=3)  # it drops reads with N of any length


def test_places_in_hairpins_are_those_of_mirbases_coordinates(human):
    """Offsets from the GFF3: mature against its primary transcript, on the transcript's strand."""
    folder, reference = human
    index = {name: i for i, group in enumerate(reference.groups) for name in group.split("/")}
    windows = {(c.group, c.window) for c in reference.contexts}
    hairpins, matures = {}, []
    with gzip.open(folder / "hsa_miRBase_v22.gff3.gz", "rt") as lines:
        for cells in (line.rstrip("\n").split("\t") for line in lines if line[0] != "#"):
            fields = dict(part.split("=", 1) for part in cells[8].split(";"))
            start, end = int(cells[3]), int(cells[4])
            if cells[2] == "miRNA":
                matures.append((fields["Name"], fields["Derives_from"], start, end, cells[6]))
            else:
                hairpins.setdefault(fields["ID"], (fields["Name"], start, end))
    right = 0
    for name, parent, start, end, strand in matures:
        hairpin, first, last = hairpins[parent]
        offset = start - first if strand == "+" else last - end
        padded = "N" * FLANK_5P + reference.hairpins[hairpin] + "N" * FLANK_3P
        length = len(reference.sequences[index[name]])
        window = padded[offset : offset + FLANK_5P + length + FLANK_3P] if offset >= 0 else ""
        right += (index[name], window) in windows
    assert right >= len(matures) - 9  # copies on other chromosomes share their hairpin's ID


def test_optimir_counts_are_met(human):
    folder, reference = human
    expected = [line.split("\t") for line in (folder / "optimir_expected_abundances.txt").open()][
        1:
    ]
    for column, sample in ((1, "optimir_S1"), (2, "optimir_S2")):
        counted = counts_of(
            count_library(library(str(folder / f"{sample}.fq.gz")), reference, small())
        )
        for row in expected:
            count = float(row[column])
            assert counted[row[0]] >= min(0.98 * count, count - 1), row[0]


def test_mirtop_isomir_classes_are_met(human):
    """The truth is of mirGFF3 0: iso_5p positive upstream, iso_add the whole 3' end when added."""
    folder, reference = human
    counted = count_library(library(str(folder / "mirtop_synthetic_100.fq.gz")), reference, small())
    assert counted.evidence
    found = {row.read: row for row in isomirs.isomirs(counted.evidence, reference, 1)}
    right: Counter[bool] = Counter()
    for line in (folder / "mirtop_synthetic_100_truth.gff").read_text().splitlines():
        fields = dict(re.findall(r"(Read|Variant|Expression) ([^;]+)", line))
        if fields:
            right[_class(found.get(fields["Read"])) == _truth(fields["Variant"])] += int(
                fields["Expression"]
            )
    assert right[True] >= 0.97 * right.total()


def _class(row: isomirs.Isomir | None) -> set[str]:
    if row is None:
        return {"lost"}
    end = row.shift_3p + row.tail
    parts = {f"iso_5p:{-row.shift_5p:+d}"} if row.shift_5p else set()
    parts |= {f"iso_add:{end:+d}" if row.tail and end > 0 else f"iso_3p:{end:+d}"} if end else set()
    return parts | ({"iso_snp"} if row.differences else set())


def _truth(variant: str) -> set[str]:
    return {re.sub("iso_snp.*", "iso_snp", part) for part in variant.split(",") if part != "NA"}
