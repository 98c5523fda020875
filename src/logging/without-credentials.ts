/** Reduces a server's URL to protocol, host and port, so that a log may show it. */
export function withoutCredentials(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
