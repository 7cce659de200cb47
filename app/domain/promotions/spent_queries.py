"""Promotions that are on and have nothing left to give."""

from dataclasses import dataclass

from sqlalchemy import text

from app.foundation.database import session

# A budget is over when less is left than the least it ever gave. What an unpaid order holds may come back: not yet.
SPENT = text("""
    SELECT * FROM (
        SELECT p.id, p.title, p.title_en, p.currency, p.brand_id, s.slug, s.distributor_id, p.limit_of,
            CASE WHEN l.uses <= 0 THEN 'limit' ELSE 'budget' END AS because,
            CASE WHEN l.uses <= 0 THEN p.total_limit ELSE p.budget_minor END AS given
        FROM promotions p LEFT JOIN shops s ON s.id = p.shop_id, LATERAL (
            SELECT sum(uses_left) AS uses, sum(minor_left) AS minor FROM promotion_slots
            WHERE promotion_id = p.id AND day = '-infinity') l
        WHERE p.status = 'live' AND (p.ends_at IS NULL OR p.ends_at > now()) AND p.owner <> 'platform'
          AND (p.total_limit IS NOT NULL AND l.uses <= 0
               OR p.budget_minor IS NOT NULL AND l.minor < greatest(1, (
                    SELECT min(u.minor) FROM promotion_uses u
                    WHERE u.promotion_id = p.id AND u.state = 'used' AND u.minor > 0)))
          AND NOT EXISTS (SELECT FROM promotion_uses u WHERE u.promotion_id = p.id AND u.state = 'held')
    ) found WHERE NOT EXISTS (
        SELECT FROM mails m WHERE m.key = 'promotion_spent:' || found.id || ':' || found.because || ':' || found.given)
    ORDER BY id LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Spent:
    """Why a promotion gives nothing any more: limit (`given` uses) or budget (`given` minor units)."""

    id: int
    title: str
    title_en: str
    currency: str
    brand_id: int | None
    slug: str | None
    distributor_id: int | None
    limit_of: str
    because: str
    given: int

    @property
    def key(self) -> str:
        """The occasion; a limit that is raised and reached again is another."""
        return f"promotion_spent:{self.id}:{self.because}:{self.given}"


def spent(most: int) -> list[Spent]:
    """Those nobody was told of; for the platform."""
    return [Spent(*row) for row in session().execute(SPENT, {"most": most})]
