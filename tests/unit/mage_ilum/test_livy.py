"""Livy against a double written from its documentation."""

import re
import signal
import time
from contextlib import contextmanager

import pytest
from tests.unit.mage_ilum.doubles.kill import SIGNALS, block, kill, until
from tests.unit.mage_ilum.doubles.livy import ENDLESS, Livy
from tests.unit.mage_ilum.doubles.service import LOST, SILENT

from mage_ilum import BatchFailedError, LivyError, ServiceError, StatementError, livy_batch, livy_session
from mage_ilum.deadline import Deadline
from mage_ilum.http import owned
from mage_ilum.livy.log import GrowingLog
from mage_ilum.livy.resource import created, find_livy


@pytest.fixture
def livy(monkeypatch):
    with Livy() as service:
        monkeypatch.setenv("ILUM_LIVY_URL", service.url)
        yield service


def batch(**options):
    return livy_batch("s3a://jobs/daily.py", **{"poll": 0.01, "log": [].append, **options})


def test_a_batch_is_submitted_as_the_documentation_says(livy):
    batch(args=["2026-11-22", 7], conf={"spark.a": "b"}, py_files=["a.py"], driver_memory="2g", num_executors=3)
    sent = livy.asked[0].json
    assert sent.pop("name").startswith("mage-ilum-")
    assert sent == {
        "file": "s3a://jobs/daily.py",
        "args": ["2026-11-22", "7"],
        "conf": {"spark.a": "b"},
        "pyFiles": ["a.py"],
        "driverMemory": "2g",
        "numExecutors": 3,
    }


def test_a_batch_is_followed_to_its_end_and_stays_listed(livy):
    lines = []
    done = batch(log=lines.append)
    assert lines == ["Starting", "Rows written: 42"] == list(done.log)
    assert done.app_id == "spark-0a1b"
    assert set(livy.batches) == {done.id}


def test_a_failed_batch_tells_its_last_lines_and_stays_listed(livy):
    livy.course = [("running", []), ("dead", ["java.lang.ClassNotFoundException: org.example.Main"])]
    with pytest.raises(BatchFailedError, match="ClassNotFoundException") as caught:
        batch()
    assert (caught.value.state, len(livy.batches)) == ("dead", 1)


def test_a_batch_that_takes_too_long_is_cancelled(livy):
    livy.course = list(ENDLESS)
    with pytest.raises(LivyError, match=r"did not end within 0.5 s, and was cancelled"):
        batch(timeout=0.5)
    assert not livy.batches


