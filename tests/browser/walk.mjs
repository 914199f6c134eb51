// Walks through the pages as people of each role do, on a wide screen and on a phone, and checks each page:
// axe-core finds no violation of WCAG A or AA, Tab reaches everything that can be pressed and gets caught
// nowhere, and the page does not scroll sideways. Then a report is submitted, wrong first.
//
// Usage: node walk.mjs PROGRAM STORE SAID REMARKS LETTERS [FOLDER]: the program, its store, what `cotmoc demo --serve`
// printed to its two outputs, where it puts letters, and where to keep a picture of each page.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const [, , program, store, said, remarks, letters, pictures] = process.argv;
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
    // A refusal is an answer of 4xx, and a line may be down; the browser remarks on both by itself.
    const remarks = ['the server responded with a status of 4', 'net::ERR_INTERNET_DISCONNECTED'];
    const isExpected = remarks.some((words) => message.text().includes(words));
    check(message.type() !== 'error' || isExpected, `${person} ${page.url()}: ${message.text()}`);
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
  // Tab begins at the top, whatever was pressed before.
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });
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

/// The same page on a wide screen and on a phone.
async function judgeAtBoth(page, name, picture) {
  for (const width of WIDTHS.toReversed()) {
    await page.setViewportSize({ width, height: 900 });
    await judge(page, name, { picture });
  }
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
  if (['coordinator', 'core_enterprise'].includes(role)) {
    await go('/reports?year=2022');
    await judge(page, `${person} /reports`, { picture: `reports-${role}` });
    if (width > 600) await print(page, `${person} /reports`);
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width, height: 900 });
  }
  if (role === 'core_enterprise') await token(page, go);
  if (role === 'administrator') {
    await go('/calendar?year=2022&from=11/02/2022&days=10');
    await judge(page, 'the calendar', { picture: 'calendar' });
    check((await page.textContent('[role=status]')).includes('25/02/2022'), 'ten working days are counted');
  }
  const cases = work.length > 0 ? work : await (await go('/cases'), links('table a'));
  if (cases.length === 0) {
    check(role === 'administrator', `${person} sees a case`);
    await page.context().close();
    return;
  }
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
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ media: 'screen' });
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

