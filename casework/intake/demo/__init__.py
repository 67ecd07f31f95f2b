"""An invented practice that looks like a real one on any day it is started."""
