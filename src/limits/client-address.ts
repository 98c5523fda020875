import type { IncomingMessage } from 'node:http';
import { isIP, type BlockList } from 'node:net';

import { isLoopback } from '../access/host-name.ts';
import { ANONYMOUS, isKeyed, type Principal } from '../access/principal.ts';

/** Identifies a client in every count: by its key, or by its address without one. */
export type Subject = string;

/** Number of leading 16-bit groups of an IPv6 address that identify a client. Providers assign a /64 or a larger network. */
const IPV6_GROUPS = 4;

/**
 * Returns the subject of an authenticated request: its key, from any address. A job's token counts by address, because
 * its browser must not use up the key's limits.
 */
export function clientSubject(
  request: IncomingMessage,
  trusted: BlockList | undefined,
  principal: Principal = ANONYMOUS,
): Subject {
  return isKeyed(principal) ? `key:${principal.keyId}` : clientAddress(request, trusted);
}

/**
 * Returns the subject of a request without a key: the sender's address. Behind trusted proxies it is the rightmost hop of
 * `X-Forwarded-For` that is no trusted proxy. A client can forge the hops to its left.
 */
export function clientAddress(request: IncomingMessage, trusted: BlockList | undefined): Subject {
  const peer = plainAddress(request.socket.remoteAddress ?? '') ?? 'unknown';
  if (!trusted || !isTrusted(peer, trusted)) return subjectOf(peer);
  const header = request.headers['x-forwarded-for'] ?? '';
  let client = peer;
  for (const hop of String(header).split(',').toReversed()) {
    const address = plainAddress(hop.trim());
    // This hop is no address, so the hop before it counts.
    if (address === undefined) break;
    client = address;
    if (!isTrusted(address, trusted)) break;
  }
  return subjectOf(client);
}

/** Returns whether a subject is a loopback address. */
export function isLoopbackSubject(subject: Subject): boolean {
  return isLoopback(subject.replace(/^address:/, ''));
}

function isTrusted(address: string, trusted: BlockList): boolean {
  return isIP(address) !== 0 && trusted.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** Parses an address as a socket or proxy writes it: mapped, in brackets, or with a port. */
function plainAddress(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  const address = bare.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '');
  return isIP(address) === 0 ? undefined : address;
}

function subjectOf(address: string): Subject {
  if (isIP(address) !== 6) return `address:${address}`;
  const groups = groupsOf(address);
  const isOwn = groups.join(':') === '0:0:0:0:0:0:0:1';
  return `address:${isOwn ? groups.join(':') : `${groups.slice(0, IPV6_GROUPS).join(':')}::/64`}`;
}

function groupsOf(address: string): string[] {
  const [start = '', end] = address.toLowerCase().split('::');
  const head = start.split(':').filter(Boolean);
  const tail = (end ?? '').split(':').filter(Boolean);
  const filled =
    end === undefined ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return filled.map((group) => group.replace(/^0+(?=.)/, ''));
}
