"""The consoles' common rooms: sign-in, sign-up, choosing a seat, one's own profile."""

from flask import Blueprint

from app.web.console import desk

console = Blueprint("console", __name__, template_folder="templates")
console.after_request(desk.finish)
