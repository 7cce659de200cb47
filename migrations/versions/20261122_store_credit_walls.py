"""store credit walls: who sees it, and the functions that hold, spend and give it back

The balance is changed by movements alone, and a movement says what its ledger transaction says. A shop's role holds
credit for an order of its own shop and of the holder's mailbox; it is spent with the payment that is received, and
given back with a refund of kind `credit`, never more than was spent.
"""

from alembic import op

from tenants import rls
from tenants.context import PLATFORM_ROLE, SHOP_ROLE

revision = "0161"
down_revision = "0160"
branch_labels = None
depends_on = None

ROLE = "perkline_money"
TABLES = {
    "credit_accounts": "SELECT, INSERT (shop_id, mailbox, email, currency), UPDATE (owed_minor)",
    "credit_holds": "SELECT",
    "credit_moves": "SELECT, INSERT",
}
OF_MONEY = {
    "credit_accounts": "SELECT, UPDATE (balance_minor, held_minor)",
    "credit_holds": "SELECT, INSERT, UPDATE (state, payment_id, returned_minor, ended_at)",
    "credit_moves": "SELECT, INSERT",
}
DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
SHOP = "NULLIF(current_setting('perkline.shop_id', true), '')::bigint"
FUNCTIONS = {
    "credit.lock_mine": f"""
CREATE FUNCTION credit.lock_mine(p_mailbox text, p_currency text) RETURNS bigint LANGUAGE sql {DEFINER} AS $$
    -- Before any stock is locked: whoever spends the same credit waits here and nowhere else.
    SELECT balance_minor - held_minor FROM credit_accounts
    WHERE shop_id = {SHOP} AND mailbox = p_mailbox AND currency = p_currency FOR NO KEY UPDATE
$$
""",
    "credit.lock_of": f"""
CREATE FUNCTION credit.lock_of(p_order bigint) RETURNS bigint LANGUAGE sql {DEFINER} AS $$
    SELECT a.balance_minor - a.held_minor FROM credit_holds h JOIN credit_accounts a ON a.id = h.account_id
    WHERE h.order_id = p_order AND h.shop_id = {SHOP} FOR NO KEY UPDATE OF a
$$
""",
    "credit.hold": f"""
CREATE FUNCTION credit.hold(p_order bigint, p_mailbox text, p_minor bigint) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE v_shop bigint := {SHOP}; v_currency text; v_account bigint;
BEGIN
    SELECT currency INTO v_currency FROM orders WHERE id = p_order AND shop_id = v_shop AND state = 'pending'
        AND credit_minor = p_minor AND promo.mailbox(email) = p_mailbox;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'order % is no open order of this mailbox with that credit', p_order
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE credit_accounts SET held_minor = held_minor + p_minor
    WHERE shop_id = v_shop AND mailbox = p_mailbox AND currency = v_currency
      AND balance_minor - held_minor >= p_minor RETURNING id INTO v_account;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO credit_holds (order_id, shop_id, account_id, currency, amount_minor)
    VALUES (p_order, v_shop, v_account, v_currency, p_minor);
    RETURN true;
END $$
""",
    "credit.take_again": f"""
CREATE FUNCTION credit.take_again(p_order bigint) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE v_hold record;
BEGIN
    -- For money that came after its order's end: what was let go is held again where it is still there.
    SELECT * INTO v_hold FROM credit_holds WHERE order_id = p_order AND shop_id = {SHOP} FOR NO KEY UPDATE;
    IF NOT FOUND OR v_hold.state = 'spent' THEN
        RETURN false;
    ELSIF v_hold.state = 'held' THEN
        RETURN true;
    END IF;
    UPDATE credit_accounts SET held_minor = held_minor + v_hold.amount_minor
    WHERE id = v_hold.account_id AND balance_minor - held_minor >= v_hold.amount_minor;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE credit_holds SET state = 'held', ended_at = NULL WHERE order_id = p_order;
    RETURN true;
END $$
""",
    "credit.follow_order": f"""
CREATE FUNCTION credit.follow_order() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    -- What an order that is over has not spent is its holder's again.
    UPDATE credit_accounts a SET held_minor = a.held_minor - h.amount_minor
    FROM credit_holds h WHERE h.order_id = NEW.id AND h.state = 'held' AND a.id = h.account_id;
    UPDATE credit_holds SET state = 'released', ended_at = now() WHERE order_id = NEW.id AND state = 'held';
    RETURN NULL;
END $$
""",
    "credit.held_for_open": f"""
CREATE FUNCTION credit.held_for_open() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM credit_holds h JOIN orders o ON o.id = h.order_id
               WHERE h.order_id = NEW.order_id AND h.state = 'held' AND o.state <> 'pending') THEN
        RAISE EXCEPTION 'credit is held for order %, which is not open', NEW.order_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'held_for_open_orders';
    END IF;
    RETURN NULL;
END $$
""",
    "credit.follow_move": f"""
CREATE FUNCTION credit.follow_move() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE v_posted bigint;
BEGIN
    SELECT sum(amount_minor) INTO v_posted FROM ledger_entries
    WHERE transaction_id = NEW.transaction_id AND account = 'store_credit' AND currency = NEW.currency;
    IF v_posted IS DISTINCT FROM NEW.amount_minor THEN
        RAISE EXCEPTION 'credit moves by %, its books by %', NEW.amount_minor, v_posted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_moves_as_posted';
    END IF;
    UPDATE credit_accounts SET balance_minor = balance_minor + NEW.amount_minor
    WHERE id = NEW.account_id AND shop_id = NEW.shop_id AND currency = NEW.currency;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'credit account % is not of shop % in %', NEW.account_id, NEW.shop_id, NEW.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_moves_of_account';
    END IF;
    RETURN NULL;
END $$
""",
    "credit.spend": f"""
CREATE FUNCTION credit.spend(p payments) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE v_currency text := upper(coalesce(p.received_currency, p.currency)); v_account bigint; v_id bigint;
    v_rest bigint := p.received_minor - p.credit_minor; v_at timestamptz := coalesce(p.received_at, now());
BEGIN
    IF EXISTS (SELECT 1 FROM ledger_transactions WHERE key = 'payment:' || p.id) THEN
        RETURN;
    END IF;
    UPDATE credit_holds SET state = 'spent', payment_id = p.id, ended_at = now()
    WHERE order_id = p.order_id AND shop_id = p.shop_id AND state = 'held' AND amount_minor = p.credit_minor
      AND currency = v_currency RETURNING account_id INTO v_account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'payment % spends credit that is not held for its order', p.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'spent_credit_is_held';
    END IF;
    UPDATE credit_accounts SET held_minor = held_minor - p.credit_minor WHERE id = v_account;
    INSERT INTO ledger_transactions
        (key, kind, currency, size, moved_minor, shop_id, order_id, payment_id, reason, occurred_at)
    VALUES ('payment:' || p.id, 'payment', v_currency, CASE WHEN v_rest = 0 THEN 2 ELSE 3 END, p.received_minor,
        p.shop_id, p.order_id, p.id, jsonb_build_object('gateway', p.gateway, 'account', p.account), v_at)
    RETURNING id INTO v_id;
    INSERT INTO ledger_entries (transaction_id, position, account, currency, amount_minor, occurred_at)
    SELECT v_id, e.position, e.account, v_currency, e.minor, v_at
    FROM (VALUES (1::smallint, 'store_credit', -p.credit_minor), (2::smallint, 'buyer_liability', p.received_minor),
                 (3::smallint, 'gateway_clearing', -v_rest)) AS e(position, account, minor) WHERE e.minor <> 0;
    INSERT INTO credit_moves
        (shop_id, account_id, kind, order_id, payment_id, currency, amount_minor, transaction_id)
    VALUES (p.shop_id, v_account, 'spent', p.order_id, p.id, v_currency, -p.credit_minor, v_id);
END $$
""",
    "credit.give_back": f"""
CREATE FUNCTION credit.give_back(r refunds) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE v_hold record; v_id bigint; v_at timestamptz := coalesce(r.succeeded_at, now());
BEGIN
    UPDATE credit_holds SET returned_minor = returned_minor + r.amount_minor
    WHERE payment_id = r.payment_id AND order_id = r.order_id AND shop_id = r.shop_id AND state = 'spent'
      AND currency = upper(r.currency) RETURNING account_id, currency INTO v_hold;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'refund % gives back credit that was not spent', r.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'returned_credit_was_spent';
    END IF;
    INSERT INTO ledger_transactions
        (key, kind, currency, size, moved_minor, shop_id, order_id, payment_id, refund_id, reason, occurred_at)
    VALUES ('refund:' || r.id, 'credit_returned', v_hold.currency, 2, r.amount_minor, r.shop_id, r.order_id,
        r.payment_id, r.id, jsonb_build_object('reason', r.reason), v_at) RETURNING id INTO v_id;
    INSERT INTO ledger_entries (transaction_id, position, account, currency, amount_minor, occurred_at)
    VALUES (v_id, 1, 'buyer_liability', v_hold.currency, -r.amount_minor, v_at),
           (v_id, 2, 'store_credit', v_hold.currency, r.amount_minor, v_at);
    INSERT INTO credit_moves
        (shop_id, account_id, kind, order_id, refund_id, currency, amount_minor, transaction_id)
    VALUES (r.shop_id, v_hold.account_id, 'returned', r.order_id, r.id, v_hold.currency, r.amount_minor, v_id);
END $$
""",
    "credit.stays": """
CREATE FUNCTION credit.stays() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the credit of payment % stays', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_credit_stays';
END $$
""",
}
PAYMENT = f"""
CREATE OR REPLACE FUNCTION money.post_payment() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN{{spend}}
    PERFORM money.post_two(
        'payment:' || NEW.id, 'payment', upper(coalesce(NEW.received_currency, NEW.currency)), 'gateway_clearing',
        'buyer_liability', NEW.received_minor, NEW.shop_id, NEW.order_id, NEW.id, NULL,
        jsonb_build_object('gateway', NEW.gateway, 'account', NEW.account), coalesce(NEW.received_at, now()));
    RETURN NULL;
END $$
"""
SPEND = """
    IF NEW.credit_minor > 0 THEN
        PERFORM credit.spend(NEW);
        RETURN NULL;
    END IF;"""
