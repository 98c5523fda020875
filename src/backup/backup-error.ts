/** A backup or a restore that cannot be made. Its message tells the operator what to do. */
export class BackupError extends Error {
  override name = 'BackupError';
}
