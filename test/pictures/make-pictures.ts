/**
 * Makes the README's pictures in dist/pictures from the real thing: the program in a terminal of its own, syncing
 * into the embedded server, and the page that it writes of its past runs (which are samples).
 * Needs chromium and `script` (bsdutils).
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { pastRuns, writeHistory } from '../support/past-runs.ts';
import { openSandbox, type Sandbox } from '../support/sandbox.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const PICTURES = join(ROOT, 'dist', 'pictures');
const MAIN = join(ROOT, 'src', 'main.ts');
const COLUMNS = 96;
const MiB = 1024 * 1024;

/** A folder as people have them. */
function fill(box: Sandbox): void {
  for (let n = 1; n <= 60; n++)
    box.write(`documents/2026/report ${n}.pdf`, Buffer.alloc(90_000 + n * 700, n));
  for (let n = 1; n <= 40; n++)
    box.write(`photos/harbour/IMG_${1000 + n}.jpg`, Buffer.alloc(700_000 + n * 9_000, n));
  box.write('videos/family 2026.mp4', Buffer.alloc(60 * MiB, 7));
}

/** What the program writes to a terminal until it shows `until`, or to its end. */
function typescript(box: Sandbox, command: string, until?: RegExp): Promise<string> {
  const child = spawn('script', ['-qefc', `stty cols ${COLUMNS} rows 40; ${command}`, '/dev/null'], {
    env: { ...process.env, COS_SYNC_HOME: box.home, LANG: 'C.UTF-8', TERM: 'xterm-256color' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let written = '';
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      written += text;
      if (!until?.test(written)) return;
      child.stdout.removeAllListeners('data').resume();
      child.kill();
      done(written);
    });
    child.on('close', () => done(written));
  });
}

/** Shows in a real terminal emulator what was written, and takes its picture. */
async function photograph(browser: Browser, written: string, file: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 900, height: 700 }, deviceScaleFactor: 1.5 });
  const xterm = join(ROOT, 'node_modules', '@xterm', 'xterm');
  const style = readFileSync(join(xterm, 'css', 'xterm.css'), 'utf8');
  await page.setContent(
    `<style>${style} body { margin: 0; background: #0d1117 } #t { padding: 14px; display: inline-block }</style><div id=t></div>`,
  );
  await page.addScriptTag({ path: join(xterm, 'lib', 'xterm.js') });
  await page.evaluate(
    async ({ text, columns }) => {
      const { Terminal } = window as unknown as { Terminal: new (options: object) => XTerm };
      const rows = text.split('\n').length + 1;
      const terminal = new Terminal({
        cols: columns,
        rows,
        fontSize: 13,
        cursorInactiveStyle: 'none',
        theme: { background: '#0d1117' },
      });
      terminal.open(document.getElementById('t')!);
      await new Promise<void>(done => terminal.write(text, done));
      terminal.resize(columns, terminal.buffer.active.cursorY + 1);
      await new Promise(done => setTimeout(done, 300));
    },
    { text: written, columns: COLUMNS },
  );
  await page.locator('#t').screenshot({ path: file });
  await page.close();
}

interface XTerm {
  open(element: HTMLElement): void;
  write(text: string, done: () => void): void;
  resize(columns: number, rows: number): void;
  buffer: { active: { cursorY: number } };
}

mkdirSync(PICTURES, { recursive: true });
const box = await openSandbox();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  fill(box);
  box.configure({ upload_limit: 12, timeout: 30 });
  const program = `${process.execPath} ${MAIN}`;
  const prompt = '$ sh start_cos_sync.sh\r\n';
  const running = await typescript(box, program, /5\d%/);
  await photograph(browser, prompt + running, join(PICTURES, 'progress.png'));
  box.configure({});
  const over = await typescript(box, program);
  await photograph(browser, prompt + over, join(PICTURES, 'run.png'));

  writeHistory(box.home, pastRuns(58, 12));
  const html = join(box.root, 'runs.html');
  await box.run('history', '--html', html);
  const page = await browser.newPage({ viewport: { width: 1000, height: 860 } });
  await page.goto(pathToFileURL(html).href);
  await page.screenshot({ path: join(PICTURES, 'history.png') });
} finally {
  await browser.close();
  await box.close();
}
