from datetime import UTC, datetime

from apps.notices.webhooks.signing import new_secret, signed_headers

# The test vector of the reference implementations (standard-webhooks, svix-webhooks).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, AT = "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_is_signed_as_the_specification_says() -> None:
    assert signed_headers(MESSAGE, BODY, signed_by=[SECRET], at=AT) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_while_a_secret_is_rotated_both_sign() -> None:
    headers = signed_headers(MESSAGE, BODY, signed_by=[new_secret(), SECRET], at=AT)
    newest, former = headers["webhook-signature"].split(" ")
    assert (newest != SIGNATURE, newest[:3], former) == (True, "v1,", SIGNATURE)


def test_secrets_are_long_enough_and_never_the_same() -> None:
    found = {new_secret() for _ in range(50)}
    assert (len(found), {secret[:6] for secret in found}) == (50, {"whsec_"})
    assert {len(secret) for secret in found} == {6 + 44}
