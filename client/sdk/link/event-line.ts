import type { Requester } from '../requester.ts';
import { SluiceError } from '../sluice-error.ts';
import type { Channel, Cursor } from '../watch/channel.ts';
import type { Hub } from '../watch/hub.ts';
import { readEvents } from './read-events.ts';
import type { Push } from './subscriptions.ts';

/** Silence in ms after which a stream counts as cut. The server sends something every four seconds. */
const SILENT_MS = 9000;
/** Longest wait for the first bytes, in ms. Some proxies hold a stream back until it ends. */
const OPEN_MS = 5000;
/** Time in ms in which a stream mostly opens. The client reads nothing else until then. */
const SOON_MS = 1500;
/** Most jobs of a stream. The server refuses more. */
const IDS_A_STREAM = 200;
/** Subscription ids of the stream's messages. */
const JOBS = 1;

type Message =
  | Push
  | { type: 'welcome'; epoch: string; offset: number }
  | { type: 'live'; epoch: string; offset: number }
  | { type: 'stale' };

export interface EventListener {
  onChange(): void;
  /** @param error of a refused request; `undefined` for a stream that ended or was cut */
  onEnded(error: SluiceError | undefined): void;
}

/** One event stream of many jobs, for networks that block WebSockets. */
export class EventLine {
  state: 'connecting' | 'open' | 'stale' | 'ended' = 'connecting';
  /** Time of the last bytes, in ms since 1970. */
  heardAt = Date.now();
  readonly ids: ReadonlySet<string>;
  readonly #hub: Hub;
  readonly #listener: EventListener;
  readonly #abort = new AbortController();
  readonly #active: Channel | undefined;
  readonly #hasJobs: boolean;
  #epoch = '';
  #offset = -1;

  /** @param former the stream before, from which this one resumes if it named all that this one does */
  constructor(hub: Hub, requester: Requester, former: EventLine | undefined, listener: EventListener) {
    this.#hub = hub;
    this.#listener = listener;
    // A comma divides the ids.
    const ids = hub.openIds().filter((id) => !id.includes(','));
    this.ids = new Set(ids.slice(-IDS_A_STREAM));
    this.#hasJobs = this.ids.size > 0;
    this.#active = [...hub.channels].find(({ fields }) => fields.channel === 'active');
    const isCovered =
      former && former.#active === this.#active && [...this.ids].every((id) => former.ids.has(id));
    void this.#run(requester, isCovered ? former.cursor : undefined);
  }

  /** Returns whether an event stream could bring anything that is watched. */
  static serves(hub: Hub): boolean {
    return hub.openIds().length > 0 || [...hub.channels].some(({ fields }) => fields.channel === 'active');
  }

  /** Place up to which the stream has brought everything. */
  get cursor(): Cursor | undefined {
    return this.#offset < 0 ? undefined : { epoch: this.#epoch, offset: this.#offset };
  }

  covers(id: string): boolean {
    return this.isExpected && this.ids.has(id);
  }

  coversChannel(channel: Channel): boolean {
    return this.isExpected && channel === this.#active;
  }

  /** Whether the stream brings states, or soon will. */
  get isExpected(): boolean {
    return this.state === 'open' || (this.state === 'connecting' && Date.now() - this.heardAt < SOON_MS);
  }

  /** Returns whether the stream lacks something that is watched now. */
  get isShort(): boolean {
    if (this.ids.size < IDS_A_STREAM && this.#hub.openIds().some((id) => !this.ids.has(id))) return true;
    return [...this.#hub.channels].some(
      (channel) => channel.fields.channel === 'active' && channel !== this.#active,
    );
  }

  check(now = Date.now()): void {
    const longest = this.state === 'connecting' ? OPEN_MS : SILENT_MS;
    if (now - this.heardAt > longest) this.#end(undefined);
  }

  close(): void {
    this.state = 'ended';
    this.#abort.abort();
  }

  async #run(requester: Requester, since: Cursor | undefined): Promise<void> {
    const query = new URLSearchParams();
    if (this.#hasJobs) query.set('jobs', [...this.ids].join(','));
    if (this.#active) query.set('channel', 'active');
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (since) headers['last-event-id'] = `${since.epoch}:${since.offset}`;
    try {
      const { body } = await requester.open(`api/events?${query}`, headers, this.#abort.signal);
      for await (const data of readEvents(body, () => this.#hear())) this.#receive(data);
      this.#end(undefined);
    } catch (error) {
      this.#end(error instanceof SluiceError ? error : undefined);
    }
  }

  #hear(): void {
    this.heardAt = Date.now();
    if (this.state === 'ended') return;
    if (this.state === 'connecting') this.state = 'open';
    this.#listener.onChange();
  }

  #receive(data: string): void {
    if (this.state === 'ended') return;
    const message = JSON.parse(data) as Message;
    const { epochs } = this.#hub;
    if (message.type === 'welcome' || message.type === 'live') {
      if (message.epoch !== this.#epoch) this.#offset = -1;
      this.#epoch = message.epoch;
      epochs.enter(message.epoch);
      this.state = 'open';
    } else if (message.type === 'stale') {
      this.state = 'stale';
    } else if (epochs.enter(this.#epoch)) this.#take(message);
    this.#listener.onChange();
  }

  #take(message: Push): void {
    const channel = 'id' in message && message.id !== JOBS ? this.#active : undefined;
    if (message.type === 'snapshot') {
      this.#hub.apply(message.jobs, this.#epoch);
      channel?.onSnapshot(message.jobs, message.more, message.resumed);
    } else if (message.type === 'update') {
      this.#hub.apply(message.jobs, this.#epoch);
    } else if (message.type === 'gone') channel?.onGone(message.jobs);
    else if (message.type === 'error' && message.code === 'job_not_found')
      for (const id of message.jobs ?? []) this.#hub.unknown(id);
    // The server sends 0 until it has sent all first states.
    if ('offset' in message && message.offset > 0) this.#offset = message.offset;
  }

  #end(error: SluiceError | undefined): void {
    if (this.state === 'ended') return;
    this.close();
    this.#listener.onEnded(error);
  }
}
