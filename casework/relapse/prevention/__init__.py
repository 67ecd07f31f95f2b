"""The plan that the client carries: its words, its versions, its signatures, and the sheet of paper."""
