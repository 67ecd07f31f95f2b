"""Reads FHIR R4 bundles into plain facts. Knows nothing of the database.

We read about a dozen elements of four resource types. A full FHIR model library would validate the
hundreds of claims and laboratory results that we only count, refuse a whole file for a fault in one of
them, and cost seconds a file; so the reading is our own, and strict about exactly what it uses.
"""
