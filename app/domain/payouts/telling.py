"""Mails to firms about their payouts and accounts, decided in the transaction that moves the money."""

from collections.abc import Sequence

from sqlalchemy import text

from app.domain.notifications import service as notifications
from app.foundation import clock
from app.foundation.database import session
from app.foundation.unit_of_work import Work

LOCALE = "zh_Hans"
TOLD = frozenset({"sent", "paid", "failed", "returned"})


# Mail and job together: ten thousand firms are told in as many rows, not in as many round trips.
TELL = text("""
    WITH told AS (
        INSERT INTO mails (key, kind, recipient, locale, data)
        SELECT 'payout:' || p.id || ':' || :state, 'payout_' || :state,
            coalesce(b.contact_email, d.contact_email), :locale,
            jsonb_build_object('amount_minor', p.amount_minor, 'fee_minor', p.fee_minor, 'net_minor', p.net_minor,
                'currency', p.currency, 'shown', a.shown, 'reason', p.reason)
        FROM payouts p JOIN payout_accounts a ON a.id = p.account_id LEFT JOIN brands b ON b.id = p.brand_id
        LEFT JOIN distributors d ON d.id = p.distributor_id
        WHERE p.id = ANY (:ids) AND coalesce(b.contact_email, d.contact_email, '') <> '' ORDER BY p.id
        ON CONFLICT (key) DO NOTHING RETURNING id
    )
    INSERT INTO outbox (kind, key, payload)
    SELECT 'send_mail', 'mail:' || id, jsonb_build_object('mail_id', id) FROM told
    ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
""")


def tell(ids: Sequence[int], state: str) -> None:
    """Write to the firms of payouts, once per state, in the platform's scope; who gave no address is not told."""
    if ids and state in TOLD:
        session().execute(TELL, {"ids": list(ids), "state": state, "locale": LOCALE})


def tell_account(work: Work, kind: str, *, account_id: int, recipient: str, **facts: object) -> None:
    """Write about an account that was changed, verified or refused; never its number."""
    if recipient:
        key = f"payout_account:{account_id}:{kind}:{clock.now():%Y%m%d%H%M%S%f}:{recipient}"
        notifications.write(
            work,
            key=key,
            kind=f"payout_account_{kind}",
            recipient=recipient,
            locale=LOCALE,
            shop_id=None,
            **facts,
        )
