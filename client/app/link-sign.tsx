import { useNow } from '../state/use-now.ts';
import type { LinkState } from '../sdk/api.ts';
import { elapsed } from '../wording/times.ts';
import { useLink } from './link.ts';
import { useSluice } from './sluice-context.ts';

const WORDS: Record<LinkState, string> = {
  live: 'Live',
  events: 'Live, without WebSockets',
  polling: 'Polling every 2 s',
  stale: 'May be out of date',
  offline: 'Offline',
};

/** Shows the state of the line. While nothing arrives, it shows when the page last heard the server. */
export function LinkSign() {
  const sluice = useSluice();
  const link = useLink();
  const now = useNow();
  const { lastHeard } = sluice.link;
  const mode = link?.state ?? 'connecting';
  const isDown = mode === 'stale' || mode === 'offline';
  const heard = lastHeard === undefined ? 'not heard yet' : `last heard ${elapsed(now - lastHeard)} ago`;
  return (
    <p id="connection" class="connection" data-mode={mode}>
      <span role="status">{link ? WORDS[link.state] : 'Connecting…'}</span>
      {/* Outside of the status, because it changes each second. */}
      {isDown && <span class="heard"> · {heard}</span>}
    </p>
  );
}
