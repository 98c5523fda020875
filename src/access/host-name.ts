import { BlockList, isIP, isIPv6 } from 'node:net';

/** Matches a `Host` header: a name or an address, perhaps with a port. Excludes text that a URL parser reads otherwise. */
const HOST = /^(\[[\da-f:.]+\]|[^\s:/?#@*\\[\]%]+)(?::\d{0,5})?$/i;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Reduces a `Host` header to its canonical name: no port, lower case. @returns `undefined` if it is malformed */
export function hostName(header: string): string | undefined {
  const name = HOST.exec(header)?.[1]?.toLowerCase();
  if (name?.startsWith('['))
    return URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : undefined;
  // A name may end with the dot of DNS' root.
  return name?.replace(/\.$/, '');
}

/** Reduces a configured host to the same form. An IPv6 address may lack its brackets. */
export function configuredHost(host: string): string | undefined {
  return hostName(isIPv6(host) ? `[${host}]` : host);
}

/** Returns whether a name or an address is loopback. An IPv6 address may have brackets, and any spelling. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const address = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) !== 0 && LOOPBACK.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
