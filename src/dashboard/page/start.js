/*
 * Runs before the modules: sets the colours, so that the page does not flash, and requests the data of the first chart
 * while the modules load.
 */
document.documentElement.dataset.theme = localStorage.getItem('theme') ?? 'auto';
const range = /^#\/\?(?:.*&)?range=(1h|7d|30d)(?:&|$)/.exec(location.hash)?.[1] ?? '24h';
if (/^(?:#\/(?:\?.*)?)?$/.test(location.hash)) {
  globalThis.firstSeries = { range, response: fetch(`/api/series?range=${range}`) };
  // The view reports the error.
  globalThis.firstSeries.response.catch(() => undefined);
}
