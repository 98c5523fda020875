import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

import type { Job } from '../../../src/contract/job.ts';
import type { ClientMessage, ServerMessage } from '../../../src/contract/messages.ts';

/** A WebSocket client that keeps everything it hears. */
export class TestClient {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  /** The frames as they came, for comparing bytes. */
  readonly frames: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly opened: Promise<void>;

  constructor(url: string, headers: Record<string, string> = {}, protocols: string[] = []) {
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, { headers });
    this.socket.on('message', (data: Buffer) => {
      this.frames.push(data.toString());
      this.messages.push(JSON.parse(data.toString()) as ServerMessage);
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  /** The socket below, to write to it what no WebSocket would, or to read nothing. */
  get tcp(): Socket {
    return (this.socket as unknown as { _socket: Socket })._socket;
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  of<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.messages.filter((message) => message.type === type) as Extract<ServerMessage, { type: T }>[];
  }

  /** Every state of a job that was heard, in the order it came. */
  states(jobId: string): Job[] {
    return this.messages.flatMap((message) =>
      message.type === 'snapshot' || message.type === 'update'
        ? message.jobs.filter(({ id }) => id === jobId)
        : [],
    );
  }
}
