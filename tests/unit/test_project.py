"""One fact in one place: config, schemas, environments, lock and documentation agree."""

import json
import re

import jsonschema
import pytest
import yaml

from amlresist.plan import STATIONS, TOP_LEVEL, config_problems
from amlresist.schema import tables_markdown
from amlresist.settings import REPOSITORY, SCHEMAS, defaults, station_properties
from amlresist.sheet import OPTIONAL_COLUMNS, PATIENT_COLUMNS, REQUIRED_COLUMNS

CONFIG = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
LOCK = (REPOSITORY / "requirements.lock").read_text()


@pytest.mark.parametrize("station", STATIONS)
def test_config_shows_every_setting_with_its_default(station):
    shown = CONFIG[station] or {}
    if station == "reference":  # the shipped config points at the simulated genome
        assert set(shown) == set(defaults(station))
    else:
        assert shown == defaults(station)


@pytest.mark.parametrize("station", STATIONS)
def test_every_setting_has_a_type_and_a_reason(station):
    for name, facts in station_properties(station).items():
        assert facts["type"], name
        assert len(facts["description"]) > 20, f"{station}.{name} is not explained"


def test_shipped_config_has_no_problems():
    assert config_problems(CONFIG) == []


@pytest.mark.parametrize(
    "section, value, told",
    [
        ("variants", {"min_depht": 3}, "not known"),
        ("colours", {}, "not known"),
        ("variants", "many", "expected settings"),
        ("samples", 3, "expected a text"),
    ],
)
def test_config_faults_are_named(section, value, told):
    (problem,) = config_problems({section: value})
    assert told in str(problem)


def test_numbers_out_of_range_or_of_wrong_type_are_refused():
    for station in STATIONS:
        for name, facts in station_properties(station).items():
            kinds = facts["type"] if isinstance(facts["type"], list) else [facts["type"]]
            if not {"number", "integer"} & set(kinds):
                continue
            wrong = ["abc", float("nan"), True]
            if "minimum" in facts:
                wrong.append(facts["minimum"] - 1)
            if "maximum" in facts:
                wrong.append(facts["maximum"] + 1)
            for value in wrong:
                if isinstance(value, str) and "string" in kinds:
                    continue
                assert config_problems({station: {name: value}}), f"{station}.{name}: {value}"


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_schemas_are_sound(path):
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_sheet_schemas_know_the_same_columns_as_the_reader():
    samples = json.loads((SCHEMAS / "samples.schema.json").read_text())
    assert set(samples["properties"]) == {*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS}
    patients = json.loads((SCHEMAS / "patients.schema.json").read_text())
    assert set(patients["properties"]) == set(PATIENT_COLUMNS)


def test_top_level_settings_are_in_the_schema():
    schema = json.loads((SCHEMAS / "config.schema.json").read_text())
    assert set(schema["properties"]) == {*TOP_LEVEL, *STATIONS}


@pytest.mark.parametrize("path", sorted((REPOSITORY / "envs").glob("*.yaml")), ids=lambda p: p.name)
def test_conda_environments_are_pinned_and_agree_with_the_lock(path):
    environment = yaml.safe_load(path.read_text())
    assert environment["channels"] == ["conda-forge", "bioconda", "nodefaults"]
    for dependency in environment["dependencies"]:
        match = re.fullmatch(r"([\w-]+)=(\d[\w.]*)", dependency)
        assert match, f"{dependency} is not pinned"
        name, version = match.groups()
        if re.search(rf"^{name}==", LOCK, re.M):
            assert re.search(rf"^{name}=={re.escape(version)}\b", LOCK, re.M), dependency


def test_every_package_of_the_lock_has_hashes_and_no_address():
    assert "http" not in LOCK
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) > 100
    for entry in entries:
        assert "--hash=sha256:" in entry or entry.startswith("#"), entry[:60]


def test_table_documentation_is_up_to_date():
    assert (REPOSITORY / "docs/tables.md").read_text() == tables_markdown()
