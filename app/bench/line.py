"""One keep-alive HTTP/1.1 connection, as lean as measuring others needs it to be."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are in lower case, `cookies` are the Set-Cookie pairs."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: bytes


class Line:
    """A connection to one server; it opens itself again when the server has closed it."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._host, self._port = host, port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.always: Mapping[str, str] = {}
        """Headers of every question."""

    async def get(self, path: str, *, host: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self._ask("GET", path, host, headers or {}, b"")

    async def post(
        self, path: str, form: Mapping[str, str], *, host: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask("POST", path, host, {**kind, **(headers or {})}, urlencode(form).encode())

    async def send(self, path: str, body: bytes, *, host: str, headers: Mapping[str, str]) -> Answer:
        return await self._ask("POST", path, host, headers, body)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    async def _ask(
        self, method: str, path: str, host: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        told = {**self.always, **headers}
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {host}",
            *(f"{name}: {value}" for name, value in told.items()),
        ]
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        asked = "\r\n".join([*lines, "", ""]).encode() + body
        try:
            return await self._exchange(asked)
        except (ConnectionError, asyncio.IncompleteReadError):
            # A kept connection may have been closed since; a new one is tried once.
            self._writer = None
            return await self._exchange(asked)

    async def _exchange(self, asked: bytes) -> Answer:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=1 << 20)
        self._writer.write(asked)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers, cookies = _read_headers(head[1:-2])
        body = await self._body(self._reader, headers)
        if headers.get("connection") == "close":
            self._writer.close()
            self._writer = None
        return Answer(int(head[0].split(" ", 2)[1]), headers, cookies, body)

    @staticmethod
    async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while size := int((await reader.readuntil(b"\r\n")).strip() or b"0", 16):
                parts.append((await reader.readexactly(size + 2))[:-2])
            await reader.readuntil(b"\r\n")
            return b"".join(parts)
        return await reader.readexactly(int(headers.get("content-length", "0")))


def _read_headers(lines: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        if name == "set-cookie":
            key, _, kept = value.partition(";")[0].partition("=")
            cookies[key] = kept
        else:
            headers[name] = value
    return headers, cookies
