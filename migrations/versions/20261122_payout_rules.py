"""payout rules: a payout's states post themselves, nobody reserves what is not there, firms cannot verify themselves

The functions run as perkline_money, which nobody is and which owns no table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0073"
branch_labels = None
depends_on = None

ROLE = "perkline_money"
FIRMS = "perkline_brand, perkline_distributor"
TOUCHES = {"payout_accounts": "SELECT", "payout_plans": "SELECT"}
PLAN = "brand_id, distributor_id, currency, every, day, minimum_minor, follows, updated_at"
CHANGES = "every, day, minimum_minor, follows, updated_at"
COLUMNS = (
    ("payout_accounts", sa.Column("master_key_id", sa.Text(), nullable=True)),
    ("payout_accounts", sa.Column("refusal", sa.Text(), server_default="", nullable=False)),
    ("payout_plans", sa.Column("follows", sa.Boolean(), server_default=sa.text("false"), nullable=False)),
    ("payout_plans", sa.Column("review", sa.Boolean(), server_default=sa.text("false"), nullable=False)),
    ("payouts", sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=True)),
    ("payouts", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True)),
)  # fmt: skip
INDEXES = (
    ("ix_payout_plans_next_at", "payout_plans", ["next_at"], None),
    ("ix_ledger_transactions_payout_id", "ledger_transactions", ["payout_id"], "payout_id IS NOT NULL"),
    ("ix_payouts_asked_at", "payouts", ["asked_at"], "state IN ('sent', 'paid')"),
)  # fmt: skip

FUNCTIONS = {
    "lock_owner(bigint, bigint, text)": """
