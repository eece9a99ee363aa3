/*
 * For vitest: has every Node that the tests start read no more certificates than its own. Where a machine has more of
 * them (NODE_EXTRA_CA_CERTS), reading those takes as long as the rest of a start, and tests start thousands.
 */
import { env } from 'node:process';

/** What npm needs to ask a registry, which is all that is asked beyond the loopback. */
export function withCertificates(): Record<string, string | undefined> {
  return { NODE_EXTRA_CA_CERTS: env['TEST_CERTIFICATES'] };
}

export function setup(): void {
  const { NODE_EXTRA_CA_CERTS: certificates } = env;
  if (certificates === undefined) return;
  env['TEST_CERTIFICATES'] = certificates;
  delete env['NODE_EXTRA_CA_CERTS'];
}
