import { formatThings } from '../../format.ts';

/**
 * What `install`, `hooks` and `status` say of hooks that start no command, such as those of type `http` and `prompt`.
 * @param types the type of each
 * @returns undefined if there are none
 */
export function withoutCommandText(types: readonly string[]): string | undefined {
  if (types.length === 0) return undefined;
  const kinds = [...new Set(types)].sort().join(' and ');
  const count = formatThings(types.length, `hook of type ${kinds}`, `hooks of type ${kinds}`);
  const [verb, them] = types.length === 1 ? ['starts', 'it'] : ['start', 'them'];
  return `${count} ${verb} no command, so HookBus cannot record ${them}`;
}
