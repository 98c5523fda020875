import { editDistance } from './spelling/edit-distance.ts';

/** Names from other programs, each with Sluice's own setting. */
const FOREIGN = new Map([
  ['REDIS_HOST', 'REDIS_URL'],
  ['REDIS_PASSWORD', 'REDIS_URL'],
  ['CHROMA_HOST', 'CHROMA_URL'],
  ['MAX_FILE_SIZE', 'MAX_UPLOAD_BYTES'],
  ['CORS_ORIGINS', 'ALLOWED_ORIGINS'],
  ['CORS_ORIGIN', 'ALLOWED_ORIGINS'],
]);
/** Matches settings of a later version, which stores originals elsewhere. */
const LATER = /^S3_(ENDPOINT|BUCKET|REGION|PREFIX|ACCESS_KEY_ID|SECRET_ACCESS_KEY)$/;

/** Matches the names that Kubernetes sets for every service of the namespace. A service may be called `redis`. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;
const UNIT = /_(MS|SECONDS|SECS|MINUTES|HOURS|DAYS|BYTES|KB|MB|MIB|GB|GIB|SIZE|CHARS)$/;
const PREFIX = 'SLUICE_';

/**
 * Finds names in an environment that are meant for Sluice and that it would ignore: settings of a later version, and
 * misspelt ones. Accepts names that platforms and other programs set.
 * @param settings the names of all settings
 * @returns one line per wrong name
 */
export function findWrongNames(given: readonly string[], settings: readonly string[]): string[] {
  const lines: string[] = [];
  for (const name of given) {
    if (settings.includes(name) || SERVICE_LINK.test(name)) continue;
    const own = FOREIGN.get(name);
    if (own !== undefined || LATER.test(name)) {
      // If Sluice's own setting is present too, this one belongs to another program.
      if (own !== undefined && given.includes(own)) continue;
      lines.push(
        `${name}: is no setting of this version. ${own === undefined ? 'Unset it.' : `Set ${own}.`}`,
      );
      continue;
    }
    const meant = nearest(name, settings);
    if (meant !== undefined) lines.push(`${name}: is no setting. Set ${meant}, or unset ${name}.`);
  }
  return lines;
}

function nearest(name: string, settings: readonly string[]): string | undefined {
  // Other programs may use names with this prefix, such as a test for its folder.
  if (name.startsWith(PREFIX)) return settings.find((setting) => PREFIX + setting === name);
  // A shell has short lower-case names of its own, such as `host`.
  const written = name.includes('_') ? name.toUpperCase() : name;
  const close = settings
    .map((setting) => ({ setting, distance: editDistance(written, setting) }))
    .filter(({ setting, distance }) => distance <= spelling(setting) || isSwapped(written, setting))
    .sort((a, b) => a.distance - b.distance);
  return (
    close[0]?.setting ??
    settings.find((setting) => leavesOutWords(written, setting) || hasOtherUnit(written, setting))
  );
}

/** Returns the number of letters that may be wrong. Of four letters none may be: `POST` is not `PORT`. */
function spelling({ length }: string): number {
  if (length < 6) return 0;
  return length < 10 ? 1 : 2;
}

/** Detects two swapped letters: `PROT` for `PORT`. */
function isSwapped(name: string, setting: string): boolean {
  return (
    name.length === setting.length && editDistance(name, setting) === 1 && sorted(name) === sorted(setting)
  );
}

function sorted(name: string): string {
  return name.split('').sort().join('');
}

/** Detects missing words: `REDIS_PREFIX` for `REDIS_KEY_PREFIX`. */
function leavesOutWords(name: string, setting: string): boolean {
  const [words, of] = [name.split('_'), setting.split('_')];
  return words.length > 1 && words[0] === of[0] && words.every((word) => of.includes(word));
}

/** Detects another unit: `MAX_UPLOAD_MB` for `MAX_UPLOAD_BYTES`. */
function hasOtherUnit(name: string, setting: string): boolean {
  return UNIT.test(name) && UNIT.test(setting) && name.replace(UNIT, '') === setting.replace(UNIT, '');
}
