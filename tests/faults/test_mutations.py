"""A small, fixed slice of the mutation campaign (`benchmarks/mutations.py`) over every parser."""

import sys

import pytest

from amlresist.settings import REPOSITORY

sys.path.append(str(REPOSITORY / "benchmarks"))

from mutation_targets import targets
from mutations import BAD, campaign, packed

MUTANTS = 60


TARGETS = {target.name: target for target in targets()}


@pytest.mark.parametrize("name", TARGETS)
def test_a_mutated_file_is_refused_or_counted_as_another_parser_counts_it(name):
    tally, told = campaign(TARGETS[name], seed=7, mutants=MUTANTS)
    assert not told
    assert sum(tally.values()) == MUTANTS and not set(BAD) & set(tally)


@pytest.mark.parametrize("name", TARGETS)
def test_the_sound_file_is_counted_alike(tmp_path, name):
    target = TARGETS[name]
    path = tmp_path / f"sound{target.suffix}"
    path.write_bytes(packed(target.seed) if target.packed else target.seed)
    assert target.read(path) == target.count(path) > 0
