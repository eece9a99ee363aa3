/*
 * Runs before the modules: sets the colours, so that the page does not flash, and requests the data of the first chart
 * while the modules load.
 */
document.documentElement.dataset.theme = localStorage.getItem('theme') ?? 'auto';
globalThis.firstSeries = fetch('/api/series?range=24h');
// app.js reports the error.
globalThis.firstSeries.catch(() => undefined);
