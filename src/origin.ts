/**
 * Says whether a request may come from where it says it comes: a page of our own host, of an origin that was
 * allowed, or no page at all (programs send no `Origin`).
 * @param origin the `Origin` header
 * @param host the `Host` header
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowedOrigins: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowedOrigins.includes(origin)) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}
