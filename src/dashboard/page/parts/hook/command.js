import { el } from '../../dom.js';

/** How long the button says that it copied. */
const SAID_MS = 2000;

/** A line for a terminal, with a button that copies it. */
export function commandLine(command, label) {
  const code = el('code', { tabindex: 0, role: 'group', 'aria-label': label }, command);
  const said = el('span', { class: 'hidden', role: 'status' });
  const button = el(
    'button',
    {
      type: 'button',
      class: 'small',
      'data-focus': label,
      'aria-label': `Copy: ${label}`,
      onclick: copy,
    },
    'Copy',
  );

  async function copy() {
    const isCopied = await write(command, code);
    button.textContent = isCopied ? 'Copied' : 'Press Ctrl+C';
    said.textContent = isCopied ? 'Copied' : 'The line is selected. Press Ctrl+C.';
    setTimeout(() => {
      button.textContent = 'Copy';
      said.textContent = '';
    }, SAID_MS);
  }

  return el('div', { class: 'command' }, code, button, said);
}

/** A browser may not let a page write to the clipboard; then the text is selected. */
async function write(text, code) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return false;
  }
}
