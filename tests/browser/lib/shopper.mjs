// What a shopper does at the demo shop and at the simulated banks, click by click.
import assert from 'node:assert/strict';

/** Puts products into the cart and goes to the checkout; answers the order's id. */
export async function checkOut(visitor, ...products) {
  const { page } = visitor;
  await visitor.go('/shop');
  for (const product of products) {
    await visitor.press(`form.buy:has(input[value="${product}"]) button`);
  }
  await visitor.press('form[action="/shop/checkout"] button');
  const id = /\/shop\/orders\/([^/?#]+)/.exec(page.url())?.[1];
  assert.ok(id, page.url());
  return id;
}

/** Types a card, and chooses how it is to be charged. Nothing is sent yet. */
export async function fillCard(visitor, number, { threeds = false, instalments = 1, points = false } = {}) {
  const { page } = visitor;
  await page.fill('#number', number);
  await page.fill('#expiry', '07/44');
  await page.fill('#cvc', '000');
  await page.fill('#holder', 'Işıl Çağrı Öztürk');
  await page.selectOption('#instalments', String(instalments));
  await page.check(`input[name=threeds][value=${threeds ? 'yes' : 'no'}]`);
  if (points) await page.check('#rewards input[name=reward][value="0"]');
}

export const PAY = 'form#card-form button.main';

/** Buys by card without 3D Secure; answers the payment's id. */
export async function buyByCard(visitor, number, options = {}) {
  const order = await checkOut(visitor, options.product ?? 'book');
  await fillCard(visitor, number, options);
  await visitor.press(PAY);
  return { order, payment: await paidAs(visitor) };
}

/** The payment's id on the page that thanks. */
export async function paidAs(visitor) {
  const mark = visitor.page.locator('section.stage.paid');
  await mark.waitFor().catch(async () => assert.fail(`not paid: ${await visitor.text()}`));
  return (await mark.locator('dd code').last().innerText()).trim();
}

/** Chooses a bank's plan and goes to its page. Without months: a bank that shows its own plans. */
export async function applyForLoan(visitor, bank, months, known) {
  const { page } = visitor;
  const order = known ?? await checkOut(visitor, 'coffee');
  await visitor.go(`/shop/orders/${order}?way=loan`);
  await page.check(`input[name=plan][value^="${bank}${months ? `:${months}` : ''}"]`);
  await visitor.press('form[action$="/loan"] button.main');
  assert.match(page.url(), /\/lender\/pages\//, `not at the bank: ${await visitor.text()}`);
  return order;
}

/** Presses one of the buttons of a bank's page. Types what it asks for. */
export async function atBank(visitor, action, back = true) {
  const { page } = visitor;
  const terms = page.locator('input[name=term]');
  if (await terms.count()) await terms.first().check();
  await visitor.press(page.locator(`button[name=action][value="${action}"]`).first());
  if (back) await page.waitForURL(/\/shop\/orders\//);
}

/** Types the password of 3D Secure and comes back to the shop. */
export async function verifyAtBank(visitor, action = 'confirm') {
  const { page } = visitor;
  if (action === 'confirm') await page.fill('#otp', '123456');
  await visitor.press(page.locator(`button[name=action][value="${action}"]`).first());
  await page.waitForURL(/\/shop\/orders\//);
}

/** Waits until the order's page has come to this stage. */
export async function comesTo(visitor, stage) {
  await visitor.page.locator(`section.stage.${stage}`).waitFor();
}

/** Without scripts: presses the one button of each page that leads on, until `selector` is there. */
export async function pressOnward(visitor, selector) {
  for (let step = 0; step < 5; step += 1) {
    if (await visitor.page.locator(selector).count()) return;
    await visitor.press(visitor.page.locator('form button').last());
  }
  assert.fail(`no way on to ${selector} from ${visitor.page.url()}`);
}
