# ruff: noqa: E501 - a drawing stays on one line
"""Icons, drawn for Perkline on a 24-unit grid with one round pen."""

from functools import lru_cache

from markupsafe import Markup

DRAWINGS = {
    "alert": '<path d="M12 4 2.8 19.5h18.4z"/><path d="M12 10v4.2M12 17h.01"/>',
    "arrow-left": '<path d="M19 12H5M11 6l-6 6 6 6"/>',
    "arrow-right": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "bolt": '<path d="M13 3 5 13.5h6L10.5 21 19 10.5h-6z"/>',
    "box": '<path d="m12 3 8 4.2v9.6L12 21l-8-4.2V7.2z"/><path d="m4 7.2 8 4.3 8-4.3M12 11.5V21"/>',
    "brand": '<path d="M12 3.2 19.5 6v5.6c0 4.5-3.1 7.7-7.5 9.2-4.4-1.5-7.5-4.7-7.5-9.2V6z"/><path d="m8.8 11.8 2.3 2.3 4.2-4.5"/>',
    "card": '<rect x="3" y="5.5" width="18" height="13" rx="2.5"/><path d="M3 10h18M7 15h3.5"/>',
    "cart": '<path d="M3 4.5h2.2l2.1 10.7h10.2L19.8 8H6"/><circle cx="9" cy="19" r="1.3"/><circle cx="16" cy="19" r="1.3"/>',
    "chart": '<path d="M4 4v16h16"/><path d="m7.5 15 3.6-4.5 3.2 2.5L19.5 7"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "chevron-down": '<path d="m6 9.5 6 6 6-6"/>',
    "chevron-up": '<path d="m6 14.5 6-6 6 6"/>',
    "chevron-left": '<path d="m14.5 6-6 6 6 6"/>',
    "chevron-right": '<path d="m9.5 6 6 6-6 6"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "coins": '<ellipse cx="9.5" cy="7" rx="6" ry="3"/><path d="M3.5 7v4.5c0 1.7 2.7 3 6 3M3.5 11.5V16c0 1.7 2.7 3 6 3"/><ellipse cx="15.5" cy="13.5" rx="5" ry="2.5"/><path d="M10.5 13.5v4.5c0 1.4 2.2 2.5 5 2.5s5-1.1 5-2.5v-4.5"/>',
    "copy": '<rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2.5"/><path d="M15.5 5.5a2 2 0 0 0-2-1.5H6.5A2.5 2.5 0 0 0 4 6.5v7a2 2 0 0 0 1.5 2"/>',
    "download": '<path d="M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14"/>',
    "edit": '<path d="m4.5 19.5.8-3.8L15.8 5.2l3 3L8.3 18.7zM13.5 7.5l3 3"/>',
    "eye": '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>',
    "filter": '<path d="M4 6h16M7 12h10M10 18h4"/>',
    "gift": '<rect x="4" y="9" width="16" height="11" rx="1.5"/><path d="M3 9h18M12 9v11M12 9S10.5 4 8 4.5 8.5 9 12 9zm0 0s1.5-5 4-4.5S15.5 9 12 9z"/>',
    "globe": '<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c5.3 5.4 5.3 11.6 0 17-5.3-5.4-5.3-11.6 0-17z"/>',
    "home": '<path d="M4 10.5 12 4l8 6.5V19a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 19z"/><path d="M9.5 20.5V14h5v6.5"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 7.8h.01"/>',
    "key": '<circle cx="8" cy="15.5" r="4"/><path d="m11 12.5 8-8M15.5 8l3 3"/>',
    "link": '<path d="M10.5 13.5a3.8 3.8 0 0 0 5.7.3l3-3a3.8 3.8 0 0 0-5.4-5.4L12.5 6.7"/><path d="M13.5 10.5a3.8 3.8 0 0 0-5.7-.3l-3 3a3.8 3.8 0 0 0 5.4 5.4l1.3-1.3"/>',
    "lock": '<rect x="5" y="10.5" width="14" height="10" rx="2.5"/><path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5"/>',
    "mail": '<rect x="3" y="5.5" width="18" height="13" rx="2.5"/><path d="m4 7.5 8 6 8-6"/>',
    "megaphone": '<path d="M4 10v4l3 .5L16.5 19V5L7 9.5z"/><path d="M8 14.8 9 19h2.2l-.8-3.3M19.5 10v4"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "minus": '<path d="M6 12h12"/>',
    "pause": '<path d="M9 6v12M15 6v12"/>',
    "phone": '<rect x="7" y="3" width="10" height="18" rx="2.5"/><path d="M11 18h2"/>',
    "plus": '<path d="M12 6v12M6 12h12"/>',
    "print": '<path d="M7.5 9V4h9v5M7.5 17H5a1 1 0 0 1-1-1v-5.5A1.5 1.5 0 0 1 5.5 9h13a1.5 1.5 0 0 1 1.5 1.5V16a1 1 0 0 1-1 1h-2.5M7.5 14h9v6.5h-9z"/>',
    "receipt": '<path d="M6 3.5h12v17l-2.4-1.6L13.2 20.5 12 19.7l-1.2.8-2.4-1.6L6 20.5z"/><path d="M9 8.5h6M9 12.5h6"/>',
    "refresh": '<path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.4"/><path d="M19.5 4v4h-4"/>',
    "refund": '<path d="M4 12a8 8 0 1 0 2.4-5.7"/><path d="M4 4.5V9h4.5M9.5 9.5l2.5 3 2.5-3M12 12.5V17M9.8 14h4.4"/>',
    "search": '<circle cx="10.8" cy="10.8" r="6.3"/><path d="m15.5 15.5 4.5 4.5"/>',
    "settings": '<path d="M4 7.5h8M17 7.5h3M4 16.5h3M12 16.5h8"/><circle cx="14.5" cy="7.5" r="2.5"/><circle cx="9.5" cy="16.5" r="2.5"/>',
    "shop": '<path d="M4.5 10.5V19a1.5 1.5 0 0 0 1.5 1.5h12a1.5 1.5 0 0 0 1.5-1.5v-8.5"/><path d="M3.5 8.5 5.5 4h13l2 4.5a2.8 2.8 0 0 1-5.6.3 2.9 2.9 0 0 1-5.8 0 2.8 2.8 0 0 1-5.6-.3zM9.5 20.5V15h5v5.5"/>',
    "sort": '<path d="m8 9.5 4-4 4 4M8 14.5l4 4 4-4"/>',
    "spark": '<path d="M12 3.5 13.9 10 20.5 12l-6.6 2L12 20.5 10.1 14 3.5 12l6.6-2z"/>',
    "star": '<path d="m12 4 2.5 5.1 5.6.8-4 4 .9 5.6-5-2.6-5 2.6.9-5.6-4-4 5.6-.8z"/>',
    "tag": '<path d="M4 4.5h7.5l8.5 8.5-7 7L4.5 11.5z"/><circle cx="8.3" cy="8.5" r="1.2"/>',
    "ticket": '<path d="M3.5 7A1.5 1.5 0 0 1 5 5.5h14A1.5 1.5 0 0 1 20.5 7v2.8a2.3 2.3 0 0 0 0 4.4V17a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 17v-2.8a2.3 2.3 0 0 0 0-4.4z"/><path d="M14.5 9v.01M14.5 12v.01M14.5 15v.01"/>',
    "trash": '<path d="M4.5 7h15M9 7V4.5h6V7M6.5 7l.8 12.5h9.4L17.5 7M10 10.5v5.5M14 10.5v5.5"/>',
    "truck": '<path d="M3 6h11v10.5H3zM14 9.5h4l3 3.5v3.5h-7z"/><circle cx="7" cy="18" r="1.8"/><circle cx="17" cy="18" r="1.8"/>',
    "upload": '<path d="M12 16V5M7.5 9 12 4.5 16.5 9M5 20h14"/>',
    "user": '<circle cx="12" cy="8" r="3.8"/><path d="M4.5 20.5c.8-4 3.7-6 7.5-6s6.7 2 7.5 6"/>',
    "users": '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5c.6-3.5 3-5.3 6.5-5.3s5.9 1.8 6.5 5.3M15.5 5.3a3.4 3.4 0 0 1 0 6.4M18 14.7c2 .7 3.2 2.4 3.6 4.8"/>',
    "wait": '<path d="M7 3.5h10M7 20.5h10M8 3.5c0 5 8 5 8 8.5s-8 3.5-8 8.5M16 3.5c0 5-8 5-8 8.5s8 3.5 8 8.5"/>',
}
"""By name, in alphabetical order; `icon('cart')` in a template draws one."""


@lru_cache(maxsize=1024)
def icon(name: str, classes: str = "", label: str = "") -> Markup:
    """An inline picture; silent for screen readers unless it has a label."""
    said = Markup('role="img" aria-label="%s"') % label if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon %s" viewBox="0 0 24 24" %s>%s</svg>') % (
        classes,
        said,
        Markup(DRAWINGS[name]),  # noqa: S704 - drawn above
    )
