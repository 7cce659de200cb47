"""Whether a domain is its owner's: a DNS record that only the owner can write."""

import secrets
import socket
import struct
from pathlib import Path
from typing import Protocol

RECORD = "_perkline"
TXT, IN = 16, 1
RESOLVERS = Path("/etc/resolv.conf")


class DomainProof(Protocol):
    """Looks for the token where only the domain's owner can have put it."""

    def shows(self, host: str, token: str) -> bool: ...


class SandboxProof:
    """For trying out: believes names under `.test` (RFC 6761), which nobody owns; asks no network."""

    def shows(self, host: str, token: str) -> bool:  # noqa: ARG002 - as the Protocol has it
        return host.endswith(".test")


class DnsProof:
    """A TXT record at `_perkline.<host>` that holds the token (RFC 1035, over UDP)."""

    def __init__(self, *, seconds: float = 3) -> None:
        self._seconds = seconds

    def shows(self, host: str, token: str) -> bool:
        number = secrets.randbelow(65536)
        question = query(number, f"{RECORD}.{host}")
        for server in resolvers():
            try:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
                    line.settimeout(self._seconds)
                    line.connect((server, 53))
                    line.send(question)
                    return token in texts(line.recv(4096), number)
            except (OSError, ValueError, IndexError, struct.error):
                continue
        return False


def proof_by_name(name: str) -> DomainProof:
    """The proof that the setting DOMAIN_PROOF names."""
    return SandboxProof() if name == "sandbox" else DnsProof()


def resolvers() -> list[str]:
    lines = RESOLVERS.read_text().splitlines() if RESOLVERS.exists() else []
    return [words[1] for words in map(str.split, lines) if words[:1] == ["nameserver"] and "." in words[-1]]


def query(number: int, name: str) -> bytes:
    """A question for the TXT records of a name, with recursion."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", TXT, IN)


def texts(answer: bytes, number: int) -> list[str]:
    """The TXT records in an answer; ValueError where it answers another question."""
    got, _, questions, answers = struct.unpack(">4H", answer[:8])
    if got != number:
        raise ValueError("not the answer to this question")
    at = 12
    for _ in range(questions):
        at = _past_name(answer, at) + 4
    found = []
    for _ in range(answers):
        at = _past_name(answer, at)
        kind, _, _, length = struct.unpack(">2HIH", answer[at : at + 10])
        at += 10
        if kind == TXT:
            found.append(_joined(answer[at : at + length]))
        at += length
    return found


def _past_name(answer: bytes, at: int) -> int:
    while answer[at]:
        if answer[at] >= 0xC0:  # a pointer to an earlier name ends it
            return at + 2
        at += answer[at] + 1
    return at + 1


def _joined(data: bytes) -> str:
    parts, at = [], 0
    while at < len(data):
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += data[at] + 1
    return b"".join(parts).decode("utf-8", "replace")
