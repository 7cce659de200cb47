"""One command inside the house: its servers running, its application built, its context open."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flask import Flask

from app import create_app
from app.config import load
from app.foundation.database import db
from app.launcher.ground import standing


@contextmanager
def inside(environ: Mapping[str, str] = os.environ, *, who: str) -> Iterator[Flask]:
    """Give the application with its context open, for as long as one command takes."""
    with standing(environ, who=who) as settings:
        app = create_app(load(settings))
        with app.app_context():
            try:
                yield app
            finally:
                db.session.remove()
                db.engine.dispose()
                app.extensions["perkline"].redis.close()
