"""Keeping the garbage collector from walking again and again over what never dies."""

import gc

YOUNG_THRESHOLD = 20_000


def settle_in() -> None:
    """Takes what start-up made (modules, mappers, templates) out of the collector's way, once it is all there.

    The collector then also looks less often: a request makes thousands of short-lived objects that die by
    themselves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_THRESHOLD, 20, 50)
