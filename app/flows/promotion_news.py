"""Whoever made a promotion hears when it has given all it may: it is still on, and gives nothing."""

from app.domain.promotions import spent_queries
from app.domain.promotions.spent_queries import Spent
from app.flows.partner_news import brand_reader, distributor_reader, tell
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

BATCH = 100


def tell_spent_promotions() -> int:
    """The clock's tick: a mail for each promotion whose limit or budget is used up, once for each limit; how many."""
    with platform_scope():
        found = spent_queries.spent(BATCH)
    for one in found:
        _tell(one)
    return len(found)


def _tell(one: Spent) -> None:
    if one.distributor_id is not None:
        reader, page = (
            distributor_reader(one.distributor_id),
            f"/distributor/shops/{one.slug}/promotions/{one.id}",
        )
    elif one.brand_id is not None:
        reader, page = brand_reader(one.brand_id), "/brand/promotions"
    else:
        return
    with platform_scope(), unit_of_work() as work:
        tell(
            work, reader, "promotion_spent", key=one.key, page=page, title=one.title,
            title_en=one.title_en or one.title, because=one.because, given=one.given, currency=one.currency,
            limit_of=one.limit_of,
        )  # fmt: skip
