"""Coming in to the consoles, and being kept out."""

import pyotp
from sqlalchemy import text

from app.domain.identity import tries
from app.foundation import clock
from tests.web.consoles.conftest import PASSWORD, words_of

REFUSED = "E-mail and password do not belong together."


def test_an_unknown_e_mail_and_a_wrong_password_get_the_same_answer(browser, hire):
    known = hire("platform")
    answers = []
    for email in (known, "nobody@platform.example"):
        page = browser().sign_in(email, "not the password")
        answers.append((page.status_code, words_of(page)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 422
    assert REFUSED in answers[0][1]


def test_a_refused_form_keeps_the_e_mail_and_never_the_password(browser):
    page = browser().sign_in("lin@platform.example", "not the password")
    assert 'value="lin@platform.example"' in page.text
    assert "not the password" not in page.text


def test_the_right_password_leads_to_the_console_of_the_seat(browser, hire):
    visitor = browser()
    answer = visitor.sign_in(hire("platform"))
    assert answer.headers["Location"] == "/"
    assert visitor.get("/").headers["Location"] == "/platform/"
    assert visitor.get("/platform/").status_code == 200


def test_after_signing_in_the_page_that_was_asked_for_is_shown(browser, hire):
    visitor, email = browser(), hire("platform")
    asked = visitor.get("/platform/audit?q=x").headers["Location"]
    answer = visitor.post(asked, {"email": email, "password": PASSWORD})
    assert answer.headers["Location"] == "/platform/audit?q=x"


def test_a_foreign_address_is_never_led_to(browser, hire):
    email = hire("platform")
    for wanted in ("https://evil.example/", "//evil.example/", "/\\evil.example", "evil"):
        visitor = browser()
        answer = visitor.client.post(
            "/sign-in", query_string={"next": wanted}, base_url="http://console.localhost:8000",
            data={"email": email, "password": PASSWORD},
        )  # fmt: skip
        assert answer.headers["Location"] == "/"


def test_too_many_tries_for_one_e_mail_are_refused_even_with_the_right_password(browser, hire):
    email = hire("platform")
    for _ in range(tries.PER_EMAIL_HERE):
        assert browser().sign_in(email, "wrong wrong").status_code == 422
    assert "Too many tries" in words_of(browser().sign_in(email))


def test_a_stranger_who_guesses_from_elsewhere_does_not_lock_the_owner_out(browser, hire):
    email = hire("platform")
    for _ in range(tries.PER_EMAIL_HERE + 1):
        browser(ip="198.51.100.77").sign_in(email, "wrong wrong")
    assert browser().sign_in(email).status_code == 303


def test_too_many_tries_from_one_address_are_refused(browser):
    for at in range(tries.PER_ADDRESS):
        browser().sign_in(f"guess{at}@x.example", "")
        browser().sign_in(f"guess{at}@x.example", "wrong wrong")
    assert "Too many tries" in words_of(browser().sign_in("other@x.example", "wrong wrong"))


def test_the_right_password_makes_earlier_tries_forgotten(browser, hire):
    email = hire("platform")
    for _ in range(2):
        for _ in range(tries.PER_EMAIL_HERE - 1):
            browser().sign_in(email, "wrong wrong")
        assert browser().sign_in(email).status_code == 303


def test_a_disabled_person_stays_outside_at_once(browser, hire, owner):
    email, visitor = hire("platform"), browser()
    visitor.sign_in(email)
    with owner.connect() as connection:
        connection.execute(text("UPDATE users SET disabled_at = now()"))
    assert visitor.get("/platform/").status_code == 302
    assert REFUSED in words_of(browser().sign_in(email))


def test_signing_out_everywhere_ends_every_cookie(browser, hire):
    email = hire("platform")
    here, there = browser(), browser()
    here.sign_in(email)
    there.sign_in(email)
    here.post("/profile/sign-out-everywhere")
    assert there.get("/platform/").status_code == 302


def test_a_new_password_ends_the_other_sign_ins_and_not_this_one(browser, hire):
    email = hire("platform")
    here, there = browser(), browser()
    here.sign_in(email)
    there.sign_in(email)
    assert (
        here.post("/profile/password", {"old": PASSWORD, "password": "another river 43"}).status_code == 303
    )
    assert here.get("/platform/").status_code == 200
    assert there.get("/platform/").status_code == 302


def secret_on(page) -> str:
    return page.text.split('id="key">')[1].split("<")[0]


def test_two_steps_ask_for_digits_and_take_each_only_once(browser, hire, owner):
    email, visitor = hire("platform"), browser()
    visitor.sign_in(email)
    secret = secret_on(visitor.get("/profile/totp"))
    digits = pyotp.TOTP(secret).at(clock.now())
    assert visitor.post("/profile/totp", {"code": digits}).status_code == 303

    again = browser()
    assert again.sign_in(email).headers["Location"] == "/sign-in/code"
    assert again.get("/platform/").status_code == 302
    # the digits that set it up are used
    assert again.post("/sign-in/code", {"code": digits}).status_code == 422
    later = pyotp.TOTP(secret).at(clock.now().timestamp() + 30)
    assert again.post("/sign-in/code", {"code": later}).status_code == 303
    assert again.get("/platform/").status_code == 200

    third = browser()
    third.sign_in(email)
    assert third.post("/sign-in/code", {"code": later}).status_code == 422


def test_the_secret_of_two_steps_is_sealed_in_the_database(browser, hire, owner):
    visitor = browser()
    visitor.sign_in(hire("platform"))
    secret = secret_on(visitor.get("/profile/totp"))
    visitor.post("/profile/totp", {"code": pyotp.TOTP(secret).now()})
    with owner.connect() as connection:
        kept = bytes(connection.execute(text("SELECT totp_secret FROM users")).scalar_one())
    assert secret.encode() not in kept


def test_somebody_with_several_seats_chooses_and_may_switch(browser, hire, owner, inside):
    email = hire("platform", "viewer")
    with owner.connect() as connection:
        connection.execute(text("INSERT INTO distributors (name, status) VALUES ('Second firm', 'approved')"))
        connection.execute(
            text(
                "INSERT INTO memberships (user_id, kind, role, distributor_id)"
                " SELECT u.id, 'distributor', 'staff', d.id FROM users u, distributors d"
            )
        )
    visitor = browser()
    visitor.sign_in(email)
    assert visitor.get("/").headers["Location"] == "/seats"
    assert "Second firm" in visitor.words("/seats")
    assert visitor.get("/platform/").status_code == 200
    assert visitor.get("/distributor/").status_code == 200


def test_a_console_of_another_kind_does_not_exist(staff):
    visitor = staff("platform", "viewer")
    assert visitor.get("/distributor/").status_code == 404
    assert visitor.get("/brand/").status_code == 404


def test_a_form_of_another_origin_is_refused(staff):
    visitor = staff("platform")
    answer = visitor.post("/profile", {"name": "x", "locale": "en"}, Origin="http://shop-1.localhost:8000")
    assert answer.status_code == 403
    assert visitor.post("/sign-out", Sec_Fetch_Site="same-site").status_code == 403


def test_shops_know_nothing_of_the_consoles_doors(house):
    answer = house.test_client().get("/platform/", base_url="http://localhost:8000")
    assert answer.status_code == 404
