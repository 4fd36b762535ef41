"""The OpenAPI description taken at its word: whatever it allows, and much that it does not, no request is a failure of
the server's own (schemathesis).

``TURNTONE_FUZZ`` is how many requests of each kind are made up for each operation; ``make soak`` makes many more.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from dashboard.access.settings import Access
from dashboard.app import make_app
from pipeline.access.accounts import Accounts
from pipeline.jobs.queue import JobQueue
from tests.dashboard.workspaces import FIRST, SECOND, fill

EXAMPLES = int(os.environ.get("TURNTONE_FUZZ", "4"))
ADDRESS = "http://127.0.0.1:8050"
ENDLESS = "/api/jobs/events"  # goes on as long as somebody listens
ANSWERS: Counter[int] = Counter()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, dict[str, str], str]]:
    """The description of an application over a filled workspace, an admin's token, and a job that has ended."""
    folder = tmp_path_factory.mktemp("fuzz") / "workspace"
    fill(folder)
    queue = JobQueue(folder)
    job = queue.submit("nothing", {"case": "Demo", "upload": False, "path": "x"}, "x.wav")
    queue.cancel(job.id)
    accounts = Accounts(folder)
    accounts.add("ada", "admin", "nine brown hens")
    headers = {"Authorization": f"Bearer {accounts.make_token('ada')[1]}"}
    app = make_app(folder, ["127.0.0.1", "testserver"], access=Access(requests="1000000/minute"))
    yield schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=headers), headers, job.id
    print(f"\nfuzzed: {sum(ANSWERS.values())} requests, by status {dict(sorted(ANSWERS.items()))}")


def test_no_request_is_a_failure_of_the_servers_own(served: tuple[Any, dict[str, str], str]) -> None:
    schema, headers, job = served
    operations = [each.ok() for each in schema.get_all_operations()]
    for operation in operations:
        if operation.path != ENDLESS:
            for mode in GenerationMode:
                _fuzz(operation, mode, headers, job)
    assert len(operations) > 40
    assert ANSWERS[200] > 0 and not [status for status in ANSWERS if status >= 500]


def _fuzz(operation: Any, mode: GenerationMode, headers: dict[str, str], job: str) -> None:
    """Ask for one operation as its description allows, or as it does not."""
    known = {"session_id": (FIRST, SECOND), "job_id": (job,)} if operation.method != "delete" else {}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize="TURNTONE_FUZZ" not in os.environ,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        count = sum(ANSWERS.values())
        for name, values in known.items():
            if name in (case.path_parameters or {}) and count % 2:  # half of them reach something
                case.path_parameters[name] = values[count % len(values)]
        answer = case.call(base_url=ADDRESS, headers=headers)
        ANSWERS[answer.status_code] += 1
        assert answer.status_code < 500, (operation.method, operation.path, case.as_curl_command(), answer.text)

    with suppress(Unsatisfiable):  # an operation without parameters cannot be asked wrongly
        ask()
