import { usageFault } from '../config/faults.ts';

/** When a schedule runs. Minutes divide an hour and hours a day: all cron can say. */
export type Interval =
  | { unit: 'minutes'; count: number }
  | { unit: 'hours'; count: number }
  | { unit: 'daily'; hour: number; minute: number };

const DEFAULT_TIME = '02:00';

/**
 * Reads `--every 15m|1h|daily` and `--at HH:MM`.
 * @throws ConfigError
 */
export function intervalOf(every = 'daily', at?: string): Interval {
  const [, digits, unit] = /^(\d{1,4})(m|h|d)$/.exec(every) ?? [];
  const minutes = Number(digits) * { m: 1, h: 60, d: 24 * 60 }[unit ?? 'm']!;
  if (every === 'daily' || minutes === 24 * 60) return dailyAt(at ?? DEFAULT_TIME);
  if (at !== undefined) throw usageFault('--at', 'atWithoutDaily', { value: every });
  if (minutes < 60 && 60 % minutes === 0) return { unit: 'minutes', count: minutes };
  const hours = minutes / 60;
  if (Number.isInteger(hours) && 24 % hours === 0) return { unit: 'hours', count: hours };
  throw usageFault('--every', 'badInterval', { value: every });
}

function dailyAt(at: string): Interval {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(at) ?? [];
  if (hour === undefined || minute === undefined) throw usageFault('--at', 'badTime', { value: at });
  return { unit: 'daily', hour: Number(hour), minute: Number(minute) };
}

/** `02:05` */
export function timeOfDay({ hour, minute }: { hour: number; minute: number }): string {
  return [hour, minute].map(number => String(number).padStart(2, '0')).join(':');
}
