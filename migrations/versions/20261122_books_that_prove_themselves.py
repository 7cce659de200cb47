"""books that prove themselves: a seal that one aggregate can check, what each transaction moved, what proofs read

The seal is `mix(row's numbers) # mark(account, owner, currency)`: over the rows of one account
`seal # mix(…)` is always the same number, so that a sum by account checks every row's seal.
"""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0046"
branch_labels = None
depends_on = None

ROLE = "perkline_money"
MARK = """
CREATE FUNCTION money.mark_of(p_account text, p_brand bigint, p_distributor bigint, p_currency text)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashtextextended(p_account || '/' || coalesce(p_brand::text, '-') || '/' || coalesce(p_distributor::text, '-')
        || '/' || p_currency, 8321)
$$
"""
SEAL_OF = """
CREATE OR REPLACE FUNCTION money.seal_of(
    p_id bigint, p_transaction bigint, p_position smallint, p_account text, p_brand bigint, p_distributor bigint,
    p_currency text, p_amount bigint, p_at timestamptz
) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashint8extended(p_id, hashint8extended(p_transaction, hashint8extended(p_amount,
        timestamptz_hash_extended(p_at, p_position)))) # money.mark_of(p_account, p_brand, p_distributor, p_currency)
$$
"""
SEAL = """
CREATE OR REPLACE FUNCTION money.seal_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.seal := hashint8extended(NEW.id, hashint8extended(NEW.transaction_id, hashint8extended(NEW.amount_minor,
        timestamptz_hash_extended(NEW.occurred_at, NEW.position)))) # hashtextextended(NEW.account || '/'
        || coalesce(NEW.brand_id::text, '-') || '/' || coalesce(NEW.distributor_id::text, '-') || '/' || NEW.currency, 8321);
    RETURN NEW;
END $$
"""
OLD_SEAL_OF = """
CREATE OR REPLACE FUNCTION money.seal_of(
    p_id bigint, p_transaction bigint, p_position smallint, p_account text, p_brand bigint, p_distributor bigint,
    p_currency text, p_amount bigint, p_at timestamptz
) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hash_record_extended(
        ROW(p_id, p_transaction, p_position, p_account, p_brand, p_distributor, p_currency, p_amount, p_at), 8321)
$$
"""
OLD_SEAL = """
CREATE OR REPLACE FUNCTION money.seal_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.seal := hash_record_extended(ROW(NEW.id, NEW.transaction_id, NEW.position, NEW.account, NEW.brand_id,
        NEW.distributor_id, NEW.currency, NEW.amount_minor, NEW.occurred_at), 8321);
    RETURN NEW;
END $$
"""
POST_TWO = """
CREATE OR REPLACE FUNCTION money.post_two(
    p_key text, p_kind text, p_currency text, p_from text, p_to text, p_amount bigint, p_shop bigint, p_order bigint,
    p_payment bigint, p_refund bigint, p_reason jsonb, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
    INSERT INTO ledger_transactions
        (key, kind, currency, size, {column}shop_id, order_id, payment_id, refund_id, reason, occurred_at)
    VALUES (p_key, p_kind, p_currency, 2, {value}p_shop, p_order, p_payment, p_refund, p_reason, p_at)
    ON CONFLICT (key) DO NOTHING RETURNING id INTO v_id;
    IF v_id IS NOT NULL THEN
        INSERT INTO ledger_entries (transaction_id, position, account, currency, amount_minor, occurred_at)
        VALUES (v_id, 1, p_from, p_currency, -p_amount, p_at), (v_id, 2, p_to, p_currency, p_amount, p_at);
    END IF;
END $$
"""
# Once per transaction at commit; entries are kept to its places by the statement that writes them (below). Both
# together say what seven row triggers said: a transaction whose places are filled takes no further entry.
BALANCED = """
CREATE OR REPLACE FUNCTION money.balanced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_told record;
BEGIN
    SELECT t.size, t.moved_minor, count(e.id) AS entries, sum(e.amount_minor) AS total,
        sum(e.amount_minor) FILTER (WHERE e.amount_minor > 0) AS moved, bool_and(e.currency = t.currency) AS one_currency
    INTO v_told FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.id = NEW.id GROUP BY t.id;
    IF v_told.total IS DISTINCT FROM 0 OR v_told.entries <> v_told.size OR NOT v_told.one_currency
        OR v_told.moved <> v_told.moved_minor THEN
        RAISE EXCEPTION 'ledger transaction % has % of % entries and sums to %', NEW.id, v_told.entries, v_told.size, v_told.total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END $$
"""
IN_PLACE = """
CREATE FUNCTION money.in_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
    SELECT n.transaction_id INTO v_id FROM written n JOIN ledger_transactions t ON t.id = n.transaction_id
    WHERE n.position NOT BETWEEN 1 AND t.size LIMIT 1;
    IF v_id IS NOT NULL THEN
        RAISE EXCEPTION 'ledger transaction % has no place for another entry', v_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END $$
"""
OLD_BALANCED = """
CREATE OR REPLACE FUNCTION money.balanced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint; v_row jsonb; v_told record;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entries' THEN v_id := NEW.transaction_id; ELSE v_id := NEW.id; END IF;
    SELECT t.size, count(e.id) AS entries, sum(e.amount_minor) AS total, bool_and(e.currency = t.currency) AS one_currency
    INTO v_told FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.id = v_id GROUP BY t.size;
    IF v_told.total IS DISTINCT FROM 0 OR v_told.entries <> v_told.size OR NOT v_told.one_currency THEN
        RAISE EXCEPTION 'ledger transaction % has % of % entries and sums to %', v_id, v_told.entries, v_told.size, v_told.total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END $$
"""
RESEAL = """
UPDATE ledger_entries SET seal = money.seal_of(id, transaction_id, position, account, brand_id, distributor_id, currency,
    amount_minor, occurred_at)
"""
MOVED = """
UPDATE ledger_transactions t SET moved_minor = e.moved
FROM (SELECT transaction_id, sum(amount_minor) AS moved FROM ledger_entries WHERE amount_minor > 0 GROUP BY 1) e
WHERE e.transaction_id = t.id
"""
# What a proof reads of earnings stands in their index: a fifth of the rows' size.
INCLUDED = ["id", "brand_id", "distributor_id", "currency", "amount_minor", "taken_back_minor", "matured_by"]


