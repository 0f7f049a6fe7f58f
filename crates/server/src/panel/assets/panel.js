// Comfort only: every page works without this file.
'use strict';

// <div data-live="/panel/…" data-every="5"> renews itself. Not while it holds the focus or an open
// <details>, and not in a tab that nobody looks at. A part that cannot be renewed says so: what it
// shows may be old by then. The words stand over the page, so that nothing moves.
const notice = document.createElement('p');
notice.className = 'stale';
notice.setAttribute('role', 'status');
const tell = (part, state) => {
  if (notice.dataset.state === state) return;
  notice.dataset.state = state;
  notice.textContent = part.dataset[state] ?? '';
  if (!state) return;
  const again = document.createElement('a');
  again.href = location.pathname + location.search;
  again.textContent = part.dataset.again;
  notice.append(' ', again);
};
for (const part of document.querySelectorAll('[data-live]')) {
  document.getElementById('content').append(notice);
  const renew = async () => {
    const busy = part.contains(document.activeElement) || part.querySelector('details[open]');
    if (document.hidden || busy) return;
    try {
      const answer = await fetch(part.dataset.live, { headers: { 'x-galata-live': '1' } });
      // Whoever is no longer signed in is led to the sign-in page.
      if (answer.redirected || !answer.ok) { tell(part, answer.redirected ? 'ended' : 'stale'); return; }
      const text = await answer.text();
      if (text !== part.innerHTML) part.innerHTML = text;
      tell(part, '');
    } catch { tell(part, 'stale'); }
  };
  setInterval(renew, 1000 * Number(part.dataset.every || 5));
}

// Escape closes the menu of a phone.
addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || location.hash !== '#menu') return;
  location.hash = '#content';
  document.querySelector('.menu-link').focus();
});

// A form that was sent is not sent twice.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = '1';
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});

// <button data-copy="id of an element">
document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(source.value ?? source.textContent);
  const before = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = before; }, 1500);
});
for (const button of document.querySelectorAll('[data-copy]')) button.hidden = false;

// The text of a file: UTF-8 where its bytes are that, else what spreadsheets in Turkey write.
const textOf = async (file) => {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const marks = { 'utf-16le': [0xff, 0xfe], 'utf-16be': [0xfe, 0xff] };
  const wide = Object.keys(marks).find((name) => marks[name].every((byte, at) => bytes[at] === byte));
  try {
    return new TextDecoder(wide ?? 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1254').decode(bytes);
  }
};

// <div hidden data-reads="id of a text area"> has an input for a file, whose text goes there.
for (const field of document.querySelectorAll('[data-reads]')) {
  field.hidden = false;
  field.querySelector('input').addEventListener('change', async (event) => {
    const [file] = event.target.files;
    if (file) document.getElementById(field.dataset.reads).value = await textOf(file);
  });
}

// <select data-submit> sends its form at once; the button in a <noscript> beside it is for those without.
for (const select of document.querySelectorAll('select[data-submit]')) {
  select.addEventListener('change', () => select.form.requestSubmit());
}
