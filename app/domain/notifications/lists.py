"""Every SELECT of mails that staff browse."""

from sqlalchemy import select

from app.domain.notifications.models import Mail
from app.foundation.database import session


def mails_about(order_id: int) -> list[Mail]:
    """Mails of the open scope that are about an order."""
    return list(session().execute(select(Mail).where(Mail.order_id == order_id).order_by(Mail.id)).scalars())
