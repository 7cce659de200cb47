"""How much credit pays, and how a refund is shared: whole examples and every small one."""

import itertools

from app.domain.credit.rules import part_of
from app.domain.payments.rules import Paid, credit_part


def test_credit_pays_as_much_as_there_is_and_leaves_what_can_be_charged():
    assert part_of(1000, free_minor=300, least_minor=100) == 300
    assert part_of(1000, free_minor=5000, least_minor=100) == 1000, "all of it"
    assert part_of(1000, free_minor=950, least_minor=100) == 900, "the rest is the smallest charge"
    assert part_of(80, free_minor=50, least_minor=100) == 0, "nothing that could be left would do"
    assert part_of(80, free_minor=80, least_minor=100) == 80
    assert part_of(1000, free_minor=0, least_minor=100) == 0


def test_whatever_is_refunded_step_by_step_both_sides_end_with_what_they_gave():
    for credit, steps in itertools.product(range(8), itertools.permutations((1, 1, 2, 3))):
        back = through = 0
        for step in steps:
            part = credit_part(Paid(7, credit, back, through), step)
            assert 0 <= part <= step
            back, through = back + part, through + step - part
            assert back == (back + through) * credit // 7, "its share, rounded down"
        assert (back, through) == (credit, 7 - credit)


def test_what_a_bank_took_is_not_given_back_again_the_rest_is_credit():
    for taken, asked in itertools.product(range(8), range(1, 11)):
        paid = Paid(10, 3, banks_minor=taken)
        if asked > paid.credit_left_minor + paid.gateway_left_minor:
            continue
        part = credit_part(paid, asked)
        assert part <= 3 and asked - part <= paid.gateway_left_minor
