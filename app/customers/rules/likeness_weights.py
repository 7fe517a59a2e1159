"""The weights of the likeness, as `python -m tests.bench.screening.fit_weights` prints them."""

WEIGHTS = {
    "shared": 1.01,
    "specific": 2.57,
    "written": 0.87,
    "same": 1.25,
    "specific_here": 1.36,
    "unlike": -0.93,
    "town": 2.19,
    "code": 0.59,
    "mistyped_code": 0.19,
    "other_town": -2.42,
    "far_code": -1.02,
    "house": 3.73,
    "street": 0.57,
    "other_street": -2.56,
    "other_number": -3.04,
    "crowd": -2.90,
}
BIAS = -3.15
