"""Where trials run: an engine maps any function over specs and yields what became of each."""

from gnomon.engines.cache import Cache, content_hash, write_atomically
from gnomon.engines.engine import Engine, Failure, Outcome, Tell, TrialError
from gnomon.engines.processes import Processes, available_cores
from gnomon.engines.ray import Ray
from gnomon.engines.serial import Serial

__all__ = [
    "Cache",
    "Engine",
    "Failure",
    "Outcome",
    "Processes",
    "Ray",
    "Serial",
    "Tell",
    "TrialError",
    "available_cores",
    "content_hash",
    "write_atomically",
]
