import { AppError } from '../../errors.ts';
import { nearestName } from '../../spelling/nearest-name.ts';
import { wellFormed } from '../../well-formed.ts';

/** Most of a name that a refusal repeats, in code points. */
const SHOWN = 64;

/**
 * Makes the refusal of an unknown name. It names the known name that is close, or all known ones.
 * @param path of the object that holds the name, with a point at its end; empty for none
 */
export function unknownName(
  kind: 'parameter' | 'field',
  name: string,
  known: readonly string[],
  path = '',
): AppError {
  const meant = nearestName(name, known);
  const shown = wellFormed(name, SHOWN) || '""';
  const all = known.map((other) => path + other).join(', ');
  const advice =
    meant !== undefined
      ? `Use ${path}${meant}, or leave it out.`
      : `Leave it out${all ? `, or use one of: ${all}` : ''}.`;
  return new AppError('invalid_request', `${path}${shown}: is no ${kind} of this request. ${advice}`);
}
