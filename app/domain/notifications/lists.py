"""Every SELECT of mails that staff browse."""

from sqlalchemy import or_, select

from app.domain.notifications.models import Mail
from app.foundation.database import session


def mails_about(order_number: str, order_id: int) -> list[Mail]:
    """Mails of the open scope that are about an order."""
    found = select(Mail).where(
        or_(
            Mail.data["number"].astext == order_number,
            Mail.data["order_number"].astext == order_number,
            Mail.data["order_id"].astext == str(order_id),
        )
    )
    return list(session().execute(found.order_by(Mail.id)).scalars())
