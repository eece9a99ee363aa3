import { X509Certificate } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isOthersToWrite } from './own-file.ts';

/** More, in bytes, is no list of certificates: that of a system has about 200 KiB. */
const MAX_BYTES = 8 * 1024 * 1024;

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [A-Z\d ]+-----/g;

/**
 * The certificates of a file, in PEM. It may be a link, and somebody else's, as those of the system are.
 * @throws why it cannot be used. Node itself passes over what is no certificate, and nobody would notice
 */
export function readCertificates(path: string): string {
  // What is no regular file might have us wait.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('it is no regular file');
    // Who writes it says whom we trust.
    if (isOthersToWrite(stat)) throw new Error('others can write to it');
    if (stat.size > MAX_BYTES) throw new Error(`expected at most ${MAX_BYTES} bytes`);
    const found = readFileSync(file, 'latin1').match(CERTIFICATE) ?? [];
    if (found.length === 0) throw new Error('there is no certificate in it');
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
    throw new Error(`its certificate ${number} cannot be read`);
  }
}
