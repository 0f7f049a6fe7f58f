// A webhook that the shop did not take: seen, sent again by hand, and delivered.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { auditLog, openNewest } from '../lib/panel.mjs';
import { checkOut, fillCard, paidAs, PAY, verifyAtBank } from '../lib/shopper.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

/** A shop's server that refuses until told otherwise. */
class Receiver {
  status = 500;
  bodies = [];

  static async open() {
    const receiver = new Receiver();
    receiver.server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      receiver.bodies.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      response.writeHead(receiver.status).end('Bakımdayız <b>kısa süre</b>');
    });
    await new Promise((resolve) => { receiver.server.listen(0, '127.0.0.1', resolve); });
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/webhook`;
    return receiver;
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => { this.server.close(resolve); });
  }
}

describe('webhooks', () => {
  let stage;
  let receiver;
  before(async () => {
    stage = await Stage.open();
    receiver = await Receiver.open();
  });
  afterEach(() => stage.clear());
  after(async () => {
    await receiver?.close();
    await stage?.close();
  });

  test('that fail are seen with every try, and resent', async () => {
    const owner = await stage.staff('OWNER');
    const { page } = owner;
    await owner.go('/panel/settings');
    await page.fill('#url', receiver.url);
    await owner.press('form[action^="/panel/settings/webhook#"] button:not([disabled])');
    assert.equal(await page.inputValue('#url'), receiver.url);

    const shopper = await stage.visitor();
    await checkOut(shopper, 'book');
    await fillCard(shopper, '5258640000000001', { threeds: true });
    await shopper.press(PAY);
    await verifyAtBank(shopper);
    const payment = await paidAs(shopper);

    const support = await stage.staff('SUPPORT');
    const row = support.page.locator('tbody tr', { hasText: payment }).first();
    await eventually('a refused call', async () => {
      await support.go('/panel/webhooks');
      return (await row.count()) > 0 && (await row.innerText()).includes('500');
    });
    await support.press(row.locator('a').first());
    await support.assertAccessible();
    const tries = support.page.locator('details.box');
    const before = await tries.count();
    assert.ok(before >= 1);
    await tries.first().locator('summary').click();
    // What the shop answered is shown as text, never as markup.
    assert.match(await tries.first().innerText(), /Bakımdayız <b>kısa süre<\/b>/);
    assert.match(await tries.first().innerText(), /x-cg-signature/i);

    receiver.status = 200;
    const known = receiver.bodies.length;
    await support.press('form[action$="/resend"] button');
    assert.match(await support.page.locator('.done-box').innerText(), /kuyruğa alındı/);
    await eventually('the delivery', async () => {
      return (await support.page.locator('.facts .state').innerText()) === 'İletildi';
    });
    assert.ok(receiver.bodies.length > known);
    assert.equal(receiver.bodies.at(-1).payloadId, payment);
    const resent = (await auditLog(owner)).find((entry) => entry.action === 'webhook.resend');
    assert.equal(resent.actor, 'destek@galata.example');
    assert.equal(resent.outcome, 'DONE');

    assert.equal(await openNewest(owner), payment);
    // A 3DS payment has two webhooks, THREEDS_VERIFY and API_AUTH; the other one's own retries may have
    // delivered it meanwhile. What was resent was delivered once.
    const delivered = await page.locator('.hook .state.good', { hasText: 'İletildi' }).count();
    assert.ok(delivered === 1 || delivered === 2, `${delivered}`);
    const calls = support.page.locator('details.box .state.good');
    assert.equal(await calls.count(), 1);
  });

  test('are tried from the settings, and the answer is shown', async () => {
    const developer = await stage.staff('DEVELOPER', { language: 'en' });
    const { page } = developer;
    await developer.go('/panel/settings');
    await page.fill('#url', receiver.url);
    await developer.press('form[action^="/panel/settings/webhook#"] button:not([disabled])');
    receiver.status = 200;
    await developer.press('form[action^="/panel/settings/webhook-test"] button');
    assert.match(await page.locator('#webhook [role=status]').innerText(), /answered/);
    receiver.status = 503;
    await developer.go('/panel/settings');
    await developer.press('form[action^="/panel/settings/webhook-test"] button');
    assert.match(await page.locator('#webhook [role=status]').innerText(), /503/);
    await page.fill('#url', 'ftp://nowhere');
    await page.locator('form[action^="/panel/settings/webhook#"]').evaluate((form) => { form.noValidate = true; });
    const refused = await developer.press('form[action^="/panel/settings/webhook#"] button:not([disabled])');
    assert.ok(refused.status() >= 400 && refused.status() < 500);
    assert.equal(await page.getAttribute('#url', 'aria-invalid'), 'true');
  });
});
