// What strangers try, in a real browser: forged forms, a planted session, a lure as the way back,
// and markup in every field that the panel shows.
import Craftgate from '@craftgate/craftgate';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { auditLog } from '../lib/panel.mjs';
import { applyForLoan, atBank, checkOut, comesTo, fillCard, PAY } from '../lib/shopper.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

const EVIL = '"><script>window.pwned=1</script><img src=x onerror="window.pwned=1"><b id=pwned>\'{{7*7}}';

/** A page of somebody else, on an origin of its own. */
async function strangersPage(html) {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const url = `http://127.0.0.1:${server.address().port}/`;
  return { url, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

describe('strangers', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  test('cannot send forms in somebody else\'s name', async () => {
    const forged = (path, fields) => `<form method="post" action="${stage.gateway}${path}">${Object.entries(fields)
      .map(([name, value]) => `<input name="${name}" value="${value}">`).join('')}<button>Win a prize</button></form>`;
    const lure = await strangersPage(
      forged('/panel/people', { email: 'eve@example.com', role: 'OWNER', form_token: 'guess' })
      + forged('/panel/keys', { once: 'x' }) + forged('/sandbox/sign-in', { role: 'OWNER' }));
    try {
      const owner = await stage.staff('OWNER', { origins: [lure.url] });
      for (const [at, path] of ['/panel/people', '/panel/keys', '/sandbox/sign-in'].entries()) {
        await owner.page.goto(lure.url);
        const [answer] = await Promise.all([
          owner.page.waitForResponse((one) => one.request().method() === 'POST' && one.url().endsWith(path)),
          owner.page.locator('button').nth(at).click(),
        ]);
        // Cookies of SameSite=Lax stay at home, so this is a stranger's form: refused or sent away.
        const away = answer.headers().location?.startsWith('/panel/sign-in');
        assert.ok(answer.status() === 403 || away, `${path}: ${answer.status()}`);
      }
      await owner.go('/panel/people');
      assert.ok(!(await owner.text()).includes('eve@example.com'));
      await owner.go('/panel/keys');
      assert.equal(await owner.page.locator('main li').count(), 1);
    } finally {
      await lure.close();
    }
  });

  test('cannot guess the token of a form, nor use another person\'s', async () => {
    const reader = await stage.staff('READ_ONLY');
    await reader.go('/panel/account');
    const foreign = await reader.page.locator('input[name=form_token]').first().inputValue();
    const owner = await stage.staff('OWNER');
    for (const token of ['', 'guess', foreign]) {
      await owner.go('/panel/account');
      const answer = await owner.post('/panel/people', { form_token: token, email: 'eve@example.com', role: 'OWNER' });
      assert.equal(answer.status(), 403);
    }
    await owner.go('/panel/people');
    assert.ok(!(await owner.text()).includes('eve@example.com'));
  });

  test('cannot plant a session, and a session ends for good', async () => {
    const victim = await stage.visitor();
    await victim.context.addCookies([{ name: 'galata-session', value: 'planted', url: stage.gateway }]);
    await victim.go('/panel/sign-in');
    await victim.press('form[action="/sandbox/sign-in"] button');
    const session = async () => (await victim.context.cookies()).find((one) => one.name === 'galata-session');
    const first = await session();
    assert.ok(first && first.value !== 'planted');
    assert.ok(first.httpOnly);
    assert.equal(first.sameSite, 'Lax');
    await victim.press('form[action="/panel/sign-out"] button');
    await victim.go('/panel/sign-in');
    await victim.press('form[action="/sandbox/sign-in"] button');
    assert.notEqual((await session()).value, first.value);
    const thief = await stage.visitor();
    await thief.context.addCookies([{ name: 'galata-session', value: first.value, url: stage.gateway }]);
    await thief.go('/panel');
    assert.equal(new URL(thief.page.url()).pathname, '/panel/sign-in');
  });

  test('cannot lead anybody out of the panel after the sign-in', async () => {
    const password = 'uzun ve güzel bir parola';
    const printed = await stage.galata('user', 'create', '--merchant', stage.merchantId, '--email', 'yol@example.com',
      '--role', 'READ_ONLY', '--public-url', stage.gateway);
    const visitor = await stage.visitor();
    await visitor.go(/https?:\S+\/panel\/link\/\S+/.exec(printed)[0]);
    await visitor.page.fill('#password', password);
    await visitor.page.fill('#again', password);
    await visitor.press('form[action="/panel/link"] button');
    for (const next of ['https://evil.example/', '//evil.example', '/\\evil.example', '/panel//evil.example', 'javascript:alert(1)']) {
      await visitor.go('/panel');
      await visitor.press('form[action="/panel/sign-out"] button');
      await visitor.go(`/panel/sign-in?next=${encodeURIComponent(next)}`);
      await visitor.page.fill('#email', 'yol@example.com');
      await visitor.page.fill('#password', password);
      await visitor.press('form[action="/panel/sign-in"] button');
      assert.equal(visitor.page.url(), `${stage.gateway}/panel`, next);
    }
  });

  /** Payments, requests, names and tries with markup wherever a stranger can put text. */
  async function plant() {
    const client = new Craftgate.Client({ apiKey: 'api-key', secretKey: 'secret-key', baseUrl: stage.gateway });
    const card = (number) => ({ cardHolderName: 'Haluk Demir', cardNumber: number, expireYear: '2044', expireMonth: '07', cvc: '000' });
    const body = (number) => ({
      price: 10, paidPrice: 10, walletPrice: 0, installment: 1, currency: 'TRY', paymentGroup: 'PRODUCT',
      conversationId: EVIL, externalId: EVIL, clientIp: EVIL.slice(0, 30), paymentChannel: EVIL.slice(0, 60),
      items: [{ name: EVIL, price: 10, externalId: EVIL }], card: card(number),
    });
    const made = await client.payment().createPayment(body('5258640000000001'));
    assert.equal(made.paymentStatus, 'SUCCESS');
    await assert.rejects(client.payment().createPayment(body('5100050000006661')));
    const applied = (price) => client.payment().initBnplPayment({
      apmType: 'MASLAK', price, paidPrice: price, currency: 'TRY', paymentGroup: 'PRODUCT',
      conversationId: EVIL, externalId: EVIL, callbackUrl: `${stage.gateway}/shop?x=${encodeURIComponent(EVIL)}`, bankCode: '064',
      additionalParams: { buyerBirthdate: '1990-05-17', buyerPhoneNumber: '5301234567', buyerIdentityNumber: '12345678901', buyerName: EVIL, fingate: { isHostedPage: false, totalTerm: 6 } },
      items: [{ name: EVIL, price, externalId: EVIL }],
      cartItems: [{ id: EVIL, name: EVIL, brandName: EVIL, type: 'FURNITURE', unitPrice: price, quantity: 1 }],
    });
    const loan = await applied(6000);
    // The bank's own words are a stranger's as well.
    const refused = await applied(7000);
    const { orderId } = (await stage.bank.loans()).find((known) => known.amount === 700_000);
    await stage.bank.decide(orderId, { decision: 'reject', message: EVIL });
    await client.payment().verifyBnplPayment(refused.paymentId);
    return { payment: made.id, loan: loan.paymentId, refused: refused.paymentId, page: loan.redirectUrl };
  }

  test('cannot bring markup into any page', async () => {
    const owner = await stage.staff('OWNER');
    const { page } = owner;
    const planted = await plant();
    const named = [];
    for (const list of ['/panel/poses', '/panel/apms']) {
      await owner.go(list);
      await owner.press(page.locator('main li strong a').first());
      await page.fill('#name', EVIL);
      await owner.press('main form:has(#name) .buttons button');
      named.push(new URL(page.url()).pathname, list);
      assert.equal(await page.inputValue('#name'), EVIL);
    }
    await owner.go('/panel/people');
    await owner.post('/panel/people', { email: 'markup@example.com', name: EVIL, role: 'READ_ONLY' });
    await eventually('a webhook', async () => {
      await owner.go('/panel/webhooks');
      return (await page.locator('tbody a').count()) > 0;
    });
    const webhook = await page.locator('tbody a').first().getAttribute('href');
    await owner.go('/panel/requests');
    const requests = await page.locator('tbody a').evaluateAll((links) => links.map((one) => one.getAttribute('href')));
    const said = encodeURIComponent(EVIL);
    const paths = ['/panel', '/panel/payments', `/panel/payments?conversationId=${said}`, `/panel/payments?paymentId=${said}`,
      `/panel/payments/${planted.payment}?exchanges=1`, `/panel/payments/${planted.loan}?exchanges=1`, `/panel/payments/${planted.refused}`, '/panel/webhooks', webhook,
      `/panel/webhooks?state=${said}`, '/panel/requests', ...requests.slice(0, 4), `/panel/bins?bin=${said}`, '/panel/people',
      '/panel/audit', `/panel/audit?actor=${said}&action=${said}`, '/panel/doubts', `/panel/keys?done=${said}`,
      `/panel/poses/new?integrator=${said}`, planted.page, ...named, `/shop?lang=${said}`, `/sandbox/cards?q=${said}`];
    await owner.go(`/panel/payments/${planted.refused}`);
    assert.match(await page.locator('.error-box').innerText(), /<script>/, 'what the bank said is shown');
    let shown = 0;
    for (const path of paths) {
      await page.goto(path);
      if ((await owner.text()).includes('<script>window.pwned=1</script>')) shown += 1;
      assert.equal(await page.evaluate(() => window.pwned), undefined, path);
      assert.equal(await page.locator('#pwned').count(), 0, path);
      assert.ok(!(await owner.text()).includes("'49"), path);
    }
    assert.ok(shown >= 5, `the markup was to be read on ${shown} pages only`);
    assert.ok(await auditLog(owner));
  });

  test('cannot bring markup into the shop by a form or a bank, nor into the panel by a merchant\'s name', async () => {
    const shopper = await stage.visitor();
    const clean = async (visitor, what) => {
      assert.equal(await visitor.page.evaluate(() => window.pwned), undefined, what);
      assert.equal(await visitor.page.locator('#pwned').count(), 0, what);
    };
    await checkOut(shopper, 'book');
    await fillCard(shopper, '4043080000000004');
    const [holder, expiry] = [EVIL.slice(0, 60), EVIL.slice(0, 9)];
    await shopper.page.fill('#holder', holder);
    await shopper.page.fill('#expiry', expiry);
    await shopper.press(PAY);
    assert.equal(await shopper.page.inputValue('#holder'), holder);
    await clean(shopper, 'the holder\'s name');

    await shopper.context.clearCookies();
    const order = await applyForLoan(shopper, '134', undefined);
    await atBank(shopper, 'assess:600');
    await comesTo(shopper, 'webhook');
    const loan = (await stage.bank.loans()).find((known) => known.amount === 649_000);
    await stage.bank.decide(loan.orderId, { decision: 'reject', message: EVIL });
    await shopper.page.locator('.note.bad').first().waitFor();
    await shopper.go(`/shop/orders/${order}`);
    await clean(shopper, 'what the bank said');

    await stage.galata('merchant', 'create', '--name', EVIL);
    const merchants = JSON.parse(await stage.galata('merchant', 'list', '--json')).map((row) => String(row.id));
    const id = merchants.find((known) => known !== stage.merchantId);
    const invited = await stage.galata('user', 'create', '--merchant', id, '--email', 'ad@example.com', '--name', EVIL,
      '--role', 'OWNER', '--public-url', stage.gateway);
    const owner = await stage.visitor();
    await owner.go(/https?:\S+\/panel\/link\/\S+/.exec(invited)[0]);
    await owner.page.fill('#password', 'uzun ve güzel bir parola');
    await owner.page.fill('#again', 'uzun ve güzel bir parola');
    await owner.press('form[action="/panel/link"] button');
    assert.equal(new URL(owner.page.url()).pathname, '/panel');
    assert.ok((await owner.text()).includes('<script>window.pwned=1</script>'));
    await clean(owner, 'the merchant\'s name');
  });

  test('are not told more by pages than a policy without inline allows', async () => {
    const owner = await stage.staff('OWNER');
    for (const path of ['/panel', '/panel/payments', '/panel/settings', '/panel/account/totp', '/shop', '/sandbox/cards', '/panel/sign-in']) {
      const policy = (await owner.go(path)).headers()['content-security-policy'];
      assert.match(policy, /default-src 'none'/, path);
      assert.doesNotMatch(policy, /unsafe-|data:|\*/, path);
      assert.match(policy, /frame-ancestors 'none'/, path);
      const inline = await owner.page.locator('[style], style, script:not([src])').count();
      assert.equal(inline, 0, path);
    }
  });
});
