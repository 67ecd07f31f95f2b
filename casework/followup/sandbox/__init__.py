"""A phone company for the demo and the tests: its own process, its own ledger, Twilio's protocol, faults on request.

It shares no table and no code path with delivery, so what its ledger says is the truth about what was sent.
"""
