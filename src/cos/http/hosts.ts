/** COS's own host names, which have a second name in another domain, as the SDK knows it. */
const OWN_HOST = /^([a-z0-9.-]+\.cos\.(?!accelerate\.)[a-z0-9-]+)\.myqcloud\.com$/;
/** This many requests in a row without any answer, and the other name is tried. */
const PATIENCE = 3;

/** Chooses by which of its names a bucket is asked for. */
export interface Hosts {
  current(): string;
  /** A request to that host got an answer, whatever it was. */
  answered(host: string): void;
  /** A request to that host got none. */
  unanswered(host: string): void;
}

/** A configured endpoint, a proxy's or an accelerate domain has one name only. */
export function createHosts(host: string): Hosts {
  const [, name] = OWN_HOST.exec(host) ?? [];
  const names = name === undefined ? [host] : [host, `${name}.tencentcos.cn`];
  let index = 0;
  let inARow = 0;
  const current = () => names[index] as string;
  return {
    current,
    answered(asked) {
      if (asked === current()) inARow = 0;
    },
    unanswered(asked) {
      if (asked !== current() || ++inARow < PATIENCE) return;
      inARow = 0;
      index = (index + 1) % names.length;
    },
  };
}
