import { once } from 'node:events';
import { WebSocket } from 'ws';

/**
 * How much of a process' heap is in use after a full collection, in MiB. What the kernel says it holds
 * (`residentMiB`) is no measure of a leak: V8 keeps the room that it has once needed.
 * @param printed what the process has printed; it runs with `--inspect`
 */
export async function liveHeapMiB(printed: string): Promise<number> {
  const url = /Debugger listening on (ws:\S+)/.exec(printed)?.[1];
  if (!url) throw new Error('the process was not started with --inspect');
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const call = async (id: number, method: string) => {
    socket.send(JSON.stringify({ id, method }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    return (JSON.parse(data.toString()) as { result: { usedSize: number } }).result;
  };
  await call(1, 'HeapProfiler.collectGarbage');
  const { usedSize } = await call(2, 'Runtime.getHeapUsage');
  socket.close();
  return usedSize / 1024 / 1024;
}
