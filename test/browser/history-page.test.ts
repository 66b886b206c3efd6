import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import anyTest, { type ExecutionContext } from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';
import { historyPage } from '../../src/report/history/page.ts';
import { historyEn, historyZh } from '../../src/report/words/history.ts';
import { pastRuns } from '../support/past-runs.ts';

const CHROMIUM = '/usr/bin/chromium';

const test = existsSync(CHROMIUM) ? anyTest.serial : anyTest.serial.skip;
if (!existsSync(CHROMIUM)) {
  process.stderr.write(`test/browser is skipped: ${CHROMIUM} is missing (apt-get install chromium)\n`);
}

let browser: Browser;
if (existsSync(CHROMIUM)) {
  anyTest.before(async () => {
    // A container's root has no sandbox; the page is our own.
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  anyTest.after.always(() => browser?.close());
}

interface View {
  width: number;
  colorScheme: 'light' | 'dark';
}

/** Opens a page as a file, without a network; fails the test for anything it asks for or complains of. */
async function open(t: ExecutionContext, html: string, { width, colorScheme }: View): Promise<Page> {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-page-'));
  const file = join(folder, 'history.html');
  writeFileSync(file, html);
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true });
  t.teardown(async () => {
    await context.close();
    rmSync(folder, { recursive: true });
  });
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('request', request => asked.push(request.url()));
  page.on('console', message => t.fail(message.text()));
  page.on('pageerror', error => t.fail(error.message));
  await page.goto(pathToFileURL(file).href);
  t.deepEqual(asked, [pathToFileURL(file).href]);
  return page;
}

test('the page shows four charts, with a bar for each value that is not zero', async t => {
  const runs = pastRuns(60, 12);
  const page = await open(t, historyPage(runs, historyEn, 'en'), { width: 1240, colorScheme: 'light' });
  const charts = page.locator('svg[role=img]');
  t.deepEqual(await charts.evaluateAll(all => all.map(svg => svg.getAttribute('aria-label'))), [
    'bytes',
    'Files',
    'failed',
    'duration',
  ]);
  const barsIn = (index: number) => charts.nth(index).locator('rect:not(.area)').count();
  t.is(await barsIn(0), runs.filter(run => run.upload_bytes > 0).length);
  t.is(await barsIn(2), runs.filter(run => run.upload_file_fail > 0).length);
  t.is(await barsIn(3), 60);
  const heights = await charts
    .nth(3)
    .locator('rect.teal')
    .evaluateAll(all => all.map(bar => bar.getBoundingClientRect().height));
  const longest = runs.findIndex(run => run.used_time === Math.max(...runs.map(one => one.used_time)));
  t.is(heights.indexOf(Math.max(...heights)), longest);
  t.regex((await charts.first().locator('g title').last().textContent()) ?? '', /^60 · 2026-.*\nbytes: /);
});

test('light and dark follow the system, and text is readable in both', async t => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const html = historyPage(pastRuns(60, 12), historyEn, 'en');
    const page = await open(t, html, { width: 1240, colorScheme });
    const [back = 0, ...texts] = await page.evaluate(() => {
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
      const luminance = (colour: string) => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map(part =>
          part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
      };
      const style = (selector: string) => getComputedStyle(document.querySelector(selector)!);
      return [
        luminance(style('.card').backgroundColor),
        ...['h2', 'td', 'th', '.note', 'td.ALL_OK', 'td.bad'].map(name => luminance(style(name).color)),
        luminance(style('.mark').fill),
      ];
    });
    t.is(back > 0.5, colorScheme === 'light');
    for (const text of texts) {
      const contrast = (Math.max(back, text) + 0.05) / (Math.min(back, text) + 0.05);
      t.true(contrast >= 4.5, `${colorScheme}: ${contrast}`);
    }
  }
});

