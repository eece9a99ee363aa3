import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { onTestFinished } from 'vitest';

/** The official definitions of OTLP. */
const PROTO = fileURLToPath(new URL('../../fixtures/opentelemetry-proto/', import.meta.url));

const definitions = new protobuf.Root();
definitions.resolvePath = (_origin, target) => `${PROTO}${target}`;
for (const signal of ['trace', 'metrics', 'logs'])
  definitions.loadSync(`opentelemetry/proto/collector/${signal}/v1/${signal}_service.proto`);

type Type =
  | 'trace.v1.ExportTraceService'
  | 'metrics.v1.ExportMetricsService'
  | 'logs.v1.ExportLogsService';

const lookUp = (type: string) => definitions.lookupType(`opentelemetry.proto.collector.${type}`);

interface Value {
  readonly boolValue?: boolean;
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
}
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status?: { readonly code?: string; readonly message?: string };
}

interface Point {
  readonly attributes?: readonly Attribute[];
  readonly asInt?: string;
  readonly asDouble?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly bucketCounts?: readonly string[];
  readonly explicitBounds?: readonly number[];
}
export interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly sum?: { readonly dataPoints: readonly Point[]; readonly isMonotonic?: boolean };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
}

export interface LogRecord {
  readonly timeUnixNano: string;
  readonly severityText: string;
  readonly severityNumber: string;
  readonly eventName: string;
  readonly body: Value;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: readonly Attribute[];
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  /** The JSON form of protobuf, with ids in hex. */
  readonly body: {
    readonly resourceSpans?: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] };
      readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
    }[];
    readonly resourceLogs?: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] };
      readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[];
    }[];
    readonly resourceMetrics?: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] };
      readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
    }[];
  };
}

/** Responds to a request. */
export type Answer = (response: ServerResponse, received: Received) => void;

/** The response of a collector that accepted everything. */
export const takesAll: Answer = (response, { headers }) => {
  const contentType = headers['content-type'] ?? '';
  response.writeHead(200, { 'content-type': contentType });
  response.end(contentType.includes('json') ? '{}' : '');
};

export const answers =
  (status: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) => {
    response.writeHead(status, headers);
    response.end(body);
  };

/** Rejects this many spans, or points of metrics. */
export const refuses =
  (rejected: number, errorMessage: string): Answer =>
  (response, { path }) => {
    const type = lookUp(
      path === '/v1/metrics'
        ? 'metrics.v1.ExportMetricsServiceResponse'
        : 'trace.v1.ExportTraceServiceResponse',
    );
    const count =
      path === '/v1/metrics' ? { rejectedDataPoints: rejected } : { rejectedSpans: rejected };
    const message = type.create({ partialSuccess: { ...count, errorMessage } });
    response.writeHead(200, { 'content-type': 'application/x-protobuf' });
    response.end(type.encode(message).finish());
  };

interface CollectorOptions {
  readonly port?: number;
  readonly host?: string;
  /** Key and certificate, to use TLS. */
  readonly tls?: ServerOptions;
}

/** A server for one test that receives OTLP over HTTP and decodes it with the official definitions. */
export async function aCollector({ port = 0, host = '127.0.0.1', tls }: CollectorOptions = {}) {
  const requests: Received[] = [];
  let answer = takesAll;
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, url: path = '' } = request;
      const sent = Buffer.concat(chunks);
      const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
      const received = { path, headers, bytes, body: decoded(path, headers, bytes) };
      requests.push(received);
      answer(response, received);
    });
  };
  const server = tls === undefined ? createServer(take) : createSecureServer(tls, take);
  await listening(server, port, host);
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return {
    port: address.port,
    endpoint: `http://${host}:${address.port}`,
    requests,
    close,
    answerWith(next: Answer): void {
      answer = next;
    },
    spans: (): Span[] =>
      requests.flatMap(({ body }) =>
        (body.resourceSpans ?? []).flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans),
        ),
      ),
    logRecords: (): LogRecord[] =>
      requests.flatMap(({ body }) =>
        (body.resourceLogs ?? []).flatMap(({ scopeLogs }) =>
          scopeLogs.flatMap(({ logRecords }) => logRecords),
        ),
      ),
    /** The attributes of each resource, in the order in which they came. */
    resources: (): (readonly Attribute[])[] =>
      requests
        .flatMap(({ body }) => [
          ...(body.resourceSpans ?? []),
          ...(body.resourceMetrics ?? []),
          ...(body.resourceLogs ?? []),
        ])
        .map(({ resource }) => resource.attributes),
    /** The latest metrics. */
    metrics: (): ReadonlyMap<string, Metric> => {
      const last = requests.findLast(({ path }) => path === '/v1/metrics');
      const all = (last?.body.resourceMetrics ?? []).flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) => metrics),
      );
      return new Map(all.map((metric) => [metric.name, metric]));
    },
  };
}

export type Collector = Awaited<ReturnType<typeof aCollector>>;

/** Attributes by name. */
export function valuesOf(attributes: readonly Attribute[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue),
    ]),
  );
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

/** @throws if it does not match the definitions; vitest then fails */
function decoded(
  path: string,
  headers: IncomingMessage['headers'],
  bytes: Buffer,
): Received['body'] {
  const service: Type = path.endsWith('/traces')
    ? 'trace.v1.ExportTraceService'
    : path.endsWith('/logs')
      ? 'logs.v1.ExportLogsService'
      : 'metrics.v1.ExportMetricsService';
  const type = lookUp(`${service}Request`);
  if (headers['content-type'] === 'application/json') {
    const json = JSON.parse(bytes.toString());
    // In OTLP's JSON ids are hex, where protobuf's JSON has base64. Everything else must match the definitions.
    const checked = toJson(
      type,
      type.fromObject(withIds(json, (id) => Buffer.from(id, 'hex').toString('base64'))),
    );
    return withIds(checked, hexOf) as Received['body'];
  }
  return withIds(toJson(type, type.decode(bytes)), hexOf) as Received['body'];
}

const toJson = (type: protobuf.Type, message: protobuf.Message): unknown =>
  type.toObject(message, { longs: String, enums: String, bytes: String });

const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

function withIds(value: unknown, change: (id: string) => string): object {
  return JSON.parse(JSON.stringify(value), (key, one) =>
    /^(?:traceId|spanId|parentSpanId)$/.test(key) && typeof one === 'string' ? change(one) : one,
  );
}
