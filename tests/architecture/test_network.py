"""No socket leaves the machine while tests run."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_a_test_cannot_reach_the_world() -> None:
    with socket.socket() as line, pytest.raises(SocketConnectBlockedError):
        line.connect(("192.0.2.1", 80))


def test_a_test_can_reach_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
