"""The programs that are measured, one a file; README.md says what a file holds."""