CREATE FUNCTION money.lock_owner(p_brand bigint, p_distributor bigint, p_currency text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- One reservation at a time for a firm and currency; the next statement sees what the one before has taken.
    PERFORM pg_advisory_xact_lock(hashtextextended(
        'payout:' || coalesce('b' || p_brand, 'd' || p_distributor) || ':' || p_currency, 0));
END $$
""",
    "post_payout": """
CREATE FUNCTION money.post_payout(
    p_step text, p_kind text, p_at timestamptz, p payouts, p_available bigint, p_transit bigint, p_clearing bigint, p_fee bigint
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id bigint;
    v_firm text := CASE WHEN p.brand_id IS NULL THEN 'distributor' ELSE 'brand' END;
    v_clearing text := CASE WHEN p.method = 'bank' THEN 'bank_clearing' ELSE 'gateway_clearing' END;
BEGIN
    INSERT INTO ledger_transactions (key, kind, currency, size, moved_minor, payout_id, reason, occurred_at)
    VALUES (
        'payout:' || p.id || ':' || p_step, p_kind, p.currency,
        (p_available <> 0)::int + (p_transit <> 0)::int + (p_clearing <> 0)::int + (p_fee <> 0)::int,
        greatest(p_available, 0) + greatest(p_transit, 0) + greatest(p_clearing, 0) + greatest(p_fee, 0), p.id,
        jsonb_build_object('payout', p.key, 'method', p.method, 'why', p.reason), p_at)
    ON CONFLICT (key) DO NOTHING RETURNING id INTO v_id;
    IF v_id IS NOT NULL THEN
        INSERT INTO ledger_entries (transaction_id, position, account, brand_id, distributor_id, currency, amount_minor, occurred_at)
        SELECT v_id, row_number() OVER (ORDER BY s.at), s.account, s.brand, s.distributor, p.currency, s.minor, p_at
        FROM (VALUES
            (1, v_firm || '_available', p.brand_id, p.distributor_id, p_available),
            (2, v_firm || '_in_transit', p.brand_id, p.distributor_id, p_transit),
            (3, v_clearing, NULL, NULL, p_clearing),
            (4, 'payout_fees', NULL, NULL, p_fee)
        ) AS s(at, account, brand, distributor, minor) WHERE s.minor <> 0;
    END IF;
END $$
""",
    "payout_may_go": """
CREATE FUNCTION money.payout_may_go(p payouts, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_account record; v_available bigint;
BEGIN
    IF (p.needs_review AND p.approved_by IS NULL)
        OR (p.needs_second AND (p.approved_by IS NULL OR p.second_by IS NULL)) THEN
        RAISE EXCEPTION 'payout % waits for approval', p.id USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_approved';
    END IF;
    SELECT brand_id, distributor_id, currency, method, status, cooling_until INTO v_account
    FROM payout_accounts WHERE id = p.account_id;
    IF v_account.status <> 'verified' OR v_account.cooling_until > p_at OR v_account.currency <> p.currency
        OR v_account.method <> p.method
        OR (v_account.brand_id, v_account.distributor_id) IS DISTINCT FROM (p.brand_id, p.distributor_id) THEN
        RAISE EXCEPTION 'account % may not be paid', p.account_id USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_account';
    END IF;
    PERFORM 1 FROM payout_plans WHERE on_hold AND currency = p.currency
        AND (brand_id = p.brand_id OR (brand_id IS NULL AND distributor_id = p.distributor_id));
    IF FOUND THEN
        RAISE EXCEPTION 'payout % is on hold', p.id USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_on_hold';
    END IF;
    PERFORM money.lock_owner(p.brand_id, p.distributor_id, p.currency);
    IF p.brand_id IS NOT NULL THEN
        SELECT coalesce(sum(amount_minor), 0) INTO v_available FROM ledger_entries
        WHERE brand_id = p.brand_id AND currency = p.currency AND account = 'brand_available';
    ELSE
        SELECT coalesce(sum(amount_minor), 0) INTO v_available FROM ledger_entries
        WHERE distributor_id = p.distributor_id AND currency = p.currency AND account = 'distributor_available';
    END IF;
    IF v_available < p.amount_minor THEN
        RAISE EXCEPTION 'payout % of % is more than the % there are', p.id, p.amount_minor, v_available
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_covered';
    END IF;
END $$
""",
    "payout_moves": """
CREATE FUNCTION money.payout_moves() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a bigint := NEW.amount_minor; v_end timestamptz := coalesce(NEW.ended_at, now());
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'planned' THEN
            RAISE EXCEPTION 'a payout begins planned' USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_step';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.key, NEW.brand_id, NEW.distributor_id, NEW.account_id, NEW.method, NEW.currency, NEW.amount_minor,
        NEW.fee_minor, NEW.net_minor, NEW.due_at, NEW.needs_review, NEW.needs_second)
        IS DISTINCT FROM (OLD.id, OLD.key, OLD.brand_id, OLD.distributor_id, OLD.account_id, OLD.method, OLD.currency,
        OLD.amount_minor, OLD.fee_minor, OLD.net_minor, OLD.due_at, OLD.needs_review, OLD.needs_second) THEN
        RAISE EXCEPTION 'what payout % is of stays', OLD.id USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_stays';
    END IF;
    IF OLD.state <> 'planned' AND (NEW.approved_by, NEW.second_by) IS DISTINCT FROM (OLD.approved_by, OLD.second_by) THEN
        RAISE EXCEPTION 'payout % is decided', OLD.id USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_stays';
    END IF;
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF OLD.state || ' ' || NEW.state NOT IN ('planned reserved', 'planned cancelled', 'reserved sent', 'reserved cancelled',
        'sent paid', 'sent failed', 'paid returned') THEN
        RAISE EXCEPTION 'payout % goes from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_step';
    END IF;
    IF NEW.state = 'reserved' THEN
        NEW.reserved_at := coalesce(NEW.reserved_at, now());
        PERFORM money.payout_may_go(NEW, NEW.reserved_at);
        PERFORM money.post_payout('reserved', 'payout_reserved', NEW.reserved_at, NEW, -a, a, 0, 0);
    ELSIF NEW.state = 'paid' THEN
        PERFORM money.post_payout('paid', 'payout_paid', v_end, NEW, 0, -a, NEW.net_minor, NEW.fee_minor);
    ELSIF NEW.state = 'failed' OR (NEW.state = 'cancelled' AND OLD.state = 'reserved') THEN
        PERFORM money.post_payout(NEW.state, 'payout_failed', v_end, NEW, a, -a, 0, 0);
    ELSIF NEW.state = 'returned' THEN
        PERFORM money.post_payout('returned', 'payout_returned', v_end, NEW, a, 0, -NEW.net_minor, -NEW.fee_minor);
    END IF;
    RETURN NEW;
END $$
""",
    "account_guarded": """
CREATE FUNCTION money.account_guarded() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_firm boolean := current_user IN ('perkline_brand', 'perkline_distributor'); v_before boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.brand_id, NEW.distributor_id, NEW.method, NEW.currency, NEW.holder, NEW.shown, NEW.contact_email, NEW.created_at)
            IS DISTINCT FROM (OLD.brand_id, OLD.distributor_id, OLD.method, OLD.currency, OLD.holder, OLD.shown,
            OLD.contact_email, OLD.created_at) OR (OLD.status = 'replaced' AND NEW.status <> 'replaced') THEN
            RAISE EXCEPTION 'an account is replaced, not changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'account_stays';
        END IF;
        IF v_firm AND NEW.status <> 'replaced' THEN
            RAISE EXCEPTION 'a firm does not verify itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'account_begins';
        END IF;
        RETURN NEW;
    END IF;
    IF v_firm AND (NEW.status <> 'unverified' OR NEW.verified_at IS NOT NULL OR NEW.verified_by IS NOT NULL) THEN
        RAISE EXCEPTION 'a firm does not verify itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'account_begins';
    END IF;
    SELECT EXISTS (SELECT 1 FROM payout_accounts WHERE currency = NEW.currency
        AND (brand_id = NEW.brand_id OR (brand_id IS NULL AND distributor_id = NEW.distributor_id))) INTO v_before;
    IF v_firm AND v_before AND NEW.cooling_until IS NULL THEN
        RAISE EXCEPTION 'a changed account cools' USING ERRCODE = 'check_violation', CONSTRAINT = 'account_cools';
    END IF;
    RETURN NEW;
END $$
""",
    "plan_moved": """
CREATE FUNCTION money.plan_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Another day is another day: the planner counts it anew.
    NEW.next_at := NULL;
    RETURN NEW;
END $$
""",
}
CHANGED = "(OLD.every, OLD.day, OLD.follows) IS DISTINCT FROM (NEW.every, NEW.day, NEW.follows)"
TRIGGERS = (
    "CREATE TRIGGER moves BEFORE INSERT OR UPDATE ON payouts FOR EACH ROW EXECUTE FUNCTION money.payout_moves()",
    "CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON payout_accounts FOR EACH ROW EXECUTE FUNCTION money.account_guarded()",
    f"CREATE TRIGGER moved BEFORE UPDATE ON payout_plans FOR EACH ROW WHEN ({CHANGED}) EXECUTE FUNCTION money.plan_moved()",
)


def upgrade() -> None:
    for table, column in COLUMNS:
        op.add_column(table, column)
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(where) if where else None)
    for table, allowed in TOUCHES.items():
        op.execute(f"CREATE POLICY money ON {table} TO {ROLE} USING (true) WITH CHECK (true)")
        op.execute(f"GRANT {allowed} ON {table} TO {ROLE}")
    for function in FUNCTIONS.values():
        op.execute(function)
    for name in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION money.{name} FROM PUBLIC")
        op.execute(f"ALTER FUNCTION money.{name} OWNER TO {ROLE}")
    for trigger in TRIGGERS:
        op.execute(trigger)
    # A firm says how often and from which amount; hold and review are the platform's.
    op.execute(f"REVOKE INSERT, UPDATE ON payout_plans FROM {FIRMS}")
    op.execute(f"GRANT INSERT ({PLAN}), UPDATE ({CHANGES}) ON payout_plans TO {FIRMS}")
    op.execute(f"GRANT SELECT (refusal) ON payout_accounts TO {FIRMS}")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT (refusal) ON payout_accounts FROM {FIRMS}")
    op.execute(f"REVOKE INSERT ({PLAN}), UPDATE ({CHANGES}) ON payout_plans FROM {FIRMS}")
    op.execute(f"GRANT INSERT, UPDATE ON payout_plans TO {FIRMS}")
    for trigger in TRIGGERS:
        words = trigger.split()
        op.execute(f"DROP TRIGGER {words[2]} ON {words[words.index('ON') + 1]}")
    for name in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION money.{name}")
    for table, allowed in TOUCHES.items():
        op.execute(f"DROP POLICY money ON {table}")
        op.execute(f"REVOKE {allowed} ON {table} FROM {ROLE}")
    for name, table, _columns, _where in INDEXES:
        op.drop_index(name, table_name=table)
    for table, column in reversed(COLUMNS):
        op.drop_column(table, column.name)
