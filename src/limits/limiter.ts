import { isLoopbackSubject, type Subject } from './client-address.ts';
import { LimitError } from './limit-error.ts';

/** Limits of one client in one process. */
export interface Limits {
  requestsPerSecond: number;
  /** Of uploads and downloads, in bytes. */
  bytesPerMinute: number;
  /** Uploads and downloads under way. */
  openBodies: number;
  /** WebSocket sessions and event streams. Loopback has no such limit. */
  sockets: number;
  /** Jobs that have not ended. */
  liveJobs: number;
}

/**
 * Burst of requests, in seconds of the rate. Ten seconds' worth kept other clients waiting for 6 s. A page that uploads
 * 1,000 dropped files uses one second's worth.
 */
const BURST_SECONDS = 2;
const BYTES_WINDOW_SECONDS = 60;
/** Probes per second. A monitor sends one. `/metrics` takes 2 ms. */
const PROBES_PER_SECOND = 50;
/** Time in ms after which the limiter forgets an idle client, if nothing keeps it waiting. */
const IDLE_MS = 2 * BYTES_WINDOW_SECONDS * 1000;
/** Concurrent list reads of one client. Each blocks the process for some 4 ms. */
const LISTS_AT_ONCE = 2;
/** `Retry-After` for open bodies and sockets, in seconds. The server cannot predict when one ends. */
const PLACE_SECONDS = 5;

/** Grants up to `most` units at once, and refills evenly. It may go negative, because bytes count after they arrive. */
class Bucket {
  readonly #most: number;
  readonly #perMs: number;
  #left: number;
  #filledAt = performance.now();

  constructor(most: number, windowSeconds: number) {
    this.#most = most;
    this.#left = most;
    this.#perMs = most / (windowSeconds * 1000);
  }

  /** Returns the seconds until one unit is left; 0 if one is left now. */
  wait(): number {
    const now = performance.now();
    this.#left = Math.min(this.#most, this.#left + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
    return this.#left >= 1 ? 0 : (1 - this.#left) / this.#perMs / 1000;
  }

  take(amount: number): void {
    this.#left -= amount;
  }
}

interface Client {
  readonly requests: Bucket;
  readonly probes: Bucket;
  readonly bytes: Bucket;
  bodies: number;
  sockets: number;
  lists: number;
  /** Callbacks that start the waiting list reads. */
  readonly waiting: (() => void)[];
  seenAt: number;
}

/** An upload or a download under way. Its owner MUST call `end` once. */
export interface OpenBody {
  /** Counts bytes as they arrive or leave. */
  arrived(bytes: number): void;
  end(): void;
}

/**
 * Limits each client's requests, bytes, open bodies and sockets. A count costs one map lookup and no call to Redis. Every
 * process counts for itself, and loses its counts when it ends.
 */
export class Limiter {
  readonly #limits: Limits;
  readonly #clients = new Map<Subject, Client>();
  #sweptAt = performance.now();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Counts a request.
   * @param weight number of requests that it counts as
   * @throws {LimitError}
   */
  request(subject: Subject, weight = 1): void {
    take(this.#client(subject).requests, weight, this.#limits.requestsPerSecond);
  }

  /** Counts a probe, such as `/readyz`. Other requests do not use up its limit. @throws {LimitError} */
  probe(subject: Subject): void {
    take(this.#client(subject).probes, 1, PROBES_PER_SECOND);
  }

  /** Waits for one of the client's list slots. @returns a function that frees the slot; the caller MUST call it */
  async list(subject: Subject): Promise<() => void> {
    const client = this.#client(subject);
    if (client.lists < LISTS_AT_ONCE) client.lists++;
    else await new Promise<void>((resolve) => client.waiting.push(resolve));
    return () => {
      const next = client.waiting.shift();
      // Hands its slot to the next read.
      if (next) next();
      else client.lists--;
    };
  }

  /** Opens a body. @throws {LimitError} */
  body(subject: Subject): OpenBody {
    const client = this.#client(subject);
    const { openBodies, bytesPerMinute } = this.#limits;
    if (client.bodies >= openBodies) {
      const detail = `This client has ${openBodies} uploads and downloads under way. Try again when one has ended.`;
      throw new LimitError('bodies', detail, openBodies, PLACE_SECONDS);
    }
    const wait = client.bytes.wait();
    if (wait > 0) {
      const detail = `This client may upload and download ${bytesPerMinute} bytes a minute. Try again later.`;
      throw new LimitError('bytes', detail, bytesPerMinute, wait, BYTES_WINDOW_SECONDS);
    }
    client.bodies++;
    return { arrived: (bytes) => client.bytes.take(bytes), end: () => void client.bodies-- };
  }

  /** Counts a socket. @returns a function that ends the count; `undefined` if the client has too many */
  socket(subject: Subject): (() => void) | undefined {
    const client = this.#client(subject);
    // Programs of this machine, and clients behind its untrusted proxy, share the loopback address.
    if (client.sockets >= this.#limits.sockets && !isLoopbackSubject(subject)) return undefined;
    client.sockets++;
    let isOpen = true;
    return () => {
      if (isOpen) client.sockets--;
      isOpen = false;
    };
  }

  /** Counts an event stream as a socket. @throws {LimitError} */
  stream(subject: Subject): () => void {
    const close = this.socket(subject);
    if (close) return close;
    const { sockets } = this.#limits;
    const detail = `This client has ${sockets} sockets and event streams. Try again when one has ended.`;
    throw new LimitError('sockets', detail, sockets, PLACE_SECONDS);
  }

  #client(subject: Subject): Client {
    const now = performance.now();
    if (now - this.#sweptAt > IDLE_MS) this.#forgetIdle(now);
    let client = this.#clients.get(subject);
    if (!client) {
      const { requestsPerSecond, bytesPerMinute } = this.#limits;
      const requests = new Bucket(requestsPerSecond * BURST_SECONDS, BURST_SECONDS);
      const probes = new Bucket(PROBES_PER_SECOND * BURST_SECONDS, BURST_SECONDS);
      const bytes = new Bucket(bytesPerMinute, BYTES_WINDOW_SECONDS);
      const none = { bodies: 0, sockets: 0, lists: 0, waiting: [] };
      this.#clients.set(subject, (client = { requests, probes, bytes, ...none, seenAt: now }));
    }
    client.seenAt = now;
    return client;
  }

  #forgetIdle(now: number): void {
    this.#sweptAt = now;
    for (const [subject, { bodies, sockets, lists, requests, bytes, seenAt }] of this.#clients) {
      const mayGo = requests.wait() === 0 && bytes.wait() === 0;
      if (bodies + sockets + lists === 0 && now - seenAt > IDLE_MS && mayGo) this.#clients.delete(subject);
    }
  }
}

/** Takes `weight` units of a client's requests. @throws {LimitError} */
function take(bucket: Bucket, weight: number, perSecond: number): void {
  const wait = bucket.wait();
  if (wait === 0) return bucket.take(weight);
  const detail = `This client may send ${perSecond} requests a second. Try again later.`;
  throw new LimitError('requests', detail, perSecond * BURST_SECONDS, wait, BURST_SECONDS);
}
