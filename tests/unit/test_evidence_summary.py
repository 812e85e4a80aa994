"""Evidence per mechanism: counts, agreement, the sentence."""

from amlresist.evidence.knowledge import mechanisms, review_claims
from amlresist.evidence.measurements import PatientTables
from amlresist.evidence.records import Status
from amlresist.evidence.summary import NOT_OF_RESISTANCE, summarise_mechanisms
from amlresist.evidence.weigh import weigh_claims
from evidence_example import (
    SETTINGS,
    dna,
    expressed,
    itd_library,
    itd_pair,
    mirna,
    pathway,
    variant,
)


def summaries(tables: PatientTables):
    rows = weigh_claims(review_claims(), tables, (), SETTINGS)
    return {row.mechanism: row for row in summarise_mechanisms(rows, mechanisms())}


def test_every_mechanism_with_measurable_claims_has_a_row():
    found = summaries(dna(variant("IDH1", "R132H", "acquired")))
    assert list(found) == [m.mechanism for m in mechanisms() if m.layers]


def test_layers_measured_and_missing_are_told():
    row = summaries(dna(variant("NRAS", "G12D", "acquired")))["RAS"]
    assert row.summary is Status.SUPPORTED
    assert row.layers == ("variants",)
    assert row.missing_layers == ("expression",)
    assert "NRAS G12D" in row.headline and "Not measured: gene expression" in row.headline


def test_restated_claims_do_not_count_twice():
    rna = (expressed("WT1", "up"), expressed("QPRT", "up"))
    row = summaries(PatientTables("P1", expression_change=rna))["WT1"]
    claims = [
        c
        for c in review_claims()
        if c.mechanism == "WT1" and not c.repeats and c.consequence not in NOT_OF_RESISTANCE
    ]
    total = row.supported + row.contradicted + row.not_observed + row.not_assessed
    assert total == len(claims) < sum(c.mechanism == "WT1" for c in review_claims())


def test_a_favourable_npm1_mutation_is_no_resistance_by_flt3():
    present = dna(variant("NPM1", "W288Cfs*12", "stable", consequence="frameshift_variant"))
    rows = weigh_claims(review_claims(), present, (), SETTINGS)
    assert next(r.status for r in rows if r.claim == "F06") is Status.SUPPORTED
    assert summaries(present)["FLT3"].summary is not Status.SUPPORTED


def test_layers_that_point_apart_disagree():
    tables = PatientTables(
        "P1",
        expression_change=(expressed("GSTP1", "up"),),
        pathways=(pathway("glutathione_gst", "down"),),
    )
    assert summaries(tables)["GST"].agreement == "disagree"
    agreeing = PatientTables(
        "P1",
        expression_change=(expressed("GSTP1", "up"),),
        pathways=(pathway("glutathione_gst", "up"),),
    )
    assert summaries(agreeing)["GST"].agreement == "agree"


def test_the_reviews_own_contradictions_are_no_disagreement_of_the_data():
    tables = PatientTables("P1", pathways=(pathway("autophagy", "up"),))
    row = summaries(tables)["autophagy"]
    assert (row.supported, row.contradicted) == (1, 1)
    assert row.agreement == "one_layer"


def test_nothing_measured_says_so():
    row = summaries(PatientTables("P1", mirna_change=(mirna("hsa-let-7a-5p", "up"),)))["PKC"]
    assert row.summary is Status.NOT_ASSESSED
    assert row.agreement == "none"
    assert row.headline.startswith("Not assessed.")


def test_itd_and_variants_meet_in_one_mechanism():
    libraries = (itd_library("diagnosis", "no_itd"), itd_library("relapse", "itd", 0.9))
    tables = dna(
        variant("FLT3", "F691L", "acquired"),
        itd_libraries=libraries,
        itd_pairs=(itd_pair("gained"),),
    )
    row = summaries(tables)["FLT3"]
    assert row.summary is Status.SUPPORTED
    assert {"variants", "flt3_itd"} <= {*row.layers}
    assert row.agreement == "agree"
