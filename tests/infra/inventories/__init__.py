"""What each sample stack's plan holds, one file a stack; `make goldens` writes them anew."""
