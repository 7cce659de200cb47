"""Settings that cannot be read are said in one sentence."""

import pytest

from app.config import BadSetting, load

GIVEN = {
    "DATABASE_URL": "postgresql://owner@/perkline", "REDIS_URL": "unix:///r.sock", "SECRET_KEY": "x" * 32,
    "MASTER_KEYS": "k:AA==",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [("SCHEME", "ftp"), ("PUBLIC_PORT", "eighty"), ("PORT", "8o"), ("WEB_THREADS", "many")]
)
def test_a_setting_that_cannot_be_read_is_named(name: str, value: str):
    with pytest.raises(BadSetting, match=name):
        load(GIVEN | {name: value})


def test_a_setting_that_is_missing_is_named():
    with pytest.raises(BadSetting, match="SECRET_KEY"):
        load(GIVEN | {"SECRET_KEY": ""})


def test_links_leave_out_the_usual_port_of_their_scheme():
    settings = load(GIVEN | {"SCHEME": "https", "PUBLIC_PORT": "443"})
    assert settings.shop_url("corner") == "https://corner.localhost/"
