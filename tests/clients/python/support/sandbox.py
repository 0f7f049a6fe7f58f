"""Starts and ends the sandbox binary on a database of its own. Nothing here knows the API."""
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 10


def _needed(name):
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"set {name}; tests/clients/run does")
    return value


class FreshDatabase:
    """A new PostgreSQL database, or none when the run is on SQLite."""

    def __init__(self):
        self.url = None
        if os.environ.get("GALATA_DATABASE", "sqlite") == "sqlite":
            return
        self._server = _needed("GALATA_TEST_POSTGRES_URL")
        self._name = f"galata_python_{uuid.uuid4().hex[:12]}"
        self._psql(f"create database {self._name}")
        self.url = re.sub(r"^(postgres(?:ql)?://[^/?]*)(/[^?]*)?", rf"\1/{self._name}", self._server)

    def _psql(self, statement):
        subprocess.run(["psql", self._server, "-v", "ON_ERROR_STOP=1", "-qc", statement], check=True, capture_output=True)

    def drop(self):
        if self.url:
            self._psql(f"drop database {self._name} with (force)")


class Sandbox:
    """The running program: `gateway` and `simulator` are its base URLs."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="galata-python-"))
        self._database = FreshDatabase()
        options = ["--no-play", "--listen", "127.0.0.1:0", "--simulator-listen", "127.0.0.1:0",
                   "--data-dir", str(self._folder), "--webhook-wait-ms", "50", "--inquiry-wait-ms", "200",
                   "--bank-timeout-ms", "2000"]
        if self._database.url:
            options += ["--database-url", self._database.url]
        self._log = open(self._folder / "sandbox.log", "w+b")
        self._child = subprocess.Popen([_needed("GALATA_SANDBOX"), *options], stdout=subprocess.PIPE, stderr=self._log, text=True)
        try:
            self._read_addresses()
        except Exception:
            self.stop()
            raise

    def _read_addresses(self):
        found, ready = {}, threading.Event()

        def read():
            for line in self._child.stdout:
                word, _, url = line.strip().partition(" ")
                if word in ("gateway", "simulator"):
                    found[word] = url.strip()
                if word == "ready":
                    ready.set()

        threading.Thread(target=read, daemon=True).start()
        until = time.monotonic() + START_TIMEOUT_SECONDS
        while not ready.wait(0.05):
            if self._child.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the sandbox did not start:\n{self.log()}")
        self.gateway, self.simulator = found["gateway"], found["simulator"]
        self._database_url = self._database.url or f"sqlite://{self._folder / 'galata.db'}"

    def log(self):
        self._log.flush()
        return (self._folder / "sandbox.log").read_text()

    def galata(self, *arguments):
        """Runs a command of `galata` on the sandbox's database."""
        store = ["--database-url", self._database_url, "--key-file", str(self._folder / "galata.key"),
                 "--allow-bank-host", urlsplit(self.simulator).netloc]
        # The tests' shop listens on this machine, where webhooks do not go unless allowed.
        env = {**os.environ, "GALATA_ALLOW_WEBHOOK_HOST": "127.0.0.1"}
        done = subprocess.run([_needed("GALATA_BIN"), *map(str, arguments), *store], capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self):
        self._child.terminate()
        try:
            self._child.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if os.environ.get("GALATA_CLIENTS_LOG"):
            print(self.log())
        self._log.close()
        self._database.drop()
        shutil.rmtree(self._folder, ignore_errors=True)
