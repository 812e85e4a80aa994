"""Every status is reachable, and none is claimed that the data cannot carry."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlresist.evidence.finding import Finding
from amlresist.evidence.knowledge import review_claims
from amlresist.evidence.measurements import PatientTables, single_comparison
from amlresist.evidence.rules import parse_rule
from amlresist.evidence.weigh import weigh_claims, weigh_rule
from evidence_example import (
    PAIR,
    SETTINGS,
    coverage,
    different_people,
    dna,
    expressed,
    itd_clone,
    itd_library,
    itd_pair,
    mirna,
    pathway,
    rank,
    variant,
)

IDH1 = "variants gene=IDH1 change=acquired against=lost"
IDH2 = "variants gene=IDH2 change=lost against=acquired,expanding,stable"
F691L = "variants gene=FLT3 protein=F691L change=acquired,expanding against=lost,contracting"
RAS = "variants gene=KRAS,NRAS residue=G12,G13,Q61 state=present at=either against=none"
PTEN = "variants gene=PTEN effect=loss_of_function change=acquired against=none unseen=not_assessed"
ABCB1 = "expression gene=ABCB1 direction=up against=down"
PAIR_OF_GENES = (
    "expression gene=ABCB1 direction=up against=none and"
    " expression gene=BCL2 direction=down against=up"
)
CLUSTER = "mirna name=m1,m2,m3,m4 direction=up against=down"


def weigh(rule: str, tables: PatientTables, comparison=PAIR) -> Finding:
    return weigh_rule(parse_rule(rule), tables, comparison, SETTINGS)


def status(rule: str, tables: PatientTables, comparison=PAIR) -> str:
    return weigh(rule, tables, comparison).status.value


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("acquired", "supported"),
        ("lost", "contradicted"),
        ("stable", "not_observed"),
        ("not_evaluable", "not_assessed"),
        ("germline", "not_observed"),
        ("likely_artefact", "not_observed"),
    ],
)
def test_acquired_claim_follows_the_patients_own_class(label, expected):
    tables = dna(variant("IDH1", "R132H", label), covered=("IDH1",))
    assert status(IDH1, tables) == expected


def test_a_mutation_that_stays_contradicts_a_claim_of_loss():
    assert status(IDH2, dna(variant("IDH2", "R140Q", "stable"))) == "contradicted"
    assert status(IDH2, dna(variant("IDH2", "R140Q", "expanding"))) == "contradicted"
    assert status(IDH2, dna(variant("IDH2", "R140Q", "lost"))) == "supported"


def test_support_shows_what_speaks_against_it():
    rows = (variant("IDH1", "R132H", "acquired"), variant("IDH1", "R132C", "lost"))
    found = weigh(IDH1, dna(*rows))
    assert found.status.value == "supported"
    assert found.against == ("IDH1 R132C lost",)


def test_value_and_source_are_those_of_the_row():
    row = variant("IDH1", "R132H", "acquired", after_vaf_low=0.25, after_vaf_high=0.35)
    found = weigh(IDH1, dna(row))
    assert (found.value, found.low, found.high) == (0.3, 0.25, 0.35)
    assert found.meaning == "VAF after"
    assert found.table == "variants/variants.tsv"
    assert found.key == f"diagnosis>relapse 1:{row.pos} A>C"
    lost = weigh(IDH2, dna(variant("IDH2", "R140Q", "lost")))
    assert (lost.value, lost.meaning) == (0.4, "VAF before")


def test_no_variant_counts_only_where_the_gene_was_readable_at_both_time_points():
    assert status(IDH1, dna(covered=("IDH1",))) == "not_observed"
    assert status(IDH1, dna()) == "not_assessed"
    thin = dataclasses.replace(dna(), gene_coverage=coverage("IDH1", share=0.5))
    assert status(IDH1, thin) == "not_assessed"
    one_sided = dataclasses.replace(dna(), gene_coverage=coverage("IDH1", points=("relapse",)))
    assert "not known" in weigh(IDH1, one_sided).reason
    assert status(IDH1, one_sided) == "not_assessed"


def test_silent_variants_never_count():
    silent = variant("IDH1", "G105=", "acquired", consequence="synonymous_variant")
    assert status(IDH1, dna(silent, covered=("IDH1",))) == "not_observed"
    unnamed = variant("IDH1", "G105=", "acquired", consequence="")
    assert status(IDH1, dna(unnamed, covered=("IDH1",))) == "not_observed"
    named = variant("IDH1", "R132H", "acquired", consequence="")
    assert status(IDH1, dna(named)) == "supported"


def test_exact_protein_change_and_residue_are_told_apart():
    assert status(F691L, dna(variant("FLT3", "F691L", "acquired"))) == "supported"
    other = dna(variant("FLT3", "F691I", "acquired"), covered=("FLT3",))
    assert status(F691L, other) == "not_observed"
    assert status(RAS, dna(variant("NRAS", "G12D", "lost"))) == "supported"
    elsewhere = dna(variant("NRAS", "G15D", "lost"), covered=("NRAS", "KRAS"))
    assert status(RAS, elsewhere) == "not_observed"


def test_present_at_one_time_point_is_asked_of_that_time_point():
    rule = "variants gene=WT1 state=present at=diagnosis against=none"
    rows = (variant("WT1", "R462W", "acquired"),)
    assert status(rule, dna(*rows, covered=("WT1",))) == "not_observed"
    assert status(rule, dna(*rows)) == "not_assessed"
    assert status(rule, dna(variant("WT1", "R462W", "lost"))) == "supported"


def test_a_time_point_no_caller_looked_at_is_not_wild_type():
    rule = "variants gene=NPM1 effect=frameshift state=absent at=diagnosis against=none"
    uncalled = PatientTables("P1", variants=(), gene_coverage=coverage("NPM1"))
    assert status(rule, uncalled, single_comparison("diagnosis")) == "not_assessed"


def test_absence_is_shown_not_assumed():
    rule = "variants gene=NPM1 effect=frameshift state=absent at=diagnosis against=none"
    assert status(rule, dna(covered=("NPM1",))) == "supported"
    assert status(rule, dna()) == "not_assessed"
    assert status(rule, dna(variant("NPM1", "W288Cfs*12", "stable"))) == "not_observed"


def test_a_gene_lost_by_deletion_is_never_said_to_be_kept():
    assert status(PTEN, dna(variant("PTEN", "R130fs", "acquired"))) == "supported"
    assert status(PTEN, dna(covered=("PTEN",))) == "not_assessed"


def test_libraries_of_different_people_are_not_compared():
    tables = dna(variant("IDH1", "R132H", "acquired"), **different_people())
    found = weigh(IDH1, tables)
    assert found.status.value == "not_assessed"
    assert "different people" in found.reason
    rna = PatientTables(
        "P1", expression_change=(expressed("ABCB1", "up"),), **different_people("rna")
    )
    assert status(ABCB1, rna) == "not_assessed"


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("up", "supported"),
        ("down", "contradicted"),
        ("no_change_shown", "not_observed"),
        ("not_evaluable", "not_assessed"),
    ],
)
def test_direction_decides_mirna_expression_and_pathways(direction, expected):
    tables = PatientTables(
        "P1",
        mirna_change=(mirna("hsa-miR-181a-5p", direction),),
        expression_change=(expressed("ABCB1", direction),),
        pathways=(pathway("pkc", direction),),
    )
    assert status("mirna name=hsa-miR-181a-5p direction=up against=down", tables) == expected
    assert status(ABCB1, tables) == expected
    assert status("pathways name=pkc direction=up against=down", tables) == expected


def test_missing_layers_and_missing_rows_are_not_assessed():
    assert status(ABCB1, PatientTables("P1")) == "not_assessed"
    assert status(IDH1, PatientTables("P1")) == "not_assessed"
    other = PatientTables("P1", expression_change=(expressed("MVP", "up"),))
    assert status(ABCB1, other) == "not_assessed"
    assert status("flt3_itd change=gained against=lost", PatientTables("P1")) == "not_assessed"


def test_a_mirna_is_found_in_its_group_of_identical_sequences():
    tables = PatientTables("P1", mirna_change=(mirna("hsa-miR-a/hsa-miR-b", "up"),))
    assert status("mirna name=hsa-miR-b direction=up against=down", tables) == "supported"


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        ("up up up up", "supported"),
        ("up up no_change_shown not_evaluable", "supported"),
        ("up up down no_change_shown", "not_observed"),
        ("down down no_change_shown no_change_shown", "contradicted"),
        ("up no_change_shown no_change_shown no_change_shown", "not_observed"),
        ("up not_evaluable not_evaluable not_evaluable", "not_assessed"),
    ],
)
def test_a_cluster_moves_when_half_its_members_do_and_none_goes_the_other_way(directions, expected):
    rows = tuple(mirna(f"m{i}", d) for i, d in enumerate(directions.split(), 1))
    assert status(CLUSTER, PatientTables("P1", mirna_change=rows)) == expected


def test_the_chosen_pathway_method_speaks():
    rows = (pathway("pkc", "down", "ulm"), pathway("pkc", "up", "singscore"))
    rule = "pathways name=pkc direction=up against=down"
    assert status(rule, PatientTables("P1", pathways=rows)) == "supported"
    assert status(rule, PatientTables("P1", pathways=rows[:1])) == "contradicted"


@pytest.mark.parametrize(
    ("abcb1", "bcl2", "expected"),
    [
        ("up", "down", "supported"),
        ("up", "up", "contradicted"),
        ("up", "no_change_shown", "not_observed"),
        ("down", "up", "not_observed"),
        ("up", "not_evaluable", "not_assessed"),
        ("no_change_shown", "not_evaluable", "not_observed"),
    ],
)
def test_both_halves_of_a_pair_are_needed(abcb1, bcl2, expected):
    rows = (expressed("ABCB1", abcb1), expressed("BCL2", bcl2))
    assert status(PAIR_OF_GENES, PatientTables("P1", expression_change=rows)) == expected


def test_an_alternative_not_measured_leaves_the_question_open():
    rule = (
        "variants gene=KRAS state=present at=after against=none or"
        " expression gene=KRAS direction=up against=none"
    )
    assert status(rule, dna(covered=("KRAS",))) == "not_assessed"
    quiet = (expressed("KRAS", "no_change_shown"),)
    assert status(rule, dna(covered=("KRAS",), expression_change=quiet)) == "not_observed"
    assert status(rule, dna(variant("KRAS", "G12D", "acquired"))) == "supported"


@pytest.mark.parametrize(
    ("percentile", "expected"),
    [(90, "supported"), (75, "supported"), (50, "not_observed"), (10, "contradicted")],
)
def test_level_is_the_rank_within_the_library(percentile, expected):
    rule = "expression gene=WT1 level=high at=diagnosis against=low"
    assert status(rule, PatientTables("P1", expression=(rank("WT1", percentile),))) == expected


def test_level_without_a_rank_is_not_assessed():
    rule = "expression gene=WT1 level=high at=diagnosis against=low"
    assert status(rule, PatientTables("P1", expression=(rank("WT1", math.nan),))) == "not_assessed"
    at_relapse = PatientTables("P1", expression=(rank("WT1", 90, "relapse"),))
    assert status(rule, at_relapse) == "not_assessed"


def itd(before: str, after: str, *pairs, **other) -> PatientTables:
    libraries = (itd_library("diagnosis", before, 0.3), itd_library("relapse", after, 0.8))
    return PatientTables("P1", itd_libraries=libraries, itd_pairs=pairs, **other)


GAINED = "flt3_itd change=gained against=lost"


def test_itd_gained_lost_and_kept():
    assert status(GAINED, itd("no_itd", "itd", itd_pair("gained"))) == "supported"
    assert status(GAINED, itd("itd", "no_itd", itd_pair("lost"))) == "contradicted"
    assert status(GAINED, itd("itd", "itd", itd_pair("expanding"))) == "not_observed"
    assert status(GAINED, itd("no_itd", "no_itd")) == "not_observed"


def test_a_new_clone_beside_a_kept_one_is_a_gain_with_something_against_it():
    rule = "flt3_itd change=gained against=lost,persistent"
    rows = (itd_pair("persistent", "ITD21"), itd_pair("gained", "ITD30"))
    found = weigh(rule, itd("itd", "itd", *rows))
    assert found.status.value == "supported"
    assert found.against == ("FLT3-ITD21 persistent",)
    assert found.key.endswith("ITD30")
    assert status(rule, itd("itd", "itd", itd_pair("expanding"))) == "contradicted"


def test_itd_that_cannot_be_called_is_not_assessed():
    assert status(GAINED, itd("not_callable", "no_itd")) == "not_assessed"
    assert status(GAINED, itd("no_itd", "itd", itd_pair("not_evaluable"))) == "not_assessed"


def test_insertions_that_are_no_itd_do_not_count():
    clone = itd_clone("P1", 0.3, kind="insertion")
    tables = itd("no_itd", "no_itd", itd_pair("gained"), itd_clones=(clone,))
    assert status(GAINED, tables) == "not_observed"


@pytest.mark.parametrize(
    ("ratio", "low", "high"),
    [
        (0.3, "supported", "not_observed"),
        (0.5, "not_observed", "supported"),
        (2.0, "not_observed", "supported"),
    ],
)
def test_ratio_of_exactly_half_is_high(ratio, low, high):
    tables = PatientTables("P1", itd_libraries=(itd_library("diagnosis", "itd", ratio),))
    assert status("flt3_itd state=low at=diagnosis against=none", tables) == low
    assert status("flt3_itd state=high at=diagnosis against=none", tables) == high


def test_no_wild_type_is_high_and_rna_has_no_ratio_class():
    rule = "flt3_itd state=high at=diagnosis against=none"
    bare = itd_library("diagnosis", "itd", no_wild_type=True)
    assert status(rule, PatientTables("P1", itd_libraries=(bare,))) == "supported"
    rna = itd_library("diagnosis", "itd", 0.9, assay="rna")
    tables = PatientTables("P1", itd_libraries=(rna,))
    assert status(rule, tables) == "not_assessed"
    assert status("flt3_itd state=present at=diagnosis against=none", tables) == "supported"


def test_a_negative_that_could_have_missed_an_itd_is_not_assessed():
    rule = "flt3_itd state=present at=diagnosis against=none"
    deep = itd_library("diagnosis", "no_itd")
    shallow = itd_library("diagnosis", "no_itd", detection_limit=0.2)
    unknown = itd_library("diagnosis", "no_itd", detection_limit=math.nan)
    assert status(rule, PatientTables("P1", itd_libraries=(deep,))) == "not_observed"
    assert status(rule, PatientTables("P1", itd_libraries=(shallow,))) == "not_assessed"
    assert status(rule, PatientTables("P1", itd_libraries=(unknown,))) == "not_assessed"


def test_a_single_time_point_answers_what_it_can():
    tables = PatientTables("P1", itd_libraries=(itd_library("diagnosis", "itd", 0.8),))
    (comparison,) = tables.comparisons()
    assert comparison == single_comparison("diagnosis")
    assert (
        status("flt3_itd state=high at=diagnosis against=none", tables, comparison) == "supported"
    )
    assert status(GAINED, tables, comparison) == "not_assessed"


def test_both_claims_of_a_contradiction_are_weighed():
    tables = PatientTables("P1", mirna_change=(mirna("hsa-miR-181a-5p", "up"),))
    rows = {row.claim: row for row in weigh_claims(review_claims(), tables, (), SETTINGS)}
    assert rows["N01"].status.value == "supported"
    assert rows["N06"].status.value == "contradicted"
    assert "N06" in rows["N01"].contradicts and "N01" in rows["N06"].contradicts


def test_targets_stand_beside_and_decide_nothing():
    rows = (mirna("hsa-miR-181a-5p", "up"),)
    with_rna = PatientTables("P1", mirna_change=rows, expression_change=(expressed("ATM", "up"),))
    without = PatientTables("P1", mirna_change=rows)
    found = [
        {row.claim: row for row in weigh_claims(review_claims(), tables, (), SETTINGS)}["N01"]
        for tables in (with_rna, without)
    ]
    assert found[0].status == found[1].status
    assert found[0].beside == ("ATM up +2.00 (1.00 to 3.00) (claim: down)",)
    assert found[1].beside == ("ATM not measured (claim: down)",)


LABELS = ["acquired", "lost", "expanding", "contracting", "stable", "germline", "not_evaluable"]


@given(
    st.lists(st.tuples(st.sampled_from(["GENE1", "GENE2"]), st.sampled_from(LABELS)), max_size=5)
)
def test_variants_of_other_genes_change_nothing(others):
    rows = (variant("IDH1", "R132H", "acquired"), variant("FLT3", "F691L", "lost"))
    more = tuple(variant(gene, f"A{i}V", label) for i, (gene, label) in enumerate(others, 2))
    covered = ("IDH1", "TP53", "FLT3", "KRAS", "NRAS", "HRAS")
    claims = [c for c in review_claims() if c.mechanism != "clonal evolution"]
    alone = weigh_claims(claims, dna(*rows, covered=covered), (), SETTINGS)
    beside = weigh_claims(claims, dna(*more, *rows, covered=covered), (), SETTINGS)
    assert repr(alone) == repr(beside)


@given(st.permutations(range(4)))
def test_order_of_rows_changes_nothing(order):
    rows = (
        variant("IDH1", "R132H", "acquired"),
        variant("IDH1", "R132C", "acquired"),
        variant("TP53", "R175H", "lost"),
        variant("NPM1", "W288Cfs*12", "stable"),
    )
    first = weigh_claims(review_claims(), dna(*rows), (), SETTINGS)
    mixed = weigh_claims(review_claims(), dna(*(rows[i] for i in order)), (), SETTINGS)
    assert repr(first) == repr(mixed)
