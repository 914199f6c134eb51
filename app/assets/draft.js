// Saves what is typed into the form of an act, and keeps it on this computer until the server has it.
// Everything here is done without a script too, by the button that saves a draft.
'use strict';
(() => {
  const WAIT_MS = 2000;
  const AGAIN_MS = 20000;
  const BEACON_CHARS_MAX = 60000;

  // The copy on this computer; a browser may refuse to keep one.
  const at = (name) => `cotmoc/draft/${name}`;
  const copies = {
    read(name) {
      try {
        return JSON.parse(localStorage.getItem(at(name)));
      } catch {
        return null;
      }
    },
    write(name, copy) {
      try {
        localStorage.setItem(at(name), JSON.stringify(copy));
      } catch {
        // It is full or switched off; the server is asked all the same.
      }
    },
    drop(name) {
      try {
        localStorage.removeItem(at(name));
      } catch {
        // There is nothing then.
      }
    },
  };

  // The page after an act was recorded: what was sent needs no copy any more.
  const done = document.querySelector('[data-draft-done]');
  if (done && copies.read(done.dataset.draftDone)?.sent) copies.drop(done.dataset.draftDone);

  // A file that is too large is not sent at all.
  const file = document.querySelector('input[data-bytes-max]');
  file?.addEventListener('change', () => {
    const tooLarge = [...file.files].some((one) => one.size > Number(file.dataset.bytesMax));
    document.querySelector('[data-file-said]').textContent = tooLarge ? file.dataset.tooLarge : '';
    if (tooLarge) file.value = '';
  });

  const form = document.querySelector('form[data-draft]');
  if (!form) return;
  const name = form.dataset.draft;
  const path = form.getAttribute('action');
  const said = form.querySelector('[data-draft-said]');
  const banner = form.querySelector('[data-draft-banner]');
  const notice = form.querySelector('[data-draft-copy]');
  if (!said || !banner) return;

  const pairs = () => [...new FormData(form)].filter(([, value]) => typeof value === 'string');
  const isTyped = ([field, value]) => field.startsWith('/') && value.trim() !== '';
  const typed = (all) => JSON.stringify(all.filter(isTyped));
  let base = form.dataset.base;
  let confirmed = typed(pairs());
  let timer;
  let leaving = false;

  const say = (words) => {
    if (said.textContent !== words) said.textContent = words;
  };
  const copy = (sent) => copies.write(name, { base, sent, pairs: pairs() });

  // The answer of the server: {words, at}, {sent}, or {lost} where it gave none.
  async function send(all) {
    try {
      const body = new URLSearchParams(all);
      const answer = await fetch(`${path}/draft`, { method: 'POST', body, redirect: 'manual' });
      if (answer.type === 'opaqueredirect') return { lost: form.dataset.signedOut };
      if (!answer.ok) return { lost: form.dataset.offline };
      return await answer.json();
    } catch {
      return { lost: form.dataset.offline };
    }
  }

  async function save() {
    clearTimeout(timer);
    const all = pairs();
    const now = typed(all);
    if (leaving || now === confirmed) return;
    const answer = await send(all);
    if (leaving) return;
    if (answer.lost) {
      say(answer.lost);
      timer = setTimeout(save, AGAIN_MS);
      return;
    }
    if (answer.sent) {
      copies.drop(name);
      return;
    }
    confirmed = now;
    base = String(answer.at);
    banner.hidden = answer.at === 0;
    say(answer.words);
    if (typed(pairs()) === now) copies.drop(name);
    else copy(false);
  }

  function changed() {
    copy(false);
    clearTimeout(timer);
    timer = setTimeout(save, WAIT_MS);
  }

  // What this computer has and the server has not becomes the draft, and the page is made anew from it.
  async function restore(found) {
    const answer = await send(found.pairs);
    if (answer.lost) {
      say(answer.lost);
      return;
    }
    copies.drop(name);
    if (!answer.sent) location.replace(path);
  }

  const found = copies.read(name);
  if (found && typed(found.pairs) === confirmed) {
    copies.drop(name);
  } else if (found && (found.base === base || base === '0')) {
    restore(found);
  } else if (found) {
    notice.hidden = false;
    notice.querySelector('button').addEventListener('click', () => restore(found));
  }

  form.addEventListener('input', changed);
  form.addEventListener('change', changed);
  addEventListener('online', save);
  form.addEventListener('submit', (event) => {
    if (typed(pairs()) !== '[]') copy(true);
    if (navigator.onLine) {
      leaving = true;
      clearTimeout(timer);
      return;
    }
    // The key stays, so that pressing again later does nothing twice.
    event.preventDefault();
    say(form.dataset.offline);
  });
  addEventListener('pageshow', () => {
    leaving = false;
  });
  addEventListener('pagehide', () => {
    if (leaving || typed(pairs()) === confirmed) return;
    const body = new URLSearchParams(pairs());
    if (body.toString().length < BEACON_CHARS_MAX) navigator.sendBeacon(`${path}/draft`, body);
  });
})();
