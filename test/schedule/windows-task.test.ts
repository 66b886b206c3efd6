import test from 'ava';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Job } from '../../src/schedule/job.ts';
import { taskInstallation, taskXml, windowsWord } from '../../src/schedule/windows-task.ts';
import { hardPaths } from '../support/paths.ts';

const DAILY = { unit: 'daily', hour: 2, minute: 0 } as const;
const QUARTERS = { unit: 'minutes', count: 15 } as const;

function jobOf(changes: Partial<Job> = {}): Job {
  return { name: 'backup', command: ['C:\\c\\cos_sync.exe'], folder: 'C:\\c', interval: DAILY, ...changes };
}

function parse(xml: string) {
  const text = xml.replace(/^\ufeff/, '');
  if (XMLValidator.validate(text) !== true) throw new Error(`no XML: ${text}`);
  const parser = new XMLParser({ ignoreAttributes: false, trimValues: false, parseTagValue: false });
  return parser.parse(text).Task;
}

/**
 * How a Windows program splits its command line.
 * Source: learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments.
 */
function asWindowsReadsIt(line: string): string[] {
  const words: string[] = [];
  let rest = line;
  while (rest.trimStart() !== '') {
    rest = rest.replace(/^[ \t]+/, '');
    let word = '';
    let isQuoted = false;
    while (rest !== '' && (isQuoted || !/^[ \t]/.test(rest))) {
      const [all = '', slashes = ''] = /^(\\*)"/.exec(rest) ?? [];
      if (all === '') {
        word += rest[0];
        rest = rest.slice(1);
        continue;
      }
      word += '\\'.repeat(slashes.length >> 1);
      if (slashes.length % 2 === 1) word += '"';
      else isQuoted = !isQuoted;
      rest = rest.slice(all.length);
    }
    words.push(word);
  }
  return words;
}

test('a task runs without a logged-on user, one at a time, at the least privilege, for as long as it takes', t => {
  const task = parse(taskXml(jobOf({ interval: QUARTERS }), 'OFFICE\\user'));
  t.like(task.Principals.Principal, { UserId: 'OFFICE\\user', LogonType: 'S4U', RunLevel: 'LeastPrivilege' });
  t.like(task.Settings, {
    MultipleInstancesPolicy: 'IgnoreNew',
    StartWhenAvailable: 'true',
    DisallowStartIfOnBatteries: 'false',
    StopIfGoingOnBatteries: 'false',
    ExecutionTimeLimit: 'PT0S',
    Enabled: 'true',
  });
  t.like(task.Triggers.CalendarTrigger.Repetition, { Interval: 'PT15M', Duration: 'P1D' });
  t.is(task['@_xmlns'], 'http://schemas.microsoft.com/windows/2004/02/mit/task');
  t.is(task.Actions['@_Context'], task.Principals.Principal['@_id']);
});

test("a trigger's parts are in the order that the schema wants", t => {
  const xml = taskXml(jobOf({ interval: QUARTERS }), 'u');
  const order = ['<Repetition>', '<StartBoundary>', '<Enabled>', '<ScheduleByDay>'].map(tag =>
    xml.indexOf(tag),
  );
  t.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  t.true(order.every(position => position > 0));
});

test('paths are in the XML as they are written', t => {
  const xml = taskXml(
    jobOf({
      command: ['C:\\R&D <备份>\\cos_sync.exe', 'sync', '--home', 'D:\\my data\\'],
      folder: 'D:\\"x"',
    }),
    'PC\\O\'Neil & "Söhne"',
  );
  t.true(xml.includes('<Command>C:\\R&amp;D &lt;备份&gt;\\cos_sync.exe</Command>'), xml);
  const task = parse(xml);
  t.is(task.Actions.Exec.Arguments, 'sync --home "D:\\my data\\\\"');
  t.is(task.Actions.Exec.WorkingDirectory, 'D:\\"x"');
  t.is(task.Principals.Principal.UserId, 'PC\\O\'Neil & "Söhne"');
});

test('any command comes back from the XML and the command line as it was', t => {
  fc.assert(
    fc.property(hardPaths(), fc.array(hardPaths(), { minLength: 1, maxLength: 3 }), (program, args) => {
      const { Exec } = parse(taskXml(jobOf({ command: [program, ...args], folder: program }), 'u')).Actions;
      t.is(Exec.Command, program);
      t.is(Exec.WorkingDirectory, program);
      t.deepEqual(asWindowsReadsIt(Exec.Arguments), args);
    }),
  );
});

test('any word comes back from a Windows command line', t => {
  const words = fc.array(fc.string({ unit: fc.constantFrom('\\', '"', ' ', '\t', 'a', '中') }));
  fc.assert(
    fc.property(words, given => {
      t.deepEqual(asWindowsReadsIt(given.map(windowsWord).join(' ')), given);
    }),
  );
});

test('the file is UTF-16 with a byte order mark and Windows line ends', t => {
  const [write, run] = taskInstallation(jobOf(), { user: 'u', folder: '/home/conf' });
  if (write?.do !== 'write') return t.fail();
  t.is(write.encoding, 'utf16le');
  t.is(write.text[0], '\ufeff');
  t.notRegex(write.text, /[^\r]\n/);
  t.true(write.text.slice(1).startsWith('<?xml version="1.0" encoding="UTF-16"?>'));
  t.deepEqual(run, {
    do: 'run',
    command: ['schtasks', '/Create', '/TN', 'backup', '/XML', '/home/conf/backup-task.xml', '/F'],
  });
});
