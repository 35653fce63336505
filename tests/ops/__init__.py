"""Tests of the table of operators."""
