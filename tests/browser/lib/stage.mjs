// One stage a topic: a sandbox on a database of its own, the banks' control, and people.
import assert from 'node:assert/strict';
import { Bank } from '../../clients/node/lib/bank.mjs';
import { startSandbox } from '../../clients/node/lib/sandbox.mjs';
import { Visitor } from './browser.mjs';

const WAIT_MS = 30_000;
const LOOK_AGAIN_MS = 50;

/** Looks until `look` finds something, or says what was waited for. */
export async function eventually(what, look) {
  const until = Date.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > until) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, LOOK_AGAIN_MS); });
  }
}

export class Stage {
  #visitors = [];

  static async open() {
    const stage = new Stage();
    stage.sandbox = await startSandbox();
    stage.gateway = stage.sandbox.gateway;
    stage.bank = new Bank(stage.sandbox.simulator);
    stage.merchantId = String(JSON.parse(await stage.galata('merchant', 'list', '--json'))[0].id);
    return stage;
  }

  galata(...args) {
    return this.sandbox.galata(...args);
  }

  /** Somebody who is not signed in. */
  async visitor(options = {}) {
    const visitor = await Visitor.arrive(this.gateway, { origins: [this.sandbox.simulator], ...options });
    this.#visitors.push(visitor);
    return visitor;
  }

  /** Somebody of the demo merchant's staff, signed in with the sandbox's one click. */
  async staff(role = 'OWNER', options = {}) {
    const visitor = await this.visitor(options);
    await visitor.go('/panel/sign-in');
    await visitor.page.selectOption('form[action="/sandbox/sign-in"] select', role);
    await visitor.press('form[action="/sandbox/sign-in"] button');
    assert.equal(new URL(visitor.page.url()).pathname, '/panel');
    return visitor;
  }

  /** After each test: everybody leaves, and nobody may have a complaint. */
  async clear() {
    const gone = this.#visitors.splice(0);
    const ends = await Promise.allSettled(gone.map((visitor) => visitor.leave()));
    await this.bank.forgetFaults();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async close() {
    await this.sandbox?.stop();
  }
}
