"""Built files under names that carry a hash of their content, so browsers keep them for ever."""

import json
import time
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory

BUILD = Path(__file__).parent / "static" / "build"
FOR_EVER = "public, max-age=31536000, immutable"

assets = Blueprint("assets", __name__)


class Manifest:
    """`shop.css` → `shop.1a2b3c4d.css`, read again when a build has replaced it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stamp = 0.0
        self.looked = 0.0
        self.names: dict[str, str] = {}

    def load(self) -> None:
        """Read the manifest if it is new; a checkout without a build has no names."""
        stamp = self.path.stat().st_mtime if self.path.exists() else 0.0
        if stamp != self.stamp:
            self.names = json.loads(self.path.read_text()) if stamp else {}
            self.stamp = stamp

    def address(self, name: str) -> str:
        """Where a file is now; a build beside a running server shows within a second."""
        now = time.monotonic()
        if now - self.looked > 1:
            self.looked = now
            self.load()
        return f"/assets/{self.names.get(name, name)}"


manifest = Manifest(BUILD / "manifest.json")


@assets.get("/assets/<name>")
def built_file(name: str) -> Response:
    """A built file, compressed ahead of time where the browser takes it."""
    zipped = request.accept_encodings["gzip"] > 0 and (BUILD / f"{name}.gz").is_file()
    if name.endswith(".gz") or not (BUILD / name).is_file():
        abort(404)
    answer = send_from_directory(BUILD, f"{name}.gz" if zipped else name, conditional=True)
    answer.mimetype = "text/css" if name.endswith(".css") else "text/javascript"
    answer.headers["Cache-Control"] = FOR_EVER
    answer.headers["Vary"] = "Accept-Encoding"
    if zipped:
        answer.headers["Content-Encoding"] = "gzip"
    return answer
