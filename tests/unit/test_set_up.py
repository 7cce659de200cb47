"""Set-up does what changed, and says in one sentence what stops it."""

import subprocess
import sys
from pathlib import Path

import pytest
from install import environment, lock, packages, stamps, translations
from install.places import Places
from install.trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "requirements").mkdir()
    return Places(tmp_path)


def locked(places: Places, name: str, wishes: str) -> None:
    """Write a list and a lock that was made from it."""
    lock.wishes(places, name).write_text(wishes)
    head = lock.HEAD.format(name=name, fingerprint=lock.fingerprint(places, name))
    places.lock(name).write_text(head)


def test_a_step_is_done_again_only_when_what_it_reads_changed(tmp_path: Path) -> None:
    read, stamp = tmp_path / "read", tmp_path / "stamps" / "step"
    read.write_text("one")
    stamps.put(stamp, stamps.digest([read]))
    assert stamps.fresh(stamp, stamps.digest([read]))
    read.write_text("two")
    assert not stamps.fresh(stamp, stamps.digest([read]))


def test_a_file_that_is_renamed_counts_as_a_change(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("same")
    before = stamps.digest([tmp_path / "one"])
    (tmp_path / "one").rename(tmp_path / "two")
    assert stamps.digest([tmp_path / "two"]) != before


def test_a_lock_older_than_its_list_is_refused_with_what_to_do(places: Places) -> None:
    locked(places, "base", "flask\n")
    lock.wishes(places, "base").write_text("flask\nredis\n")
    with pytest.raises(
        Trouble, match=r"requirements/base.txt is older than .*: run `make lock` and commit both"
    ):
        lock.refuse_stale(places, "base")


def test_a_comment_in_the_list_does_not_make_its_lock_stale(places: Places) -> None:
    locked(places, "base", "flask\n")
    lock.wishes(places, "base").write_text("# The web.\nflask\n\n")
    lock.refuse_stale(places, "base")


@pytest.mark.parametrize("name", lock.NAMES)
def test_the_locks_of_this_checkout_belong_to_its_lists(name: str) -> None:
    lock.refuse_stale(Places(ROOT), name)


def test_a_missing_compiler_is_named(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(places.checkout))
    with pytest.raises(
        Trouble, match=r"psycopg-binary has no ready-made package .* no C compiler .*: install one"
    ):
        packages._retry(places, [], "ERROR: No matching distribution found for psycopg-binary")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "not the one that was locked",
        ),
        ("NewConnectionError('<pip._vendor>: Failed to establish')", "the package index cannot be reached"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: something new", "pip said: ERROR: something new"),
    ],
)
def test_what_pip_says_becomes_one_sentence(said: str, sentence: str, tmp_path: Path) -> None:
    explained = packages.explain(said, tmp_path / "setup.log")
    assert sentence in explained
    assert "\n" not in explained


def test_a_python_that_cannot_make_environments_is_explained(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Trouble, match="apt install python3-venv"):
        environment.make(places)


def test_without_a_new_enough_python_there_is_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    asked = subprocess.run(
        ["/bin/sh", ROOT / "scripts" / "find-python"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 1
    assert asked.stdout == ""
    assert asked.stderr.startswith("Perkline needs Python 3.11 or newer")
    assert asked.stderr.count("\n") == 1


def test_a_translation_is_compiled_once(places: Places) -> None:
    (places.environment / "bin").mkdir(parents=True)
    places.python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    places.python.chmod(0o755)
    source = places.checkout / "app/web/shop/translations/zh_Hans/LC_MESSAGES/messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Code"\nmsgstr "卡密"\n'
    )

    assert translations.compile_all(places)
    assert "卡密".encode() in source.with_suffix(".mo").read_bytes()
    assert not translations.compile_all(places)
