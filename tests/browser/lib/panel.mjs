// What the staff does in the panel, click by click.
import assert from 'node:assert/strict';
import { plain } from './browser.mjs';

/** The owner switches alternative payment methods and the Maslak definition on or off. */
export async function switchMaslak(owner, on) {
  const { page } = owner;
  await owner.go('/panel/settings');
  await page.setChecked('#alternative-payment-methods', on);
  await owner.press('form[action="/panel/settings/features"] button');
  assert.equal(await page.isChecked('#alternative-payment-methods'), on);
  await owner.go('/panel/apms');
  const row = page.locator('li', { hasText: 'Maslak' }).first();
  const wanted = row.locator(`form[action$="/status"]:has(input[name=active][value=${on ? 'on' : 'off'}])`);
  if (await wanted.count()) await owner.press(wanted.locator('button'));
  assert.equal(await row.locator('.state.good').count(), on ? 1 : 0);
}

/** The newest payment of the list; opens its page and answers its id. */
export async function openNewest(staff) {
  await staff.go('/panel/payments');
  await staff.press(staff.page.locator('tbody tr a').first());
  return new URL(staff.page.url()).pathname.split('/').pop();
}

/** How the payment whose page is open stands, by its spelling in the panel's classes and words. */
export function standing(staff) {
  return staff.page.locator('.standing .state').innerText();
}

/** The open page's heading: a payment's amount. */
export async function heading(staff) {
  return plain(await staff.page.locator('h1').innerText());
}

/** The text of a fact on the open page, by its name. */
export async function fact(staff, name) {
  const found = staff.page.locator('dl.facts dt', { hasText: name }).first();
  return plain(await found.locator('xpath=following-sibling::dd[1]').innerText()).trim();
}

/** Audit entries as the owner sees them, as plain text of their rows. */
export async function auditRows(owner, query = '') {
  await owner.go(`/panel/audit${query}`);
  return owner.page.locator('main tbody tr').allInnerTexts();
}