REFUND = f"""
CREATE OR REPLACE FUNCTION money.post_refund() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN{{back}}
    IF NEW.state = 'succeeded' AND (TG_OP = 'INSERT' OR OLD.state <> 'succeeded') THEN
        PERFORM money.post_two(
            'refund:' || NEW.id, NEW.kind, upper(NEW.currency), 'buyer_liability', 'gateway_clearing', NEW.amount_minor,
            NEW.shop_id, NEW.order_id, NEW.payment_id, NEW.id, jsonb_build_object('reason', NEW.reason),
            coalesce(NEW.succeeded_at, now()));
    ELSIF TG_OP = 'UPDATE' AND OLD.state = 'succeeded' AND NEW.state = 'failed' THEN
        PERFORM money.post_two(
            'refund:' || NEW.id || ':' || 'undone', NEW.kind || '_undone', upper(NEW.currency), 'gateway_clearing',
            'buyer_liability', NEW.amount_minor, NEW.shop_id, NEW.order_id, NEW.payment_id, NEW.id,
            jsonb_build_object('reason', NEW.reason), now());
    END IF;
    RETURN NULL;
END $$
"""
BACK = """
    IF NEW.kind = 'credit' THEN
        IF TG_OP = 'UPDATE' AND OLD.state = 'succeeded' AND NEW.state <> 'succeeded' THEN
            RAISE EXCEPTION 'credit that was given back stays given'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'returned_credit_stays';
        ELSIF NEW.state = 'succeeded' AND (TG_OP = 'INSERT' OR OLD.state <> 'succeeded') THEN
            PERFORM credit.give_back(NEW);
        END IF;
        RETURN NULL;
    END IF;"""
