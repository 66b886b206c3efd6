/** Bytes as a person reads them. */
export function inUnits(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let index = 0;
  let value = bytes;
  for (; value >= 1023.95 && index < units.length - 1; index++) value /= 1024;
  return `${index === 0 ? Math.round(value) : value.toFixed(1)} ${units[index]}`;
}

/** A count with its thousands set apart. */
export function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A count in at most six characters: `99,999`, `123k`, `1.2M`. */
export function shortCount(count: number): string {
  if (count < 100_000) return grouped(count);
  if (count < 999_500) return `${Math.round(count / 1000)}k`;
  const millions = count / 1_000_000;
  return `${millions < 99.95 ? millions.toFixed(1) : grouped(millions)}M`;
}

/** Bytes in at most eight characters. */
export function shortUnits(bytes: number): string {
  return inUnits(bytes).replace(/^(\d{3,})\.\d/, '$1');
}

/** Seconds as `0:07`, `12:05` or `3:00:12`. */
export function asClock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (number: number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Local time as `2026-11-23 02:00:00`. */
export function asLocalTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
