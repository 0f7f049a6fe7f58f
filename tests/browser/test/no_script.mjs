// Everything essential without JavaScript: signing in, paying by card with points and 3D Secure,
// a loan, its approval, a look at every page of the panel.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { openNewest, standing, switchMaslak } from '../lib/panel.mjs';
import { applyForLoan, checkOut, fillCard, paidAs, PAY, pressOnward } from '../lib/shopper.mjs';
import { Stage } from '../lib/stage.mjs';

describe('without JavaScript', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  test('a card pays with points and 3D Secure', async () => {
    const shopper = await stage.visitor({ scripts: false });
    await checkOut(shopper, 'book');
    await fillCard(shopper, '4043080000000003', { threeds: true });
    await shopper.press('form#card-form button[formaction$="/rewards"]');
    // The security code is never shown again, so it is typed once more.
    await shopper.page.fill('#cvc', '000');
    await shopper.page.check('#rewards input[name=reward][value="0"]');
    await shopper.press(PAY);
    await pressOnward(shopper, '#otp');
    await shopper.page.fill('#otp', '123456');
    await shopper.press(shopper.page.locator('button[value=confirm]').first());
    // Nothing leads back by itself: there is a button for it.
    await pressOnward(shopper, 'section.stage');
    await paidAs(shopper);
    assert.match(await shopper.text(), /17,55 ₺/);
  });

  test('the owner switches Maslak on, a loan is taken and approved', async () => {
    const owner = await stage.staff('OWNER', { scripts: false, width: 360 });
    const shopper = await stage.visitor({ scripts: false, width: 360 });
    await switchMaslak(owner, false);
    await switchMaslak(owner, true);
    await applyForLoan(shopper, '103', 6);
    await shopper.press(shopper.page.locator('button[name=action][value=approve]').first());
    await pressOnward(shopper, 'section.stage.approval');
    await openNewest(owner);
    await owner.assertFits();
    await owner.unfold('Krediyi onayla');
    await owner.press('form[action$="/approve"] button');
    assert.equal(await standing(owner), 'Başarılı');
    await paidAs(shopper);
  });

  test('every page of the panel shows its content and its menu', async () => {
    const owner = await stage.staff('OWNER', { scripts: false, language: 'en' });
    for (const path of ['/panel', '/panel/payments', '/panel/doubts', '/panel/reconciliation', '/panel/double-submits', '/panel/autopilot', '/panel/cards', '/panel/webhooks', '/panel/settings', '/panel/apms', '/panel/apms/new',
      '/panel/poses', '/panel/poses/new?integrator=YKB', '/panel/keys', '/panel/people', '/panel/audit', '/panel/requests', '/panel/bins?bin=404809',
      '/panel/account']) {
      await owner.go(path);
      assert.equal(await owner.page.locator('h1').count(), 1, path);
      assert.ok((await owner.page.locator('nav.side a').count()) > 10, path);
      // A control that only a script could serve is not offered.
      assert.equal(await owner.page.locator('button[data-copy]:visible').count(), 0, path);
    }
    await owner.press('form[action="/panel/sign-out"] button');
    await owner.go('/panel');
    assert.equal(new URL(owner.page.url()).pathname, '/panel/sign-in');
  });
});
