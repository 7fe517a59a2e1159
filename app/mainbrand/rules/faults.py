"""Why a line or a file is refused, in sentences with a value of the line in them."""

from app.core.errors import N_

TOO_LONG = N_("is longer than %(most)s characters")
TOO_LARGE = N_("is larger than %(most)s")
OUT_OF_TIME = N_("is not between %(first)s and %(last)s")
STANDS_TWICE = N_("stands in line %(line)s already")
TOO_MANY_CELLS = N_("%(cells)s cells under %(titles)s titles: is a separator inside a text?")
DAMAGED_PART = N_("its part %(part)s is damaged")
TOO_WIDE = N_("it has cells beyond column %(most)s")

WITH_VALUES = (TOO_LONG, TOO_LARGE, OUT_OF_TIME, STANDS_TWICE, TOO_MANY_CELLS, DAMAGED_PART, TOO_WIDE)