def test_a_batch_is_cancelled_when_the_block_raises(livy):
    livy.course = list(ENDLESS)

    def fail(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(log=fail)
    assert not livy.batches


@pytest.mark.parametrize("number", SIGNALS)
def test_a_batch_is_cancelled_when_the_block_is_killed(livy, number):
    livy.course = list(ENDLESS)
    code = "from mage_ilum import livy_batch; livy_batch('s3a://jobs/daily.py', poll=0.05)"
    with block(code, {"ILUM_LIVY_URL": livy.url}) as process:
        until(lambda: any(asked.path.endswith("/log") for asked in livy.asked))
        kill(process, number)
        until(lambda: not livy.batches)


def test_a_batch_whose_answer_was_lost_is_cancelled_by_its_name(livy):
    def lose(asked):
        livy.answer(asked)
        return LOST

    livy.faults.append(lose)
    with pytest.raises(ServiceError, match="closed the connection"):
        batch()
    assert not livy.batches


def test_a_refused_batch_is_told_with_livys_words(livy):
    with pytest.raises(ServiceError, match="Livy answers 400: requirement failed: File is required"):
        livy_batch("")
    assert [asked.method for asked in livy.asked] == ["POST"], "what was refused is not looked for"


CONF = {"spark.hadoop.fs.azure.account.key.lake": "s3cr3t-k3y"}


def test_a_refusal_does_not_repeat_a_secret_setting(livy):
    livy.faults.append(lambda asked: (400, {"msg": f"cannot use {asked.json['conf']}"}))
    with pytest.raises(ServiceError, match=r"cannot use .*lake': '\*\*\*'"):
        batch(conf=CONF)


def test_the_log_of_a_failed_batch_does_not_repeat_a_secret_setting(livy):
    livy.course = [("dead", [f"--conf {CONF}"])]
    lines = []
    with pytest.raises(BatchFailedError) as caught:
        batch(conf=CONF, log=lines.append)
    assert "s3cr3t" not in f"{caught.value} {caught.value.log} {lines}"


def test_no_error_of_a_session_repeats_a_secret_setting(livy):
    with livy_session(poll=0.01, conf=CONF) as session, pytest.raises(StatementError) as caught:
        session.run(f"raise ValueError('no key {CONF['spark.hadoop.fs.azure.account.key.lake']}')")
    assert "s3cr3t" not in f"{caught.value} {caught.value.evalue} {caught.value.traceback}"
    look = livy._look
    livy._look = lambda kind, one: {**look(kind, one), "log": [f"--conf {CONF}"]}
    livy.session_course = ["dead"]
    with pytest.raises(LivyError, match=r"--conf .*\*\*\*") as died, livy_session(poll=0.01, conf=CONF):
        pass
    assert "s3cr3t" not in str(died.value)


def test_a_name_gets_a_suffix_that_makes_it_the_batchs_own(livy):
    batch(name="daily")
    batch(name="daily")
    names = {str(one["name"]) for one in livy.batches.values()}
    assert len(names) == 2
    assert all(re.fullmatch("daily-[0-9a-f]{8}", name) for name in names)


def test_somebody_elses_batch_of_the_name_is_let_be_when_an_answer_is_lost(livy, monkeypatch):
    monkeypatch.setattr(owned, "_SEARCH_SECONDS", 0.3)
    livy.course = list(ENDLESS)
    find_livy(None).request("POST", "batches", json={"file": "a.py", "name": "daily"})
    livy.faults.append(lambda asked: LOST)
    with pytest.raises(ServiceError, match="closed the connection"):
        batch(name="daily")
    assert [one["name"] for one in livy.batches.values()] == ["daily"]


def test_a_batch_survives_an_outage_of_livy(livy):
    livy.faults.extend([lambda asked: None if asked.method == "POST" else LOST, lambda asked: (502, None)])
    assert batch().log[-1] == "Rows written: 42"


@contextmanager
def soon():
    """What is done within ends long before Livy's own limit of 30 s."""
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < 10


def silent(method, path=""):
    return lambda asked: SILENT if asked.method == method and path in asked.path else None


@pytest.mark.parametrize("path", ["/batches", "/log"])
def test_a_silent_livy_does_not_hold_a_batch_beyond_its_limit(livy, path):
    livy.course = list(ENDLESS)
    livy.faults.append(silent("GET", path))
    with soon(), pytest.raises(LivyError, match=r"did not end within 0.3 s, and was cancelled"):
        batch(timeout=0.3)
    assert not livy.batches


@pytest.mark.parametrize("kind", ["batches", "sessions"])
def test_a_livy_that_is_silent_when_asked_to_start_something_holds_nobody_beyond_the_limit(livy, monkeypatch, kind):
    monkeypatch.setattr(owned, "_SEARCH_SECONDS", 0.3)
    livy.faults.append(silent("POST"))
    starting = created(find_livy(None), kind, {"file": "a.py"}, Deadline(0.3))
    with soon(), pytest.raises(ServiceError, match="did not answer within"), starting:
        pass


def test_a_silent_livy_does_not_hold_a_sessions_start_beyond_its_limit(livy):
    livy.faults.append(silent("GET"))
    with soon(), pytest.raises(LivyError, match=r"did not start within 0.3 s"), livy_session(poll=0.01, timeout=0.3):
        pass
    assert not livy.sessions


@pytest.mark.parametrize("path", ["/sessions", "/statements"])
def test_a_silent_livy_does_not_hold_a_statement_beyond_its_limit(livy, path):
    with livy_session(poll=0.01) as session:
        livy.faults.append(silent("GET", path))
        with soon(), pytest.raises(LivyError, match=r"did not end within 0.3 s"):
            session.run("forever()", timeout=0.3)
        assert any(asked.path.endswith("/cancel") for asked in livy.asked)


def test_a_batch_that_somebody_else_deletes_is_gone(livy):
    livy.course = list(ENDLESS)

    with pytest.raises(LivyError, match="is gone"):
        batch(log=lambda line: livy.batches.clear())


def test_a_livy_without_logs_will_do(livy):
    livy.faults.append(lambda asked: (405, None) if asked.path.endswith("/log") else None)
    assert batch().log == ("Starting", "Rows written: 42")


def test_a_batch_that_cannot_be_cancelled_is_told_of(livy):
    livy.course = list(ENDLESS)
    livy.faults.append(lambda asked: (403, {"msg": "not yours"}) if asked.method == "DELETE" else None)
    with pytest.warns(RuntimeWarning, match="Livy may still run mage-ilum-.*not yours"), pytest.raises(LivyError):
        batch(timeout=0.5)
    until(lambda: not livy.batches)  # the guard's process tries once more


def test_a_batch_is_deleted_though_its_deletion_is_interrupted(livy):
    livy.course = list(ENDLESS)
    code = "from mage_ilum import livy_batch; livy_batch('s3a://jobs/daily.py', poll=0.05, timeout=0.2)"
    with block(code, {"ILUM_LIVY_URL": livy.url}) as process:

        def interrupt(asked):
            if asked.method != "DELETE":
                return None
            process.send_signal(signal.SIGINT)
            process.wait(10)
            return LOST

        livy.faults.append(interrupt)
        until(lambda: livy.asked and not livy.batches)


@pytest.mark.parametrize("retained", [3, 200])
def test_each_line_of_a_log_is_told_once_though_livy_forgets_the_first(livy, retained):
    livy.retained = retained
    lines = [f"line {number}" for number in range(20)]
    livy.course = [("running", lines[: end + 1]) for end in range(19)] + [("success", lines)]
    told = []
    batch(log=told.append)
    assert told == lines


def test_lines_that_come_in_before_the_last_part_are_told():
    log = GrowingLog()
    log.new_lines(["stdout: ", "a", "\nstderr: ", "warning"])
    assert log.new_lines(["stdout: ", "a", "b", "\nstderr: ", "warning", "error"]) == ["b", "error"]


def test_statements_give_python_values(livy):
    with livy_session(poll=0.01) as session:
        assert session.run("numbers = [1, 2]") == ""
        assert session.run("print(sum(numbers))") == "3"
        assert session.run("numbers") == "[1, 2]"
        assert session.run("%json numbers") == [1, 2]
        assert session.run("pairs = [[1, 2], [3, 4]]\n%table pairs") == [{"0": 1, "1": 2}, {"0": 3, "1": 4}]
        assert session.value("{'n': len(numbers), 'none': None}") == {"n": 2, "none": None}
        assert session.sql("SELECT 1 AS a, 'x' AS b UNION SELECT 2, 'y'") == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert not livy.sessions


def test_an_exception_there_is_one_here_with_its_traceback(livy):
    with livy_session(poll=0.01) as session:
        with pytest.raises(StatementError, match="ValueError: no rows") as caught:
            session.run("def check():\n    raise ValueError('no rows')\n\ncheck()")
        assert caught.value.ename == "ValueError"
        assert "in check" in str(caught.value)
        assert session.value("1 + 1") == 2


def test_a_statement_that_takes_too_long_is_cancelled_and_the_session_lives(livy):
    with livy_session(poll=0.01) as session:
        with pytest.raises(LivyError, match=r"did not end within 0.2 s"):
            session.run("forever()", timeout=0.2)
        assert any(asked.path.endswith("/cancel") for asked in livy.asked)
        assert session.value("1 + 1") == 2


def test_a_session_that_dies_ends_the_statement(livy):
    livy.session_course = ["starting", "idle", "busy", "dead"]
    with (
        livy_session(poll=0.01) as session,
        pytest.raises(LivyError, match="ended as 'dead' while the statement ran"),
    ):
        session.run("forever()")
    assert not livy.sessions


def test_a_session_is_deleted_when_the_block_fails(livy):
    with pytest.raises(ZeroDivisionError), livy_session(poll=0.01):
        raise ZeroDivisionError
    assert not livy.sessions


@pytest.mark.parametrize("number", SIGNALS)
def test_a_session_is_deleted_when_the_block_is_killed(livy, number):
    code = "from mage_ilum import livy_session\nwith livy_session(poll=0.05) as session: session.run('forever()')"
    with block(code, {"ILUM_LIVY_URL": livy.url}) as process:
        until(lambda: "POST" in [asked.method for asked in livy.asked if asked.path.endswith("/statements")])
        kill(process, number)
        until(lambda: not livy.sessions)


@pytest.mark.parametrize(
    ("course", "says"),
    [(["starting", "dead"], "did not start: it is 'dead'"), (["starting"], "did not start within 0.1 s")],
)
def test_a_session_that_does_not_start_is_told_and_deleted(livy, course, says):
    livy.session_course = course
    with pytest.raises(LivyError, match=says), livy_session(poll=0.01, timeout=0.1):
        pass
    assert not livy.sessions
