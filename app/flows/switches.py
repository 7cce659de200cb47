"""A brand stops promotions for its goods, the platform any; both let them go on. Stories need the scope of who acts."""

from collections.abc import Callable, Sequence

from app.domain.brands import queries as brands
from app.domain.promotions import switch_queries as queries
from app.domain.promotions.errors import PromotionInvalid
from app.domain.promotions.models import KINDS, PromotionSwitch
from app.domain.promotions.switch_queries import Meant
from app.flows.partner_news import Reader, brand_reader, distributor_reader, tell
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import current_scope

MOST_WORDS = 200


def switch_off(
    *, kind: str | None = None, promotion_id: int | None = None, shop_id: int | None = None, reason: str, actor: Actor
) -> int:  # fmt: skip
    """Stop one promotion, a kind, or all of a shop's, at once and for open quotes too; the switch's id.

    Whose promotions it stops is told by mail, with the reason. Twice is once: the switch that stands is enough.
    """
    brand_id, reason = current_scope().brand_id, reason.strip()
    if not reason or len(reason) > MOST_WORDS:
        raise InvalidInput(param="reason", reason="empty")
    _check(kind, promotion_id, shop_id)
    with unit_of_work(actor) as work:
        if queries.same(brand_id, kind=kind, promotion_id=promotion_id, shop_id=shop_id):
            raise PromotionInvalid(param="switch", reason="off_already")
        made = PromotionSwitch(
            brand_id=brand_id, kind=kind, promotion_id=promotion_id, shop_id=shop_id, reason=reason,
            created_by=actor.id,
        )  # fmt: skip
        work.session.add(made)
        work.session.flush()
        _record(work, "promotions.switched_off", made)
        switch_id, stopped, by = int(made.id), queries.matched(made), _by(brand_id)
    _tell(stopped, "promotion_off", switch_id, reason=reason, by=by, actor=actor)
    return switch_id


def switch_on(switch_id: int, *, actor: Actor) -> None:
    """Let what was stopped go on; whoever was told is told."""
    brand_id = current_scope().brand_id
    with unit_of_work(actor) as work:
        made = queries.switch(switch_id, brand_id=brand_id)
        if made is None:
            raise NotFound(what="switch")
        if made.ended_at is not None:
            return
        made.ended_at = clock.now()
        work.session.flush()
        _record(work, "promotions.switched_on", made)
        stopped, by, reason = queries.matched(made), _by(brand_id), made.reason
    _tell(stopped, "promotion_on", switch_id, reason=reason, by=by, actor=actor)


def _check(kind: str | None, promotion_id: int | None, shop_id: int | None) -> None:
    """Only what the open scope sees can be named, and something must be."""
    if kind is None and promotion_id is None and shop_id is None:
        raise InvalidInput(param="kind", reason="none_chosen")
    if kind is not None and kind not in KINDS:
        raise InvalidInput(param="kind", reason="unknown")
    if promotion_id is not None and queries.one(promotion_id) is None:
        raise NotFound(what="promotion")
    if shop_id is not None and shop_id not in {row[0] for row in queries.shops()}:
        raise NotFound(what="shop")


def _record(work: Work, action: str, made: PromotionSwitch) -> None:
    work.record(
        action, f"promotion_switch:{made.id}", kind=made.kind, promotion=made.promotion_id, shop=made.shop_id,
        reason=made.reason,
    )  # fmt: skip


def _by(brand_id: int | None) -> str:
    own = brands.brand(brand_id) if brand_id is not None else None
    return own.name if own else "Perkline"


def _tell(stopped: Sequence[Meant], kind: str, switch_id: int, *, reason: str, by: str, actor: Actor) -> None:
    """One mail to each firm, with the titles of its promotions."""
    readers: dict[tuple[str, int], tuple[Reader, list[str]]] = {}
    find: dict[str, Callable[[int], Reader]] = {"distributor": distributor_reader, "brand": brand_reader}
    for one in stopped:
        if one.distributor_id is not None:
            firm = ("distributor", one.distributor_id)
        elif one.brand_id is not None and one.brand_id != current_scope().brand_id:
            firm = ("brand", one.brand_id)
        else:
            continue
        if firm not in readers:
            readers[firm] = (find[firm[0]](firm[1]), [])
        readers[firm][1].append(one.title)
    if not readers:
        return
    with unit_of_work(actor) as work:
        for (what, firm_id), (who, titles) in readers.items():
            page = "/" if what == "distributor" else "/brand/promotions"
            tell(
                work, who, kind, key=f"{kind}:{switch_id}:{what}:{firm_id}", page=page, by=by, reason=reason,
                titles=titles[:20], more=max(len(titles) - 20, 0),
            )  # fmt: skip
