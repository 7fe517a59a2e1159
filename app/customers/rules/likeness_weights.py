"""The weights of the likeness, as `python -m tests.bench.screening.fit_weights` prints them."""

WEIGHTS = {
    "shared": 0.97,
    "specific": 2.61,
    "written": 0.89,
    "same": 1.26,
    "specific_here": 1.38,
    "unlike": -0.91,
    "town": 2.19,
    "code": 0.60,
    "mistyped_code": 0.19,
    "other_town": -2.42,
    "far_code": -1.02,
    "house": 3.74,
    "street": 0.55,
    "other_street": -2.56,
    "other_number": -3.04,
    "crowd": -2.91,
}
BIAS = -3.20