test('nothing is cut off or lies upon another, on a wide screen and on a phone', async t => {
  for (const width of [1400, 700, 360]) {
    const html = historyPage(pastRuns(1500, 2), historyZh, 'zh');
    const page = await open(t, html, { width, colorScheme: 'light' });
    t.true(
      await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
      String(width),
    );
    const overlaps = await page.evaluate(() => {
      const boxes = [...document.querySelectorAll('.card')].map(card => card.getBoundingClientRect());
      return boxes.filter((one, index) =>
        boxes.some(
          (other, at) =>
            at > index &&
            one.right > other.left &&
            other.right > one.left &&
            one.bottom > other.top &&
            other.bottom > one.top,
        ),
      ).length;
    });
    t.is(overlaps, 0);
    const outside = await page.evaluate(
      () =>
        [...document.querySelectorAll('svg')].flatMap(svg => {
          const frame = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')]
            .filter(text => text.getClientRects().length > 0)
            .map(text => text.getBoundingClientRect())
            .filter(
              box =>
                box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1,
            );
        }).length,
    );
    t.is(outside, 0);
  }
});

test('the labels of the charts are readable on a phone, and none lies upon another', async t => {
  for (const [count, hours] of [
    [60, 12],
    [1500, 2],
  ] as const) {
    const large = pastRuns(count, hours).map(run => ({ ...run, upload_bytes: run.upload_bytes * 700 }));
    const page = await open(t, historyPage(large, historyEn, 'en'), { width: 360, colorScheme: 'light' });
    const { sizes, overlaps, outside } = await page.evaluate(() => {
      const svgs = [...document.querySelectorAll('svg')];
      const labels = svgs.map(svg =>
        [...svg.querySelectorAll('text')].filter(text => text.getClientRects().length > 0),
      );
      const boxes = labels.map(texts => texts.map(text => text.getBoundingClientRect()));
      return {
        sizes: svgs.map((svg, index) => {
          const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
          return Math.min(
            ...labels[index]!.map(text => Number.parseFloat(getComputedStyle(text).fontSize) * scale),
          );
        }),
        overlaps: boxes.flatMap(all =>
          all.filter((one, index) =>
            all.some(
              (other, at) =>
                at > index &&
                one.right > other.left &&
                other.right > one.left &&
                one.bottom - 4 > other.top &&
                other.bottom - 4 > one.top,
            ),
          ),
        ).length,
        outside: boxes.flatMap((all, index) =>
          all.filter(box => box.left < svgs[index]!.getBoundingClientRect().left - 1),
        ).length,
      };
    });
    for (const size of sizes) t.true(size >= 10.5, String(size));
    t.is(overlaps, 0);
    t.is(outside, 0);
  }
});

test('the table names the target of each run when there are several', async t => {
  const runs = pastRuns(4, 12);
  const view = { width: 1240, colorScheme: 'light' } as const;
  const alone = await open(t, historyPage(runs, historyEn, 'en'), view);
  t.is(await alone.locator('th').count(), 10);
  runs[3] = { ...runs[3]!, ledger: 'other.db', target: 'cos://other-1250000000/' };
  const both = await open(t, historyPage(runs, historyEn, 'en'), view);
  const cells = both.locator('tr > td:nth-child(11)');
  t.deepEqual((await cells.allTextContents()).slice(0, 2), [
    '/srv/photos → cos://other-1250000000/',
    '/srv/photos → cos://photos-1250000000/backup/',
  ]);
});

test('the failures of a run unfold, with names as they are', async t => {
  const html = historyPage(pastRuns(60, 12), historyEn, 'en');
  const page = await open(t, html, { width: 1240, colorScheme: 'dark' });
  const details = page.locator('details').first();
  t.false(await details.locator('li').first().isVisible());
  await details.locator('summary').click();
  t.is(
    await details.locator('li').first().textContent(),
    '2026/<b>trip & "sea"</b>/IMG_0.jpg · -71 · SlowDown: too many requests: lower thread_num',
  );
  t.true(await details.locator('li').first().isVisible());
});
