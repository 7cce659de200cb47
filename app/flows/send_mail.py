"""A mail that was decided on is written in the reader's language and sent, once."""

from typing import Any

from flask import render_template
from flask_babel import force_locale
from sqlalchemy import update

from app.domain.distributors import queries as shops
from app.domain.identity import queries as people
from app.domain.notifications.mailer import compose
from app.domain.notifications.models import Mail
from app.flows.purchase import access_token
from app.flows.sign_in_buyer import MINUTES, token_of
from app.foundation import clock
from app.foundation.runtime import runtime, settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope


def send_mail(mail_id: int) -> None:
    """Send one mail. Sent outside any transaction: a process that dies here may send it twice, never not at all."""
    with unit_of_work() as work:
        mail = work.session.get_one(Mail, mail_id)
        if mail.state == "sent":
            return
        shop = shops.shop(mail.shop_id) if mail.shop_id is not None else None
        tenant = shops.as_tenant(shop) if shop else None
        key, kind, recipient, locale, facts = (
            mail.key,
            mail.kind,
            mail.recipient,
            mail.locale,
            dict(mail.data),
        )
    if tenant is None or "desk" in facts:
        locale = _language_of(recipient, locale)
    with force_locale(locale):
        facts = {"minutes": MINUTES, **facts}
        context = {"shop": tenant, "facts": facts, "links": _links(tenant, facts), "locale": locale}
        subject = render_template(f"mail/{kind}.subject.txt", **context)
        text, html = (render_template(f"mail/{kind}.{form}", **context) for form in ("txt", "html"))
    message = compose(
        sender=settings().mail_from, to=recipient, subject=subject, text=text, html=html, key=key
    )
    runtime().mailer.send(message, key=key)
    with unit_of_work() as work:
        sent = update(Mail).where(Mail.id == mail_id).values(state="sent", sent_at=clock.now())
        work.session.execute(sent.execution_options(synchronize_session=False))


def _language_of(email: str, otherwise: str) -> str:
    """The language that whoever works for a firm chose in the console; `otherwise` for an address that is nobody's."""
    with platform_scope(), unit_of_work():
        known = people.user_by_email(email)
        return known.locale if known is not None else otherwise


def _links(tenant: Any, facts: dict[str, Any]) -> dict[str, str]:
    """The addresses a mail may lead to, made when it is sent: what is kept of a mail opens nothing."""
    if tenant is None:
        console = f"console.{settings().base_host}"
        page = {"order": settings().host_url(console, facts["page"])} if "page" in facts else {}
        return {"home": settings().host_url(console), **page}
    links = {"home": settings().shop_url(tenant.slug)}
    if "desk" in facts:
        links["order"] = settings().host_url(f"console.{settings().base_host}") + str(facts["desk"])
    if "path" in facts:
        links["order"] = settings().shop_url(tenant.slug, facts["path"])
    if "number" in facts:
        path = f"/orders/{facts['number']}?key={access_token(facts['number'])}"
        links["order"] = settings().shop_url(tenant.slug, path)
    if "sign_in" in facts:
        links["sign_in"] = settings().shop_url(
            tenant.slug, f"/sign-in/{token_of(tenant.id, facts['sign_in'])}"
        )
    return links
