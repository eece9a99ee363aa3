/*
 * What cannot wait for modules: the colours, so that the page does not flash in others, and the question for the first
 * chart, which is answered while the rest is read.
 */
document.documentElement.dataset.theme = localStorage.getItem('theme') ?? 'auto';
globalThis.firstSeries = fetch('/api/series?range=24h');
// Whoever takes it says what went wrong.
globalThis.firstSeries.catch(() => undefined);
