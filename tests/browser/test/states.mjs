// The pages between the pages: refusals, ends, waiting states and the gateway's own pages. Each is
// accessible, fits, speaks the browser's language and leaves under a policy without inline code.
import Craftgate from '@craftgate/craftgate';
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { applyForLoan, atBank, checkOut, comesTo, fillCard, PAY } from '../lib/shopper.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

const YAPI_KREDI = '5258640000000001';
const SHOWN = [{ language: 'tr', width: 360, dark: false }, { language: 'en', width: 1280, dark: true }];

describe('a page in passing', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** Judges the page that `response` brought. */
  async function look(visitor, response, status = 200) {
    const { page } = visitor;
    const where = `${response.url()}\n${(await visitor.text()).slice(0, 200)}`;
    assert.equal(response.status(), status, where);
    const policy = response.headers()['content-security-policy'] ?? '';
    assert.match(policy, /default-src 'none'/, where);
    assert.doesNotMatch(policy, /unsafe-|data:/, where);
    assert.equal(await page.locator('[style], style, script:not([src])').count(), 0, `inline code: ${where}`);
    const handlers = await page.evaluate(() => [...document.querySelectorAll('*')]
      .flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith('on')));
    assert.deepEqual(handlers, [], where);
    assert.equal(await page.getAttribute('html', 'lang'), visitor.language, where);
    await visitor.assertFits();
    await visitor.assertAccessible();
  }

  async function guest(shown) {
    return Object.assign(await stage.visitor({ ...shown, height: 800, expected: /frame-ancestors|requested from/ }), { language: shown.language });
  }

  async function staff(role, shown) {
    return Object.assign(await stage.staff(role, { ...shown, height: 800 }), { language: shown.language });
  }

  /** Pages that go on by themselves stay. */
  async function holdStill(visitor) {
    for (const script of ['**/pages/submit.js', '**/bank/onward.js']) await visitor.page.route(script, (route) => route.abort());
  }

  for (const shown of SHOWN) {
    const name = `${shown.language}, ${shown.width} px, ${shown.dark ? 'dark' : 'light'}`;

    test(`of the panel: refusals, links, answers to a click: ${name}`, async () => {
      await fetch(`${stage.gateway}/payment/v1/card-payments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': 'api-key', 'x-rnd-key': 'abc', 'x-auth-version': 'v1', 'x-signature': 'wrong' },
        body: '{"price":1}',
      });
      const owner = await staff('OWNER', shown);
      const { page } = owner;
      await eventually('the refused request', async () => {
        await owner.go('/panel/requests?errors=on');
        return (await page.locator('tbody a').count()) > 0;
      });
      await look(owner, await owner.press(page.locator('tbody a').first()));
      assert.match(await owner.text(), /imza|signature/i);
      await look(owner, await owner.go('/panel/payments/999999999', 404), 404);
      await look(owner, await owner.go('/panel/nowhere', 404), 404);
      await owner.go('/panel/settings');
      await look(owner, await owner.press('form[action^="/panel/settings/webhook-test"] button'));
      assert.equal(await page.locator('#webhook [role=status]').count(), 1);
      await owner.go('/panel/settings');
      await look(owner, await owner.press(page.locator('#callback-key-value ~ form button, section:has(#callback-key-value) form button').first()));
      const reader = await staff('READ_ONLY', shown);
      await look(reader, await reader.go('/panel/people', 403), 403);

      const stranger = await guest(shown);
      const printed = await stage.galata('user', 'create', '--merchant', stage.merchantId, '--email', `${shown.language}@example.com`,
        '--role', 'READ_ONLY', '--public-url', stage.gateway);
      await look(stranger, await stranger.go(/https?:\S+\/panel\/link\/\S+/.exec(printed)[0]));
      await look(stranger, await stranger.go('/panel/link/nobody-knows-it', 410), 410);
      await look(stranger, await stranger.go('/panel/forgot'));
      await stranger.page.fill('#email', 'kimse@example.com');
      await look(stranger, await stranger.press('form[action="/panel/forgot"] button'));
      assert.equal(await stranger.page.locator('.done-box[role=status]').count(), 1);
    });

    test(`of the shop: approval, assessment, no answer and doubt: ${name}`, async () => {
      const shopper = await guest(shown);
      const stageShown = async (wanted) => {
        await comesTo(shopper, wanted);
        const order = new URL(shopper.page.url()).pathname;
        await look(shopper, await shopper.go(order));
        await shopper.page.locator(`section.stage.${wanted}`).waitFor();
      };
      const order = await applyForLoan(shopper, '103', 6);
      await shopper.go(`/shop/orders/${order}`);
      await stageShown('at-lender');
      await shopper.press(`a[href="/shop/orders/${order}/bank"]`);
      await atBank(shopper, 'approve');
      await stageShown('approval');
      await applyForLoan(shopper, '064', 6);
      await atBank(shopper, 'close');
      await stageShown('unfinished');
      await applyForLoan(shopper, '134', undefined);
      await atBank(shopper, 'assess:600');
      await stageShown('webhook');
      await stage.bank.lenderFault({ operation: 'inquire', fault: { kind: 'http_500' }, times: 1000 });
      await applyForLoan(shopper, '064', 6);
      await atBank(shopper, 'approve');
      await stageShown('verify');
      await stage.bank.fault({ bank: 'posnet', operation: 'sale', fault: { kind: 'lose_reply' } });
      await stage.bank.fault({ bank: 'posnet', operation: 'inquire', fault: { kind: 'http_500' }, times: 1000 });
      await checkOut(shopper, 'book');
      await fillCard(shopper, YAPI_KREDI);
      await shopper.press(PAY);
      await stageShown('doubt');
      // A cart that is in doubt is not paid again; somebody else's is.
      await shopper.context.clearCookies();
      const unfinished = await checkOut(shopper, 'book');
      await fillCard(shopper, YAPI_KREDI, { threeds: true });
      await shopper.press(PAY);
      await shopper.go(`/shop/orders/${unfinished}`);
      await stageShown('at-threeds');
      await look(shopper, await shopper.go('/shop/orders/nobody-knows-it', 404), 404);
    });

    test(`on the way to 3D Secure and back, and each of its ends: ${name}`, async () => {
      const shopper = await guest(shown);
      const { page } = shopper;
      await holdStill(shopper);
      /** Presses on from page to page until `selector` is there, and looks at each. */
      const onward = async (selector, answer, judged = true) => {
        const seen = [];
        let now = answer;
        for (let step = 0; step < 6; step += 1) {
          if (judged) await look(shopper, now);
          seen.push(new URL(page.url()).pathname.replace(/[^/]{16,}$/, '*'));
          if (await page.locator(selector).count()) return seen;
          const button = page.locator('form button').last();
          if (!(await button.count())) {
            // The shop's page, which changes by itself when the answer is there.
            await page.locator(selector).waitFor().catch(async () => assert.fail(`no ${selector}: ${await shopper.text()}`));
            return seen;
          }
          now = await shopper.press(button);
        }
        return assert.fail(`no way to ${selector}: ${seen}`);
      };
      const atBankPage = async (number, judged) => {
        // Each time somebody else, with a cart of their own.
        await shopper.context.clearCookies();
        await checkOut(shopper, 'book');
        await fillCard(shopper, number, { threeds: true });
        return onward('#otp', await shopper.press(PAY), judged);
      };
      const choose = (value) => shopper.press(page.locator(`button[name=action][value="${value}"]`).first());
      for (const number of [YAPI_KREDI, '5209220000000002']) {
        assert.ok((await atBankPage(number, true)).some((path) => path.startsWith('/pages/3ds/')), 'the gateway\'s page is passed');
        await page.fill('#otp', '000000');
        await look(shopper, await choose('confirm'));
        assert.equal(await page.getAttribute('#otp', 'aria-invalid'), 'true');
        await page.fill('#otp', '123456');
        const back = await onward('section.stage.paid', await choose('confirm'));
        assert.ok(back.some((path) => path.startsWith('/pages/3ds-return/')), `${back}`);
        for (const value of ['close_window', 'late:120', 'decline', 'twice']) {
          await atBankPage(number, false);
          await look(shopper, await choose(value));
        }
      }
      await look(shopper, await shopper.go('/pages/loan-return/nobody-knows-it', 404), 404);
      await look(shopper, await shopper.post('/pages/3ds-return/nobody-knows-it'), 404);
      await shopper.go('/shop');
      await look(shopper, await shopper.post('/pages/3ds/nobody-knows-it', { sealed: 'x' }), 404);
    });

    test(`of lenders: the hosted choice, what is missing, and each end: ${name}`, async () => {
      const shopper = await guest(shown);
      const { page } = shopper;
      await holdStill(shopper);
      const client = new Craftgate.Client({ apiKey: 'api-key', secretKey: 'secret-key', baseUrl: stage.gateway });
      const hosted = await client.payment().initBnplPayment({
        apmType: 'MASLAK', price: 6000, paidPrice: 6000, currency: 'TRY', paymentGroup: 'PRODUCT', conversationId: 'hosted',
        callbackUrl: `${stage.gateway}/shop`, additionalParams: { fingate: { isHostedPage: true } },
        items: [{ name: 'Koltuk', price: 6000 }],
        cartItems: [{ id: 'chair', name: 'Koltuk', brandName: 'Ev', type: 'FURNITURE', unitPrice: 6000, quantity: 1 }],
      });
      await look(shopper, await page.goto(hosted.redirectUrl));
      assert.ok(await page.locator('input[name=bankCode]').count() > 1);
      await look(shopper, await shopper.press('button.primary'));
      await page.locator('form.stage').evaluate((form) => { form.noValidate = true; });
      await look(shopper, await shopper.press('button.primary'), 422);
      assert.ok(await page.locator('[aria-invalid=true], [role=alert]').count() > 0);
      for (const value of ['close_window', 'expire', 'twice', 'late:120', 'assess:600']) {
        await shopper.context.clearCookies();
        await applyForLoan(shopper, '064', 6);
        const address = page.url();
        const answer = await shopper.press(page.locator(`button[name=action][value="${value}"]`).first());
        if (page.url().includes('/lender/')) await look(shopper, answer);
        await look(shopper, await page.goto(address));
      }
      await look(shopper, await page.goto(`${stage.sandbox.simulator}/lender/pages/nobody-knows-it`), 404);
    });
  }
});
