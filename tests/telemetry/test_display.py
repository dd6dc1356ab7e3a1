"""Numbers as people read them."""

import pytest

from telemetry import display


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0"),
        (1_234_567.0, "1,234,567"),
        (12.5, "12.5"),
        (12_345.6, "12,346"),
        (0.409, "0.409"),
        (0.000139, "0.000139"),
        # Three requests in 30 days.
        (3 / 2_592_000, "0.00000116"),
        (-0.00002, "-0.0000200"),
    ],
)
def test_a_count_has_no_exponent(value: float, told: str) -> None:
    assert display.count(value) == told


def test_a_step_is_told_in_its_largest_whole_unit() -> None:
    told = [display.step(seconds) for seconds in (10, 120, 300, 21_600, 86_400, 2_592_000)]
    assert told == ["10 s", "2 min", "5 min", "6 h", "1 d", "30 d"]
