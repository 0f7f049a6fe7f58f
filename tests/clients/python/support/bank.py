"""The control API of the simulator: what the banks believe, and failures on order. Amounts are kuruş."""
import json
import urllib.parse
import urllib.request


class Bank:
    def __init__(self, url):
        self._url = url

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, method=method, headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def orders(self, order_id):
        """Every order that the bank knows under this id; there should be one at most."""
        return self._call("GET", f"/control/ledger?orderId={urllib.parse.quote(order_id)}")["orders"]

    def all_orders(self):
        return self._call("GET", "/control/ledger")["orders"]

    def fault(self, **order):
        self._call("POST", "/control/faults", order)

    def lender_fault(self, **order):
        self._call("POST", "/control/lender-faults", order)

    def forget_faults(self):
        self._call("DELETE", "/control/faults")
        self._call("DELETE", "/control/lender-faults")

    def close_day(self):
        """The banks close their day: what was sold is settled."""
        self._call("POST", "/control/settle-day")

    def fill(self, card_number, card=0, firm=0, mile=0):
        self._call("POST", "/control/purses", {"cardNumber": card_number, "card": card, "firm": firm, "mile": mile})

    def purse(self, card_number):
        return self._call("GET", f"/control/purses?cardNumber={card_number}")

    def loans(self):
        return self._call("GET", "/control/loans")["loans"]

    def decide(self, loan_id, decision, **more):
        self._call("POST", f"/control/loans/{urllib.parse.quote(loan_id)}/decision", {"decision": decision, **more})
