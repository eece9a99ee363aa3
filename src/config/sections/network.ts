import { hostNames, proxyAddress } from '../file/config-places.ts';
import { text } from '../file/config-setting.ts';

/** How the daemon reaches other machines: its environment says nothing of that. */
export const network = {
  /** Certificates to trust beside the usual ones, in PEM. */
  ca_file: text(
    '',
    'the absolute path of a file of certificates, or ""',
    (path) => path.startsWith('/') && !path.includes('\0'),
  ),
  proxy: proxyAddress(),
  /** Hosts that are reached without it, each with all below it. */
  no_proxy: hostNames(),
};
