import { find } from './dom.ts';
import type { Link, LinkState } from './sdk/api.ts';

const WORDS: Record<LinkState, string> = {
  live: 'Live',
  events: 'Live, without WebSockets',
  polling: 'Polling every 2 s',
  stale: 'May be out of date',
  offline: 'Offline',
};
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

/** Shows the state of the line. While no change comes by push, it also shows since when. */
export function showLink({ state, since }: Link): void {
  const sign = find(document, '#connection', HTMLElement);
  sign.dataset['mode'] = state;
  const isDown = state === 'stale' || state === 'offline';
  sign.textContent = isDown ? `${WORDS[state]} since ${TIME.format(since)}` : WORDS[state];
}
