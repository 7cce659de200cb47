"""What must hold of store credit, between its accounts, its movements and the books."""

from app.domain.reconciliation.check import Check

# Every account is what its movements say, and what is held of it is what lies with open orders.
ACCOUNTS = Check(
    "credit_account",
    """
    SELECT a.id AS account, a.shop_id AS shop, coalesce(m.minor, 0) AS expected_minor, a.balance_minor AS noted_minor,
        coalesce(h.minor, 0) AS expected_held_minor, a.held_minor AS noted_held_minor, a.currency
    FROM credit_accounts a
    LEFT JOIN (SELECT account_id, sum(amount_minor) AS minor FROM credit_moves GROUP BY 1) m ON m.account_id = a.id
    LEFT JOIN (SELECT account_id, sum(amount_minor) AS minor FROM credit_holds WHERE state = 'held' GROUP BY 1) h
      ON h.account_id = a.id
    WHERE a.balance_minor <> coalesce(m.minor, 0) OR a.held_minor <> coalesce(h.minor, 0) ORDER BY 1 LIMIT :most
""",
)
# All that a shop's holders have is what the books owe them; and each movement is one transaction's.
MOVES = Check(
    "credit",
    """
    SELECT coalesce(a.shop_id, e.shop_id) AS shop, NULL::bigint AS transaction, NULL::bigint AS move,
        coalesce(a.minor, 0) AS expected_minor, coalesce(e.minor, 0) AS posted_minor,
        coalesce(a.currency, e.currency) AS currency
    FROM (SELECT shop_id, currency, sum(balance_minor) AS minor FROM credit_accounts GROUP BY 1, 2) a
    FULL JOIN (SELECT t.shop_id, e.currency, sum(e.amount_minor) AS minor FROM ledger_entries e
               JOIN ledger_transactions t ON t.id = e.transaction_id WHERE e.account = 'store_credit' GROUP BY 1, 2) e
      ON e.shop_id = a.shop_id AND e.currency = a.currency
    WHERE coalesce(a.minor, 0) <> coalesce(e.minor, 0)
    UNION ALL
    SELECT coalesce(m.shop_id, e.shop_id), coalesce(m.transaction_id, e.id), m.id, m.amount_minor, e.minor,
        coalesce(m.currency, e.currency)
    FROM credit_moves m
    FULL JOIN (SELECT t.id, t.shop_id, t.payment_id, t.refund_id, e.currency, sum(e.amount_minor) AS minor,
                   (SELECT max(f.distributor_id) FROM ledger_entries f WHERE f.transaction_id = t.id) AS distributor_id
               FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
               WHERE e.account = 'store_credit' GROUP BY t.id, e.currency) e ON e.id = m.transaction_id
    WHERE m.id IS NULL OR e.id IS NULL OR e.minor <> m.amount_minor OR e.currency <> m.currency
       OR e.shop_id IS DISTINCT FROM m.shop_id OR e.distributor_id IS DISTINCT FROM m.distributor_id
       OR e.refund_id IS DISTINCT FROM m.refund_id OR (m.payment_id IS NOT NULL AND e.payment_id <> m.payment_id)
    ORDER BY 1, 2 LIMIT :most
""",
)
# Spent credit is its payment's, what went back of it its refunds', and rewards are what they brought and what is owed.
SPENT = Check(
    "credit_spent",
    """
    SELECT coalesce(h.order_id, p.order_id) AS order, p.id AS payment, NULL::bigint AS account,
        p.credit_minor AS expected_minor, h.amount_minor AS noted_minor, coalesce(h.currency, p.currency) AS currency
    FROM (SELECT * FROM credit_holds WHERE state = 'spent') h
    FULL JOIN (SELECT * FROM payments WHERE state = 'received' AND credit_minor > 0) p ON p.id = h.payment_id
    WHERE h.order_id IS NULL OR p.id IS NULL OR h.amount_minor <> p.credit_minor OR h.order_id <> p.order_id
    UNION ALL
    SELECT h.order_id, h.payment_id, NULL, coalesce(r.minor, 0), h.returned_minor, h.currency FROM credit_holds h
    LEFT JOIN (SELECT payment_id, sum(amount_minor) AS minor FROM refunds
               WHERE kind = 'credit' AND state = 'succeeded' GROUP BY 1) r ON r.payment_id = h.payment_id
    WHERE h.returned_minor <> coalesce(r.minor, 0)
    UNION ALL
    SELECT NULL, NULL, a.id, coalesce(r.minor, 0) + a.owed_minor, coalesce(m.minor, 0), a.currency
    FROM credit_accounts a
    LEFT JOIN (SELECT account_id, sum(amount_minor) AS minor FROM credit_moves
               WHERE reward_id IS NOT NULL GROUP BY 1) m ON m.account_id = a.id
    LEFT JOIN (SELECT p.shop_id, p.mailbox, w.currency, sum(w.amount_minor) AS minor FROM referral_rewards w
               JOIN promoters p ON p.id = w.promoter_id WHERE w.kind = 'credit' AND w.matured_at IS NOT NULL
               GROUP BY 1, 2, 3) r ON r.shop_id = a.shop_id AND r.mailbox = a.mailbox AND r.currency = a.currency
    WHERE coalesce(m.minor, 0) <> coalesce(r.minor, 0) + a.owed_minor
    ORDER BY 1, 2, 3 LIMIT :most
""",
)
ALL = (ACCOUNTS, MOVES, SPENT)
