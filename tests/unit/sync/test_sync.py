"""A sync that cannot use a file: that environment has failed, and the next one goes on."""

import errno
from pathlib import Path

import pytest
from tests.unit.sync.environments import environment
from tests.unit.sync.test_files import Steps

from deploykit.errors import UsageError
from deploykit.sync import files, sync
from deploykit.sync.outcome import Options, Outcome

pytestmark = pytest.mark.usefixtures("isolated")


def run(*, check: bool = True) -> Outcome:
    return sync.run(environment(), Options(check=check), progress=Steps())


def test_a_file_that_cannot_be_read_is_the_error_of_its_environment():
    Path("dev/values.yaml").mkdir(parents=True)
    error = run().error
    assert isinstance(error, UsageError)
    assert error.what == "dev/values.yaml cannot be used."


def test_a_full_disk_is_the_error_of_its_environment_and_a_bug_is_none(monkeypatch):
    def fails(code: int):
        def only_one(*_: object, **__: object) -> None:
            raise OSError(code, "words")

        monkeypatch.setattr(files, "only_one", only_one)

    fails(errno.ENOSPC)
    assert str(run(check=False).error) == "A file cannot be used."
    fails(errno.EBADF)
    with pytest.raises(OSError, match="words"):
        run(check=False)
