import { BlockList, isIP } from 'node:net';

/** Addresses that only lead to this machine. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('0.0.0.0', 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');

/**
 * Whether a host is reached without a proxy. This machine always is.
 * @param hostname as in a URL
 * @param names hosts, each including its subdomains; `*` is every host
 */
export function isReachedDirectly(hostname: string, names: readonly string[]): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return isLoopback(host) || names.some((name) => isIn(host, name));
}

function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return isIn(host, 'localhost');
  return LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

function isIn(host: string, name: string): boolean {
  const suffix = name.toLowerCase().replace(/^\*?\./, '');
  if (suffix === '*' || suffix === host) return true;
  return isIP(host) === 0 && host.endsWith(`.${suffix}`);
}
