"""What every run of the tests ends with: in red, each thing that this machine could not prove.

A test that lacks what it needs skips with a reason that begins with `NOT PROVEN HERE`. Leaves out fixtures.
"""

from __future__ import annotations

import re

import pytest

_NOT_PROVEN = re.compile(r"NOT PROVEN HERE[^'\n]*")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once what was skipped for want of something, with the number of tests."""
    counts: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        found = _NOT_PROVEN.search(str(report.longrepr))
        if found:
            counts[found[0]] = counts.get(found[0], 0) + 1
    for reason, count in counts.items():
        terminalreporter.write_line(f"{reason} ({count} tests)", red=True, bold=True)
