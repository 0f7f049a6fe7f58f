// The way in: the first sign-in from a link, the sandbox's click, the session, the way out.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Stage } from '../lib/stage.mjs';

const PASSWORD = 'Işıltılı bir köprü 1453';

describe('signing in', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  test('the first time: the link of `galata user create` leads to a password and the panel', async () => {
    const printed = await stage.galata('user', 'create', '--merchant', stage.merchantId, '--email', 'ilk@example.com',
      '--name', 'İpek Işık', '--role', 'OWNER', '--public-url', stage.gateway);
    const link = /https?:\S+\/panel\/link\/\S+/.exec(printed)?.[0];
    assert.ok(link, printed);
    const visitor = await stage.visitor();
    const { page } = visitor;
    await visitor.go(link);
    await visitor.assertAccessible();

    await page.fill('#password', 'kısa');
    await page.fill('#again', 'kısa');
    await visitor.press('form[action="/panel/link"] button');
    const told = await page.locator('#password').getAttribute('aria-describedby');
    assert.match(await page.locator(`#${told.split(' ')[0]}`).innerText(), /12/);

    await page.fill('#password', PASSWORD);
    await page.fill('#again', PASSWORD);
    await visitor.press('form[action="/panel/link"] button');
    assert.equal(new URL(page.url()).pathname, '/panel');
    assert.match(await page.locator('header').innerText(), /İpek Işık/);

    await visitor.go(link, 410);
    await visitor.go('/panel');
    await visitor.press('form[action="/panel/sign-out"] button');
    assert.equal(new URL(page.url()).pathname, '/panel/sign-in');
    await visitor.go('/panel/payments?paymentStatus=WAITING');
    assert.equal(new URL(page.url()).pathname, '/panel/sign-in');
    await page.fill('#email', 'ilk@example.com');
    await page.fill('#password', PASSWORD);
    await visitor.press('form[action="/panel/sign-in"] button');
    assert.equal(page.url(), `${stage.gateway}/panel/payments?paymentStatus=WAITING`);
  });

  test('a wrong password says so beside the form and keeps the e-mail', async () => {
    const visitor = await stage.visitor({ language: 'en' });
    await visitor.go('/panel/sign-in');
    await visitor.page.fill('#email', 'sahip@galata.example');
    await visitor.page.fill('#password', 'not the password');
    const answer = await visitor.press('form[action="/panel/sign-in"] button');
    assert.equal(answer.status(), 401);
    assert.equal(await visitor.page.locator('[role=alert]').count(), 1);
    assert.equal(await visitor.page.inputValue('#email'), 'sahip@galata.example');
    assert.equal(await visitor.page.inputValue('#password'), '');
    await visitor.assertAccessible();
  });

  test('the sandbox lets any role in with one click, and none of them without', async () => {
    for (const [role, name] of [['OWNER', 'İdil Sahip'], ['READ_ONLY', 'Öykü Okur']]) {
      const visitor = await stage.staff(role);
      assert.match(await visitor.page.locator('header').innerText(), new RegExp(name));
    }
    const stranger = await stage.visitor();
    for (const path of ['/panel', '/panel/payments', '/panel/people', '/panel/requests', '/panel/audit']) {
      await stranger.go(path);
      assert.equal(new URL(stranger.page.url()).pathname, '/panel/sign-in', path);
    }
  });
});