/// Somebody's roles, from the list of people to the preview of handing them over.
async function administration(width) {
  const admin = people.find((person) => person.endsWith(':administrator'));
  const page = await signedIn(admin, width);
  await page.click('nav a[href="/admin/people"]');
  await judge(page, 'people', { picture: 'people' });
  await page.fill('#q', 'cuc tin hoc');
  await page.click('main form button');
  await page.click('main table a[href$=":ministry_focal"]');
  await judge(page, 'a person', { picture: 'person' });
  const person = page.url();
  for (const [way, picture] of [['roles', 'give-role'], ['substitute', 'substitute'], ['hand-over', 'hand-over']]) {
    await page.goto(`${person}/${way}`);
    await judge(page, way, { picture });
  }
  await page.click('main form button');
  await judge(page, 'handing over, nothing filled in', { picture: 'hand-over-errors' });
  await page.fill('#to', 'person:vu-quan-ly-doanh-nghiep:coordinator');
  await page.fill('#basis', '15/QĐ-BTTTT');
  await page.click('main form button');
  await judge(page, 'what would be handed over', { picture: 'hand-over-preview' });
  check((await page.textContent('main button')).startsWith('Bàn giao'), 'the button says what it does');
  await page.goto(`${base}/admin/people/new`);
  await judge(page, 'adding a person', { picture: 'new-person' });
  await page.goto(`${base}/admin/audit`);
  await judge(page, 'what was done', { picture: 'audit' });
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

/// Until the line beside the buttons of a form says `words`.
const saidOfDraft = (page, words) =>
  page
    .waitForFunction(
      (words) => document.querySelector('[data-draft-said]')?.textContent.includes(words),
      words,
      { timeout: 30_000 },
    )
    .then(() => true, () => false);

/// What is typed into the form of `page` saves itself, waits on this computer while the server cannot be reached,
/// and is there again for whoever left in the middle.
async function drafts(page) {
  const form = page.url();
  const first = page.locator('input[name^="/indicators/"]').first();
  const words = page.locator('[name="/narrative/results"]');
  const banner = page.locator('.app-draft', { hasText: 'CHƯA NỘP' });
  check(!(await banner.isVisible()), 'a form that nothing was typed into is no draft');
  await first.fill('12');
  check(await saidOfDraft(page, 'Đã lưu nháp lúc'), 'a draft saves itself');
  check(await banner.isVisible(), 'and says that it is not submitted');
  await judgeAtBoth(page, 'a draft', 'draft');
  await page.context().setOffline(true);
  await words.fill('Viết khi mất mạng.');
  check(await saidOfDraft(page, 'Chưa gửi được, dữ liệu vẫn còn trên máy này'), 'the line is down, and told');
  await page.click('main form[data-draft] button[type=submit]');
  check(page.url() === form, 'what cannot be sent stays where it is');
  // The browser is closed while the line is down: the copy on this computer becomes the draft.
  await page.goto('about:blank').catch(() => {});
  await page.context().setOffline(false);
  await page.goto(form);
  await page.waitForFunction(() => document.querySelector('[name="/narrative/results"]')?.value !== '');
  check((await words.inputValue()) === 'Viết khi mất mạng.', 'and is there again');
  await first.fill('1.234');
  await page.goto(`${base}/work`);
  check(await banner.first().isVisible(), 'the list of work names the draft');
  await judgeAtBoth(page, 'work with a draft', 'work-draft');
  await banner.locator('a').first().click();
  await page.waitForFunction(() => document.querySelector('[name^="/indicators/"]')?.value === '1.234');
  check((await first.inputValue()) === '1.234', 'leaving at once loses nothing');
  await page.click('.app-draft a[href$="/discard"]');
  await judgeAtBoth(page, 'throwing a draft away', 'discard');
  await page.goto(form);
}

/// The workbook of a form as it stands, sent back for a check.
async function checkWorkbook(page, form) {
  await page.goto(`${form}/sheet`);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.click('main a[download]'),
  ]);
  await page.setInputFiles('#file', await file.path().then((path) => ({
    name: 'bao-cao.xlsx',
    mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    buffer: readFileSync(path),
  })));
  await page.click('main form button');
}

/// A report by Excel: the template holds what was typed, wrong first, and is checked cell by cell.
async function workbook(page) {
  const form = page.url();
  await page.goto(`${form}/sheet`);
  await judgeAtBoth(page, 'reporting by a workbook', 'sheet');
  await page.setInputFiles('#file', { name: 'a.xlsx', mimeType: 'text/plain', buffer: Buffer.from('a;b') });
  await page.click('main form button');
  check((await page.title()).startsWith('Có lỗi'), 'a text file is no workbook');
  await page.setInputFiles('#file', {
    name: 'a.xlsx', mimeType: 'text/plain', buffer: Buffer.alloc(6 * 1024 * 1024),
  });
  const told = await page.locator('[data-file-said]').textContent();
  check(told.includes('5 MB'), 'a file that is too large is told before it is sent');
  await page.goto(form);
  await fillFigures(page);
  await page.locator('input[name^="/indicators/"]').first().fill('1,25 tỷ');
  check(await saidOfDraft(page, 'Đã lưu nháp lúc'), 'the figures are saved');
  await checkWorkbook(page, form);
  const line = page.locator('[aria-labelledby="errors-by-cell"] tbody tr').first();
  const words = (await line.textContent().catch(() => '')) ?? '';
  check(/!E\d+/.test(words) && words.includes('1,25 tỷ'), `an error is told with its cell: ${words}`);
  await judgeAtBoth(page, 'a workbook with errors', 'sheet-errors');
  await page.goto(form);
  await page.locator('input[name^="/indicators/"]').first().fill('90.000.000');
  await page.click('button[name="_draft"]');
  await checkWorkbook(page, form);
  check(await page.getByText('Đã đọc từ tệp').isVisible(), 'what was read is shown');
  await judgeAtBoth(page, 'a workbook that was read', 'sheet-read');
  await page.goto(form);
}

