"""What happens by the clock, on RQ's cron; a tick that is lost is made up for by the next."""

from collections.abc import Callable

from flask import Flask
from rq.cron import CronScheduler

from app.flows.ask_gateway import ask_about_old_payments, ask_about_open_payments
from app.flows.coupons import lapse_coupons
from app.flows.drops import keep_drops
from app.flows.expire import expire_checkouts
from app.flows.floors import keep_floors
from app.flows.gateway_reports import fetch_reports
from app.flows.grouping import end_groups
from app.flows.import_stock import forget_uploads
from app.flows.levels import move_levels
from app.flows.low_stock import tell_low_stock
from app.flows.mature import mature_earnings
from app.flows.pay_out import ask_about_payouts, look_for_returns, plan_payouts
from app.flows.payout_accounts import ask_about_accounts
from app.flows.promotion_news import tell_spent_promotions
from app.flows.prove import prove_nightly
from app.flows.refund import send_waiting_refunds
from app.flows.rewarding import follow_returns, judge_rewards, mature_rewards
from app.flows.settle import settle_forgotten
from app.flows.sign_in_buyer import forget_links
from app.flows.take_back import follow_refunds
from app.flows.tell_earnings import tell_earnings
from app.flows.withhold_expired import withhold_expired
from app.foundation.runtime import redis
from app.jobs.registry import NORMAL

# (seconds between ticks, what runs)
TICKS: tuple[tuple[int, Callable[[], object]], ...] = (
    (5, expire_checkouts),
    (5, keep_floors),
    (3, keep_drops),
    (5, end_groups),
    (60, ask_about_open_payments),
    (1800, ask_about_old_payments),
    (60, send_waiting_refunds),
    (60, lapse_coupons),
    (60, tell_low_stock),
    (60, mature_earnings),
    (60, settle_forgotten),
    (30, judge_rewards),
    (60, mature_rewards),
    (30, follow_returns),
    (60, follow_refunds),
    (60, plan_payouts),
    (60, ask_about_payouts),
    (3600, look_for_returns),
    (600, ask_about_accounts),
    (3600, fetch_reports),
    (600, prove_nightly),
    (600, tell_earnings),
    (3600, forget_uploads),
    (3600, forget_links),
    (300, tell_spent_promotions),
    (3600, withhold_expired),
    (3600, move_levels),
)


def run(app: Flask) -> None:
    """Put the ticks on their queue until told to stop."""
    with app.app_context():
        clock = CronScheduler(connection=redis())
        for seconds, tick in TICKS:
            clock.register(
                tick, queue_name=NORMAL, interval=seconds, result_ttl=0, failure_ttl=3600, job_timeout=300
            )
        clock.start()
