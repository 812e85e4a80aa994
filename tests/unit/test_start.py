"""A killed run leaves no lock behind that a person must remove; a living run keeps its lock."""

import json
import os
import subprocess
import sys

import pytest

from amlresist import start
from amlresist.errors import InputError
from amlresist.files import write_text
from amlresist.inputs.digests import describe_ends, describe_file
from amlresist.provenance import untested_tools
from amlresist.start import (
    RUN_NOTE,
    SNAKEMAKE_FOLDER,
    changed_inputs,
    note_run,
    release_stale_lock,
)


@pytest.fixture
def lock(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = SNAKEMAKE_FOLDER / "locks" / "0.input.lock"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def note_of_a_process_that_ended() -> None:
    words = "from amlresist.start import note_run; note_run()"
    subprocess.run([sys.executable, "-c", words], check=True)


def test_lock_of_a_killed_run_is_removed(lock):
    note_of_a_process_that_ended()
    release_stale_lock()
    assert not lock.exists()


def test_lock_of_a_living_run_stays(lock):
    note_run()
    release_stale_lock()
    assert lock.exists()


def test_lock_of_a_run_on_another_machine_stays(lock):
    note_of_a_process_that_ended()
    RUN_NOTE.write_text("node7" + RUN_NOTE.read_text())
    release_stale_lock()
    assert lock.exists()


def test_lock_younger_than_the_note_stays(lock):
    note_of_a_process_that_ended()
    younger = lock.with_name("0.output.lock")
    younger.touch()
    release_stale_lock()
    assert lock.exists() and younger.exists()


@pytest.mark.parametrize("note", ["", "nonsense", "a\tb"])
def test_lock_without_a_note_that_can_be_read_stays(lock, note):
    if note:
        RUN_NOTE.write_text(note)
    release_stale_lock()
    assert lock.exists()


@pytest.mark.parametrize("describe", [describe_file, describe_ends])
@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        (lambda path: None, False),
        (lambda path: path.touch(), False),
        (lambda path: path.write_text("reads and more"), True),
        (lambda path: path.write_text("READS"), True),
        (lambda path: path.unlink(), True),
    ],
)
def test_b108_an_input_that_changed_during_the_run_is_told(tmp_path, describe, change, is_told):
    reads, described, begin = (tmp_path / name for name in ("reads", "inputs.json", "begin"))
    reads.write_text("reads")
    begin.touch()
    os.utime(begin, (1, 1))
    described.write_text(json.dumps([describe(str(reads))]))
    change(reads)
    assert changed_inputs(described, begin) == ([str(reads)] if is_told else [])


def test_a_tool_of_another_release_is_told_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(start, "tool_versions", lambda: {"samtools": "1.99.1", "bwa": "unknown"})
    start.tell_untested_tools()
    (line,) = capsys.readouterr().out.splitlines()
    assert "samtools 1.99.1" in line and "was tested" in line and "bwa" not in line


def test_the_tested_releases_are_those_of_the_environments():
    pins = untested_tools({"bwa": "9.9", "samtools": "9.9", "salmon": "9.9"})
    assert len(pins) == 3
    tested = {line.split()[0]: line.split()[2] for line in pins}
    assert not untested_tools(tested)


def test_a_setting_given_twice_stops_the_start(tmp_path):
    sound, twice = tmp_path / "a.yaml", tmp_path / "b.yaml"
    sound.write_text("variants: {fdr: 0.01}\n")
    start.refuse_repeated_settings([sound, tmp_path / "missing.yaml"])
    twice.write_text("variants:\n  fdr: 0.01\n  fdr: 0.1\n")
    with pytest.raises(InputError, match="fdr"):
        start.refuse_repeated_settings([sound, twice])


def test_what_a_killed_process_left_of_a_file_goes_when_the_file_is_made(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    of_dead, of_other, of_living = (
        tmp_path / f".partial-{process}-{name}"
        for process, name in ((dead.pid, "a.tsv"), (dead.pid, "b-a.tsv"), (os.getppid(), "a.tsv"))
    )
    for leftover in (of_dead, of_other, of_living):
        leftover.touch()
    write_text(tmp_path / "a.tsv", "x\n")
    assert not of_dead.exists() and of_other.exists() and of_living.exists()