OVER = (
    "NEW.credit_minor > 0 AND OLD.state IS DISTINCT FROM NEW.state AND NEW.state NOT IN ('pending', 'paid')"
)
TRIGGERS = (
    (
        f"CREATE TRIGGER credit_follows AFTER UPDATE OF state ON orders FOR EACH ROW WHEN ({OVER})"
        " EXECUTE FUNCTION credit.follow_order()"
    ),
    (
        "CREATE TRIGGER credit_stays BEFORE UPDATE OF credit_minor ON payments FOR EACH ROW WHEN ("
        " NEW.credit_minor > OLD.credit_minor OR (OLD.state = 'received' AND NEW.credit_minor <> OLD.credit_minor))"
        " EXECUTE FUNCTION credit.stays()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER credit_open AFTER INSERT OR UPDATE ON credit_holds DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.state = 'held') EXECUTE FUNCTION credit.held_for_open()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER credit_unspent AFTER UPDATE OF state ON orders DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.credit_minor > 0 AND NEW.state = 'paid')"
        " EXECUTE FUNCTION credit.held_for_open_order()"
    ),
    "CREATE TRIGGER follow AFTER INSERT ON credit_moves FOR EACH ROW EXECUTE FUNCTION credit.follow_move()",
)
FUNCTIONS["credit.held_for_open_order"] = (
    FUNCTIONS["credit.held_for_open"]
    .replace("held_for_open()", "held_for_open_order()")
    .replace("NEW.order_id", "NEW.id")
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table, allowed in TABLES.items():
        for statement in rls.force(table):
            op.execute(statement)
        op.execute(f"GRANT {allowed} ON {table} TO {PLATFORM_ROLE}")
        op.execute(rls.shop_policy(table))
        op.execute(f"GRANT SELECT ON {table} TO {SHOP_ROLE}")
        op.execute(f"CREATE POLICY money ON {table} TO {ROLE} USING (true) WITH CHECK (true)")
        op.execute(f"GRANT {OF_MONEY[table]} ON {table} TO {ROLE}")
    op.execute(f"GRANT UPDATE (credit_minor) ON payments TO {SHOP_ROLE}")
    op.execute("CREATE SCHEMA credit")
    op.execute(f"GRANT USAGE, CREATE ON SCHEMA credit TO {ROLE}")
    op.execute(f"GRANT USAGE ON SCHEMA credit TO {SHOP_ROLE}, {PLATFORM_ROLE}")
    op.execute(f"GRANT USAGE ON SCHEMA promo TO {ROLE}")
    for function in FUNCTIONS.values():
        op.execute(function)
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA credit FROM PUBLIC")
    for name in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {name} OWNER TO {ROLE}")
    for name in ("lock_mine", "lock_of", "hold", "take_again"):
        op.execute(f"GRANT EXECUTE ON FUNCTION credit.{name} TO {SHOP_ROLE}")
    op.execute(PAYMENT.format(spend=SPEND))
    op.execute(REFUND.format(back=BACK))
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.execute(REFUND.format(back=""))
    op.execute(PAYMENT.format(spend=""))
    for trigger in TRIGGERS:
        words = trigger.replace("CONSTRAINT ", "").split()
        op.execute(f"DROP TRIGGER {words[2]} ON {words[words.index('ON') + 1]}")
    op.execute("DROP SCHEMA credit CASCADE")
    op.execute(f"REVOKE USAGE ON SCHEMA promo FROM {ROLE}")
    op.execute(f"REVOKE UPDATE (credit_minor) ON payments FROM {SHOP_ROLE}")
    for table in TABLES:
        for policy in ("money", "shop", "platform"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM {SHOP_ROLE}, {PLATFORM_ROLE}, {ROLE}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
