"""Passwords, signatures and sealed columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.security import hash_password, is_signed, seal, sign, unseal, verify_password

KEY = "k" * 40


def test_a_password_fits_only_its_own_hash_as_typed() -> None:
    long = "x" * 72
    kept = hash_password(long + "a")

    assert kept.startswith("$argon2id$")
    assert verify_password(long + "a", kept)
    assert not verify_password(long + "b", kept)
    assert not verify_password(f" {long}a", kept)


def test_an_unknown_account_never_fits() -> None:
    assert not verify_password("nobody has this password", None)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_signature_holds_for_its_value_and_purpose_only(value: str, other: str) -> None:
    signature = sign(KEY, purpose="csrf", value=value)

    assert is_signed(KEY, purpose="csrf", value=value, signature=signature)
    assert not is_signed(KEY, purpose="mail", value=value, signature=signature)
    assert is_signed(KEY, purpose="csrf", value=other, signature=signature) == (value == other)


def test_a_sealed_text_opens_with_its_key_and_purpose_only() -> None:
    sealed = seal(KEY, purpose="totp:7", text="JBSWY3DP")

    assert unseal(KEY, purpose="totp:7", sealed=sealed) == "JBSWY3DP"
    for key, purpose in ((KEY, "totp:8"), ("j" * 40, "totp:7")):
        with pytest.raises(ValueError, match="sealed"):
            unseal(key, purpose=purpose, sealed=sealed)
