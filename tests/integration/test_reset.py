"""`perkline reset` deletes a home, all of it, and nothing else."""

from pathlib import Path

import pytest

from app.foundation.embedded import Home, Servers
from app.launcher import reset


@pytest.fixture
def home(empty_home: Home) -> Home:
    empty_home.prepare()
    return empty_home


def test_a_reset_stops_what_still_runs_and_deletes_the_home(home: Home) -> None:
    servers = Servers.of(home)
    servers.start()
    try:
        assert reset({"PERKLINE_HOME": str(home.path)}, force=True) == 0
        assert not home.path.exists()
        assert not servers.postgres.answers()
        assert not servers.redis.answers()
    finally:
        servers.stop()


def test_a_running_house_is_not_deleted(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with home.lock("make run"):
        assert reset({"PERKLINE_HOME": str(home.path)}, force=True) == 1
    assert "already runs" in capsys.readouterr().err
    assert home.path.exists()


def test_a_folder_that_holds_other_things_is_never_deleted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert reset({"PERKLINE_HOME": str(tmp_path)}, force=True) == 1
    assert "holds other things" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


def test_somebody_at_the_terminal_is_asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "no")
    assert reset({"PERKLINE_HOME": str(home.path)}) == 1
    assert home.path.exists()


def test_there_may_be_nothing_to_delete(tmp_path: Path) -> None:
    assert reset({"PERKLINE_HOME": str(tmp_path / "never")}, force=True) == 0
    assert list(tmp_path.iterdir()) == []
