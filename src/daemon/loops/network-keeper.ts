import { statSync } from 'node:fs';
import type { Config } from '../../config/file/config-file.ts';
import { identityOf } from '../../config/file/config-watch.ts';
import { reasonOf } from '../../domain/errors.ts';
import { createNetwork, type Network } from '../../network/network.ts';
import { readCertificates } from '../../os/certificates.ts';
import type { Condition } from '../alerts/failing.ts';
import type { Log } from '../log.ts';
import type { DaemonState } from '../state.ts';

export interface NetworkKeeper {
  /** According to the current config.json and certificate file. */
  readonly current: () => Network;
  readonly state: () => DaemonState['certificates'];
  readonly conditions: () => Condition[];
}

/**
 * Creates the network that config.json describes, and creates it again when the file changes. If the certificates
 * cannot be read, it trusts the default ones.
 */
export function createNetworkKeeper(config: () => Config, log: Log): NetworkKeeper {
  let seen: string | undefined;
  let network: Network | undefined;
  let problem: string | undefined;

  function certificatesIn(file: string): string {
    const before = problem;
    problem = undefined;
    try {
      const certificates = file === '' ? '' : readCertificates(file);
      if (file !== '') log('certificates_read', { file });
      return certificates;
    } catch (error) {
      problem = reasonOf(error);
      if (problem !== before) log('certificates_failed', { file, reason: problem });
      return '';
    }
  }

  function current(): Network {
    const { ca_file: file, proxy, no_proxy } = config().network;
    const now = JSON.stringify([file, proxy, no_proxy, file && identityOf(file, statSync)]);
    if (network === undefined || now !== seen) {
      network = createNetwork({ certificates: certificatesIn(file), proxy, no_proxy });
      seen = now;
    }
    return network;
  }

  function state(): DaemonState['certificates'] {
    current();
    const { ca_file: file } = config().network;
    return file === '' ? null : { file, last_error: problem ?? null };
  }

  return {
    current,
    state,
    conditions: () => {
      const certificates = state();
      if (certificates === null) return [];
      const { file, last_error } = certificates;
      return [{ name: `certificates in ${file}`, failure: last_error ?? undefined }];
    },
  };
}
