"""The weights of the likeness, as `python -m tests.bench.screening.fit_weights` prints them."""

WEIGHTS = {
    "shared": 0.98,
    "specific": 2.75,
    "written": 0.89,
    "same": 1.28,
    "specific_here": 1.30,
    "unlike": -0.88,
    "town": 2.26,
    "code": 0.59,
    "mistyped_code": 0.18,
    "other_town": -2.50,
    "far_code": -1.06,
    "house": 3.77,
    "street": 0.56,
    "other_street": -2.56,
    "other_number": -3.05,
    "crowd": -2.92,
}
BIAS = -3.25
