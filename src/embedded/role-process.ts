/** Exit code of a role whose configuration cannot work (EX_CONFIG of sysexits.h). A restart would not help. */
export const CONFIGURATION_EXIT_CODE = 78;

/** Message of a role's process to its supervisor once it serves HTTP. */
export interface ReadyMessage {
  type: 'ready';
  port: number;
  /** True if an operator must repair something before the role works. */
  refused?: boolean;
}

/** Returns whether a supervisor started this process. */
export function isSupervised(): boolean {
  return process.send !== undefined;
}

/**
 * Tells the supervisor, if there is one, that this process serves.
 * @param port port that it listens on
 * @param refused whether an operator must repair something before the role works
 */
export function reportReady(port: number, refused: boolean): void {
  process.send?.({ type: 'ready', port, refused } satisfies ReadyMessage);
}

/** Distinguishes a {@link ReadyMessage} from other messages of the channel. */
export function isReadyMessage(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready';
}