def upgrade() -> None:
    op.execute(MARK)
    op.execute(SEAL_OF)
    op.execute(SEAL)
    op.add_column("ledger_transactions", sa.Column("moved_minor", sa.BigInteger()))
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.execute(RESEAL)
    op.execute(MOVED)
    op.alter_column("ledger_transactions", "moved_minor", nullable=False)
    op.create_check_constraint(op.f("ck_ledger_transactions_moved"), "ledger_transactions", "moved_minor > 0")
    op.execute(POST_TWO.format(column="moved_minor, ", value="abs(p_amount), "))
    op.execute("DROP TRIGGER balanced ON ledger_entries")
    op.execute(BALANCED)
    op.execute(IN_PLACE)
    for name in ("mark_of", "in_place"):
        op.execute(f"REVOKE ALL ON FUNCTION money.{name} FROM PUBLIC")
        op.execute(f"ALTER FUNCTION money.{name} OWNER TO {ROLE}")
    op.execute(
        "GRANT EXECUTE ON FUNCTION money.mark_of TO perkline_shop, perkline_brand, perkline_distributor, perkline_platform"
    )
    op.execute(
        "CREATE TRIGGER in_place AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS written"
        " FOR EACH STATEMENT EXECUTE FUNCTION money.in_place()"
    )
    op.drop_index("ix_earnings_transaction_id", "earnings")
    op.create_index("ix_earnings_transaction_id", "earnings", ["transaction_id"], postgresql_include=INCLUDED)
    # What has gone back of the platform's and the gateway's parts is written beside them.
    op.execute("GRANT UPDATE (parts) ON settlements TO perkline_platform")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (parts) ON settlements FROM perkline_platform")
    op.drop_index("ix_earnings_transaction_id", "earnings")
    op.create_index("ix_earnings_transaction_id", "earnings", ["transaction_id"])
    op.execute("DROP TRIGGER in_place ON ledger_entries")
    op.execute("DROP FUNCTION money.in_place()")
    op.execute(OLD_BALANCED)
    op.execute(
        "CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_entries"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION money.balanced()"
    )
    op.execute(POST_TWO.format(column="", value=""))
    op.drop_constraint(op.f("ck_ledger_transactions_moved"), "ledger_transactions")
    op.drop_column("ledger_transactions", "moved_minor")
    op.execute(OLD_SEAL_OF)
    op.execute(OLD_SEAL)
    op.execute("DROP FUNCTION money.mark_of(text, bigint, bigint, text)")
    op.execute(
        "UPDATE ledger_entries SET seal = money.seal_of(id, transaction_id, position, account, brand_id, distributor_id,"
        " currency, amount_minor, occurred_at)"
    )
