"""What rules hand to Snakemake asks the plan for the right patient and grows with the attempt."""

from inspect import signature
from types import SimpleNamespace

from amlresist.rule_functions import folder_of, growing, of_patient, of_sample

JOB = SimpleNamespace(patient="P1", sample="P1_diagnosis_dna")


def test_a_resource_grows_with_each_attempt():
    memory = growing(2000)
    assert [memory(JOB, attempt=attempt) for attempt in (1, 2, 3)] == [2000, 4000, 6000]


def test_the_plan_is_asked_for_the_job_at_hand():
    assert of_patient(lambda patient, station: (patient, station), "mirna")(JOB) == ("P1", "mirna")
    assert of_sample(lambda sample: [sample])(JOB) == ["P1_diagnosis_dna"]


def test_folders_follow_the_output():
    output = SimpleNamespace(table="results/P1/mirna/counts.tsv")
    assert folder_of("table")(JOB, output=output) == "results/P1/mirna"
    assert folder_of("table", up=2)(JOB, output=output) == "results/P1"
    assert folder_of("table", inside="parts")(JOB, output=output) == "results/P1/mirna/parts"


def test_snakemake_sees_the_parameters_it_fills():
    assert list(signature(growing(1)).parameters) == ["wildcards", "attempt"]
    assert list(signature(of_patient(str)).parameters) == ["wildcards"]
