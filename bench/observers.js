/*
 * Stands in for everything that may watch while hooks run: an OpenTelemetry collector, a StatsD server, a Prometheus that
 * scrapes, and an open dashboard. Prints its ports as JSON, reads the addresses to visit as a line of JSON from stdin, and
 * prints once more when each has answered.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { createInterface } from 'node:readline';

/** Prometheus scrapes every 15 s or so; this one scrapes more often. */
const SCRAPE_MS = 1000;

const collector = createServer((request, response) => {
  request.resume().on('end', () => response.end());
});
collector.listen(0, '127.0.0.1');
const statsd = createSocket('udp4');
statsd.bind(0, '127.0.0.1');
await Promise.all([once(collector, 'listening'), once(statsd, 'listening')]);
console.log(
  JSON.stringify({ opentelemetry: collector.address().port, statsd: statsd.address().port }),
);

/** Browsers know that every name below localhost is the loopback; not every resolver does. */
const lookup = (_host, { all }, found) =>
  all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);

const visit = (url, headers = {}) =>
  new Promise((resolve, reject) => {
    get(url, { headers, lookup }, (response) => {
      response.resume();
      resolve(response);
    }).on('error', reject);
  });

const [line] = await once(createInterface({ input: process.stdin }), 'line');
const { metrics, dashboard } = JSON.parse(line);
setInterval(() => visit(metrics).catch(() => undefined), SCRAPE_MS);
await visit(metrics);
const { headers } = await visit(dashboard);
const [cookie] = headers['set-cookie'][0].split(';');
const feed = await visit(new URL('/api/feed?after=0', dashboard), { cookie });
console.log(feed.statusCode);
