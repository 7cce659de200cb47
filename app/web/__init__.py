"""Doors for people and machines."""

from flask import Flask

from app.web.health import health


def register_doors(app: Flask) -> None:
    """Every blueprint of the product; doors.DOOR_OF says at which host each answers."""
    app.register_blueprint(health)
