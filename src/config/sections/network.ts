import { hostNames, proxyAddress } from '../file/config-places.ts';
import { text } from '../file/config-setting.ts';

/** How the daemon reaches other machines. It takes nothing for this from its environment. */
export const network = {
  /** Certificates to trust in addition to the usual ones, in PEM. */
  ca_file: text(
    '',
    'the absolute path of a file of certificates, or ""',
    (path) => path.startsWith('/') && !path.includes('\0'),
  ),
  proxy: proxyAddress(),
  /** Hosts to reach without the proxy, each including its subdomains. */
  no_proxy: hostNames(),
};
