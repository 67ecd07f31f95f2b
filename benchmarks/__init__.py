"""What proves the speed of the follow-up engine: variants run alternately in one run and printed as ratios.

`make bench-followup` runs it and writes docs/speed.md. No product code is here, and the product imports nothing of it.
"""
