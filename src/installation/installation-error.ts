/**
 * Thrown where a store is not known to be the installation's. Nothing is wrong with the work at hand: it waits,
 * or is given back.
 */
export class InstallationError extends Error {
  override name = 'InstallationError';
}
