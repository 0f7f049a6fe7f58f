// A browser without scripts in the panel: the first sign-in by a one-time link, then every page that
// a link of the panel leads to.
import assert from 'node:assert/strict';

const PASSWORD = 'uzun ve güzel bir parola';
const PAGES_MAX = 400;
const PAGES_MIN = 30;

export class Panel {
  #cookies = new Map();

  constructor(base) {
    this.base = base;
  }

  async #send(path, init = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...init.headers, cookie, 'accept-language': 'en' };
    const answer = await fetch(`${this.base}${path}`, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.#cookies.set(name, value);
    }
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  }

  /** Chooses a password at a one-time link, and is in. */
  async signIn(link) {
    const page = await this.#send(new URL(link).pathname);
    assert.equal(page.status, 200, page.text);
    const hidden = (name) => unescape(new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)[1]);
    const fields = { form_token: hidden('form_token'), link: hidden('link'), password: PASSWORD, again: PASSWORD };
    const done = await this.#send('/panel/link', {
      method: 'POST', body: new URLSearchParams(fields), headers: { origin: this.base },
    });
    assert.equal(done.status, 303, done.text);
  }

  /** Opens every page in both languages; answers how many there were. */
  async walk() {
    const seen = new Set();
    const waiting = ['/panel', '/panel?lang=tr', '/panel?lang=en', '/panel/sign-in', '/panel/forgot'];
    while (waiting.length > 0) {
      const path = waiting.shift();
      if (seen.has(path)) continue;
      seen.add(path);
      assert.ok(seen.size < PAGES_MAX, 'the panel has no end');
      const page = await this.#send(path);
      // Who is signed in is led on from the sign-in page.
      const led = page.status === 303 && path === '/panel/sign-in';
      assert.ok(page.status === 200 || led, `${path}: ${page.status} ${page.text.slice(0, 500)}`);
      assert.equal(page.headers.get('strict-transport-security'), 'max-age=31536000', path);
      if (!(page.headers.get('content-type') ?? '').includes('text/html')) continue;
      for (const [, href] of page.text.matchAll(/(?:href|src)="([^"]+)"/g)) {
        const next = new URL(unescape(href), `${this.base}${path}`);
        next.hash = '';
        if (next.origin === this.base && next.pathname.startsWith('/panel')) waiting.push(next.pathname + next.search);
      }
    }
    assert.ok(seen.size >= PAGES_MIN, `only ${seen.size} pages: ${[...seen]}`);
    return seen.size;
  }
}

function unescape(text) {
  return text.replaceAll('&#x2f;', '/').replaceAll('&amp;', '&');
}
