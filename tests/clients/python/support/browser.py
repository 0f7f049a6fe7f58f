"""A shopper's browser without scripts: fetches pages, fills in forms, presses buttons, follows
redirects. It knows field names of pages, nothing of the API."""
import base64
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser

PAGES_MAX = 12
TIMEOUT_SECONDS = 30

SHOPPER = {"otp": "123456", "identityNumber": "12345678901", "phoneNumber": "5301234567", "birthDate": "1990-05-17"}


@dataclass
class Form:
    action: str = ""
    method: str = "get"
    fields: dict = field(default_factory=dict)
    choices: dict = field(default_factory=dict)
    buttons: list = field(default_factory=list)


@dataclass
class Page:
    url: str
    status: int
    html: str


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.links = [], []
        self._form, self._select = None, None

    def handle_starttag(self, tag, attrs):
        at = {name: value or "" for name, value in attrs}
        if tag == "a" and "button" in at.get("class", "").split():
            self.links.append(at.get("href", ""))
        if tag == "form":
            self._form = Form(at.get("action", ""), at.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form is None:
            return
        if tag == "button" or (tag == "input" and at.get("type") == "submit"):
            self._form.buttons.append((at.get("name"), at.get("value", "")))
        elif tag == "input" and at.get("name"):
            self._input(at)
        elif tag == "select":
            self._select = at.get("name")
        elif tag == "option" and self._select and ("selected" in at or self._select not in self._form.fields):
            self._form.fields[self._select] = at.get("value", "")

    def _input(self, at):
        optional = at.get("type") in ("radio", "checkbox")
        if optional and "checked" not in at:
            self._form.choices.setdefault(at["name"], at.get("value", ""))
        else:
            self._form.fields[at["name"]] = at.get("value", "")

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = None


def _load(url, fields=None):
    data = urllib.parse.urlencode(fields).encode() if fields is not None else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=TIMEOUT_SECONDS) as answer:
            return Page(answer.url, answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Page(url, error.code, error.read().decode())


def _submit(page, form, values, button):
    given = {name: values.get(name, value) for name, value in {**form.choices, **form.fields}.items()}
    if button and button[0]:
        given[button[0]] = button[1]
    target = urllib.parse.urljoin(page.url, form.action or page.url)
    if form.method == "get":
        return _load(f"{target.partition('?')[0]}?{urllib.parse.urlencode(given)}")
    return _load(target, given)


def walk(page, press=None, **values):
    """Walks from page to page until one leads nowhere: types what is asked, presses the button whose
    value is `press` where there is one, else the first. Follows a link that looks like a button."""
    values = {**SHOPPER, **values}
    for _ in range(PAGES_MAX):
        reader = _Reader()
        reader.feed(page.html)
        if not reader.forms:
            if not reader.links:
                return page
            page = _load(urllib.parse.urljoin(page.url, reader.links[0]))
            continue
        # A form that leads into a hidden frame is sent too, and what comes there walks on, as in a
        # browser with scripts.
        for form in reader.forms[:-1]:
            walk(_submit(page, form, values, form.buttons[0]), press, **values)
        form = reader.forms[-1]
        pressed = next((button for button in form.buttons if button[1] == press), form.buttons[0])
        page = _submit(page, form, values, pressed)
    raise AssertionError(f"the shopper walks in circles at {page.url}")


def visit(url, press=None, **values):
    """Opens an address and walks on from there."""
    return walk(_load(url), press, **values)


def show(html_content, press=None, **values):
    """Shows the `html_content` of a 3D Secure answer, as the shop's page would, and walks on."""
    return walk(Page("http://shop.invalid/pay", 200, base64.b64decode(html_content).decode()), press, **values)
