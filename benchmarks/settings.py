"""The product's settings, with a channel that sends nothing."""

from casework.settings import *

FOLLOWUP_CHANNELS = {"sms": "benchmarks.nowhere.Nowhere", "email": "benchmarks.nowhere.Nowhere"}
