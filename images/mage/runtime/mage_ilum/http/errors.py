"""What can go wrong with a service that is spoken to over HTTP."""

from typing import ClassVar

from mage_ilum.errors import MageIlumError


class ServiceError(MageIlumError):
    """A service did not answer, or not as it should; `status` is the HTTP status, `None` where there was no answer.

    >>> ServiceError("Livy answers 404: Session '7' not found.", code="http-404", status=404).status
    404
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, what: str, *, code: str = "", why: str = "", fix: str = "", status: int | None = None) -> None:
        super().__init__(what, code=code, why=why, fix=fix)
        self.status = status

    @property
    def transient(self) -> bool:
        """Whether the same question may be answered in a minute: no answer, or a fault of the server's side."""
        return self.status is None or self.status >= 500 or self.status == 429

    @property
    def uncertain(self) -> bool:
        """Whether the service may have done what it was asked to, though it did not say so."""
        return self.code in ("no-answer", "closed") or (self.status is not None and self.status >= 500)
