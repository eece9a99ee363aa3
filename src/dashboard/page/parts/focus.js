/** What tells an element from its neighbours, whoever makes it again. */
const keyOf = (element) =>
  element?.dataset?.focus ?? element?.getAttribute?.('href') ?? element?.dataset?.hook ?? null;

/** Fills a part of the page again; the element that is the same keeps the focus. */
export function keepFocus(box, work) {
  const active = box.contains(document.activeElement) ? document.activeElement : undefined;
  const key = keyOf(active);
  work();
  if (active === undefined || active.isConnected || key === null) return;
  const same = [...box.querySelectorAll('a, button, summary')].find((one) => keyOf(one) === key);
  same?.focus({ preventScroll: true });
}
