"""`python -m landfall.cli`, the same as `landfall`."""

from landfall.cli import main

main()
