"""The DAST-10, as data. There is no code to run."""
