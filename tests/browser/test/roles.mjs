// What each role may not do: tried by hand, answered 403 with words, and in the audit log.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { auditLog } from '../lib/panel.mjs';
import { applyForLoan, atBank, buyByCard } from '../lib/shopper.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

const PEOPLE = {
  FINANCE: 'finans@galata.example',
  SUPPORT: 'destek@galata.example',
  DEVELOPER: 'gelistirici@galata.example',
  READ_ONLY: 'okur@galata.example',
};
const ALL = Object.keys(PEOPLE);
const but = (...roles) => ALL.filter((role) => !roles.includes(role));

/** Who is refused what: method, path, fields, and the word of the audit log. */
function table({ payment, loan, webhook, pos, apm, person, request }) {
  const rows = [];
  const refuse = (roles, ...acts) => acts.forEach(([method, path, action, fields]) => rows.push({ roles, method, path, action, fields }));
  refuse(but('FINANCE', 'SUPPORT'),
    ['POST', `/panel/payments/${payment}/inquire`, 'payment.inquire'],
    ['POST', `/panel/payments/${loan}/verify`, 'loan.verify']);
  refuse(but('FINANCE'),
    ['POST', `/panel/payments/${loan}/approve`, 'loan.approve'],
    ['POST', `/panel/payments/${payment}/settle`, 'payment.settle', { found: 'taken', note: 'seen at the bank' }],
    ['GET', '/panel/payments.csv', 'payment.export'],
    ['GET', '/panel/audit', 'audit.look'],
    ['GET', '/panel/audit.csv', 'audit.export']);
  refuse(but('SUPPORT', 'DEVELOPER'),
    ['POST', `/panel/webhooks/${webhook}/resend`, 'webhook.resend'],
    ['POST', '/panel/settings/webhook-test', 'webhook.test']);
  refuse(but('DEVELOPER'),
    ['POST', '/panel/settings/features', 'merchant.edit'],
    ['POST', '/panel/settings/threeds', 'merchant.edit', { policy: 'HALF' }],
    ['POST', '/panel/settings/callback-key', 'merchant.edit', { new: 'on' }],
    ['POST', '/panel/settings/webhook', 'merchant.edit', { url: 'http://127.0.0.1:9/' }],
    ['POST', '/panel/settings/webhook-key', 'merchant.edit', { new: 'on' }],
    ['POST', '/panel/settings/keys-look', 'merchant.keys_look'],
    ['GET', '/panel/apms/new', 'apm.create'],
    ['POST', '/panel/apms', 'apm.create', { type: 'MASLAK', name: 'x' }],
    ['POST', `/panel/apms/${apm}`, 'apm.edit', { name: 'x' }],
    ['POST', `/panel/apms/${apm}/status`, 'apm.status', { active: 'off' }],
    ['POST', `/panel/apms/${apm}/test`, 'apm.test'],
    ['GET', '/panel/poses/new', 'pos.create'],
    ['POST', '/panel/poses', 'pos.create', { integrator: 'GARANTI', name: 'x' }],
    ['POST', `/panel/poses/${pos}`, 'pos.edit', { name: 'x' }],
    ['POST', `/panel/poses/${pos}/status`, 'pos.status', { status: 'PASSIVE' }],
    ['POST', `/panel/poses/${pos}/order`, 'pos.order', { move: 'down' }],
    ['POST', `/panel/poses/${pos}/test`, 'pos.test'],
    ['GET', '/panel/keys', 'key.look'],
    ['POST', '/panel/keys', 'key.create'],
    ['POST', '/panel/keys/api-key/rotate', 'key.rotate', { overlap: '0' }],
    ['POST', '/panel/keys/api-key/revoke', 'key.revoke'],
    ['GET', '/panel/requests', 'request.look'],
    ['GET', `/panel/requests/${request}`, 'request.look']);
  refuse(ALL,
    ['GET', '/panel/people', 'user.list'],
    ['POST', '/panel/people', 'user.invite', { email: 'eve@example.com', role: 'OWNER' }],
    ['POST', `/panel/people/${person}/role`, 'user.role', { role: 'OWNER' }],
    ['POST', `/panel/people/${person}/link`, 'user.link'],
    ['POST', `/panel/people/${person}/remove`, 'user.remove']);
  return rows;
}

