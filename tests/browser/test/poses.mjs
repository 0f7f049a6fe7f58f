// The form of a POS: each bank's own fields, each with a word on where it is found; and what a connection test promises.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Stage } from '../lib/stage.mjs';

const SAVE = 'main form[action^="/panel/poses/"] .buttons > button:not(.quiet)';

describe('the form of a POS', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  for (const [language, width, dark] of [['tr', 360, false], ['en', 1280, true]]) {
    test(`says at every bank where its values are found: ${language}, ${width} px`, async () => {
      const owner = await stage.staff('OWNER', { language, width, dark });
      const { page } = owner;
      await owner.go('/panel/poses/new');
      const banks = await page.$$eval('#integrator option', (all) => all.map((one) => one.value));
      for (const bank of banks) {
        await owner.go(`/panel/poses/new?integrator=${bank}`);
        const mute = await page.$$eval('section[aria-labelledby=account-title] .field:has(input)', (fields) => fields
          .filter((field) => !field.querySelector('.hint') && !field.closest('fieldset')?.querySelector('.hint'))
          .map((field) => field.querySelector('input').name));
        assert.deepEqual(mute, [], bank);
        await owner.assertFits();
      }
      await owner.assertAccessible();
      await owner.go('/panel/poses/new?integrator=KUVEYTTURK');
      assert.equal(await page.locator('#enableLoyalty').count(), 0, 'no rewards where the protocol has none');
      await owner.go('/panel/poses/new?integrator=FIBABANK_ASSECO');
      assert.equal(await page.locator('#environment option[value=PRODUCTION]').count(), 0);
      assert.equal(await page.locator('#environment-hint').count(), 1);
    });
  }

  /** Opens the POS of a bank. */
  async function openPos(owner, bank) {
    await owner.go('/panel/poses');
    await owner.press(owner.page.locator('main li strong a', { hasText: bank }).first());
  }

  test('keeps a key that every message needs when it is left empty', async () => {
    const owner = await stage.staff('OWNER');
    for (const bank of ['Akbank (', 'Param (']) {
      await openPos(owner, bank);
      await owner.press(SAVE);
      assert.equal(new URL(owner.page.url()).searchParams.get('done'), 'saved', bank);
      assert.match(await owner.page.locator('#threedsKey-hint').innerText(), /Kayıtlı/);
    }
  });

  test('tries the connection, and promises what the bank proved', async () => {
    const owner = await stage.staff('OWNER', { language: 'en' });
    const tried = async (bank) => {
      await openPos(owner, bank);
      await owner.press('#test form button');
      await owner.assertAccessible();
      return owner.page.locator('#test [role=status]');
    };
    const works = await tried('İş Bankası (');
    assert.match(await works.innerText(), /The connection works.*the API user and its password/);
    assert.match(await owner.page.locator('#test-hint').innerText(), /does not try the 3DS key/);
    const answers = await tried('QNB (');
    assert.match(await answers.innerText(), /does not show that the account is right/);
    assert.equal(await answers.getAttribute('class'), 'note');
    await openPos(owner, 'TEB (');
    await owner.page.fill('[name="user-STANDARD-password"]', 'WRONG999');
    await owner.press(SAVE);
    const refused = await tried('TEB (');
    assert.match(await refused.innerText(), /did not take the account. Check the merchant number, the API user and its password/);
  });
});
