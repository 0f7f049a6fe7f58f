// The control API of the simulator: what the banks believe, and failures on order. Amounts here
// are kuruş.

export class Bank {
  constructor(url) {
    this.url = url;
  }

  async #call(method, path, body) {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: body ? { 'content-type': 'application/json' } : {},
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Every order that the bank knows under this id; there should be one at most. */
  async orders(orderId) {
    const { orders } = await this.#call('GET', `/control/ledger?orderId=${encodeURIComponent(orderId)}`);
    return orders;
  }

  async allOrders() {
    return (await this.#call('GET', '/control/ledger')).orders;
  }

  fault(order) {
    return this.#call('POST', '/control/faults', order);
  }

  async forgetFaults() {
    await this.#call('DELETE', '/control/faults');
    await this.#call('DELETE', '/control/lender-faults');
  }

  /** The banks close their day: what was sold is settled. */
  closeDay() {
    return this.#call('POST', '/control/settle-day', {});
  }

  purse(cardNumber, purse) {
    return this.#call('POST', '/control/purses', { cardNumber, card: 0, firm: 0, mile: 0, ...purse });
  }

  readPurse(cardNumber) {
    return this.#call('GET', `/control/purses?cardNumber=${cardNumber}`);
  }

  lenderFault(order) {
    return this.#call('POST', '/control/lender-faults', order);
  }

  async loans() {
    return (await this.#call('GET', '/control/loans')).loans;
  }

  decide(id, decision) {
    return this.#call('POST', `/control/loans/${encodeURIComponent(id)}/decision`, decision);
  }
}
