"""The reference supplier's own rules."""

import pytest

from app.sandbox.supplier.faults import Fault, chosen_fault
from app.sandbox.supplier.messenger import is_allowed
from app.sandbox.supplier.settings import SupplierSettings


@pytest.mark.parametrize(
    ("instance", "number", "fault"),
    [
        ("alpha", "13800130097", Fault.REJECT),
        ("beta", "13800130097", Fault.REJECT),
        ("alpha", "13800131097", Fault.REJECT),
        ("beta", "13800131097", None),
        ("alpha", "13800132097", None),
        ("beta", "13800132096", Fault.OUT_OF_FUNDS),
        ("alpha", "13800138000", None),
        ("alpha", "name@example.com", None),
        ("alpha", "", None),
    ],
)
def test_a_buyer_s_number_chooses_whom_the_trouble_meets(instance, number, fault):
    assert chosen_fault(instance, 5000, {"mobile": number}) is fault


def test_a_face_value_chooses_the_trouble_of_both():
    assert chosen_fault("alpha", 1097, {}) is chosen_fault("beta", 1097, {}) is Fault.REJECT


@pytest.mark.parametrize(
    "url",
    ["", "http://127.0.0.1:8000/hooks", "http://localhost/hooks", "http://lantern.localhost:8000/hooks"],
)
def test_callbacks_may_go_to_this_machine(url):
    assert is_allowed(url, "")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hooks",
        "http://127.0.0.1.example.com/",
        "http://localhost@example.com/",
        "http://example.com#.localhost/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "file:///etc/passwd",
        "https://house.example.evil/hooks",
    ],
)
def test_callbacks_may_not_go_to_strangers(url):
    assert not is_allowed(url, "https://house.example/hooks")


def test_callbacks_may_go_to_the_configured_base():
    assert is_allowed("https://house.example/hooks/suppliers/alpha", "https://house.example/hooks")


def test_the_supplier_listens_where_its_address_says():
    settings = SupplierSettings.from_environment(
        {"SUPPLIER_URL": "http://127.0.0.1:8123", "SUPPLIER_KEY": "k", "SUPPLIER_SECRET": "s3cret"}
    )
    assert (settings.host, settings.port) == ("127.0.0.1", 8123)
    assert "s3cret" not in repr(settings)


def test_without_a_secret_the_supplier_does_not_start():
    with pytest.raises(ValueError, match="SUPPLIER_SECRET"):
        SupplierSettings.from_environment({"SUPPLIER_KEY": "k"})
