// Walks through the pages as people of each role do, on a wide screen and on a phone, and checks each page:
// axe-core finds no violation of WCAG A or AA, Tab reaches everything that can be pressed and gets caught
// nowhere, and the page does not scroll sideways. Then a report is submitted, wrong first.
//
// Usage: node walk.mjs PROGRAM STORE SAID REMARKS [FOLDER]: the program, its store, what `cotmoc demo --serve`
// printed to its two outputs, and where to keep a picture of each page.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const [, , program, store, said, remarks, pictures] = process.argv;
const WIDTHS = [1360, 390];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
const BROWSERS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'];

const printed = readFileSync(said, 'utf8');
const base = readFileSync(remarks, 'utf8').match(/http:\/\/[0-9.:]+/)[0];
const password = printed.match(/cotmoc-[\w-]{10}/)[0];
const people = [...new Set(printed.match(/person:[\w.:-]+/g))];

let passed = 0;
const failures = [];
function check(holds, words) {
  if (holds) {
    passed += 1;
  } else {
    failures.push(words);
    console.log(`FAILED ${words}`);
  }
}

const executablePath = BROWSERS.filter(Boolean).find((path) => {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
});
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });

/// A page of a browser of its own, in which `person` is signed in.
async function signedIn(person, width) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale: 'vi-VN' });
  const page = await context.newPage();
  page.on('pageerror', (error) => check(false, `${person} ${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    // A refusal is an answer of 4xx, which the browser remarks on by itself.
    const isRefusal = message.text().includes('the server responded with a status of 4');
    check(message.type() !== 'error' || isRefusal, `${person} ${page.url()}: ${message.text()}`);
  });
  if (person) {
    await page.goto(`${base}/sign-in`);
    await page.fill('#name', person);
    await page.fill('#password', password);
    await page.click('main button');
    check(page.url() === `${base}/work`, `${person} is signed in and sees their work: ${page.url()}`);
  }
  return page;
}

/// Every element that Tab should reach, numbered; buttons of one choice count as one.
function numberStops() {
  const stops = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
  const groups = new Map();
  let count = 0;
  for (const element of document.querySelectorAll(stops)) {
    if (!element.checkVisibility() || element.disabled) continue;
    const group = element.type === 'radio' ? `${element.form?.action} ${element.name}` : undefined;
    if (group === undefined || !groups.has(group)) groups.set(group ?? Symbol(), (count += 1));
    element.dataset.stop = group === undefined ? count : groups.get(group);
  }
  return count;
}

async function tabThrough(page, name) {
  const count = await page.evaluate(numberStops);
  const reached = new Set();
  await page.evaluate(() => document.activeElement?.blur());
  for (let pressed = 0; pressed < count * 2 + 20; pressed += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => document.activeElement?.dataset.stop ?? '');
    // After the last one the browser's own controls have their turn.
    if (stop === '' && reached.size > 0) break;
    if (stop !== '') reached.add(stop);
  }
  check(reached.size === count, `${name}: Tab reaches ${reached.size} of ${count}`);
}

async function judge(page, name, { picture } = {}) {
  const width = page.viewportSize().width;
  const where = `${name} at ${width}`;
  await page.evaluate(axe.source);
  const found = await page.evaluate((rules) => axe.run(document, { runOnly: rules }), RULES);
  for (const one of found.violations) {
    const nodes = one.nodes.map((node) => node.target.join(' ')).slice(0, 3).join('; ');
    check(false, `${where}: ${one.id}, ${one.help}: ${nodes}`);
  }
  check(found.passes.length > 5, `${where}: axe judged ${found.passes.length} rules`);
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
  check(wide <= width, `${where}: scrolls sideways to ${wide}`);
  if (pictures && picture) {
    const path = `${pictures}/${picture}-${width}.jpg`;
    await page.screenshot({ path, fullPage: width > 600, type: 'jpeg', quality: 60 });
  }
  await tabThrough(page, where);
}

/// On paper nothing is cut off at the side.
async function print(page, name) {
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 718, height: 1046 });
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
  check(wide <= 718, `${name} on A4 is ${wide} wide`);
  const paper = await page.pdf({ format: 'A4' });
  check(paper.length > 10_000, `${name} makes ${paper.length} bytes of paper`);
}

async function walk(person, width) {
  const page = await signedIn(person, width);
  const role = person.split(':').pop().replace(/-\d+$/, '');
  const go = async (path) => {
    const answer = await page.goto(new URL(path, base).href);
    check(answer.status() === 200, `${person} ${path}: ${answer.status()}`);
  };
  const links = (within) => page.locator(within).evaluateAll((all) => all.map((one) => one.href));
  await judge(page, `${person} /work`, { picture: `work-${role}` });
  const work = await links('table a');
  const menu = await links('nav a');
  for (const path of ['/cases', '/account']) {
    await go(path);
    await judge(page, `${person} ${path}`, { picture: `${path.slice(1)}-${role}` });
  }
  if (role === 'core_enterprise') await token(page, go);
  const cases = work.length > 0 ? work : await (await go('/cases'), links('table a'));
  await go(cases[0]);
  await judge(page, `${person} a case`, { picture: `case-${role}` });
  for (const path of (await links('.app-now__row a')).slice(0, 2)) {
    await go(path);
    const event = path.split('/').pop();
    await judge(page, `${person} ${event}`, { picture: `form-${event}` });
  }
  if (menu.some((href) => href.endsWith('/overdue'))) {
    await go('/overdue');
    await judge(page, `${person} /overdue`, { picture: 'overdue' });
    if (width > 600) await print(page, '/overdue');
  }
  if (width > 600) {
    await go(cases[0]);
    await print(page, `${person} a case`);
  }
  await page.context().close();
}

/// A token for a program: wrong first, then shown once, then revoked.
async function token(page, go) {
  await go('/account/tokens');
  await page.click('main button[type=submit]');
  await judge(page, 'a token without a name', { picture: 'token-errors' });
  await page.fill('#token-name', 'Phần mềm kế toán');
  await page.check('#token-scope-report');
  await page.click('main button[type=submit]');
  const secret = await page.inputValue('#secret').catch(() => '');
  check(secret.startsWith('ctm_'), `the token is shown: ${page.url()}`);
  await judge(page, 'a token that was made', { picture: 'token' });
  await go('/account');
  await judge(page, 'an account with a token', { picture: 'account-token' });
  const asked = await page.request.get(`${base}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
  check(asked.status() === 200, `the token is good: ${asked.status()}`);
  await page.click('form[action^="/account/tokens/"] button');
  const again = await page.request.get(`${base}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
  check(again.status() === 401, `a revoked token is worth nothing: ${again.status()}`);
}

async function signedOut(width) {
  const page = await signedIn('', width);
  const open = [
    ['/sign-in', 'sign-in'],
    ['/nothing-here', 'nothing-here'],
    ['/api/docs', 'api'],
    ['/api/problems/stale', 'api-problem'],
  ];
  for (const [path, name] of open) {
    await page.goto(base + path);
    await judge(page, path, { picture: name });
  }
  await page.goto(`${base}/sign-in`);
  await page.fill('#name', 'nobody');
  await page.fill('#password', 'wrong');
  await page.click('main button');
  await judge(page, 'a wrong password', { picture: 'wrong-password' });
  await page.context().close();
}

const cotmoc = (...words) => execFileSync(program, ['--store', store, ...words], { encoding: 'utf8' });

/// A person who owes a monthly report, signed in for the first time, by the link of an invitation.
async function invited() {
  const owed = JSON.parse(cotmoc('task', 'list', '--role', 'core_enterprise', '--format', 'json'));
  const one = owed.find((task) => task.title === 'Lập và nộp báo cáo');
  const person = `person:${one.subject.split('/')[2]}:core_enterprise`;
  const link = new URL(cotmoc('account', 'invite', person).match(/http\S+/)[0]);
  const page = await signedIn('', 1360);
  await page.goto(base + link.pathname);
  await judge(page, 'an invitation', { picture: 'invitation' });
  await page.fill('#password', 'mot cau dai de nho');
  await page.fill('#again', 'mot cau dai de nho');
  await page.click('main button');
  check(page.url() === `${base}/work`, `an invitation leads to the list of work: ${page.url()}`);
  await page.click(`a[href="/cases/${one.case_id}"]`);
  return page;
}

/// A monthly report from the list of work to the receipt: a wrong figure first, then right.
async function report() {
  const page = await invited();
  await page.click('.app-now__row a[href$="/submit"]');
  const figures = page.locator('input[name^="/indicators/"]');
  check((await figures.count()) > 0, 'the form asks for figures');
  const small = { availability_pct: '99,5', security_level: '3', satisfaction: '4,5' };
  for (const field of await figures.all()) {
    const code = (await field.getAttribute('name')).split('/').pop();
    await field.fill(small[code] ?? '90.000.000');
  }
  await page.fill('[name="/narrative/results"]', 'Đã hoàn thành kế hoạch của kỳ.');
  await figures.first().fill('nhiều');
  await page.click('main button[type=submit]');
  check((await page.title()).startsWith('Có lỗi'), `a wrong figure is told: ${await page.title()}`);
  await judge(page, 'a form with errors', { picture: 'errors' });
  await page.locator('.govuk-error-summary a').first().click();
  const focused = await page.evaluate(() => document.activeElement?.getAttribute('value'));
  check(focused === 'nhiều', `the summary leads to the field, which still says “${focused}”`);
  await page.keyboard.press('Control+A');
  await page.keyboard.type('90.000.000');
  await page.click('main button[type=submit]');
  const banner = await page.locator('.govuk-notification-banner').textContent().catch(() => '');
  check(banner.includes('đã được ghi vào hồ sơ'), `the report is recorded: ${page.url()} ${banner}`);
  await judge(page, 'a report that was submitted', { picture: 'submitted' });
  await page.context().close();
}

for (const width of WIDTHS) {
  await signedOut(width);
  for (const person of people) await walk(person, width);
}
await report();
await browser.close();
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
