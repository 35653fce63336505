"""The harness: loads programs, compiles C, runs everybody in processes of their own, and writes the tables."""
