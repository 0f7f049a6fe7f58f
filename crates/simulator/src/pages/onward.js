// Sends the browser on to the shop without a click, where scripts run. A page that answers twice
// sends the first answer into a frame, and the second when that one has arrived. A page that waits
// for something looks again after a while, or goes to where it leads.
'use strict';

(() => {
  const FRAME_WAITS_MS = 5000;
  const { after, to } = document.currentScript.dataset;
  if (after !== undefined) {
    setTimeout(() => (to ? location.assign(to) : location.reload()), Number(after) * 1000);
    return;
  }
  const last = document.getElementById('callback');
  if (!last) return;
  const wait = Number(last.dataset.wait) || 0;
  const first = document.getElementById('callback-again');
  const send = () => setTimeout(() => last.submit(), wait);
  if (!first) {
    send();
    return;
  }
  const frame = document.getElementById('again');
  let sent = false;
  const onward = () => {
    if (sent) return;
    sent = true;
    send();
  };
  frame.addEventListener('load', onward, { once: true });
  setTimeout(onward, FRAME_WAITS_MS);
  first.submit();
})();
