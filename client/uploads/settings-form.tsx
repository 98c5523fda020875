import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import { useSluice } from '../app/sluice-context.ts';
import { CHUNKING_STRATEGIES, ON_DUPLICATE, PRIORITIES } from '../../src/contract/upload.ts';
import { useRequest } from '../state/use-request.ts';
import { STRATEGY_WORDS } from '../wording/documents.ts';
import type { SettingProblems, UploadSettings } from './settings.ts';

const DUPLICATE_WORDS = {
  skip: 'Use the one that exists',
  replace: 'Replace the one of that name',
  keep: 'Keep both',
};
const HIDDEN = ['left-out', 'read'] as const;
const HIDDEN_WORDS = { 'left-out': 'Leave it out', read: 'Read it, too' };
const PRIORITY_WORDS = { interactive: 'Soon', bulk: 'After all others' };

interface FormProps {
  settings: UploadSettings;
  problems: SettingProblems;
  onChange: (change: Partial<UploadSettings>) => void;
}

/** Asks for the collection and the other settings of uploads. */
export function SettingsForm({ settings, problems, onChange }: FormProps) {
  const sluice = useSluice();
  const { data } = useRequest('collections', (signal) => sluice.collections({ limit: 1000 }, { signal }));
  const names = useId();
  return (
    <div class="settings">
      <TextField
        label="Collection"
        hint="Documents of one collection are searched together."
        list={names}
        problem={problems.collection}
        value={settings.collection}
        onInput={(collection) => onChange({ collection })}
      />
      <datalist id={names}>
        {data?.collections.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <details>
        <summary>More settings</summary>
        <div class="fields">
          <Choice
            label="Cut by"
            value={settings.strategy}
            values={CHUNKING_STRATEGIES}
            words={STRATEGY_WORDS}
            onChange={(strategy) => onChange({ strategy })}
          />
          <TextField
            label="Chunk size"
            hint="In characters, 512 if empty."
            inputMode="numeric"
            problem={problems.size}
            value={settings.size}
            onInput={(size) => onChange({ size: size.trim() })}
          />
          <TextField
            label="Overlap"
            hint="In characters, 50 if empty."
            inputMode="numeric"
            problem={problems.overlap}
            value={settings.overlap}
            onInput={(overlap) => onChange({ overlap: overlap.trim() })}
          />
          <Choice
            label="Hidden content"
            value={settings.hidden}
            values={HIDDEN}
            words={HIDDEN_WORDS}
            onChange={(hidden) => onChange({ hidden })}
          />
          <Choice
            label="If the document exists"
            value={settings.duplicates}
            values={ON_DUPLICATE}
            words={DUPLICATE_WORDS}
            onChange={(duplicates) => onChange({ duplicates })}
          />
          <Choice
            label="Priority"
            value={settings.priority}
            values={PRIORITIES}
            words={PRIORITY_WORDS}
            onChange={(priority) => onChange({ priority })}
          />
          <TextField
            label="Batch"
            hint="Several files get a name by themselves."
            problem={problems.batch}
            value={settings.batch}
            onInput={(batch) => onChange({ batch })}
          />
          <Field label="Metadata" problem={problems.metadata} hint="One line each: author = Ada">
            {(field) => (
              <textarea
                {...field}
                rows={3}
                spellcheck={false}
                value={settings.metadata}
                onInput={({ currentTarget }) => onChange({ metadata: currentTarget.value })}
              />
            )}
          </Field>
        </div>
      </details>
    </div>
  );
}

interface FieldProps {
  label: string;
  hint?: string | undefined;
  problem?: string | undefined;
  children: (field: { id: string; 'aria-invalid': boolean; 'aria-describedby': string }) => ComponentChildren;
}

function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-invalid': problem !== undefined,
        'aria-describedby': `${id}-hint ${id}-error`,
      })}
      <p id={`${id}-hint`} class="hint">
        {hint}
      </p>
      <p id={`${id}-error`} class="field-error" role="alert">
        {problem}
      </p>
    </div>
  );
}

function TextField({
  list,
  inputMode,
  value,
  onInput,
  ...about
}: Omit<FieldProps, 'children'> & {
  /** Id of the suggestions. */
  list?: string;
  inputMode?: 'numeric';
  value: string;
  onInput: (value: string) => void;
}) {
  return (
    <Field {...about}>
      {(field) => (
        <input
          {...field}
          type="text"
          {...(list !== undefined && { list })}
          {...(inputMode !== undefined && { inputMode })}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={value}
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
        />
      )}
    </Field>
  );
}

function Choice<T extends string>({
  label,
  value,
  values,
  words,
  onChange,
}: {
  label: string;
  value: '' | T;
  values: readonly T[];
  words: Record<T, string>;
  onChange: (value: '' | T) => void;
}) {
  const [first] = values;
  return (
    <Field label={label}>
      {(field) => (
        <select
          {...field}
          value={value === '' ? first : value}
          onChange={({ currentTarget }) => onChange(currentTarget.value as T)}
        >
          {values.map((value) => (
            <option key={value} value={value}>
              {words[value]}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
