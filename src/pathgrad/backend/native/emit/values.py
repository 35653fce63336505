"""What a variable of a program is while native code is written (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ....ir import ListType

__all__ = ["Listing", "Owned", "Pending", "Splat", "Value", "View"]


@dataclass(eq=False)
class Owned:
    """One reference to an allocation, held by the block that is being written.

    Attributes
    ----------
    handle : str
        The allocation's address; null at run time where the storage is somebody else's.
    list_type : ListType or None
        What the allocation is, if it is a list.
    on_stack : bool
        It is a stack slot, or scratch of a loop: nothing counts its references.
    spare : tuple or None
        For scratch, where it goes when it is not in use any more, and its bytes.
    """

    handle: str
    list_type: ListType | None = None
    on_stack: bool = False
    spare: tuple[list[tuple[str, str]], str] | None = None

    @property
    def counted(self) -> str:
        """The handle whose references are counted; null where nobody counts: who lends the storage gives it up."""
        return "null" if self.on_stack else self.handle


@dataclass(eq=False)
class View:
    """An array in memory.

    Attributes
    ----------
    dtype : str
        The elements' dtype.
    data : str
        The address of the first element.
    dims, strides : tuple of str
        Lengths, and steps in elements.
    owner : Owned or None
        The reference that keeps it alive; None for arguments and constants.
    contiguous : bool
        Whether it is known to be C-contiguous.
    """

    dtype: str
    data: str
    dims: tuple[str, ...]
    strides: tuple[str, ...]
    owner: Owned | None = None
    contiguous: bool = False


@dataclass(eq=False)
class Splat:
    """An array of one number, without memory."""

    dtype: str
    value: str
    dims: tuple[str, ...]
    owner: Owned | None = None


@dataclass(eq=False)
class Pending:
    """An array or number that the open group of fused statements computes."""

    dims: tuple[str, ...] = field(default=())


@dataclass(eq=False)
class Listing:
    """Growing storage: the address of ``{elements, count, capacity}``."""

    data: str
    type: ListType
    owner: Owned | None = None


Value = str | View | Splat | Pending | Listing
