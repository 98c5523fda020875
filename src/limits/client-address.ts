import type { IncomingMessage } from 'node:http';
import { isIP, type BlockList } from 'node:net';

import { ANONYMOUS, isKeyed, type Principal } from '../access/principal.ts';

/** Name of a client in every count: its key where it has one, and its address otherwise. */
export type Subject = string;

/** Groups of an IPv6 address that one client gets: a /64 is the smallest network that is handed out. */
const IPV6_GROUPS = 4;

/**
 * Names whose limits a caller counts against: its key's, wherever it comes from. A job's token counts by address,
 * because a browser that holds one must not use up the limits of the key that made it.
 */
export function clientSubject(
  request: IncomingMessage,
  trusted: BlockList | undefined,
  principal: Principal = ANONYMOUS,
): Subject {
  return isKeyed(principal) ? `key:${principal.keyId}` : clientAddress(request, trusted);
}

/**
 * Names whose limits a request without a key counts against: the sender's, or behind trusted proxies the rightmost hop of
 * `X-Forwarded-For` that is none of them. Entries left of it can be forged.
 */
export function clientAddress(request: IncomingMessage, trusted: BlockList | undefined): Subject {
  const peer = plainAddress(request.socket.remoteAddress ?? '') ?? 'unknown';
  if (!trusted || !isTrusted(peer, trusted)) return subjectOf(peer);
  const header = request.headers['x-forwarded-for'] ?? '';
  let client = peer;
  for (const hop of String(header).split(',').toReversed()) {
    const address = plainAddress(hop.trim());
    // A proxy wrote no address here, so the hop that is known last counts.
    if (address === undefined) break;
    client = address;
    if (!isTrusted(address, trusted)) break;
  }
  return subjectOf(client);
}

/** Returns whether a subject is this machine itself. */
export function isLoopback(subject: Subject): boolean {
  return subject.startsWith('address:127.') || subject === 'address:0:0:0:0:0:0:0:1';
}

function isTrusted(address: string, trusted: BlockList): boolean {
  return isIP(address) !== 0 && trusted.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** Reads an address as a socket or proxy writes it: mapped, in brackets, or with a port. */
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
