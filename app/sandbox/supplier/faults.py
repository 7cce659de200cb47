"""Troubles on demand: which one a request asks for by what it carries. Pure."""

from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """A way for an order to go wrong."""

    CONTRADICT = "contradict"  # credited, then called failed
    LOST = "lost"  # never recorded, never answered
    SLOW = "slow"
    TIMEOUT_AFTER_SUCCESS = "timeout_after_success"  # credited; the answer never arrives, no callback
    DUPLICATE_CALLBACK = "duplicate_callback"
    OUT_OF_ORDER_CALLBACK = "out_of_order_callback"  # "succeeded" first, the older "accepted" after it
    UNKNOWN = "unknown"  # recorded and credited, but the answer is an unsigned 502
    OUT_OF_FUNDS = "out_of_funds"
    REJECT = "reject"
    FAIL_LATER = "fail_later"  # accepted, then failed
    SILENT = "silent"  # credited without a callback: only asking finds out


BY_NUMBER = dict(zip(range(89, 100), Fault, strict=True))
# The two digits before a fault's number say whom it meets.
BY_INSTANCE = {"alpha": ("00", "10"), "beta": ("00", "20")}


def chosen_fault(instance: str, face_value_minor: int, fields: Mapping[str, str]) -> Fault | None:
    """Read the fault from a field's last four signs or from the cents of the face value.

    `…0097` is rejected by both instances, `…1097` by alpha only, `…2097` by beta
    only; a face value of ¥10.97 is rejected by both.
    """
    for value in fields.values():
        whom, number = value[-4:-2], value[-2:]
        if whom in BY_INSTANCE[instance] and number.isascii() and number.isdecimal():
            fault = BY_NUMBER.get(int(number))
            if fault is not None:
                return fault
    return BY_NUMBER.get(face_value_minor % 100)
