"""How the demo tells that its processes are well."""

import http.server
import os
import threading

import pytest

from casework.local import processes
from casework.local.credentials import PASSWORD, SIGN_INS
from casework.local.errors import LocalError
from casework.local.programs import Program, Supervisor
from casework.local.speech import welcome


@pytest.fixture
def page():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/readyz" else 503)
            self.end_headers()

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_all_five_processes_run_and_the_worker_comes_before_what_wakes_it(tmp_path):
    found = processes.programs(web=4, home=tmp_path)
    assert [each.name for each in found] == ["sandbox", "web", "worker", "beat", "watchman"]


def test_only_web_inherits_the_listening_socket(tmp_path):
    found = processes.programs(web=4, home=tmp_path)
    assert {each.name: tuple(each.pass_fds) for each in found if each.pass_fds} == {"web": (4,)}


def test_an_old_beat_schedule_is_forgotten(tmp_path):
    for name in ("beat-schedule", "beat-schedule.dat"):
        (tmp_path / name).write_text("yesterday's")
    processes.programs(web=4, home=tmp_path)
    assert not list(tmp_path.glob("beat-schedule*"))


def test_well_means_200_and_nothing_else(page):
    assert processes.says_ok(page + "/readyz")
    assert not processes.says_ok(page + "/broken")
    assert not processes.says_ok("http://127.0.0.1:1/")


def test_never_healthy_ends_with_the_last_words_of_all(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "READY_WITHIN", 0.0)
    program = Program("web", ["sh", "-c", "exec sleep 60"], tmp_path / "web.log")
    program.log.write_text("no such table: clients_client\n")
    supervisor = Supervisor([program], env=dict(os.environ), cwd=tmp_path, say=lambda text: None)
    nowhere = {"SANDBOX_URL": "http://127.0.0.1:1", "PUBLIC_URL": "http://127.0.0.1:1"}
    with pytest.raises(LocalError, match=r"(?s)not healthy after.*web.*no such table"):
        processes.await_health(supervisor, nowhere)
    supervisor.stop()


def test_the_welcome_names_every_sign_in_and_both_addresses(tmp_path):
    env = {"PUBLIC_URL": "http://127.0.0.1:8000", "SANDBOX_URL": "http://127.0.0.1:8001"}
    text = welcome(env, seconds=12.3, logs=tmp_path)
    for word in (*env.values(), PASSWORD, str(tmp_path), *(each.email for each in SIGN_INS)):
        assert word in text
    assert {each.role for each in SIGN_INS} == {"counselor", "supervisor", "administrator"}
