"""Networks of sigmoid nodes, trained by backpropagation, which is reverse mode (lecture, section 6; floor 5)."""

from .data import Table, one_hot, read_csv
from .network import Network

__all__ = ["Network", "Table", "one_hot", "read_csv"]
