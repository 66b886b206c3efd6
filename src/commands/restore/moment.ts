const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A year to a second, with or without a zone. */
const ISO = /^(\d{4}-\d{2}-(\d{2}))([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Reads a moment: ISO 8601, this machine's time where no zone is given, or how long ago: `30m`, `2h`, `3d`, `1w`.
 * @param now ms since 1970
 * @returns ms since 1970; undefined where it is none
 */
export function momentOf(text: string, now: number): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})\s*([smhdw])$/i.exec(text.trim()) ?? [];
  if (count !== undefined) return now - Number(count) * (UNITS[unit.toLowerCase()] ?? 0) * 1000;
  const given = text.trim();
  const [, date = '', day] = ISO.exec(given) ?? [];
  // JavaScript takes the 30th of February for the 2nd of March.
  if (new Date(date).getUTCDate() !== Number(day)) return undefined;
  // JavaScript takes a date alone for one of Greenwich.
  const time = Date.parse(
    given.length === 'YYYY-MM-DD'.length ? `${given}T00:00:00` : given.replace(' ', 'T'),
  );
  return Number.isNaN(time) ? undefined : time;
}
