import { cleanFilename } from '../../uploads/clean-filename.ts';

/** Characters that RFC 8187 excludes from a value, and that `encodeURIComponent` keeps. */
const NOT_IN_VALUE = /['()*]/g;
/** Characters that end or escape a quoted string, or that some browsers decode in one. */
const NOT_IN_FALLBACK = /[^\x20-\x7e]|["%]/gu;

/**
 * Formats the `Content-Disposition` of a download (RFC 6266): an ASCII name for old clients, and the whole name after RFC
 * 8187. It cleans the name again, because another program may have written it. It replaces slashes, because some
 * clients write to the path that a name gives.
 */
export function attachment(filename: string): string {
  const name = cleanFilename(filename).replaceAll(/[/\\]/g, '_');
  const fallback = name.replaceAll(NOT_IN_FALLBACK, '_');
  const encoded = encodeURIComponent(name).replaceAll(
    NOT_IN_VALUE,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${fallback}"; filename*=UTF-8''${encoded}`;
}
