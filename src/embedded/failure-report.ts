/** Describes why a server does not start. */
export interface Failure {
  /** Paths of the damaged files. */
  data: string;
  logFile: string;
  /** Last message of the server, on one line. */
  says: string | undefined;
  /** Steps that repair the data, one a line. */
  repair: readonly string[];
}

/**
 * Formats a report about a process that keeps ending: its data, its last message, the repair.
 * @param ended the system's account of the last end, for example its exit code
 */
export function failureReport(name: string, ended: string, failure: Failure | undefined): string {
  const head = `${name} does not start: it has ended again and again.`;
  if (!failure) return `${head} The last time: ${ended}. Its own output above says why.`;
  const rows = [
    ['it says', failure.says ?? `nothing (${ended})`],
    ['its data', failure.data],
    ['its log', failure.logFile],
  ] as const;
  const table = rows.map(([label, value]) => `    ${label.padEnd(10)}${value}\n`).join('');
  const steps = failure.repair.map((step) => `      ${step}\n`).join('');
  return `${head}\n\n${table}\n    To repair damaged data:\n${steps}`;
}
