import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { LocalCos } from '../../src/local-cos/server.ts';

/** What a service does instead of its duty. */
export type Misbehaviour =
  | { kind: 'answer'; status: number; body: string }
  /** Takes the request and says nothing. */
  | { kind: 'silent' }
  /** Gives credentials that have expired. */
  | { kind: 'expired' };

/** A service that gives temporary credentials of a local COS. */
export interface CredentialService {
  url: string;
  /** Requests that asked for credentials. */
  asked: number;
  /** What the last of them sent. */
  body: string;
  /** ms that what it gives lives */
  life: number;
  /** ms that it says so, where it says something else */
  said: number | undefined;
  /** ms by which its clock is ahead of this machine's */
  ahead: number;
  misbehave: Misbehaviour | undefined;
}

/** Like metadata.tencentyun.com of a server that has one role. */
export function metadataService(
  t: ExecutionContext,
  server: LocalCos,
  { role = 'backup', life = 3600_000 }: { role?: string | undefined; life?: number } = {},
): Promise<CredentialService> {
  const roles = '/latest/meta-data/cam/security-credentials/';
  return serviceOf(t, life, ({ url = '' }, answer, service) => {
    if (role === '' || ![roles, roles + role].includes(url))
      return void answer.writeHead(404).end('not found');
    if (url === roles) return void answer.end(role);
    service.asked++;
    answer.end(JSON.stringify(roleAnswer(server, service)));
  });
}

/** Like sts.tencentcloudapi.com, which knows one web identity token. */
export function stsService(
  t: ExecutionContext,
  server: LocalCos,
  { token, life = 3600_000 }: { token: string; life?: number },
): Promise<CredentialService> {
  return serviceOf(t, life, ({ headers }, answer, service) => {
    service.asked++;
    const { WebIdentityToken, RoleArn, ProviderId } = JSON.parse(service.body);
    const isKnown = WebIdentityToken === token && RoleArn && ProviderId;
    const isUnsigned = headers.authorization === 'SKIP';
    if (headers['x-tc-action'] !== 'AssumeRoleWithWebIdentity' || !isUnsigned || !isKnown) {
      const Message = `the token ${WebIdentityToken} is not valid`;
      return void answer.end(JSON.stringify({ Response: { Error: { Code: 'InvalidParameter', Message } } }));
    }
    const { TmpSecretId, TmpSecretKey, Token, ExpiredTime } = roleAnswer(server, service);
    answer.end(
      JSON.stringify({ Response: { Credentials: { TmpSecretId, TmpSecretKey, Token }, ExpiredTime } }),
    );
  });
}

function roleAnswer({ keys }: LocalCos, { life, said, ahead, misbehave }: CredentialService) {
  const isExpired = misbehave?.kind === 'expired';
  const { secretId, secretKey, token, expires } = keys.issue(isExpired ? -5_000 : life);
  return {
    TmpSecretId: secretId,
    TmpSecretKey: secretKey,
    Token: token,
    ExpiredTime: Math.floor(((said === undefined ? expires : Date.now() + said) + ahead) / 1_000),
    Code: 'Success',
  };
}

async function serviceOf(
  t: ExecutionContext,
  life: number,
  answerWell: (request: IncomingMessage, answer: ServerResponse, service: CredentialService) => void,
): Promise<CredentialService> {
  const server: Server = createServer(async (request, answer) => {
    service.body = '';
    for await (const piece of request) service.body += piece;
    const { misbehave } = service;
    if (misbehave?.kind === 'silent') return;
    answer.setHeader('Date', new Date(Date.now() + service.ahead).toUTCString());
    if (misbehave?.kind === 'answer') return void answer.writeHead(misbehave.status).end(misbehave.body);
    answerWell(request, answer, service);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const service: CredentialService = {
    url: `http://127.0.0.1:${port}`,
    asked: 0,
    body: '',
    life,
    said: undefined,
    ahead: 0,
    misbehave: undefined,
  };
  return service;
}
