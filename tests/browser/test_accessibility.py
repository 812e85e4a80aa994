"""axe-core, the accessibility checker, finds nothing on any page.

It comes from npm; where the package cannot be had the tests skip and say so.
"""

import pytest

from chromium import axe_problems


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("P02/report/P02.html", 390),
        ("P01/report/P01.html", 1400),
        ("P03/report/P03.html", 1400),
        ("cohort/report.html", 1400),
    ],
)
def test_axe_finds_no_violation(browser, results, axe, path, width):
    assert axe_problems(browser, axe, results / path, width) == []
