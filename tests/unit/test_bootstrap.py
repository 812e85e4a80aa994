"""Set-up installs only what is missing, from the lock, and otherwise says exactly what to do."""

import sys

import pytest

from amlresist.settings import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "scripts"))
import bootstrap


def test_nothing_is_installed_when_all_tools_are_there(monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(bootstrap, "_can_make_environments", lambda: True)
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_a, **_k: pytest.fail("ran something"))
    assert bootstrap.install_tools(bootstrap.TOOLS) == 0


def test_without_rights_the_message_names_packages_for_apt_and_conda(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None if name == "bwa" else name)
    monkeypatch.setattr(bootstrap, "_administrator", lambda: None)
    monkeypatch.setattr(bootstrap, "_can_make_environments", lambda: True)
    assert bootstrap.install_tools(bootstrap.TOOLS) == 1
    told = capsys.readouterr().out
    assert "apt-get install bwa\n" in told
    assert "conda create" in told and told.rstrip().endswith("bwa")


def test_the_installer_itself_comes_from_the_lock_with_hashes():
    entry = bootstrap._lock_entry("uv")
    assert entry.startswith("uv==")
    assert entry.count("--hash=sha256:") > 3
    with pytest.raises(SystemExit, match="does not name"):
        bootstrap._lock_entry("no-such-package")


def test_a_shared_library_is_looked_for_too():
    assert bootstrap._is_there("libc.so.6")
    assert not bootstrap._is_there("libnosuchthing.so.1")
