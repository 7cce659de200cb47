"""The long words of a product page, written from what a product is: description and redemption steps, Markdown."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from app.demo.shapes import Words

_SHARED: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def describe(
    *, about: Words, blurb: Words, points: tuple[Words, ...], kind: str, region: str, days: int
) -> Words:
    """Write a product's description in both languages."""
    shared = _SHARED[kind] | _SHARED[region]
    zh = "\n".join(f"- {point.zh}" for point in points)
    en = "\n".join(f"- {point.en}" for point in points)
    return Words(
        f"**{blurb.zh}**\n\n{about.zh}\n\n### 你会得到\n\n{zh}\n\n### 如何交付\n\n{shared['promise_zh']}\n\n"
        f"### 购买须知\n\n- {shared['where_zh']}\n- {lasts(days).zh}\n- {shared['note_zh']}\n",
        f"**{blurb.en}**\n\n{about.en}\n\n### What you get\n\n{en}\n\n### How it arrives\n\n{shared['promise_en']}\n\n"
        f"### Before you buy\n\n- {shared['where_en']}\n- {lasts(days).en}\n- {shared['note_en']}\n",
    )


def explain(*, kind: str, maker: Words) -> Words:
    """Write the steps to redeem, as a numbered list in both languages."""
    shared = _SHARED[kind]
    return Words(_numbered(shared["steps_zh"], maker.zh), _numbered(shared["steps_en"], maker.en))


def lasts(days: int) -> Words:
    """How long a buyer has to redeem."""
    return Words(f"请在购买后 {days} 天内兑换", f"Redeem within {days} days")


def _numbered(steps: list[str], maker: str) -> str:
    return "\n".join(f"{place}. {step.format(maker=maker)}" for place, step in enumerate(steps, 1))
