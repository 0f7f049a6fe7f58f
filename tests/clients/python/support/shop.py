"""The shop: listens for browser callbacks and webhooks, keeps what arrives, and checks what came
with the client's own functions."""
import hashlib
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from craftgate import Craftgate
from craftgate.model import WebhookData

CALLBACK_KEY = "merchantThreeDsCallbackKeySndbox"
WEBHOOK_KEY = "Aoh7tReTybO6wOjBmOJFFsOR53SBojEp"
# Longer than the fourth inquiry after doubt takes: 30 s on a busy machine.
WAIT_SECONDS = 45
LOOK_AGAIN_SECONDS = 0.02


def eventually(what, look):
    """Looks until `look` finds something, or says what was waited for."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(LOOK_AGAIN_SECONDS)


def is_second_hash_verified(params):
    """The hash of version 2: the key, then the values of the named parameters, nothing between."""
    values = [params.get(name, "") for name in params["hashParams"].split(":")]
    return hashlib.sha256((CALLBACK_KEY + "".join(values)).encode()).hexdigest() == params["hash"]


class Shop:
    def __init__(self):
        self._callbacks, self._webhooks = {}, []
        self._hooks = Craftgate({"api_key": "api-key", "secret_key": "secret-key", "base_url": "http://127.0.0.1"}).hook()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                if self.path == "/webhook":
                    shop._take_webhook(json.loads(body), self.headers.get("x-cg-signature-v1"))
                else:
                    fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
                    shop._callbacks.setdefault(self.path, []).append({"type": self.headers.get("content-type"), **fields})
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<p>thank you</p>")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take_webhook(self, event, signature):
        # Plain strings, as they came: the client's enums print their names from Python 3.11 on.
        data = WebhookData(event_type=event["eventType"], event_timestamp=event["eventTimestamp"],
                           status=event["status"], payload_id=event["payloadId"])
        verified = self._hooks.is_webhook_verified(WEBHOOK_KEY, signature, data)
        self._webhooks.append({**event, "verified": verified})

    def callback_url(self, order):
        return f"{self.url}/callback/{order}"

    def callbacks(self, url):
        return self._callbacks.get(urllib.parse.urlsplit(url).path, [])

    def webhooks(self, payment_id):
        return [event for event in self._webhooks if event["payloadId"] == str(payment_id)]

    def webhook(self, payment_id, event_type, fits=lambda event: True):
        """The first webhook of a payment that fits, verified by the client."""
        def look():
            return next((e for e in self.webhooks(payment_id) if e["eventType"] == event_type and fits(e)), None)
        event = eventually(f"webhook {event_type} of payment {payment_id}", look)
        assert event["verified"], event
        return event

    def close(self):
        self._server.shutdown()
        self._server.server_close()
