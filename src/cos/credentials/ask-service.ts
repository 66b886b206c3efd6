import { Agent, ProxyAgent, request } from 'undici';

/** bytes; what a service of this kind says is far shorter */
const LONGEST_ANSWER = 64 * 1024;

export interface ServiceRequest {
  url: string;
  method?: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** ms until the answer is there as a whole */
  timeLimit: number;
  proxy?: string | undefined;
  signal: AbortSignal;
}

export interface ServiceAnswer {
  status: number;
  text: string;
  /** What time it is there, in ms since 1970; this machine's where the answer does not say. */
  time: number;
}

/** One request to a service that gives credentials; no redirection is followed. @throws Error of the connection */
export async function askService(asked: ServiceRequest): Promise<ServiceAnswer> {
  const { url, method = 'GET', headers = {}, body = null, timeLimit, proxy } = asked;
  const dispatcher = proxy
    ? new ProxyAgent({ uri: proxy, connectTimeout: timeLimit })
    : new Agent({ connect: { timeout: timeLimit } });
  const signal = AbortSignal.any([asked.signal, AbortSignal.timeout(timeLimit)]);
  try {
    const answer = await request(url, { method, headers: { ...headers }, body, signal, dispatcher });
    const date = Date.parse(String(answer.headers.date ?? ''));
    return {
      status: answer.statusCode,
      text: await textOf(answer.body),
      time: Number.isNaN(date) ? Date.now() : date,
    };
  } finally {
    dispatcher.destroy().catch(() => {});
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > LONGEST_ANSWER)
      throw Object.assign(new Error('too long an answer'), { code: 'AnswerTooLong' });
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** What a connection's error is called: its code, or what it says. */
export function connectionError(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException;
  return name === 'TimeoutError' ? 'ETIMEDOUT' : typeof code === 'string' ? code : message;
}
