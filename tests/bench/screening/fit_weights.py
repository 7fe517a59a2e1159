"""`python -m tests.bench.screening.fit_weights`: finds the weights of the likeness from labelled applications."""

import argparse
from pathlib import Path

from tests.bench.screening.fit import examples_of, fit, written


def main() -> None:
    """Reads the split `dev` of the queries; prints the module app/customers/rules/likeness_weights.py."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("queries", type=Path, help="columns as in screening_queries_de")
    parser.add_argument("--gallery", type=Path, required=True, help="columns as in companies_de")
    parser.add_argument("--split", default="dev")
    given = parser.parse_args()
    print(written(fit(examples_of(given.queries, given.gallery, split=given.split))), end="")


if __name__ == "__main__":
    main()
