// Comfort only: every page of the shop works without this file.
(() => {
  const every = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The list of calls, filled as they happen.
  const calls = document.getElementById('calls');
  const copy = async (button) => {
    const text = button.parentElement.querySelector('pre').textContent;
    await navigator.clipboard.writeText(text);
    const label = button.textContent;
    button.textContent = calls.dataset.copied;
    setTimeout(() => { button.textContent = label; }, 1500);
  };
  const dress = (root) => {
    if (!navigator.clipboard) return;
    for (const button of every('.copy', root)) {
      button.hidden = false;
      button.addEventListener('click', () => copy(button).catch(() => {}));
    }
  };
  const fill = (html) => {
    const piece = document.createElement('template');
    piece.innerHTML = html;
    for (const fresh of every('.call', piece.content).reverse()) {
      const known = document.getElementById(fresh.id);
      if (known) {
        fresh.open = known.open;
        known.replaceWith(fresh);
      } else {
        fresh.classList.add('fresh');
        calls.prepend(fresh);
      }
      dress(fresh);
    }
  };
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(`/shop/calls?since=${calls.dataset.newest}`, { credentials: 'same-origin' });
    if (!answer.ok) return;
    calls.dataset.newest = answer.headers.get('x-newest') || calls.dataset.newest;
    fill(await answer.text());
  };
  if (calls) {
    dress(calls);
    setInterval(() => look().catch(() => {}), 1500);
  }

  // A waiting page changes when its order does.
  const waiting = document.querySelector('[data-watch]');
  if (waiting) {
    setInterval(async () => {
      try {
        const answer = await fetch(waiting.dataset.watch, { credentials: 'same-origin' });
        if (!answer.ok) return;
        const state = await answer.json();
        if (String(state.version) !== waiting.dataset.version) location.reload();
      } catch { /* The next try may do. */ }
    }, 1500);
  }

  // A form that pays is sent once. The server holds to that in any case.
  for (const form of every('form[data-once]')) {
    form.addEventListener('submit', (event) => {
      if (event.submitter && event.submitter.hasAttribute('formaction')) return;
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = 'yes';
      form.setAttribute('aria-busy', 'true');
    });
  }
  // Back from another page, it may be sent again.
  window.addEventListener('pageshow', () => {
    for (const form of every('form[data-once]')) {
      delete form.dataset.sent;
      form.removeAttribute('aria-busy');
    }
  });

  // Rewards are asked for as the card is typed.
  const form = document.getElementById('card-form');
  const rewards = document.getElementById('rewards');
  if (form && rewards) {
    const digits = (name) => form.elements[name].value.replace(/\D/g, '');
    let asked = '';
    let timer;
    const say = (words, kind, role) => {
      const line = document.createElement('p');
      line.className = kind;
      if (role) line.setAttribute('role', role);
      line.textContent = words;
      rewards.replaceChildren(line);
    };
    const ask = async () => {
      const card = `${digits('number')} ${digits('expiry')}`;
      const whole = /^\d{15,16} (\d{4}|\d{6})$/.test(card);
      if (!whole || card === asked) return;
      asked = card;
      rewards.setAttribute('aria-busy', 'true');
      say(rewards.dataset.asking, 'quiet');
      try {
        const answer = await fetch(rewards.dataset.from, {
          method: 'POST',
          body: new URLSearchParams(new FormData(form)),
          headers: { 'x-fragment': '1' },
          credentials: 'same-origin',
        });
        // Led away: another tab took the order further.
        if (answer.redirected || !answer.ok) throw new Error(answer.statusText);
        const html = await answer.text();
        if (card === asked) rewards.innerHTML = html;
      } catch {
        if (card === asked) {
          asked = '';
          say(rewards.dataset.failed, 'note bad', 'alert');
        }
      }
      if (card === asked || !asked) rewards.removeAttribute('aria-busy');
      if (calls) look().catch(() => {});
    };
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 500);
    };
    form.elements.number.addEventListener('input', soon);
    form.elements.expiry.addEventListener('input', soon);
    if (!rewards.querySelector('input')) soon();
  }
})();
