import type { Node } from 'jsonc-parser';
import type { Switch } from './agent-settings.ts';
import { memberOf } from './read-settings-text.ts';

/** What a file says under `disableAllHooks`; undefined if nothing that counts. */
export function disableAllHooks(root: Node): Switch | undefined {
  const node = memberOf(root, 'disableAllHooks');
  return node?.type === 'boolean'
    ? { node, name: 'disableAllHooks', isOff: node.value === true }
    : undefined;
}
