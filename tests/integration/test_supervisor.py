"""The supervisor brings a house up, keeps it up, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from app.foundation.embedded import Home, Servers, process
from app.launcher.doors import free_port

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def home(empty_home: Home) -> Home:
    return empty_home


@pytest.fixture
def start(home: Home) -> Iterator[Start]:
    """Start a small house in the home; whatever is left of it is killed afterwards."""
    started = []

    def start(**settings: str) -> "subprocess.Popen[str]":
        given = {"PERKLINE_HOME": str(home.path), "PORT": str(free_port(near=20_000 + os.getpid() % 20_000))}
        plain = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
        }
        house = subprocess.Popen(
            [sys.executable, "-m", "tests.simulators.small_house"],
            cwd=ROOT,
            env=plain | given | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(house)
        return house

    yield start
    for house in started:
        house.kill()
        house.wait()
        house.stdout.close()
    for left in living(home):
        left.kill()


def living(home: Home) -> list[psutil.Process]:
    """Every process that a house in this home has started."""

    def marked(found: psutil.Process) -> bool:
        try:
            return found.status() != psutil.STATUS_ZOMBIE and found.environ().get("PERKLINE_HOME") == str(
                home.path
            )
        except (psutil.Error, OSError):
            return False

    return [found for found in psutil.process_iter() if marked(found)]


def until_open(house: "subprocess.Popen[str]") -> str:
    """Read what the house says until it is open."""
    said = ""
    assert house.stdout is not None
    for line in house.stdout:
        said += line
        if "Ctrl-C" in line:
            return said
    raise AssertionError(f"the house closed before it opened: {said}")


def diary(home: Home) -> list[str]:
    return [re.sub(r" \d+$", "", line) for line in (home.path / "diary").read_text().splitlines()]


def pid_of(home: Home, event: str) -> int:
    """Return the process that wrote this down last, waiting for the first to do so."""

    def lines() -> list[str]:
        written = (home.path / "diary").read_text().splitlines()
        return [line for line in written if line.startswith(event)]

    assert process.wait_until(lambda: bool(lines()), seconds=60)
    return int(lines()[-1].rsplit(" ", 1)[1])


def test_a_house_migrates_opens_and_says_where(home: Home, start: Start) -> None:
    said = until_open(start())
    assert "Open http://shop.localhost" in said
    assert diary(home)[0] == "migrated"


@pytest.mark.parametrize("asking", [signal.SIGINT, signal.SIGTERM])
def test_stopping_a_house_stops_every_process_in_order(
    home: Home, start: Start, asking: signal.Signals
) -> None:
    house = start(STUBBORN="yes")
    until_open(house)
    pid_of(home, "grandchild up")
    house.send_signal(asking)
    house.communicate(timeout=90)

    assert house.returncode == 0
    assert [event for event in diary(home) if event.endswith("down")] == ["web down", "worker down"]
    assert living(home) == []
    left = Servers.of(home)
    assert left.postgres.running() is None
    assert left.redis.running() is None


def test_a_house_started_in_the_background_of_a_script_still_hears_ctrl_c(home: Home, start: Start) -> None:
    # A shell without job control starts such a program with Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        house = start()
    finally:
        signal.signal(signal.SIGINT, before)
    until_open(house)
    house.send_signal(signal.SIGINT)
    house.communicate(timeout=90)
    assert house.returncode == 0


def test_a_part_that_is_killed_runs_again(home: Home, start: Start) -> None:
    until_open(start())
    before = pid_of(home, "worker up")
    os.kill(before, signal.SIGKILL)
    assert process.wait_until(lambda: pid_of(home, "worker up") != before, seconds=60)


def test_a_database_that_is_killed_runs_again(home: Home, start: Start) -> None:
    until_open(start())
    servers = Servers.of(home)
    killed = servers.postgres.running()
    assert killed is not None
    killed.kill()
    assert process.wait_until(lambda: not killed.is_running() and servers.postgres.answers(), seconds=60)


def test_a_house_after_a_killed_one_ends_what_was_left_and_opens(home: Home, start: Start) -> None:
    first = start()
    until_open(first)
    grandchild = pid_of(home, "grandchild up")
    first.kill()
    first.communicate()

    until_open(start())

    assert not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE


def test_a_second_house_in_the_same_home_is_refused_in_one_sentence(home: Home, start: Start) -> None:
    until_open(start())
    second = start()
    said, _ = second.communicate(timeout=90)
    assert second.returncode == 1
    assert re.fullmatch(
        r"perkline: Perkline already runs in .* \(make run, process \d+\): stop it first, .*\n", said
    )


def test_a_taken_port_is_refused_in_one_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        house = start(PORT=str(port))
        said, _ = house.communicate(timeout=90)
    assert house.returncode == 1
    assert said == (
        f"perkline: Port {port} is in use: stop the program that uses it, "
        "or choose another: PORT=8080 make run.\n"
    )


def test_a_part_that_never_works_closes_the_house_and_is_named(home: Home, start: Start) -> None:
    house = start(BROKEN="yes")
    said, _ = house.communicate(timeout=120)
    assert house.returncode == 1
    assert "perkline: broken does not come up: this part never works" in said
    assert living(home) == []


def test_a_named_server_is_used_and_none_of_ours_starts(home: Home, start: Start, servers: Servers) -> None:
    until_open(start(DATABASE_URL=servers.database_url, REDIS_URL=servers.redis_url))
    ours = Servers.of(home)
    assert ours.postgres.running() is None
    assert ours.redis.running() is None