/// A figure for every field that asks for one.
async function fillFigures(page) {
  const small = { availability_pct: '99,5', security_level: '3', satisfaction: '4,5' };
  for (const field of await page.locator('input[name^="/indicators/"]').all()) {
    const code = (await field.getAttribute('name')).split('/').pop();
    await field.fill(small[code] ?? '90.000.000');
  }
}

/// A monthly report from the list of work to the receipt: a wrong figure first, then right.
async function report() {
  const page = await invited();
  await page.click('.app-now__row a[href$="/submit"]');
  const figures = page.locator('input[name^="/indicators/"]');
  check((await figures.count()) > 0, 'the form asks for figures');
  await drafts(page);
  await workbook(page);
  await fillFigures(page);
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
  await page.click('.govuk-notification-banner a');
  check(await page.getByText('Số biên nhận').isVisible(), 'the banner leads to the receipt');
  await judgeAtBoth(page, 'a receipt', 'receipt');
  await print(page, 'a receipt');
  await page.context().close();
}

/// How many letters lie in the folder that say `words`; text is looked for as it is written, whatever its encoding.
function lettersWith(words) {
  if (!existsSync(letters)) return 0;
  const text = (name) => {
    const bytes = readFileSync(`${letters}/${name}`, 'utf8');
    const plain = bytes.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    const parts = bytes.split(/\r?\n\r?\n/).map((part) => Buffer.from(part.replace(/\s/g, ''), 'base64').toString('utf8'));
    return [bytes, Buffer.from(plain, 'latin1').toString('utf8'), ...parts].join('\n');
  };
  return readdirSync(letters, { recursive: true }).filter((name) => name.endsWith('.eml') && text(name).includes(words)).length;
}

async function lettersArrive(words) {
  const deadline = Date.now() + 20_000;
  while (lettersWith(words) === 0 && Date.now() < deadline) await new Promise((later) => setTimeout(later, 200));
  check(lettersWith(words) > 0, `a letter says “${words}”`);
}

/// The coordination department reminds of three overdue tasks and tells the leaders of one; the letters arrive.
async function urge(width) {
  const person = people.find((one) => one.endsWith(':coordinator'));
  const page = await signedIn(person, width);
  const words = `Đề nghị hoàn thành trong tuần, lần ${width}.`;
  const choose = async (count, kind) => {
    await page.goto(`${base}/overdue`);
    const own = page.locator('tr', { hasText: 'Đơn vị đầu mối của Bộ' }).locator('input[name=item]');
    for (let at = 0; at < count; at += 1) await own.nth(at + (width > 600 ? 0 : 3)).check();
    await page.click(`.app-bulk button[value=${kind}]`);
  };
  await choose(3, 'remind');
  await judge(page, 'what would be sent', { picture: 'urge' });
  const button = page.locator('form[action="/urge/send"] button');
  check((await button.textContent()).trim() === 'Gửi 3 lời nhắc', `the button counts: ${await button.textContent()}`);
  await page.fill('#note', words);
  await button.click();
  check(page.url().includes('/batches/'), `a batch has a page: ${page.url()}`);
  check((await page.locator('.govuk-tag--green').count()) === 3, 'three are reminded');
  await lettersArrive(words);
  await page.reload();
  await judge(page, 'a batch', { picture: 'batch' });
  await choose(3, 'remind');
  const text = await page.locator('main').textContent();
  check(text.includes('0 việc sẽ gửi, 3 việc bỏ qua'), 'nobody is reminded twice a day');
  await judge(page, 'nothing to be sent');
  await choose(1, 'escalate');
  await page.fill('#note', `Báo cáo: ${words}`);
  await page.click('form[action="/urge/send"] button');
  check((await page.locator('.govuk-tag--green').count()) === 1, 'the leaders are told of one');
  await lettersArrive(`Báo cáo: ${words}`);
  await page.locator('table a').first().click();
  const history = await page.locator('.app-timeline').textContent();
  check(history.includes(words), `the case says so: ${history.slice(0, 200)}`);
  await page.goto(`${base}/batches`);
  await judge(page, '/batches', { picture: 'batches' });
  await page.context().close();
}

for (const width of WIDTHS) {
  await signedOut(width);
  for (const person of people) await walk(person, width);
  await administration(width);
}
for (const width of WIDTHS) await urge(width);
await report();
await browser.close();
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
