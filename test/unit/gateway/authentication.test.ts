import { expect, test, vi } from 'vitest';

import type { Access } from '../../../src/access/access.ts';
import { ANONYMOUS, type Principal } from '../../../src/access/principal.ts';
import { Authentication } from '../../../src/gateway/session/authentication.ts';
import type { ProtocolSocket } from '../../../src/gateway/protocol-socket.ts';

function authenticate(ofToken: () => Promise<Principal>) {
  const closes: number[] = [];
  const principals: Principal[] = [];
  const later: string[] = [];
  const socket = {
    readyState: 1,
    OPEN: 1,
    listener: { onMessage: (data: Buffer) => void later.push(data.toString()) },
    listen() {},
    close(code: number) {
      closes.push(code);
      this.readyState = 2;
    },
  };
  const authentication = new Authentication(
    socket as unknown as ProtocolSocket,
    { ofToken } as unknown as Access,
    {
      onPrincipal: (principal) => void principals.push(principal),
      onClose() {},
      onFailure() {},
    },
  );
  const send = (message: object) => authentication.onMessage(Buffer.from(JSON.stringify(message)), false);
  return { authentication, send, closes, principals, later };
}

test('a client that sends no key within 10 s is closed with 4408; one that does is not', async () => {
  vi.useFakeTimers();
  try {
    const silent = authenticate(async () => ANONYMOUS);
    const known = authenticate(async () => ANONYMOUS);
    known.send({ type: 'auth', token: 'x' });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(silent.closes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect([silent.closes, known.closes, known.principals]).toEqual([[4408], [], [ANONYMOUS]]);
  } finally {
    vi.useRealTimers();
  }
});

test('messages behind the key wait for its check, and too many close the socket', async () => {
  const { promise, resolve } = Promise.withResolvers<Principal>();
  const polite = authenticate(() => promise);
  const flood = authenticate(() => promise);
  polite.send({ type: 'auth', token: 'x' });
  flood.send({ type: 'auth', token: 'x' });
  for (let i = 0; i < 3; i++) polite.send({ type: 'ping' });
  for (let i = 0; i < 1000 && flood.closes.length === 0; i++) flood.send({ type: 'ping' });
  expect([polite.closes, flood.closes]).toEqual([[], [4400]]);
  resolve(ANONYMOUS);
  await expect.poll(() => polite.later).toHaveLength(3);
  expect(flood.principals).toEqual([]);
});
