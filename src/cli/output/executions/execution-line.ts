import { exportedRow, SCHEMA } from '../../../app/export/execution-line.ts';
import type { Payload } from '../../../app/reading/find-execution.ts';
import type { Attributes } from '../../../exporters/exporter.ts';
import { redactBytes } from '../../../redaction/redaction.ts';
import type { LogRow } from '../../../store/columns.ts';
import { payloadJson } from './payload.ts';

/** What a line has for another machine; docs/execution.schema.json describes it. */
export function executionLine(
  row: LogRow,
  resource: Attributes,
  payloads: readonly Payload[] | undefined,
): object {
  const line = { schema: SCHEMA, resource, ...exportedRow(row, payloads !== undefined) };
  if (payloads === undefined) return line;
  const of = (stream: Payload['stream']) => {
    const payload = payloads.find((one) => one.stream === stream);
    if (payload === undefined) return null;
    const { bytes } = payload;
    const safe = row.redacted === 1 ? bytes : Buffer.from(redactBytes(bytes));
    return payloadJson({ ...payload, bytes: safe });
  };
  return { ...line, payloads: { stdin: of('stdin'), stdout: of('stdout'), stderr: of('stderr') } };
}
