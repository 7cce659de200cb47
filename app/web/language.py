"""Which language a visitor reads: what they chose, else what their browser asks for, else Chinese."""

from flask import Request, g, has_request_context, request

from app.config import ROOT

DIRECTORIES = ";".join(
    str(ROOT / "app/web" / part / "translations") for part in ("look", "storefront", "console")
)
LANGUAGES = ("zh_Hans", "en")
COOKIE = "lang"


def choose() -> str:
    if not has_request_context():
        return "zh_Hans"
    if "language" not in g:
        g.language = _choose()
    return str(g.language)


def _choose() -> str:
    tenant = g.get("tenant")
    return pick(request, tenant.languages if tenant and tenant.languages else LANGUAGES)


def pick(asked: Request, offered: tuple[str, ...]) -> str:
    """The language of this request among those that are offered."""
    chosen = asked.args.get("lang") or asked.cookies.get(COOKIE)
    if chosen is not None and chosen in offered:
        return chosen
    for wanted, _ in asked.accept_languages:
        match = (
            "zh_Hans"
            if wanted.lower().startswith("zh")
            else "en"
            if wanted.lower().startswith("en")
            else None
        )
        if match is not None and match in offered:
            return match
    return str(offered[0])


def timezone() -> str:
    tenant = g.get("tenant") if has_request_context() else None
    return str(tenant.settings.get("timezone", "Asia/Shanghai")) if tenant else "Asia/Shanghai"
