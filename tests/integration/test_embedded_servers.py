"""The embedded servers keep what they were given, however they ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from app.foundation.embedded import Home, HomeBusy, Servers, process, serving


@pytest.fixture
def home(empty_home: Home) -> Home:
    return empty_home


def write_down(servers: Servers, note: str) -> None:
    with psycopg.connect(servers.postgres.url(driver="postgresql")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (note text)")
        connection.execute("INSERT INTO notes VALUES (%s)", [note])


def notes(servers: Servers) -> list[str]:
    with psycopg.connect(servers.postgres.url(driver="postgresql")) as connection:
        return [note for (note,) in connection.execute("SELECT note FROM notes")]


def queue(servers: Servers) -> "redis.Redis":
    return redis.Redis.from_url(servers.redis_url, decode_responses=True)


def test_a_second_start_finds_the_data(home: Home) -> None:
    with serving(Servers.of(home)) as first:
        write_down(first, "kept")
        with queue(first) as line:
            line.set("kept", "too")
    with serving(Servers.of(home)) as second:
        assert notes(second) == ["kept"]
        with queue(second) as line:
            assert line.get("kept") == "too"


def test_a_killed_server_starts_again_with_everything_confirmed(home: Home) -> None:
    servers = Servers.of(home)
    servers.start()
    write_down(servers, "confirmed")
    for child in (servers.postgres.child, servers.redis.child):
        assert child is not None
        child.kill()
        child.wait()

    servers.start()

    assert notes(servers) == ["confirmed"]
    with queue(servers) as line:
        assert line.ping()
    servers.stop()


def test_the_mark_of_a_dead_server_does_not_stop_the_next(home: Home) -> None:
    with serving(Servers.of(home)) as servers:
        write_down(servers, "kept")
    # This test's own process plays the stranger who was given the dead server's number.
    (home.postgres / "postmaster.pid").write_text(f"{os.getpid()}\n{home.postgres}\n0\n5432\n\n\n\n")
    (home.redis / "redis.pid").write_text(f"{os.getpid()}\n")
    with serving(Servers.of(home)) as servers:
        assert notes(servers) == ["kept"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_servers_end_with_whoever_started_them_and_is_killed(home: Home) -> None:
    program = (
        "import sys, time; from pathlib import Path; from app.foundation.embedded import Home, Servers\n"
        "Servers.of(Home(Path(sys.argv[1]))).start(); print('up', flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", program, str(home.path)], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"up\n"
    home.prepare()
    left = Servers.of(home)
    write_down(left, "before")

    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()

    assert process.wait_until(lambda: not left.postgres.running() and not left.redis.running(), seconds=60)
    with serving(Servers.of(home)) as servers:
        assert notes(servers) == ["before"]


def test_a_command_uses_the_servers_that_run_already_and_leaves_them_running(home: Home) -> None:
    with serving(Servers.of(home), who="the house") as owner:
        with serving(Servers.of(home)) as guest:
            write_down(guest, "from the guest")
        assert notes(owner) == ["from the guest"]


def test_only_one_may_own_a_home_and_the_other_is_told_who_does(home: Home) -> None:
    with home.lock("the house"), pytest.raises(HomeBusy, match="the house"), home.lock("a second house"):
        pass


def test_nothing_listens_on_the_network(servers: Servers) -> None:
    for server in (servers.postgres, servers.redis):
        running = server.running()
        assert running is not None
        assert running.net_connections(kind="inet") == []


def test_nobody_else_may_enter_the_folder_of_the_sockets(servers: Servers) -> None:
    for folder in (servers.postgres.socket_folder, servers.redis.socket.parent):
        assert folder.stat().st_mode & 0o077 == 0


def test_the_database_speaks_utf8_and_utc(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url(driver="postgresql")) as connection:
        (encoding,) = connection.execute("SHOW server_encoding").fetchone() or ("",)
        (zone,) = connection.execute("SHOW timezone").fetchone() or ("",)
    assert (encoding, zone) == ("UTF8", "UTC")


def test_a_home_with_a_very_long_path_still_has_room_for_its_sockets(tmp_path: Path) -> None:
    home = Home(tmp_path / ("long" * 20) / ("longer" * 20))
    try:
        with serving(Servers.of(home)) as servers:
            write_down(servers, "fits")
    finally:
        home.delete()


def test_starting_again_takes_less_than_ten_seconds(home: Home) -> None:
    with serving(Servers.of(home)):
        pass
    began = time.monotonic()
    with serving(Servers.of(home)):
        assert time.monotonic() - began < 10
