/*
 * For vitest: keeps every Node that the tests start from reading extra certificates. If a machine has some
 * (NODE_EXTRA_CA_CERTS), reading them takes as long as the rest of a start, and tests start thousands of processes.
 */
import { env } from 'node:process';

/** What npm needs to use a registry, the only service outside the loopback interface that tests use. */
export function withCertificates(): Record<string, string | undefined> {
  return { NODE_EXTRA_CA_CERTS: env['TEST_CERTIFICATES'] };
}

export function setup(): void {
  const { NODE_EXTRA_CA_CERTS: certificates } = env;
  if (certificates === undefined) return;
  env['TEST_CERTIFICATES'] = certificates;
  delete env['NODE_EXTRA_CA_CERTS'];
}
