"""Python's minor version on both sides: a matter of UDFs alone, so never a failure."""

from dataclasses import replace

from deploykit import compat
from deploykit.check import codes
from deploykit.check.model import Step, skipped


def python_step(image_python: str | None, executor_python: str | None) -> Step:
    """Whether Python UDFs will run. Both are versions such as `3.10` or `3.10.13`; `None`: nobody said."""
    step = skipped("python", "python-unknown")
    if image_python is None:
        return step
    verdict = compat.udfs(image_python, executor_python)
    sentence = f"Python UDFs {verdict.sentence}"
    if verdict.works is None:
        return replace(step, sentence=sentence)
    if verdict.works:
        return Step(name="python", outcome="ok", code="same-python", sentence=sentence)
    row = codes.load()["python-differs"]
    return Step(name="python", outcome="warned", code=row.code, sentence=sentence, why=row.because, fix=row.do)
