"""A firm comes to Perkline: a person, a firm, and the seat between them."""

from app.domain.brands import queries as brands
from app.domain.brands import service as brand_service
from app.domain.distributors import service as distributor_service
from app.domain.distributors.rules import proposed_slug
from app.domain.identity import service, tries
from app.domain.identity.rules import clean_email
from app.flows.invite import welcome
from app.foundation import ids
from app.foundation.actor import Actor
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope


def sign_up(
    kind: str, *, firm: str, name: str, email: str, password: str, locale: str, actor: Actor, invite: str = ""
) -> tuple[int, int]:
    """Register a distributor or a brand with its owner; returns the person's id and the seat's.

    It waits for the platform's approval, unless the setting AUTO_APPROVE says otherwise. A distributor that
    comes by a link (`invite`) has what it promises in the same transaction, or InviteOver.
    """
    tries.count_sign_up(actor.ip)
    email, approved = clean_email(email), settings().auto_approve
    with platform_scope(), unit_of_work(actor) as work:
        user_id = service.register(email=email, name=name, password=password, locale=locale)
        if kind == "brand":
            firm_id = brand_service.found(
                name=firm, name_en="", slug=_brand_slug(firm), contact_email=email, approved=approved
            )
            seat_id = service.give_seat(user_id, kind="brand", role="owner", brand_id=firm_id)
        else:
            firm_id = distributor_service.found(name=firm, contact_email=email, approved=approved)
            seat_id = service.give_seat(user_id, kind="distributor", role="owner", distributor_id=firm_id)
            if invite:
                welcome(work, invite, firm_id)
        work.record(f"{kind}.signed_up", f"{kind}:{firm_id}", user_id=user_id, approved=approved)
        return user_id, seat_id


def _brand_slug(name: str) -> str:
    slug = proposed_slug(name)
    return slug if slug and brands.slug_is_free(slug) else f"brand-{ids.random_signs(8).lower()}"
