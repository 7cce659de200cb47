"""Mails in a shop's colours, as HTML and as text. They carry links, never a secret."""

from dataclasses import dataclass

from flask import render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from app.web.look.face import ShopFace


@dataclass(frozen=True, slots=True)
class MailLine:
    name: str
    sku: str
    quantity: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class OrderMail:
    number: str
    lines: tuple[MailLine, ...]
    total_minor: int
    refunded_minor: int = 0
    why: str = ""
    """One sentence on why money goes back, in the buyer's language."""


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    html: str
    text: str


def order_letter(kind: str, shop: ShopFace, order: OrderMail, address: str, locale: str) -> Letter:
    """A letter about an order: `paid`, `delivered`, `refunding`, `refunded` or `waiting`."""
    with force_locale(locale):
        subjects = {
            "paid": _("Paid: order %(number)s", number=order.number),
            "delivered": _("Delivered: order %(number)s", number=order.number),
            "refunding": _("Refund started: order %(number)s", number=order.number),
            "refunded": _("Refunded: order %(number)s", number=order.number),
            "waiting": _("We are looking after order %(number)s", number=order.number),
        }
        return _letter(subjects[kind], f"order_{kind}", shop=shop, order=order, address=address)


def sign_in_letter(shop: ShopFace, address: str, minutes: int, locale: str) -> Letter:
    with force_locale(locale):
        subject = _("Sign in to %(shop)s", shop=shop.name)
        return _letter(subject, "sign_in", shop=shop, address=address, minutes=minutes)


def _letter(subject: str, name: str, **values: object) -> Letter:
    html = render_template(f"look/mail/{name}.html", **values)
    text = render_template(f"look/mail/{name}.txt", **values)
    return Letter(subject, html, text.strip() + "\n")
