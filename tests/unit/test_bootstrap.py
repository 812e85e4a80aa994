"""Set-up installs only what is missing, from the lock, and otherwise says exactly what to do."""

import sys
import tomllib

import pytest

from amlresist.settings import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "scripts"))
import bootstrap
import lock


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


def test_each_extra_has_a_lock_of_what_the_main_one_lacks():
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    assert set(bootstrap.EXTRAS) == set(extras)
    base = lock.entries(bootstrap.LOCK.read_text())
    assert not any(name.startswith("snakemake-executor-plugin-") for name in base)
    for extra, (plugin,) in extras.items():
        beyond = lock.entries(lock.lock_of(extra).read_text())
        assert plugin in beyond
        assert not beyond.keys() & base.keys()
        assert all("--hash=sha256:" in lines for lines in beyond.values())
