"""Whatever ends a reward, or is said of a promoter, has words on both sides of the counter."""

import ast
import inspect
import re

from app.domain.referrals import models, rules, service
from app.flows import rewarding
from app.web.console import referral_words
from app.web.storefront import promote


def allowed(name: str) -> set[str]:
    """The states that the database lets a table's row be in."""
    found = re.search(rf"class {name}\(.*?state IN \(([^)]*)\)", inspect.getsource(models), re.DOTALL)
    assert found is not None
    return set(re.findall(r"'(\w+)'", found[1]))


def test_every_state_has_words():
    assert allowed("ReferralReward") == set(referral_words.REWARD_STATES)
    assert allowed("ReferralReward") - {"lapsed"} == set(promote.STATES), (
        "what lapsed is not shown to promoters"
    )
    assert (
        allowed("PromoterPayout") == set(referral_words.PROMOTER_PAYOUT_STATES) == set(promote.PAYOUT_STATES)
    )
    assert allowed("Promoter") == set(referral_words.PROMOTER_STATES)


def test_every_reason_has_words():
    known = {*rules.OWN, *reasons(rewarding), *reasons(service)}
    assert known >= {"own_email", "neighbourhood", "cap_month", "budget", "refunded"}
    assert known - set(referral_words.REWARD_REASONS) == set()
    assert known - {"not_paid"} - set(promote.REASONS) == set()


def reasons(module: object) -> set[str]:
    """What a module writes into a reward's reason, by every way it does."""
    told: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):  # type: ignore[arg-type]
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_end" and len(node.args) == 3:
            told |= constants(node.args[2])
        if isinstance(node, ast.Assign) and "reason" in {getattr(one, "id", "") for one in node.targets}:
            told |= constants(node.value)
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"cap_\w+", node.value)
        ):
            told.add(node.value)
    return told


def constants(node: ast.expr) -> set[str]:
    found = (
        [node]
        if isinstance(node, ast.Constant)
        else [node.body, node.orelse]
        if isinstance(node, ast.IfExp)
        else []
    )
    return {
        one.value
        for one in found
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value
    }
