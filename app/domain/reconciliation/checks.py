"""What must hold between the books and the rest of the house; each question names the rows that break it."""

# ruff: noqa: S608 - its SQL is made of constants

from typing import Any

from sqlalchemy import text

from app.domain.reconciliation import credit
from app.domain.reconciliation.check import Check
from app.foundation.database import session

MOST_NAMED = 200
# What a job still has before it: younger than this is on its way, not wrong.
SOON = "interval '15 minutes'"


PAYMENTS = Check(
    "payment",
    """
    SELECT coalesce(p.id, t.payment_id) AS payment, t.id AS transaction, p.received_minor AS expected_minor,
        t.moved_minor AS posted_minor, coalesce(t.currency, p.currency) AS currency
    FROM (SELECT *, upper(coalesce(received_currency, currency)) AS paid_in FROM payments
          WHERE state = 'received' AND received_minor > 0) p
    FULL JOIN (SELECT t.*, (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries e WHERE e.transaction_id = t.id
                            AND e.account = 'gateway_clearing') AS cleared
               FROM ledger_transactions t WHERE kind = 'payment') t ON t.payment_id = p.id
    WHERE p.id IS NULL OR t.id IS NULL OR t.moved_minor <> p.received_minor OR t.currency <> p.paid_in
       OR t.order_id IS DISTINCT FROM p.order_id OR t.cleared <> p.credit_minor - p.received_minor ORDER BY 1 LIMIT
       :most
""",
)
REFUNDS = Check(
    "refund",
    """
    SELECT coalesce(r.id, t.refund_id) AS refund, t.transactions, coalesce(r.owed, 0) AS expected_minor,
        coalesce(t.net, 0) AS posted_minor, coalesce(t.currency, r.currency) AS currency
    FROM (SELECT *, CASE WHEN state = 'succeeded' THEN amount_minor ELSE 0 END AS owed FROM refunds) r
    FULL JOIN (SELECT refund_id, min(currency) AS currency, min(payment_id) AS payment_id, jsonb_agg(id ORDER BY
    id) AS transactions,
                   min(moved_minor) AS least, sum(CASE WHEN kind LIKE '%_undone' THEN -moved_minor ELSE moved_minor
                   END) AS net
               FROM ledger_transactions WHERE kind IN ('refund', 'chargeback',
               'credit_returned', 'refund_undone', 'chargeback_undone')
               GROUP BY 1) t ON t.refund_id = r.id
    WHERE coalesce(r.owed, 0) <> coalesce(t.net, 0) OR (t.refund_id IS NOT NULL AND r.id IS NULL)
       OR t.currency <> upper(r.currency) OR t.payment_id <> r.payment_id OR t.least <> r.amount_minor ORDER BY 1
       LIMIT :most
""",
)
UNSETTLED = Check(
    "unsettled",
    f"""
    SELECT l.id AS line, l.order_id AS order, l.net_minor AS expected_minor FROM order_lines l
    JOIN deliveries d ON d.order_line_id = l.id AND d.state = 'delivered'
    WHERE l.state = 'delivered' AND NOT l.settled AND d.delivered_at < now() - {SOON} ORDER BY 1 LIMIT :most
""",
)
SETTLEMENTS = Check(
    "settlement",
    """
    SELECT coalesce(s.order_line_id, t.order_line_id) AS line, t.id AS transaction, l.net_minor AS expected_minor,
        s.net_minor AS settled_minor, t.moved_minor AS posted_minor, coalesce(t.currency, s.currency) AS currency
    FROM settlements s FULL JOIN (SELECT * FROM ledger_transactions WHERE kind = 'settlement') t ON t.id =
    s.transaction_id
    LEFT JOIN order_lines l ON l.id = coalesce(s.order_line_id, t.order_line_id)
    WHERE s.id IS NULL OR t.id IS NULL OR l.id IS NULL OR NOT l.settled OR s.net_minor <> l.net_minor
       OR s.base_minor <> l.net_minor + l.funded_brand_minor + l.funded_platform_minor
       OR t.moved_minor <> l.net_minor + l.funded_platform_minor OR t.order_line_id IS DISTINCT FROM s.order_line_id
       OR t.order_id IS DISTINCT FROM l.order_id OR t.currency <> s.currency
    UNION ALL
    SELECT l.id, NULL, l.net_minor, NULL, NULL, NULL FROM order_lines l
    WHERE l.settled AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.order_line_id = l.id)
    ORDER BY 1 LIMIT :most
""",
)
PARTS = Check(
    "parts",
    """
    SELECT s.order_line_id AS line, s.transaction_id AS transaction, p.account, p.minor AS expected_minor, p.posted
    AS posted_minor,
        s.currency
    FROM settlements s CROSS JOIN LATERAL (
        SELECT account, parts.minor, posted FROM (
            SELECT CASE r.role WHEN 'supplier' THEN 'brand_held' WHEN 'platform' THEN 'platform_revenue'
                   WHEN 'gateway' THEN 'gateway_fees' ELSE 'distributor_held' END AS account, sum(r.minor) AS minor
            FROM jsonb_to_recordset(s.parts) r(role text, minor bigint) GROUP BY 1) parts
        FULL JOIN (SELECT account, sum(amount_minor) AS posted FROM ledger_entries e
                   WHERE e.transaction_id = s.transaction_id AND account NOT IN ('buyer_liability', 'promotion_cost')
                   GROUP BY account) e USING (account)
        WHERE coalesce(minor, 0) <> coalesce(posted, 0)) p
    ORDER BY 1 LIMIT :most
""",
)
EARNINGS = Check(
    "earning",
    """
    SELECT coalesce(n.transaction_id, e.transaction_id) AS transaction, coalesce(n.brand_id, e.brand_id) AS brand,
        coalesce(n.distributor_id, e.distributor_id) AS distributor, n.earnings, n.minor AS expected_minor,
        e.minor AS posted_minor, coalesce(n.currency, e.currency) AS currency
    FROM (SELECT transaction_id, brand_id, distributor_id, min(currency) AS currency, jsonb_agg(id) AS earnings,
    sum(minor) AS minor
          FROM (SELECT id, transaction_id, brand_id, distributor_id, currency, amount_minor AS minor FROM earnings
                UNION ALL SELECT r.earning_id, r.transaction_id, r.brand_id, r.distributor_id, g.currency,
                r.amount_minor
                FROM earning_returns r JOIN earnings g ON g.id = r.earning_id) x
          GROUP BY 1, 2, 3 HAVING sum(minor) <> 0) n
    FULL JOIN (SELECT e.transaction_id, e.brand_id, e.distributor_id, min(e.currency) AS currency,
    sum(e.amount_minor) AS minor
          FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
          WHERE t.kind IN ('settlement', 'return', 'return_undone') AND (e.brand_id IS NOT NULL OR e.distributor_id
          IS NOT NULL)
          GROUP BY 1, 2, 3 HAVING sum(e.amount_minor) <> 0) e
      ON e.transaction_id = n.transaction_id AND coalesce(e.brand_id, 0) = coalesce(n.brand_id, 0)
     AND coalesce(e.distributor_id, 0) = coalesce(n.distributor_id, 0)
    WHERE n.minor IS DISTINCT FROM e.minor OR n.currency <> e.currency ORDER BY 1 LIMIT :most
""",
)
TAKEN = Check(
    "taken_back",
    """
    SELECT e.id AS earning, e.transaction_id AS transaction, -coalesce(r.minor, 0) AS expected_minor,
        e.taken_back_minor AS noted_minor, e.currency
    FROM earnings e FULL JOIN (SELECT earning_id, sum(amount_minor) AS minor FROM earning_returns GROUP BY 1) r ON
    r.earning_id = e.id
    WHERE coalesce(e.taken_back_minor, 0) <> -coalesce(r.minor, 0) ORDER BY 1 LIMIT :most
""",
)
BALANCES = Check(
    "balance",
    """
    SELECT coalesce(w.account, h.account) AS account, coalesce(w.brand_id, h.brand_id) AS brand,
        coalesce(w.distributor_id, h.distributor_id) AS distributor, coalesce(w.currency, h.currency) AS currency,
        coalesce(w.minor, 0) AS expected_minor, coalesce(h.minor, 0) AS posted_minor
    FROM (SELECT CASE WHEN brand_id IS NULL THEN 'distributor_' ELSE 'brand_' END || state AS account, brand_id,
    distributor_id,
                 currency, sum(minor) AS minor
          FROM (SELECT CASE WHEN matured_by IS NULL THEN 'held' ELSE 'available' END AS state, brand_id,
          distributor_id, currency,
                       amount_minor - taken_back_minor AS minor FROM earnings
                UNION ALL SELECT 'available', brand_id, distributor_id, currency, -amount_minor FROM payouts
                WHERE state IN ('reserved', 'sent', 'paid')
                UNION ALL SELECT 'in_transit', brand_id, distributor_id, currency, amount_minor FROM payouts
                WHERE state IN ('reserved', 'sent')
                UNION ALL SELECT 'available', brand_id, distributor_id, currency, -amount_minor FROM promoter_moves
                WHERE distributor_id IS NOT NULL OR brand_id IS NOT NULL
                UNION ALL SELECT 'available', NULL, distributor_id, currency, -amount_minor FROM credit_moves
                WHERE distributor_id IS NOT NULL) x
          GROUP BY 1, 2, 3, 4 HAVING sum(minor) <> 0) w
    FULL JOIN (SELECT account, brand_id, distributor_id, currency, sum(amount_minor) AS minor FROM ledger_entries
          WHERE brand_id IS NOT NULL OR distributor_id IS NOT NULL GROUP BY 1, 2, 3, 4 HAVING sum(amount_minor) <>
          0) h
      ON h.account = w.account AND h.currency = w.currency AND coalesce(h.brand_id, 0) = coalesce(w.brand_id, 0)
     AND coalesce(h.distributor_id, 0) = coalesce(w.distributor_id, 0)
    WHERE w.minor IS DISTINCT FROM h.minor ORDER BY 1, 2, 3 LIMIT :most
""",
)
RETURNS = Check(
    "return",
    """
    SELECT coalesce(s.order_line_id, t.order_line_id) AS line, t.transactions, coalesce(s.returned_minor, 0) AS
    expected_minor,
        coalesce(t.minor, 0) AS posted_minor, s.currency
    FROM (SELECT * FROM settlements WHERE returned_minor <> 0) s
    FULL JOIN (SELECT t.order_line_id, jsonb_agg(t.id) AS transactions, sum(e.amount_minor) AS minor FROM
    ledger_transactions t
          JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'buyer_liability'
          WHERE t.kind IN ('return', 'return_undone') GROUP BY 1) t ON t.order_line_id = s.order_line_id
    WHERE coalesce(s.returned_minor, 0) <> coalesce(t.minor, 0)
    UNION ALL
    SELECT min(s.order_line_id), NULL, r.minor, sum(s.returned_minor), min(s.currency) FROM settlements s
    JOIN LATERAL (SELECT coalesce(sum(r.amount_minor), 0) AS minor FROM refunds r WHERE r.order_id = s.order_id
                  AND r.state = 'succeeded') r ON true
    WHERE s.returned_minor <> 0 GROUP BY s.order_id, r.minor HAVING sum(s.returned_minor) > r.minor ORDER BY 1
    LIMIT :most
""",
)
VOLUMES = Check(
    "volume",
    """
    SELECT coalesce(v.brand_id, s.brand_id) AS brand, coalesce(v.distributor_id, s.distributor_id) AS distributor,
        coalesce(v.currency, s.currency) AS currency, coalesce(v.month, s.month) AS month, coalesce(s.minor, 0) AS
        expected_minor,
        coalesce(v.volume_minor, 0) AS noted_minor
    FROM volumes v FULL JOIN (
        SELECT brand_id, distributor_id, currency, month, sum(base_minor - coalesce(base_minor *
        returned_minor / nullif(net_minor, 0), 0)) AS minor
        FROM settlements WHERE counted GROUP BY 1, 2, 3, 4) s
      ON s.brand_id = v.brand_id AND s.distributor_id = v.distributor_id AND s.currency = v.currency AND s.month =
      v.month
    WHERE coalesce(v.volume_minor, 0) <> coalesce(s.minor, 0) ORDER BY 1, 2, 4 LIMIT :most
""",
)
# What a buyer is still owed, or has still to be given, is explained by whoever is at work on it.
LIABILITIES = Check(
    "liability",
    f"""
    SELECT x.order_id AS order, o.number, o.state, x.minor AS left_minor, x.currency
    FROM (SELECT t.order_id, min(t.currency) AS currency, sum(e.amount_minor) AS minor FROM ledger_transactions t
          JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'buyer_liability'
          GROUP BY 1 HAVING sum(e.amount_minor) <> 0) x
    LEFT JOIN orders o ON o.id = x.order_id
    WHERE (o.id IS NULL OR o.state IN ('delivered', 'refunded', 'expired', 'cancelled'))
      AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.state = 'received'
                      AND (p.outcome IS NULL OR p.outcome = 'attention' OR p.received_at > now() - {SOON}))
      AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id
                      AND (r.state IN ('requested', 'sent') OR r.succeeded_at > now() - {SOON}))
      AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND l.state IN ('waiting', 'delivering'))
      AND NOT EXISTS (SELECT 1 FROM order_lines l JOIN deliveries d ON d.order_line_id = l.id WHERE l.order_id = o.id
                      AND l.state = 'delivered' AND NOT l.settled AND d.delivered_at > now() - {SOON})
    ORDER BY 1 LIMIT :most
""",
)
PAYOUTS = Check(
    "payout",
    """
    SELECT coalesce(p.id, t.payout_id) AS payout, p.state, t.transactions, p.expected AS expected_minor,
    t.in_transit AS posted_minor,
        p.currency
    FROM (SELECT *, CASE WHEN state IN ('reserved', 'sent') THEN amount_minor ELSE 0 END AS expected,
                 CASE WHEN state IN ('reserved', 'sent', 'paid') THEN -amount_minor ELSE 0 END AS taken FROM
                 payouts) p
    FULL JOIN (SELECT t.payout_id, jsonb_agg(DISTINCT t.id) AS transactions, min(t.currency) AS currency,
    min(e.brand_id) AS brand_id,
          min(e.distributor_id) AS distributor_id,
          coalesce(sum(e.amount_minor) FILTER (WHERE e.account LIKE '%_in_transit'), 0) AS in_transit,
          coalesce(sum(e.amount_minor) FILTER (WHERE e.account LIKE '%_available'), 0) AS available
          FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id WHERE t.payout_id IS NOT NULL
          GROUP BY 1) t
      ON t.payout_id = p.id
    WHERE p.id IS NULL OR coalesce(t.in_transit, 0) <> p.expected OR coalesce(t.available, 0) <> p.taken
       OR t.currency <> p.currency OR t.brand_id IS DISTINCT FROM p.brand_id AND t.payout_id IS NOT NULL
       OR t.distributor_id IS DISTINCT FROM p.distributor_id AND t.payout_id IS NOT NULL ORDER BY 1 LIMIT :most
""",
)
# A gateway's report covers what came before its newest line and some minutes after its oldest: its clock is not ours.
REPORTED = Check(
    "gateway",
    """
    WITH covered AS (SELECT gateway, min(occurred_at) + interval '10 minutes' AS since, max(occurred_at) AS until
    FROM gateway_report_lines
                     WHERE kind IN ('payment', 'refund') GROUP BY 1)
    SELECT coalesce(p.gateway, g.gateway) AS gateway, p.id AS payment, NULL::bigint AS refund, g.line_id AS line,
        p.taken AS ours_minor, g.amount_minor AS theirs_minor, coalesce(p.currency, g.currency) AS currency
    FROM (SELECT p.*, p.received_minor - p.credit_minor AS taken
          FROM payments p JOIN covered c USING (gateway) WHERE p.state = 'received' AND p.received_minor
    > 0
          AND p.received_at BETWEEN c.since AND c.until) p
    FULL JOIN (SELECT gateway, reference, min(line_id) AS line_id, sum(amount_minor) AS amount_minor, min(currency)
    AS currency,
               max(occurred_at) AS occurred_at FROM gateway_report_lines WHERE kind = 'payment' GROUP BY 1, 2) g
      ON g.gateway = p.gateway AND g.reference = p.reference
    WHERE ((p.id IS NULL AND NOT EXISTS (SELECT 1 FROM payments o WHERE o.gateway = g.gateway AND o.reference =
    g.reference
            AND o.state = 'received' AND o.received_minor - o.credit_minor = g.amount_minor)) OR g.line_id IS NULL
           OR g.amount_minor <> p.taken OR g.currency <> upper(coalesce(p.received_currency, p.currency)))
    UNION ALL
    SELECT g.gateway, NULL, r.id, g.line_id, -r.owed, g.amount_minor, g.currency
    FROM (SELECT gateway, external_id, min(line_id) AS line_id, sum(amount_minor) AS amount_minor, min(currency) AS
          currency FROM gateway_report_lines WHERE kind = 'refund' GROUP BY 1, 2) g
    LEFT JOIN (SELECT *, CASE WHEN state = 'succeeded' THEN amount_minor ELSE 0 END AS owed FROM refunds) r
      ON r.external_id = g.external_id
    WHERE r.id IS NULL OR g.amount_minor <> -r.owed OR g.currency <> upper(r.currency)
    UNION ALL
    SELECT p.gateway, NULL, r.id, NULL, -r.amount_minor, NULL, r.currency
    FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN covered c ON c.gateway = p.gateway
    WHERE r.kind = 'refund' AND r.state = 'succeeded' AND r.succeeded_at BETWEEN c.since AND c.until
      AND NOT EXISTS (SELECT 1 FROM gateway_report_lines g WHERE g.gateway = p.gateway AND g.kind = 'refund' AND
      g.external_id = r.external_id)
    ORDER BY 1, 2, 3 LIMIT :most
""",
)
GATEWAY_FEES = Check(
    "gateway_fee",
    """
    SELECT g.gateway, g.line_id AS line, t.id AS transaction, g.fee_minor AS expected_minor, t.minor AS posted_minor,
        coalesce(g.currency, t.currency) AS currency
    FROM (SELECT *, 'gateway_fee:' || gateway || ':' || line_id AS key FROM gateway_report_lines WHERE fee_minor <>
    0 AND kind <> 'chargeback') g
    FULL JOIN (SELECT t.*, e.amount_minor AS minor FROM ledger_transactions t LEFT JOIN ledger_entries e ON
    e.transaction_id = t.id
               AND e.account = 'gateway_clearing' WHERE t.kind = 'gateway_fee') t ON t.key = g.key
    WHERE g.id IS NULL OR t.id IS NULL OR t.minor IS DISTINCT FROM g.fee_minor OR t.currency <> g.currency ORDER BY
    1, 2 LIMIT :most
""",
)
REWARDS = Check(
    "reward",
    """
    SELECT coalesce(m.transaction_id, t.id) AS transaction, m.id AS move, m.reward_id AS reward, m.payout_id AS
    promoter_payout,
        m.amount_minor AS expected_minor, t.minor AS posted_minor, coalesce(m.currency, t.currency) AS currency
    FROM promoter_moves m
    FULL JOIN (SELECT t.id, t.currency, t.kind,
                   sum(e.amount_minor) FILTER (WHERE e.account = 'promoter_payable') AS minor,
                   sum(e.amount_minor) FILTER
                   (WHERE e.account IN ('distributor_available', 'brand_available')) AS firms,
                   max(e.distributor_id) AS distributor_id, max(e.brand_id) AS brand_id
               FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
               WHERE t.kind IN ('reward', 'reward_returned', 'reward_paid') GROUP BY t.id) t ON t.id = m.transaction_id
    WHERE m.id IS NULL OR t.id IS NULL OR t.minor IS DISTINCT FROM m.amount_minor OR t.currency <> m.currency
       OR t.distributor_id IS DISTINCT FROM m.distributor_id OR t.brand_id IS DISTINCT FROM m.brand_id
       OR (num_nonnulls(m.distributor_id, m.brand_id) > 0 AND t.firms IS DISTINCT FROM -m.amount_minor)
    ORDER BY 1 LIMIT :most
""",
)
# A promoter has what was moved for it, less what is on its way; what was moved is its rewards and what it owes.
PROMOTERS = Check(
    "promoter",
    """
    SELECT p.id AS promoter, NULL::bigint AS reward, coalesce(m.minor, 0) - coalesce(o.minor, 0) AS expected_minor,
        p.balance_minor AS noted_minor, p.currency
    FROM promoters p
    LEFT JOIN (SELECT promoter_id, sum(amount_minor) AS minor FROM promoter_moves GROUP BY 1) m ON m.promoter_id = p.id
    LEFT JOIN (SELECT promoter_id, sum(amount_minor) AS minor FROM promoter_payouts
               WHERE state IN ('requested', 'exported') GROUP BY 1) o ON o.promoter_id = p.id
    WHERE p.balance_minor <> coalesce(m.minor, 0) - coalesce(o.minor, 0)
    UNION ALL
    SELECT p.id, NULL, coalesce(r.minor, 0) + p.owed_minor, coalesce(m.minor, 0), p.currency FROM promoters p
    LEFT JOIN (SELECT promoter_id, sum(amount_minor) AS minor FROM promoter_moves
               WHERE reward_id IS NOT NULL GROUP BY 1) m ON m.promoter_id = p.id
    LEFT JOIN (SELECT promoter_id, sum(amount_minor) AS minor FROM referral_rewards
               WHERE kind = 'cash' AND matured_at IS NOT NULL GROUP BY 1) r ON r.promoter_id = p.id
    WHERE coalesce(m.minor, 0) <> coalesce(r.minor, 0) + p.owed_minor
    ORDER BY 1, 2 LIMIT :most
""",
)
ALL = (
    PAYMENTS, REFUNDS, UNSETTLED, SETTLEMENTS, PARTS, EARNINGS, TAKEN, BALANCES, RETURNS, VOLUMES, LIABILITIES, PAYOUTS,
    REPORTED, GATEWAY_FEES, REWARDS, PROMOTERS, *credit.ALL,
)  # fmt: skip


def ask(check: Check) -> list[dict[str, Any]]:
    """The rows that break a check, in the caller's snapshot."""
    rows = session().execute(text(check.question), {"most": MOST_NAMED}).mappings()
    return [{"check": check.name, **row} for row in rows]
