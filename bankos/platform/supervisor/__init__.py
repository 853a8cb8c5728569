"""The whole bank in one terminal: its servers, web, worker and scheduler, one log, one Ctrl-C."""

from .children import Child
from .output import Output
from .supervise import Stop, Supervisor, stop_on_signals

__all__ = ["Child", "Output", "Stop", "Supervisor", "stop_on_signals"]
