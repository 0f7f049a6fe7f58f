// The Node code that the demo shop offers beside each call does what the call did, pasted as it stands.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Stage } from '../lib/stage.mjs';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const CARD = { number: '4043080000000003', expiry: '07/44', cvc: '000', holder: 'Işıl Çağrı Öztürk', instalments: '1' };

let stage;
before(async () => { stage = await Stage.open(); });
after(() => stage?.close());

/** Somebody in the shop, without scripts. */
class Visitor {
  #cookie = '';

  async #send(path, init) {
    const reply = await fetch(stage.sandbox.gateway + path, { ...init, redirect: 'manual', headers: { cookie: this.#cookie } });
    this.#cookie = reply.headers.get('set-cookie')?.split(';')[0] ?? this.#cookie;
    assert.ok(reply.status < 400, `${path}: ${reply.status}`);
    return reply;
  }

  post(path, fields = {}) {
    return this.#send(path, { method: 'POST', body: new URLSearchParams(fields) });
  }

  async order(product) {
    await this.post('/shop/cart', { product });
    return (await this.post('/shop/checkout')).headers.get('location').split('?')[0];
  }

  async page(path) {
    const text = await (await this.#send(path, {})).text();
    const meant = { '&#x27;': "'", '&quot;': '"', '&lt;': '<', '&gt;': '>', '&#x2f;': '/', '&amp;': '&' };
    return text.replace(/&(?:#x27|quot|lt|gt|#x2f|amp);/g, (entity) => meant[entity]);
  }
}

/** The Node code beside the newest call of a path. */
function codeOf(page, path) {
  const call = page.split('<details class="call call"').find((one) => one.includes(`<span class="path">${path}</span>`));
  return /<summary>Node<\/summary><div class="snippet"><pre tabindex="0">(.*?)<\/pre>/s.exec(call)[1];
}

async function run(code) {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', code], { cwd: HERE });
  assert.equal(stderr, '', code);
  return stdout;
}

test('rewards are asked for and spent by pasted code', async () => {
  const visitor = new Visitor();
  const order = await visitor.order('book');
  await visitor.post(`${order}/rewards`, CARD);
  assert.match(await run(codeOf(await visitor.page(order), '/payment/v1/card-loyalties/retrieve')), /REWARD_MONEY/);
  await visitor.post(`${order}/card`, { ...CARD, threeds: 'no', reward: '0' });
  const pay = codeOf(await visitor.page(order), '/payment/v1/card-payments');
  const taken = (await stage.bank.allOrders()).length;
  assert.match(await run(pay), /paymentStatus: 'SUCCESS'/);
  assert.equal((await stage.bank.allOrders()).length, taken + 1);
});

test('offers are asked for by pasted code', async () => {
  const visitor = new Visitor();
  const order = await visitor.order('coffee');
  const page = await visitor.page(`${order}?way=loan`);
  assert.match(await run(codeOf(page, '/payment/v1/bnpl-payments/offers')), /bankOffers/);
});
