import { X509Certificate } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isOthersToWrite } from './own-file.ts';

/** Maximum size of a list of certificates, in bytes. A system's list has about 200 KiB. */
const MAX_BYTES = 8 * 1024 * 1024;

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [A-Z\d ]+-----/g;

/**
 * The certificates of a file, in PEM. Like the system's, the file may be a link and may belong to somebody else.
 * @throws why the file cannot be used. Node itself ignores what is not a certificate, and nobody would notice
 */
export function readCertificates(path: string): string {
  // Opening a pipe could block.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('it is not a regular file');
    // Whoever can write it decides whom we trust.
    if (isOthersToWrite(stat)) throw new Error('others can write to it');
    if (stat.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    const found = readFileSync(file, 'latin1').match(CERTIFICATE) ?? [];
    if (found.length === 0) throw new Error('it contains no certificate');
    for (const [index, one] of found.entries()) check(one, index + 1);
    return found.join('\n');
  } finally {
    closeSync(file);
  }
}

function check(certificate: string, number: number): void {
  try {
    new X509Certificate(certificate);
  } catch {
    throw new Error(`certificate ${number} in it is invalid`);
  }
}
