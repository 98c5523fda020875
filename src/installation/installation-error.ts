/**
 * Reports a store that is not proved to be the installation's. The job or request itself is sound: it waits, or the
 * worker gives it back.
 */
export class InstallationError extends Error {
  override name = 'InstallationError';
}
