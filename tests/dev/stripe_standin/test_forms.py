"""Bracketed form names become nested values."""

import pytest

from dev.stripe_standin.errors import StripeError
from dev.stripe_standin.forms import decode


def test_brackets_become_hashes_and_numbered_brackets_lists() -> None:
    body = "mode=payment&a%5Bb%5D%5B0%5D%5Bc%5D=1&a[b][1][c]=2&expand[]=x&expand[]=y&empty="

    assert decode(body) == {
        "mode": "payment",
        "a": {"b": [{"c": "1"}, {"c": "2"}]},
        "expand": ["x", "y"],
        "empty": "",
    }


def test_list_order_follows_the_numbers_not_the_text() -> None:
    body = "&".join(f"l[{number}]={number}" for number in range(11, -1, -1))

    assert decode(body) == {"l": [str(number) for number in range(12)]}


@pytest.mark.parametrize("body", ["a[b=1", "[a]=1", "a=1&a[b]=2", "a[b]=1&a[b][c]=2", "a[b][c]=1&a[b]=2"])
def test_names_that_contradict_each_other_are_refused(body: str) -> None:
    with pytest.raises(StripeError) as refused:
        decode(body)

    assert refused.value.status == 400
