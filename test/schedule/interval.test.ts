import test from 'ava';
import { ConfigError } from '../../src/config/faults.ts';
import { cronLine } from '../../src/schedule/cron.ts';
import { intervalOf } from '../../src/schedule/interval.ts';
import { timerUnit } from '../../src/schedule/systemd.ts';
import { taskXml } from '../../src/schedule/windows-task.ts';

/** Options, and what each scheduler is told. */
const TABLE: [
  every: string | undefined,
  at: string | undefined,
  cron: string,
  systemd: string,
  task: string,
][] = [
  [undefined, undefined, '0 2 * * *', '*-*-* 02:00:00', '2026-01-01T02:00:00'],
  ['daily', '23:59', '59 23 * * *', '*-*-* 23:59:00', '2026-01-01T23:59:00'],
  ['daily', '7:05', '5 7 * * *', '*-*-* 07:05:00', '2026-01-01T07:05:00'],
  ['24h', '00:00', '0 0 * * *', '*-*-* 00:00:00', '2026-01-01T00:00:00'],
  ['1d', undefined, '0 2 * * *', '*-*-* 02:00:00', '2026-01-01T02:00:00'],
  ['1h', undefined, '0 * * * *', '*-*-* *:00:00', 'PT1H'],
  ['60m', undefined, '0 * * * *', '*-*-* *:00:00', 'PT1H'],
  ['6h', undefined, '0 */6 * * *', '*-*-* 00/6:00:00', 'PT6H'],
  ['15m', undefined, '*/15 * * * *', '*-*-* *:00/15:00', 'PT15M'],
  ['1m', undefined, '* * * * *', '*-*-* *:*:00', 'PT1M'],
];

test('an interval is told to every scheduler in its own words', t => {
  for (const [every, at, cron, systemd, task] of TABLE) {
    const job = { name: 'n', command: ['/p'], folder: '/f', interval: intervalOf(every, at) } as const;
    t.true(cronLine(job).startsWith(`${cron} cd /f `), cronLine(job));
    t.regex(timerUnit(job), new RegExp(`^OnCalendar=${systemd.replaceAll('*', '\\*')}$`, 'm'));
    const daily = `<StartBoundary>${task}</StartBoundary>`;
    const repeated = `<Interval>${task}</Interval>`;
    t.true(taskXml(job, 'u').includes(task.startsWith('PT') ? repeated : daily), task);
  }
});

test('an interval that a scheduler cannot keep is refused', t => {
  const refused: [string | undefined, string | undefined, string][] = [
    ['7m', undefined, 'badInterval'],
    ['90m', undefined, 'badInterval'],
    ['5h', undefined, 'badInterval'],
    ['0m', undefined, 'badInterval'],
    ['0h', undefined, 'badInterval'],
    ['48h', undefined, 'badInterval'],
    ['2d', undefined, 'badInterval'],
    ['15', undefined, 'badInterval'],
    ['', undefined, 'badInterval'],
    ['hourly', undefined, 'badInterval'],
    ['daily', '24:00', 'badTime'],
    ['daily', '2:5', 'badTime'],
    ['daily', '', 'badTime'],
    ['15m', '02:00', 'atWithoutDaily'],
  ];
  for (const [every, at, problem] of refused) {
    const error = t.throws(() => intervalOf(every, at), { instanceOf: ConfigError }, `${every} ${at}`);
    t.is(error?.faults[0]?.problem, problem as never, `${every} ${at}`);
  }
});
