/** Reports why a backup or a restore failed. Its message tells the operator what to do. */
export class BackupError extends Error {
  override name = 'BackupError';
}
