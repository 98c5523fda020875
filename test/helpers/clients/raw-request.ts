import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Sends bytes as they are, and reads until the server closes. @returns the status of the first response, and all text */
export async function rawRequest(url: string, bytes: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  const response = await text(socket);
  return { status: Number(/^HTTP\/1\.[01] (\d+)/.exec(response)?.[1]), text: response };
}
