import { element } from './element.ts';
import { renderSchema, type Schema } from './schema.ts';

/** The parts of the AsyncAPI document that the page shows. */
export interface AsyncApi {
  operations: Record<string, { action: 'send' | 'receive'; messages: { $ref: string }[] }>;
  components: {
    messages: Record<string, { summary: string; payload: Schema }>;
    schemas: Record<string, Schema>;
  };
}

/** Shows each message of the push, those of the client first. */
export function renderMessages({ operations, components }: AsyncApi): HTMLElement[] {
  const { messages, schemas } = components;
  return Object.values(operations).flatMap(({ action, messages: named }) =>
    named.flatMap(({ $ref }) => {
      const name = $ref.split('/').at(-1) ?? '';
      const message = messages[name];
      if (!message) return [];
      const from = action === 'receive' ? 'client' : 'server';
      return element('details', { class: 'operation', id: `message-${name}` }, [
        element('summary', {}, [
          element('span', { class: `method method-${from}` }, from),
          element('code', {}, name),
          element('span', { class: 'about' }, message.summary),
        ]),
        renderSchema(message.payload, schemas),
      ]);
    }),
  );
}