describe('roles', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** Something of every kind to try hands on. */
  async function things() {
    const shopper = await stage.visitor();
    const { payment } = await buyByCard(shopper, '5406670000000009');
    await applyForLoan(shopper, '103', 6);
    await atBank(shopper, 'approve');
    const owner = await stage.staff('OWNER');
    const { page } = owner;
    const idOf = async (path, selector) => {
      await owner.go(path);
      const link = await page.locator(selector).first().getAttribute('href');
      return link.split('/').pop();
    };
    const webhook = await eventually('a webhook', async () => {
      await owner.go('/panel/webhooks');
      return (await page.locator('tbody a').count()) > 0;
    }).then(() => idOf('/panel/webhooks', 'tbody a'));
    const loan = await idOf('/panel/payments', 'tbody a');
    const request = await idOf('/panel/requests', 'tbody a');
    await owner.go('/panel/people');
    const person = (await page.locator('tbody form[action$="/remove"]').first().getAttribute('action')).split('/').at(-2);
    assert.notEqual(loan, payment);
    return {
      owner, payment, loan, webhook, person, request,
      pos: await idOf('/panel/poses', 'main li strong a'),
      apm: await idOf('/panel/apms', 'main li strong a'),
    };
  }

  test('are refused what they may not do with 403, words and an entry in the audit log', async () => {
    const { owner, ...known } = await things();
    const rows = table(known);
    for (const role of ALL) {
      const person = await stage.staff(role);
      for (const { method, path, fields } of rows.filter((row) => row.roles.includes(role))) {
        if (method === 'GET') {
          await person.go(path, 403);
        } else {
          await person.go('/panel/account');
          const answer = await person.post(path, fields);
          assert.equal(answer.status(), 403, `${role} ${path}`);
        }
        assert.match(await person.text(), /Rolünüz bu işleme izin vermiyor/, `${role} ${path}`);
      }
    }
    const refused = (await auditLog(owner)).filter((entry) => entry.outcome === 'REFUSED');
    for (const role of ALL) {
      const wanted = rows.filter((row) => row.roles.includes(role)).map((row) => row.action).sort();
      const found = refused.filter((entry) => entry.actor === PEOPLE[role]);
      assert.deepEqual(found.map((entry) => entry.action).sort(), wanted, role);
      assert.ok(found.every((entry) => entry.role === role));
    }
    // Nothing of all that was done, and the owner sees who tried.
    assert.equal((await stage.bank.loans())[0].state, 'ready');
    await owner.go('/panel/audit');
    assert.match(await owner.text(), /okur@galata\.example/);
    assert.match(await owner.text(), /Reddedildi/);
  });

  test('are shown no buttons for what they may not do', async () => {
    const { owner, payment, loan } = await things();
    const reader = await stage.staff('READ_ONLY');
    for (const path of [`/panel/payments/${payment}`, `/panel/payments/${loan}`, '/panel/payments', '/panel/webhooks',
      '/panel/settings', '/panel/apms', '/panel/poses', '/panel/doubts']) {
      await reader.go(path);
      const forms = await reader.page.locator('main form[method=post]').evaluateAll((found) => found
        .filter((form) => [...form.elements].some((one) => one.type === 'submit' && !one.matches(':disabled')))
        .map((form) => form.action));
      assert.deepEqual(forms, [], path);
      assert.equal(await reader.page.locator('a[href*=".csv"]').count(), 0, path);
    }
    await owner.go(`/panel/payments/${loan}`);
    assert.equal(await owner.page.locator('form[action$="/approve"]').count(), 1);
  });
});
