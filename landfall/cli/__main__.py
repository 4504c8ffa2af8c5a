"""`python -m landfall.cli`. A process that it starts afresh (multiprocessing's spawn) imports this file and runs nothing."""

from landfall.cli import main

if __name__ == "__main__":
    main()
