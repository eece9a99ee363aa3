/** Creates an element. Children are elements or texts; a text is never parsed as HTML. */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') element.className = value;
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** A row of headings. */
export function headings(names) {
  const cells = names.map(({ text, isNumber, class: name }) =>
    el('th', { scope: 'col', class: name ?? (isNumber ? 'number' : undefined) }, text),
  );
  return el('thead', {}, el('tr', {}, ...cells));
}

/** Replaces the children of an element. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== undefined && child !== null));
}

/** Fills a select with choices, and keeps the selection. The first choice has no value and means all. */
export function fillSelect(select, all, values, nameOf = (value) => value) {
  const wanted = [...new Set(values)];
  const now = [...select.options].slice(1).map(({ value }) => value);
  if (select.options.length > 0 && JSON.stringify(now) === JSON.stringify(wanted)) return;
  const { value: chosen } = select;
  if (chosen !== '' && !wanted.includes(chosen)) wanted.push(chosen);
  fill(
    select,
    ...['', ...wanted].map((value) => el('option', { value }, value === '' ? all : nameOf(value))),
  );
  select.value = chosen;
}

/** Calls `work` at once, then at most once every `ms`; the last call is not lost. */
export function throttled(ms, work) {
  let timer;
  let lastAt = -ms;
  const run = () => {
    timer = undefined;
    lastAt = performance.now();
    work();
  };
  return () => {
    if (timer === undefined) timer = setTimeout(run, Math.max(lastAt + ms - performance.now(), 0));
  };
}
